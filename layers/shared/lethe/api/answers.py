"""What routes answer: each field is written out here, so that none slips out by itself."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.event_handler.api_gateway import Response

from lethe.api import problems
from lethe.api.limits import MAX_ANSWER_BYTES
from lethe.domain.content import PartGrant
from lethe.domain.errors import LetheError, TooLargeError
from lethe.domain.times import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from lethe.api.resolver import Answer
    from lethe.domain.own_addresses import OwnSpan
    from lethe.domain.policy import Policy
    from lethe.domain.requests import Decision, PrivacyRequest
    from lethe.usecases.access import (
        Page,
        ReadMessage,
        ReadParticipant,
        ReadVersion,
    )
    from lethe.usecases.capture import Captured, Outcome
    from lethe.usecases.deletion import DeletionResult
    from lethe.usecases.govern import Explanation
    from lethe.usecases.uploads import Upload

JSON: Final = "application/json"
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_STATUS: Final[Mapping[str, int]] = {"captured": 201, "duplicate": 200}


def answer(status: int, body: Mapping[str, Any], **headers: str) -> Response[str]:
    """Return a JSON answer that nobody stores on the way."""
    return text(status, json.dumps(body, ensure_ascii=False, separators=(",", ":")), **headers)


def text(status: int, document: str, **headers: str) -> Response[str]:
    """Return JSON that is written already, likewise."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, JSON, document, {**_HEADERS, **named})


def captured(outcome: Outcome) -> Response[str]:
    """Return what became of one message: 201 if it is new, 200 for a duplicate, or its problem."""
    if isinstance(outcome, LetheError):
        raise outcome
    return answer(_STATUS[outcome.status], _captured(outcome))


def captured_each(outcomes: Sequence[Outcome], request_id: str) -> Response[str]:
    """Return what became of each message of a batch, in order, with the status of its own."""
    results = [
        _problem(outcome, request_id)
        if isinstance(outcome, LetheError)
        else {"status": _STATUS[outcome.status], "message": _captured(outcome)}
        for outcome in outcomes
    ]
    return answer(200, {"results": results})


def message(read: ReadMessage) -> Response[str]:
    """Return a message in clear."""
    return answer(200, _message(read))


def page(found: Page) -> Response[str]:
    """Return a page of messages in clear."""
    return answer(200, {"messages": list(map(_message, found.messages)), "cursor": found.cursor})


def original(found: Iterable[bytes] | PartGrant) -> Answer:
    """Return an original bit for bit, or what opens it."""
    return grant(found) if isinstance(found, PartGrant) else _whole(found)


def _whole(chunks: Iterable[bytes]) -> Response[bytes]:
    raw = bytearray()
    for chunk in chunks:
        raw += chunk
        if len(raw) > MAX_ANSWER_BYTES:
            megabytes = MAX_ANSWER_BYTES // 1024**2
            raise TooLargeError(
                f"An answer carries an original of up to {megabytes} MB; add ?grant=true for a URL"
                " of its ciphertext and its key."
            )
    headers: dict[str, str | list[str]] = {**_HEADERS, "Content-Disposition": "attachment"}
    return Response(200, "application/octet-stream", bytes(raw), headers)


def grant(granted: PartGrant) -> Response[str]:
    """Return where a part's ciphertext lies, and the key of that part alone."""
    note = granted.note
    described = asdict(note) if note else {}
    return answer(
        200,
        {
            "url": granted.url,
            "expires_at": when(granted.expires_at),
            "key": granted.key,
            "part": granted.part,
            **described,
        },
    )


def deletion(result: DeletionResult) -> Response[str]:
    """Return what a deletion ended."""
    return answer(200, {"message_id": result.message_id, "scope": result.scope})


def received(request: PrivacyRequest) -> Response[str]:
    """Return a privacy request that was just received, and where to ask for it."""
    return answer(202, _request(request), Location=f"requests/{request.id}")


