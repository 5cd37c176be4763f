"""MessagesTable and EntriesTable: what messages say, and who took part.

MessagesTable is described in `message_items`. An entry:

| attribute | content |
|---|---|
| `pk` | holder id, month and, for a function address, shard |
| `sk` | message time in ms (13 digits), message id, version, attempt |
| `ttl` | 30 days after the end date |
| `b` | the person's sealed block, if any |
| `c`, `e` | class and end date |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from lethe.domain.archive import Entry, EntryKey, Head, MessageItem, Tombstone, Versions
from lethe.domain.messages import MessageId
from lethe.store import message_items
from lethe.store.dynamo import (
    Item,
    Option,
    Table,
    b,
    blob,
    fields,
    from_ms,
    names,
    race,
    read_batch,
    s,
    text,
    to_ms,
    transact,
    ttl,
)
from lethe.store.errors import ConditionFailedError, TransactionCanceledError
from lethe.store.message_items import CLEAR, CUT, PART
from lethe.store.parallel import each

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_FREE: Final = "attribute_not_exists(pk)"
_LIVES: Final = "attribute_exists(pk) AND attribute_not_exists(#x)"


class DynamoArchive:
    """The two tables of messages."""

    def __init__(self, client: DynamoDBClient, *, messages: str, entries: str) -> None:
        self._client = client
        self._messages = Table(client, messages)
        self._entries = Table(client, entries)

    def put_entries(self, entries: Sequence[Entry]) -> None:
        """Put index entries, a few at once."""
        each(self._entries.put, map(_dump_entry, entries))

    def put_items(self, items: Sequence[MessageItem]) -> list[Head | Tombstone | None]:
        """Put each version if its place is free, a few at once; else give what stands there."""
        return each(self._put_item, items)

    def heads(self, message_id: MessageId) -> tuple[tuple[Head | Tombstone, ...], frozenset[str]]:
        """The clear fields of every version, and the digests of ended parts."""
        items, parts = self._all(message_id, **fields(CLEAR))
        return tuple(map(message_items.load_clear, items)), parts

    def versions(self, message_id: MessageId) -> Versions:
        """Every version with its ciphertext."""
        items, parts = self._all(message_id)
        return Versions(tuple(map(message_items.load, items)), parts)

    def blocks(self, keys: Collection[EntryKey]) -> Mapping[EntryKey, bytes]:
        """The blocks of these entries; what is missing is left out."""
        places = {(key.partition, _sort_key(key)): key for key in keys}
        table = self._entries.name
        listed = [(table, {"pk": s(pk), "sk": s(sk)}) for pk, sk in places]
        found = read_batch(self._client, listed, {table: ("pk", "sk", "b")}).get(table, ())
        return {places[text(item, "pk"), text(item, "sk")]: blob(item, "b") for item in found}

    def filed(self, key: EntryKey) -> tuple[str, date] | None:
        """The class and the end date that an entry was made for."""
        item = self._entries.get(_entry_place(key), ("pk", "sk", "c", "e"))
        return (text(item, "c"), date.fromisoformat(text(item, "e"))) if item else None

    def page(
        self, partition: str, *, after: EntryKey | None, newest_first: bool, limit: int
    ) -> tuple[EntryKey, ...]:
        """The next keys of a partition by message time; fewer than `limit` means the end."""
        values = {":pk": s(partition)}
        condition = "#pk = :pk"
        if after is not None:
            condition += f" AND #sk {'<' if newest_first else '>'} :after"
            values[":after"] = s(_sort_key(after))
        items = self._entries.query(
            condition,
            values,
            ScanIndexForward=not newest_first,
            Limit=limit,
            **fields(("pk", "sk")),
        )
        return tuple(map(_load_entry_key, islice(items, limit)))

    def bury(self, tombstone: Tombstone) -> None:
        """Replace a version by its tombstone; a final tombstone gets no head again."""
        key = message_items.key(tombstone.message_id, tombstone.version)
        marks = {
            "x": s(tombstone.ending.value),
            "e": s(tombstone.end.isoformat()),
            "ttl": ttl(tombstone.end),
        }
        if tombstone.head is None:
            self._messages.put(key | marks)
            return
        clear = message_items.dump_head(tombstone.head)
        kept = (f"#{name} = if_not_exists(#{name}, :{name})" for name in clear)
        ended = (f"#{name} = :{name}" for name in marks)
        everything = marks | clear
        try:
            self._messages.update(
                key,
                f"SET {', '.join((*kept, *ended))} REMOVE #c, #p",
                ConditionExpression="attribute_not_exists(#x) OR attribute_exists(#m)",
                ExpressionAttributeNames=names(*everything, "c", "p"),
                ExpressionAttributeValues={f":{name}": value for name, value in everything.items()},
            )
        except ConditionFailedError:
            return

    def cut(self, head: Head, index: int) -> None:
        """Remove a slot's holder id from a version; cutting again changes nothing."""
        holder_id = head.slots[index].holder_id
        if holder_id is None:
            return
        try:
            self._messages.update(
                message_items.key(head.header.message_id, head.header.version),
                f"SET #h[{index}] = :cut",
                ConditionExpression=f"#h[{index}] = :holder",
                ExpressionAttributeNames=names("h"),
                ExpressionAttributeValues={":cut": CUT, ":holder": b(holder_id)},
            )
        except ConditionFailedError:
            return

    def end_part(self, message_id: MessageId, digest: str, end: date) -> None:
        """Record that one person's part of a message ended by that person's own deletion."""
        self._messages.put(message_items.part_key(message_id, digest) | {"ttl": ttl(end)})

    def delete_entry(self, key: EntryKey) -> None:
        """Delete an index entry; deleting again changes nothing."""
        self._entries.delete(_entry_place(key))

    def _put_item(self, item: MessageItem) -> Head | Tombstone | None:
        if item.sealed.header.version == 1:
            return self._put_first(message_items.dump(item))
        return self._put_later(item)

    def _put_first(self, item: Item) -> Head | Tombstone | None:
        try:
            self._messages.put_new(item, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except ConditionFailedError as error:
            if error.item is None:
                raise race() from None
            return message_items.load_clear(error.item)
        return None

    def _put_later(self, item: MessageItem) -> Head | Tombstone | None:
        header = item.sealed.header
        first = message_items.key(header.message_id, 1)
        table = {"TableName": self._messages.name}
        lives = {"ConditionExpression": _LIVES, "ExpressionAttributeNames": names("x")}
        put = {"Item": message_items.dump(item), "ConditionExpression": _FREE}
        writes: list[dict[str, Any]] = [
            {"ConditionCheck": table | {"Key": first} | lives},
            {"Put": table | put},
        ]
        try:
            transact(self._client, writes)
        except TransactionCanceledError:
            return self._in_the_way(first, message_items.key(header.message_id, header.version))
        return None

    def _in_the_way(self, first: Item, place: Item) -> Head | Tombstone:
        """What refused a later version: the first's tombstone, or what stands in its place."""
        for key in (first, place):
            found = self._messages.get(key, CLEAR)
            standing = message_items.load_clear(found) if found else None
            if standing and (key is place or isinstance(standing, Tombstone)):
                return standing
        raise race()

    def _all(self, message_id: MessageId, **options: Option) -> tuple[list[Item], frozenset[str]]:
        placeholders = {"ExpressionAttributeNames": names("pk")}
        found = list(
            self._messages.query("#pk = :pk", {":pk": s(message_id)}, **placeholders | options)
        )
        versions = [item for item in found if not text(item, "sk").startswith(PART)]
        parts = (text(item, "sk") for item in found if text(item, "sk").startswith(PART))
        return versions, frozenset(part.removeprefix(PART) for part in parts)


def _dump_entry(entry: Entry) -> Item:
    dumped = {
        **_entry_place(entry.key),
        "ttl": ttl(entry.end),
        "c": s(entry.cls),
        "e": s(entry.end.isoformat()),
    }
    return dumped | {"b": b(entry.block)} if entry.block else dumped


def _entry_place(key: EntryKey) -> Item:
    return {"pk": s(key.partition), "sk": s(_sort_key(key))}


def _sort_key(key: EntryKey) -> str:
    time, attempt = to_ms(key.time), key.attempt.hex()
    return f"{time:013d}#{key.message_id}#{key.version:05d}#{attempt}"


def _load_entry_key(item: Item) -> EntryKey:
    time, message_id, version, attempt = text(item, "sk").split("#")
    return EntryKey(
        text(item, "pk"),
        from_ms(int(time)),
        MessageId(message_id),
        int(version),
        bytes.fromhex(attempt),
    )
