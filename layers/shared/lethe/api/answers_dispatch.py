"""What dispatch answers: recipients stand in it by their number in the call alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lethe.api.answers import answer
from lethe.api.limits import MAX_ANSWER_BYTES
from lethe.domain.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aws_lambda_powertools.event_handler.api_gateway import Response

    from lethe.domain.gate import Decision, Reason
    from lethe.domain.outbox import OutItem, OutMessage
    from lethe.usecases.dispatching import Answer, Checked, Content, Request
    from lethe.usecases.sending import Submitted

_PARTS: Final = ("text", "subject", "html")


def checked(request: Request, found: Checked) -> Response[str]:
    """Return the decision on each recipient, and the message as far as it changed."""
    left = found.content.message
    body: dict[str, Any] = {
        "policy_version": found.policy_version,
        **_changed(request.message, left),
        **_minimised(found.content),
        "recipients": [_answer(each, left) for each in found.answers],
    }
    made = answer(200, body)
    if len(made.body or "") > MAX_ANSWER_BYTES:
        raise TooLargeError(
            "The answer would be too large: each recipient's message has a link of its own. Ask"
            " for fewer recipients at once."
        )
    return made


def submitted(request: Request, found: Checked, handed_in: Submitted) -> Response[str]:
    """Return the decision on each recipient of what is to be sent, and where to follow it."""
    states = dict(_each(handed_in))
    body: dict[str, Any] = {
        "dispatch_id": handed_in.dispatch,
        "policy_version": found.policy_version,
        **_changed(request.message, found.content.message),
        **_minimised(found.content),
        "recipients": [
            decided(each.number, each.decision) | {"state": states[each.number].state}
            for each in found.answers
        ],
    }
    return answer(202, body, Location=f"dispatches/{handed_in.dispatch}")


def status(handed_in: Submitted) -> Response[str]:
    """Return how far the message to each recipient has come."""
    recipients = [
        {
            "number": number,
            "state": item.state,
            "reason": item.reason or None,
            "basis": item.basis.splitlines(),
            "flags": sorted(item.flags),
        }
        for number, item in _each(handed_in)
    ]
    return answer(200, {"dispatch_id": handed_in.dispatch, "recipients": recipients})


def decided(number: int, decision: Decision) -> dict[str, Any]:
    """Write one decision out."""
    basis = decision.basis
    written: dict[str, Any] = {
        "number": number,
        "decision": "allow" if decision.allowed else "deny",
        "reason": decision.reason,
        "basis": {
            "purpose": basis.purpose,
            "legal_basis": basis.legal_basis,
            "evidence": basis.evidence,
        }
        if basis
        else None,
        "flags": sorted(decision.flags),
        "gate": decision.gate,
    }
    if decision.explanation:
        written["explanation"] = dict(decision.explanation)
    return written


def suppressions(found: Sequence[Reason | None]) -> Response[str]:
    """Return whether each is suppressed, and by what."""
    recipients = [
        {"number": number, "suppressed": reason is not None, "reason": reason}
        for number, reason in enumerate(found)
    ]
    return answer(200, {"results": recipients})


def _each(handed_in: Submitted) -> Iterator[tuple[int, OutItem]]:
    """Yield each recipient's number with the message that covers it."""
    for item in handed_in.items:
        for number in range(item.number, item.number + item.covers):
            yield number, item


def _answer(each: Answer, left: OutMessage) -> dict[str, Any]:
    written = decided(each.number, each.decision)
    if each.authorisation is not None:
        written["authorisation"] = each.authorisation
    if each.message is not None:
        written |= _changed(left, each.message)
    return written


def _changed(before: OutMessage, after: OutMessage) -> dict[str, str]:
    """Return the parts that are not any more as they were."""
    parts: Mapping[str, str] = {name: getattr(after, name) for name in _PARTS}
    changed = {name: part for name, part in parts.items() if part != getattr(before, name)}
    if after.withdrawal_url:
        changed["withdrawal_url"] = after.withdrawal_url
    return changed


def _minimised(content: Content) -> dict[str, Any]:
    acts = {"masked": content.masked, "flagged": content.flagged, "refused": content.refused}
    found = {act: {str(k): v for k, v in by.items()} for act, by in acts.items() if by}
    return {"content": found} if found else {}