def privacy_request(status: int, request: PrivacyRequest) -> Response[str]:
    """Return how far a privacy request has come."""
    return answer(status, _request(request))


def _request(request: PrivacyRequest) -> dict[str, Any]:
    """Write a request out; addresses stand in it by their place alone."""
    return {
        "request_id": request.id,
        "type": "erasure",
        "state": request.state,
        "ground": request.ground,
        "received_at": when(request.received_at),
        "completed_at": when(request.completed_at),
        "policy_version": request.policy_version,
        "addresses": [
            {
                "shredded_at": when(case.shredded_at),
                "decisions": list(map(_decision, case.decisions)),
            }
            for case in request.cases
        ],
        "purges_pending": len(request.pending),
        "versions_purged": request.purged,
    }


def upload(opened: Upload) -> Response[str]:
    """Return where to put the bytes, and until when."""
    body = {
        "upload_id": opened.upload_id,
        "url": opened.url,
        "expires_at": when(opened.expires_at),
    }
    return answer(201, body)


def policy(version: int, document: Policy) -> Response[str]:
    """Return a version of the policy."""
    body = {"version": version, "policy": document.model_dump(mode="json")}
    return answer(200, body, ETag=f'"{version}"')


def explanation(explained: Explanation) -> Response[str]:
    """Return which rule decides, and why the others do not."""
    outcome = explained.classification
    body = {
        "policy_version": explained.policy_version,
        "class": outcome.cls,
        "purpose": outcome.purpose,
        "legal_basis": outcome.legal_basis,
        "rule": outcome.rule_index,
        "rules": [
            {"rule": each.index, "failed": list(each.failed), "decided": each.decided}
            for each in explained.rules
        ],
    }
    return answer(200, body)


def recorded(addresses: int) -> Response[str]:
    """Return how many addresses were recorded."""
    return answer(200, {"addresses": addresses})


def own_spans(spans: Iterable[OwnSpan]) -> Response[str]:
    """Return when an address is the controller's own, and of which kind."""
    found = [
        {
            "kind": span.kind,
            "valid_from": span.valid_from.isoformat(),
            "valid_to": span.valid_to.isoformat() if span.valid_to else None,
        }
        for span in spans
    ]
    return answer(200, {"spans": found})


def _problem(error: LetheError, request_id: str) -> dict[str, Any]:
    known = problems.noted(error)
    return {"status": known.status, "problem": problems.document(known, request_id)}


def _captured(outcome: Captured) -> dict[str, Any]:
    return {
        "message_id": outcome.message_id,
        "version": outcome.version,
        "status": outcome.status,
        "class": outcome.cls,
        "end_date": outcome.end.isoformat(),
    }


def _message(read: ReadMessage) -> dict[str, Any]:
    return {
        "message_id": read.message_id,
        "channel": read.channel,
        "direction": read.direction,
        "class": read.cls,
        "purpose": read.purpose,
        "legal_basis": read.legal_basis,
        "end_date": read.end.isoformat(),
        "participants": list(map(_participant, read.participants)),
        "versions": list(map(_version, read.versions)),
    }


def _participant(participant: ReadParticipant) -> dict[str, Any]:
    return {
        "role": participant.role,
        "address": participant.address,
        "name": participant.name,
        "headers": list(map(list, participant.headers)),
    }


def _version(version: ReadVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        "time": when(version.time),
        "body": version.body,
        "html": version.html,
        "subject": version.subject,
        "thread": version.thread,
        "headers": list(map(list, version.headers)),
        "attachments": [
            {
                "number": each.number,
                "name": each.name,
                "media_type": each.media_type,
                "size": each.size,
                "sha256": each.sha256,
            }
            for each in version.attachments
        ],
        "has_original": version.has_original,
    }


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "class": decision.cls,
        "act": decision.act,
        "article": decision.article,
        "reason": decision.reason,
        "until": when(decision.until),
    }


def when(time: datetime | None) -> str | None:
    """Return a time as answers state it."""
    return iso(time) if time else None
