"""OutboxTable: messages on their way out, each with how far it has come.

| attribute | content |
|---|---|
| `pk`, `sk` | dispatch id; `head`, or the five-digit number of an item |
| `h` | hash of the call that made it, keyed: the same in head and items |
| `n` | of the head: how many items belong to it |
| `state`, `after` | of an item: its state; until when it may be sent (ms) |
| `c` | how many recipients of the call it goes to |
| `w`, `m`, `v` | the wrapped data key; the message, sealed by it; the vendor's id, sealed by it |
| `at`, `by` | since when it is claimed (ms); a random mark of the call that claimed it |
| `why`, `basis`, `flags` | coded words |
| `ttl` | 30 days |

The head comes last: what has none was never queued. An item's state changes by conditional updates
alone, so that it goes to the vendor once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from lethe.domain.errors import ConflictError, NotFoundError
from lethe.domain.outbox import DispatchId, OutItem, SendState
from lethe.store.dynamo import (
    Attribute,
    Item,
    Table,
    b,
    blob,
    from_ms,
    n,
    names,
    number,
    s,
    text,
    to_ms,
)
from lethe.store.errors import ConditionFailedError
from lethe.store.parallel import each

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_HEAD: Final = "head"
_SHOWN: Final = ("sk", "state", "after", "c", "at", "why", "basis", "flags")
"""What following a dispatch reads: nothing that is sealed."""
_MARK: Final = 8


class DynamoOutbox:
    """The outbox."""

    def __init__(self, client: DynamoDBClient, *, outbox: str) -> None:
        self._table = Table(client, outbox)

    def create(
        self, dispatch: DispatchId, request_hash: bytes, items: Sequence[OutItem], expires: datetime
    ) -> bool:
        """Record a dispatch whole; False if it was recorded before with the same hash."""
        head = self._table.get(_key(dispatch, _HEAD))
        if head is not None:
            _same(head, request_hash)
            return False
        common = {"h": b(request_hash), "ttl": n(int(expires.timestamp()))}
        rows = [_dump(item) | common for item in items]
        # The first alone: another call with the same id fails there, before it has left anything.
        for some in (rows[:1], rows[1:]):
            each(lambda row: self._put(row, request_hash), some)
        return self._put(_key(dispatch, _HEAD) | {"n": n(len(rows))} | common, request_hash)

    def item(self, dispatch: DispatchId, number: int) -> OutItem | None:
        """Read one item."""
        found = self._table.get(_key(dispatch, _place(number)))
        return _load(dispatch, found) if found else None

    def items(self, dispatch: DispatchId) -> Sequence[OutItem]:
        """Read all items of a dispatch without what is sealed; NotFoundError if there is none."""
        placeholders = names(*_SHOWN)
        rows = list(
            self._table.query(
                "pk = :pk",
                {":pk": s(dispatch)},
                ProjectionExpression=", ".join(placeholders),
                ExpressionAttributeNames=placeholders,
            )
        )
        if not rows or text(rows[-1], "sk") != _HEAD:
            raise NotFoundError("There is no such dispatch, or it is older than 30 days.")
        return [_load(dispatch, row) for row in rows[:-1]]

    def claim(self, item: OutItem, at: datetime) -> OutItem | None:
        """Move it from queued to sending; None if another call did."""
        mark = os.urandom(_MARK)
        fields: Item = {"at": n(to_ms(at)), "by": b(mark), "basis": s(item.basis)}
        if item.flags:
            fields["flags"] = {"SS": sorted(item.flags)}
        stands = self._move(item, SendState.SENDING, set_=fields)
        if stands is not None and blob(stands, "by") != mark:
            return None
        return replace(item, state=SendState.SENDING, claimed_at=from_ms(to_ms(at)))

    def release(self, item: OutItem) -> bool:
        """Move it from sending back to queued."""
        stands = self._move(item, SendState.QUEUED, remove=("at", "by"))
        return stands is None or text(stands, "state") == SendState.QUEUED

    def sent(self, item: OutItem, vendor_sealed: bytes) -> bool:
        """Move it from sending to sent."""
        stands = self._move(item, SendState.SENT, set_={"v": b(vendor_sealed)}, remove=("by",))
        return stands is None or blob(stands, "v") == vendor_sealed

    def finish(
        self, item: OutItem, state: SendState, reason: str, *, keep_sealed: bool = False
    ) -> bool:
        """Move it from the state it was seen in to denied, refused or uncertain."""
        gone = ("by",) if keep_sealed else ("by", "m", "v", "w")
        stands = self._move(item, state, set_={"why": s(reason)}, remove=gone)
        return stands is None or text(stands, "state") == state

    def settle(self, item: OutItem, reason: str = "") -> bool:
        """Drop what is sealed; a sent one is captured."""
        state = SendState.CAPTURED if item.state is SendState.SENT else item.state
        set_ = {"why": s(reason)} if reason else {}
        stands = self._move(item, state, set_=set_, remove=("m", "v", "w"))
        return stands is None or text(stands, "state") == state

    def _put(self, row: Item, request_hash: bytes) -> bool:
        """Put a row that is not there yet; what stands there stays, and must be of this call."""
        try:
            self._table.put_new(row, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except ConditionFailedError as error:
            _same(error.item or {}, request_hash)
            return False
        return True

    def _move(
        self,
        item: OutItem,
        state: SendState,
        *,
        set_: Mapping[str, Attribute] | None = None,
        remove: Sequence[str] = (),
    ) -> Item | None:
        """Change the state if it is as it was seen; else what stands there, empty if nothing."""
        setting = {"state": s(state)} | dict(set_ or {})
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in setting)
        if remove:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in remove)
        condition, values = "#state = :seen", {":seen": s(item.state)}
        if item.claimed_at is not None:
            condition += " AND #at = :claimed"
            values[":claimed"] = n(to_ms(item.claimed_at))
        used = {*setting, *remove, *(("at",) if item.claimed_at else ())}
        try:
            self._table.update(
                _key(item.dispatch, _place(item.number)),
                expression,
                ConditionExpression=condition,
                ExpressionAttributeNames=names(*sorted(used)),
                ExpressionAttributeValues=values | {f":{k}": v for k, v in setting.items()},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailedError as error:
            return {"state": s("")} | (error.item or {})
        return None


def _same(row: Item, request_hash: bytes) -> None:
    if blob(row, "h") != request_hash:
        raise ConflictError("This Idempotency-Key was used for another call; choose a new one.")


def _key(dispatch: DispatchId, place: str) -> Item:
    return {"pk": s(dispatch), "sk": s(place)}


def _place(number: int) -> str:
    return f"{number:05d}"


def _dump(item: OutItem) -> Item:
    row = _key(item.dispatch, _place(item.number)) | {
        "state": s(item.state),
        "after": n(to_ms(item.not_after)),
        "c": n(item.covers),
    }
    row |= {
        name: b(value)
        for name, value in (("w", item.wrapped_key), ("m", item.sealed), ("v", item.vendor_sealed))
        if value
    }
    row |= {name: s(word) for name, word in (("why", item.reason), ("basis", item.basis)) if word}
    if item.flags:
        row["flags"] = {"SS": sorted(item.flags)}
    return row


def _load(dispatch: DispatchId, row: Item) -> OutItem:
    return OutItem(
        dispatch=dispatch,
        number=int(text(row, "sk")),
        state=SendState(text(row, "state")),
        not_after=from_ms(number(row, "after")),
        wrapped_key=blob(row, "w"),
        covers=number(row, "c"),
        sealed=blob(row, "m"),
        vendor_sealed=blob(row, "v"),
        claimed_at=from_ms(number(row, "at")) if "at" in row else None,
        reason=text(row, "why") if "why" in row else "",
        basis=text(row, "basis") if "basis" in row else "",
        flags=frozenset(row.get("flags", {"SS": []})["SS"]),
    )
