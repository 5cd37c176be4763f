"""What govern answers of proposals, findings and reports: each field is written out here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lethe.api.answers import answer, text
from lethe.domain.times import iso
from lethe.observability import LogMessage, Metric, count, logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aws_lambda_powertools.event_handler.api_gateway import Response

    from lethe.domain.daily_reports import DailyReport
    from lethe.domain.differences import Difference
    from lethe.domain.findings import Finding
    from lethe.domain.in_force import InForce
    from lethe.domain.previews import Affected, ClassEffect, DaySpan, ReclassificationEffect
    from lethe.usecases.policy_changes import Previewed, Proposed

    Event = dict[str, Any]

_SCHEDULED: Final = "scheduled"
"""What a schedule, or an operator by hand, names to be run."""


def proposed(found: Proposed) -> Response[str]:
    """Return a proposal that was just made, and where to ask for it."""
    location = f"policy/proposals/{found.proposal.id}"
    return answer(201, _proposal(found), Location=location)


def proposal(found: Proposed) -> Response[str]:
    """Return a proposal with its whole document."""
    document = found.proposal.policy.model_dump(mode="json")
    return answer(200, _proposal(found) | {"policy": document})


def preview(found: Previewed) -> Response[str]:
    """Return what a proposal would do, and the token that approves exactly this."""
    shown = found.preview
    body = {
        "proposal_id": shown.proposal_id,
        "document": shown.digest,
        "seen_version": shown.seen.version,
        "at": iso(shown.at),
        "token": found.token,
        "expires_at": iso(found.expires),
        "classes": list(map(_class, shown.classes)),
        "reclassifications": list(map(_reclassification, shown.reclassifications)),
        "earlier_periods_kept": [each.model_dump(mode="json") for each in shown.kept],
        "holds": {"version": shown.holds.version, "scopes": list(shown.holds.scopes)},
        "names": {
            part: {"added": each.added, "removed": each.removed, "changed": each.changed}
            for part, each in shown.names.items()
        },
        "notices": [
            {
                "audience": each.notice.audience,
                "version": each.notice.version,
                "differences": {language: [*lines] for language, lines in each.differences.items()},
            }
            for each in shown.notices
        ],
    }
    return answer(200, body)


def in_force(made: InForce) -> Response[str]:
    """Return the versions in force after an approval."""
    body = {
        "version": made.version,
        "notices": {"external": made.notice, "employees": made.notice_employees},
    }
    return answer(200, body, ETag=f'"{made.version}"')


def findings(found: Sequence[Finding]) -> Response[str]:
    """Return what doctor found, the worst first."""
    return answer(200, examined(found))


def examined(found: Sequence[Finding]) -> dict[str, Any]:
    """Return the same to an operator who runs it by hand."""
    return {
        "findings": [
            {
                "severity": each.severity,
                "code": each.code,
                "place": each.place,
                "facts": dict(each.facts),
                "mend": each.mend,
            }
            for each in found
        ]
    }


def report(document: str) -> Response[str]:
    """Return a daily report."""
    return text(200, document)


def reported(made: DailyReport | None) -> dict[str, Any]:
    """Publish the figures of a report that was published, once."""
    if made is None:
        return {"published": False}
    count(Metric.REVIEWS_OVERDUE, len(made.overdue))
    count(Metric.REVIEWS_ESCALATED, made.escalated)
    logger.info(LogMessage.REPORTED)
    return {"published": True, "day": made.day.isoformat(), "overdue": len(made.overdue)}


def run(
    event: Event, acts: Mapping[str, Callable[[], Event]], otherwise: Callable[[], Event]
) -> Event:
    """Do what the event names, or answer a call of the API."""
    return acts.get(str(event.get(_SCHEDULED)), otherwise)()


def _proposal(found: Proposed) -> dict[str, Any]:
    made, approval = found.proposal, found.proposal.approval
    return {
        "proposal_id": made.id,
        "state": found.state,
        "seen_version": made.seen,
        "document": made.digest,
        "proposed_at": iso(made.at),
        "proposed_by": made.actor,
        "approved_at": iso(approval.at) if approval else None,
        "approved_by": approval.actor if approval else None,
        "version": approval.version if approval else None,
        "differences": list(map(_difference, found.differences)),
    }


def _difference(found: Difference) -> dict[str, Any]:
    return {
        "pointer": found.pointer,
        "act": found.act,
        "before": found.before,
        "after": found.after,
    }


def _class(effect: ClassEffect) -> dict[str, Any]:
    return {
        "class": effect.cls,
        "period_before": effect.period_before,
        "period_after": effect.period_after,
        "new_messages": effect.coming,
        "existing": _affected(effect.affected),
    }


def _reclassification(effect: ReclassificationEffect) -> dict[str, Any]:
    named = effect.reclassification.model_dump(mode="json")
    return named | {"existing": _affected(effect.affected)}


def _affected(found: Affected) -> dict[str, Any]:
    return {
        "messages": found.messages,
        "days": _span(found.days),
        "ends_before": _span(found.ends_before),
        "ends_after": _span(found.ends_after),
        "newly_overdue": {"messages": found.overdue_messages, "days": found.overdue_days},
    }


def _span(span: DaySpan | None) -> dict[str, str] | None:
    return {"first": span.first.isoformat(), "last": span.last.isoformat()} if span else None
