"""What the routes of consent answer: each field is written out, and no pseudonym among them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.event_handler.api_gateway import Response

from lethe.api import problems
from lethe.api.answers import answer, when
from lethe.crypto import jws
from lethe.domain.errors import LetheError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from lethe.domain.consent import ConsentState
    from lethe.domain.consent_words import StandingLine
    from lethe.domain.human_review import WaitingReview
    from lethe.usecases.consent_ledger import Recorded
    from lethe.usecases.consenting import Standing
    from lethe.usecases.following import Follows
    from lethe.usecases.reviewing import Decided, OpenReviews
    from lethe.usecases.withdrawing import Said

_CACHED: Final = "public, max-age=86400"
_NEW, _KNOWN = 201, 200


def recorded(events: Iterable[Recorded]) -> Response[str]:
    """Return what was recorded: 201 if any of it is new, 200 if all of it was there."""
    listed = list(events)
    return answer(_status(listed), {"events": list(map(_event, listed))})


def recorded_each(
    outcomes: Iterable[list[Recorded] | LetheError], request_id: str
) -> Response[str]:
    """Return what became of each row of an import, in order, with the status of its own."""
    results = [
        _problem(outcome, request_id)
        if isinstance(outcome, LetheError)
        else {"status": _status(outcome), "events": list(map(_event, outcome))}
        for outcome in outcomes
    ]
    return answer(200, {"results": results})


def said(told: Said) -> Response[str]:
    """Return what a no recorded, what it stopped, and what waits for a human."""
    body = {
        "events": list(map(_event, told.recorded)),
        **_follows(told.follows),
        "pending": list(told.pending),
    }
    return answer(_status(told.recorded), body)


def standing(found: Standing) -> Response[str]:
    """Return where a person stands."""
    state = found.state
    body = {
        "policy_version": found.policy_version,
        "purposes": list(map(_line, found.lines)),
        "objections": _objections(state),
        "stops": _by_channel(state.stops),
        "vendor_blocks": _by_channel(state.vendor_blocks),
        "bases": _bases(state),
        "erased_at": when(state.voided_at),
        "notice_version": state.notified,
        "evidence_until": _day(state.ends),
    }
    return answer(200, body)


def reviews(found: OpenReviews) -> Response[str]:
    """Return what waits for a human."""
    listed = [_review(review, found.now) for review in found.reviews]
    return answer(200, {"reviews": listed, "overdue": found.overdue})


def decided(decision: Decided) -> Response[str]:
    """Return what a decision did."""
    body = {
        "review_id": decision.review_id,
        "decision": decision.decision.value,
        "event_id": decision.event_id,
    }
    return answer(200, body | (_follows(decision.follows) if decision.follows else {}))


def keys(public_key: bytes) -> Response[str]:
    """Return the public key of receipts as a JWK set (RFC 7517)."""
    return _public("application/jwk-set+json", json.dumps({"keys": [jws.jwk(public_key)]}))


def record_schema() -> Response[str]:
    """Return the JSON Schema of a consent record."""
    place = files("lethe.domain").joinpath("schemas/consent-record.json")
    return _public("application/schema+json", place.read_text("utf-8"))


def _public(media_type: str, text: str) -> Response[str]:
    headers: dict[str, str | list[str]] = {
        "Cache-Control": _CACHED,
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
    }
    return Response(200, media_type, text, headers)


def _status(events: Iterable[Recorded]) -> int:
    return _KNOWN if all(one.duplicate for one in events) else _NEW


def _event(one: Recorded) -> dict[str, Any]:
    event = one.event
    return {
        "event_id": event.id,
        "type": event.type.value,
        "purpose": event.purpose,
        "channel": event.channel,
        "time": when(event.time),
        "until": when(event.until),
        "duplicate": one.duplicate,
        "record": one.record,
        "receipt": one.receipt,
        "text": one.text,
    }


def _follows(follows: Follows) -> dict[str, Any]:
    return {
        "stops": [
            {"purpose": grant.purpose, "channel": grant.channel, "event_id": grant.event_id}
            for grant in follows.stopped
        ],
        "proposals": [
            {
                "review_id": proposal.review_id,
                "purpose": proposal.purpose,
                "classes": list(proposal.classes),
                "article": "17(1)(b)",
            }
            for proposal in follows.proposals
        ],
    }


def _line(line: StandingLine) -> dict[str, Any]:
    return {
        "purpose": line.purpose,
        "channel": line.channel,
        "legal_basis": line.legal_basis.value,
        "allowed": line.allowed,
        "state": line.word.value,
        "given_at": when(line.given_at),
        "until": when(line.until),
        "event_id": line.event_id,
        "notice_version": line.notice_version,
        "may_ask_again_from": _day(line.may_ask_again_from),
    }


def _objections(state: ConsentState) -> list[dict[str, Any]]:
    return [
        {
            "purpose": purpose,
            "channel": channel,
            "at": when(objection.at),
            "event_id": objection.event_id,
            "overruled_at": when(objection.overruled_at),
        }
        for (purpose, channel), objection in sorted(state.objections.items())
    ]


def _by_channel(times: Mapping[tuple[str, str], datetime]) -> list[dict[str, Any]]:
    """At which own address is not said: it is known by its pseudonym alone."""
    return [{"channel": channel, "at": when(at)} for (channel, _), at in sorted(times.items())]


def _bases(state: ConsentState) -> list[dict[str, Any]]:
    return [
        {
            "event": name,
            "begun_at": when(span.begun_at),
            "ended_at": when(span.ended_at),
            "opt_out_offered": span.opt_out_offered,
        }
        for name, span in sorted(state.bases.items())
    ]


def _review(review: WaitingReview, now: datetime) -> dict[str, Any]:
    known = review.document
    return {
        "review_id": review.id,
        "kind": review.kind.value,
        "at": when(review.at),
        "due_at": when(review.target),
        "age_seconds": int((now - review.at).total_seconds()),
        "overdue": review.overdue(now),
        "purpose": known.get("purpose"),
        "channel": known.get("channel"),
        "classes": known.get("classes", "").split(),
        "message_id": known.get("message"),
        "event_id": known.get("event"),
        "audience": known.get("audience"),
    }


def _problem(error: LetheError, request_id: str) -> dict[str, Any]:
    known = problems.noted(error)
    return {"status": known.status, "problem": problems.document(known, request_id)}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
