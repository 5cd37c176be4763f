"""RequestsTable: privacy requests with all that a retry needs once the keys are gone.

| attribute | content |
|---|---|
| `pk` | request id |
| `doc` | JSON: ground, cases with their decisions, policy version, round |
| `state`, `received` | state; time of receipt (ms) |
| `open` | `1` until it is completed: the index `open` holds those alone |
| `pending`, `purged` | holder ids (hexadecimal) that are not verified yet; versions deleted |
| `r` | revision: grows with every change of the others |
| `completed`, `ttl` | since when (ms); when the record's own period ends |
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lethe.domain.errors import NotFoundError
from lethe.domain.holders import HolderId
from lethe.domain.register import Pseudonym
from lethe.domain.requests import (
    Act,
    AddressCase,
    Decision,
    PrivacyRequest,
    RequestId,
    RequestState,
)
from lethe.store.dynamo import (
    Attribute,
    Item,
    Table,
    from_ms,
    n,
    names,
    number,
    race,
    s,
    text,
    to_ms,
)
from lethe.store.errors import ConditionFailedError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Document = dict[str, Any]

_OPEN = s("1")
_ATTEMPTS = 8


class DynamoRequests:
    """The table of requests; a completed one is removed after `period`."""

    def __init__(self, client: DynamoDBClient, *, requests: str, period: timedelta) -> None:
        self._table = Table(client, requests)
        self._period = period

    def create(self, request: PrivacyRequest) -> bool:
        """Record a new request; False if the id is taken."""
        item = _key(request.id) | {"received": n(to_ms(request.received_at)), "r": n(1)}
        try:
            self._table.put_new(item | self._progress(request))
        except ConditionFailedError:
            return False
        return True

    def get(self, request_id: RequestId) -> PrivacyRequest:
        """Read one; NotFoundError."""
        return _load(request_id, self._item(request_id))

    def save(self, request: PrivacyRequest, seen: PrivacyRequest) -> None:
        """Replace it if its state and cases are still as seen, else RaceLostError.

        What purge struck off or counted meanwhile stays struck off and counted.
        """
        for _ in range(_ATTEMPTS):
            item = self._item(request.id)
            stands = _load(request.id, item)
            try:
                self._replace(item, self._progress(merged(request, seen, stands)))
            except ConditionFailedError:
                continue
            return
        raise race()

    def verified(self, request_id: RequestId, holder_id: HolderId, at: datetime) -> None:
        """Strike a verified holder off; the last one of a shredded request completes it."""
        try:
            left = self._table.update(
                _key(request_id),
                "DELETE #pending :holder ADD #r :one",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeNames=names("pending", "r"),
                ExpressionAttributeValues={":holder": {"SS": [holder_id.hex()]}, ":one": n(1)},
                ReturnValues="ALL_NEW",
            )
        except ConditionFailedError:
            return  # the record's own period is over
        if "pending" not in left and text(left, "state") == RequestState.SHREDDED:
            self._complete(request_id, at)

    def count_purged(self, request_id: RequestId, versions: int) -> None:
        """Add to the number of versions deleted."""
        try:
            self._table.update(
                _key(request_id),
                "ADD #purged :versions, #r :one",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeNames=names("purged", "r"),
                ExpressionAttributeValues={":versions": n(versions), ":one": n(1)},
            )
        except ConditionFailedError:
            return  # the record's own period is over

    def open(self) -> Iterator[RequestId]:
        """Every request that is not completed, oldest first."""
        found = self._table.query(
            "#open = :open",
            {":open": _OPEN},
            IndexName="open",
            ExpressionAttributeNames=names("open"),
        )
        return (RequestId(text(item, "pk")) for item in found)

    def _item(self, request_id: RequestId) -> Item:
        item = self._table.get(_key(request_id))
        if item is None:
            raise NotFoundError("There is no such request.")
        return item

    def _progress(self, request: PrivacyRequest) -> Item:
        """The attributes that change as a request proceeds."""
        progress = {"doc": s(_dump(request)), "state": s(request.state.value)}
        progress |= {"purged": n(request.purged)} | _pending(request.pending)
        if request.state is RequestState.COMPLETED:
            return progress | self._completion(request.completed_at or request.received_at)
        return progress | {"open": _OPEN}

    def _completion(self, at: datetime) -> Item:
        over = at + self._period
        return {"completed": n(to_ms(at)), "ttl": n(int(over.timestamp()))}

    def _replace(self, seen: Item, progress: Item) -> None:
        replaced = {name: seen[name] for name in ("pk", "received")} | progress
        revision = number(seen, "r")
        self._table.put(
            replaced | {"r": n(revision + 1)},
            ConditionExpression="#r = :r",
            ExpressionAttributeNames=names("r"),
            ExpressionAttributeValues={":r": n(revision)},
        )

    def _complete(self, request_id: RequestId, at: datetime) -> None:
        completion = self._completion(at)
        try:
            self._table.update(
                _key(request_id),
                "SET #state = :done, #completed = :completed, #ttl = :ttl ADD #r :one REMOVE #open",
                ConditionExpression="#state = :shredded AND attribute_not_exists(#pending)",
                ExpressionAttributeNames=names("state", "completed", "ttl", "r", "open", "pending"),
                ExpressionAttributeValues={
                    ":done": s(RequestState.COMPLETED.value),
                    ":shredded": s(RequestState.SHREDDED.value),
                    ":one": n(1),
                    **{f":{name}": value for name, value in completion.items()},
                },
            )
        except ConditionFailedError:
            return  # completed already, or another round has begun


def merged(request: PrivacyRequest, seen: PrivacyRequest, stands: PrivacyRequest) -> PrivacyRequest:
    """A request as it is to be saved, when what was seen of it is not what stands.

    `pending` and `purged` change by what differs between the request and what was seen.
    RaceLostError if state or cases differ, or if purge has meanwhile struck off the last pending.
    """
    if (stands.state, stands.cases, stands.round) != (seen.state, seen.cases, seen.round):
        raise race()
    added, removed = request.pending - seen.pending, seen.pending - request.pending
    pending = (stands.pending | added) - removed
    if bool(pending) != bool(request.pending):
        raise race()
    purged = stands.purged + request.purged - seen.purged
    return replace(request, received_at=stands.received_at, pending=pending, purged=purged)


def _key(request_id: RequestId) -> Item:
    return {"pk": s(request_id)}


def _pending(pending: frozenset[str]) -> dict[str, Attribute]:
    return {"pending": {"SS": sorted(pending)}} if pending else {}


def _load(request_id: RequestId, item: Item) -> PrivacyRequest:
    document = json.loads(text(item, "doc"))
    return PrivacyRequest(
        id=request_id,
        ground=document["ground"],
        received_at=from_ms(number(item, "received")),
        state=RequestState(text(item, "state")),
        cases=tuple(map(_load_case, document["cases"])),
        policy_version=document["policy"],
        pending=frozenset(item.get("pending", {"SS": []})["SS"]),
        purged=number(item, "purged", 0),
        round=document["round"],
        completed_at=from_ms(number(item, "completed")) if "completed" in item else None,
    )


def _dump(request: PrivacyRequest) -> str:
    document = {
        "ground": request.ground,
        "cases": list(map(_dump_case, request.cases)),
        "policy": request.policy_version,
        "round": request.round,
    }
    return json.dumps(document, separators=(",", ":"))


def _load_case(case: Document) -> AddressCase:
    decisions = tuple(map(_load_decision, case["decisions"]))
    return AddressCase(Pseudonym(case["pseudonym"]), decisions, _load_time(case["shredded_at"]))


def _dump_case(case: AddressCase) -> dict[str, object]:
    return {
        "pseudonym": case.pseudonym,
        "decisions": list(map(_dump_decision, case.decisions)),
        "shredded_at": _dump_time(case.shredded_at),
    }


def _load_decision(decision: Document) -> Decision:
    return Decision(
        cls=decision["class"],
        act=Act(decision["act"]),
        article=decision["article"],
        reason=decision["reason"],
        holder_id=HolderId(bytes.fromhex(decision["holder"])),
        since=decision["since"],
        shards=decision["shards"],
        until=_load_time(decision["until"]),
        round=decision["round"],
    )


def _dump_decision(decision: Decision) -> dict[str, object]:
    return {
        "class": decision.cls,
        "act": decision.act,
        "article": decision.article,
        "reason": decision.reason,
        "holder": decision.holder_id.hex(),
        "since": decision.since,
        "shards": decision.shards,
        "until": _dump_time(decision.until),
        "round": decision.round,
    }


def _load_time(time: str | None) -> datetime | None:
    return datetime.fromisoformat(time) if time else None


def _dump_time(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
