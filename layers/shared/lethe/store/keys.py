"""KeysTable: the keys of persons, their restriction, and the tombstones of deleted messages.

| attribute | content |
|---|---|
| `pk` | `h#<holder id>`, `t#<message id>`: a deletion tombstone, or `s#…`: the receipt of a shred |
| `private` | the private key under HoldersKey |
| `cls`, `kem`, `public`, `address` | its class, KEM and public side; the address sealed to it |
| `restricted` | since when (ms); in a row of its own for a holder without a key |
| `whole`, `parts` | of a tombstone: the whole message, or the holders whose parts ended |
| `at` | of a tombstone or a receipt: since when (ms) |
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import TYPE_CHECKING

from lethe.domain.holders import HolderId
from lethe.domain.messages import MessageId
from lethe.domain.ports import DeletionMark, OpenKeys, WrappedKey
from lethe.store.days import day_key
from lethe.store.dynamo import Item, Table, blob, n, names, number, read_batch, s, text, to_ms

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_HOLDER = "h#"
_PRIVATE_SIDE = ("pk", "private", "kem", "restricted", "whole", "parts")
_LIFE = ("pk", "cls")  # a row with a class is a key's: a restriction alone has none
_DELETION = ("pk", "whole", "parts")


def holder_key(holder_id: HolderId) -> Item:
    """Where a person's key lies."""
    return {"pk": s(f"{_HOLDER}{holder_id.hex()}")}


def receipt_key(receipt: str) -> Item:
    """Where the receipt of a shred lies: it shares the fate of the keys that the shred ended."""
    return {"pk": s(f"s#{receipt}")}


class DynamoKeys:
    """KeysTable, and for a reader the key of the day."""

    def __init__(self, client: DynamoDBClient, *, keys: str, day_keys: str) -> None:
        self._client = client
        self._table = Table(client, keys)
        self._day_keys = day_keys

    def open_keys(
        self, holders: Collection[HolderId], day: tuple[str, date, date], message_id: MessageId
    ) -> OpenKeys:
        """Read all keys that a message depends on, and its deletion tombstone."""
        table = self._table.name
        found = read_batch(
            self._client,
            [
                (table, _tombstone_key(message_id)),
                (self._day_keys, day_key(*day)),
                *((table, holder_key(holder_id)) for holder_id in sorted(set(holders))),
            ],
            {table: _PRIVATE_SIDE, self._day_keys: ("pk", "h", "private", "kem")},
        )
        rows = {text(item, "pk"): item for item in found.get(table, ())}
        tombstone = rows.pop(_tombstone_key(message_id)["pk"]["S"], None)
        persons = {_holder_id(pk): item for pk, item in rows.items()}
        keys = {holder_id: _wrapped(holder_id, item) for holder_id, item in persons.items()}
        day_item = (found.get(self._day_keys) or [{}])[0]
        return OpenKeys(
            persons={holder_id: key for holder_id, key in keys.items() if key},
            restricted=frozenset(h for h, item in persons.items() if "restricted" in item),
            day=_wrapped(HolderId(blob(day_item, "h")), day_item),
            deletion=_mark(tombstone),
        )

    def living(self, holders: Collection[HolderId]) -> frozenset[HolderId]:
        """The holders among these that still have a key; reads no private side."""
        table = self._table.name
        keys = [(table, holder_key(holder_id)) for holder_id in sorted(set(holders))]
        found = read_batch(self._client, keys, {table: _LIFE}).get(table, ())
        return frozenset(_holder_id(text(item, "pk")) for item in found if "cls" in item)

    def deletion(self, message_id: MessageId) -> DeletionMark | None:
        """The deletion tombstone of a message, if any."""
        return _mark(self._table.get(_tombstone_key(message_id), _DELETION))

    def mark_deleted(self, message_id: MessageId, part: HolderId | None, at: datetime) -> None:
        """Put the deletion tombstone: of the whole message, or of one holder's part."""
        change, value = (
            (", #whole = :change", {"BOOL": True})
            if part is None
            else (" ADD #parts :change", {"BS": [part]})
        )
        self._table.update(
            _tombstone_key(message_id),
            f"SET #at = if_not_exists(#at, :at){change}",
            ExpressionAttributeNames=names("at", "whole" if part is None else "parts"),
            ExpressionAttributeValues={":at": n(to_ms(at)), ":change": value},
        )


def _tombstone_key(message_id: MessageId) -> Item:
    return {"pk": s(f"t#{message_id}")}


def _holder_id(pk: str) -> HolderId:
    return HolderId(bytes.fromhex(pk.removeprefix(_HOLDER)))


def _wrapped(holder_id: HolderId, item: Item) -> WrappedKey | None:
    if "private" not in item:
        return None
    return WrappedKey(holder_id, number(item, "kem"), blob(item, "private"))


def _mark(item: Item | None) -> DeletionMark | None:
    if item is None:
        return None
    parts = item.get("parts", {"BS": []})["BS"]
    whole = bool(item.get("whole", {"BOOL": False})["BOOL"])
    return DeletionMark(whole, frozenset(HolderId(bytes(part)) for part in parts))
