"""What govern answers of proposals and previews: each field is written out here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api.answers import answer

if TYPE_CHECKING:
    from datetime import datetime

    from aws_lambda_powertools.event_handler.api_gateway import Response

    from lethe.domain.differences import Difference
    from lethe.domain.in_force import InForce
    from lethe.domain.previews import Affected, ClassEffect, DaySpan, ReclassificationEffect
    from lethe.usecases.policy_changes import Previewed, Proposed


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
        "at": _time(shown.at),
        "token": found.token,
        "expires_at": _time(found.expires),
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


def _proposal(found: Proposed) -> dict[str, Any]:
    made, approval = found.proposal, found.proposal.approval
    return {
        "proposal_id": made.id,
        "state": found.state,
        "seen_version": made.seen,
        "document": made.digest,
        "proposed_at": _time(made.at),
        "proposed_by": made.actor,
        "approved_at": _time(approval.at) if approval else None,
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


def _time(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
