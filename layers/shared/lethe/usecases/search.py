"""Find the messages of an address: its index partitions, month by month, newest first."""

from __future__ import annotations

import base64
import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from lethe.domain.addresses import Address
from lethe.domain.archive import EntryKey, month, months, partition
from lethe.domain.errors import FieldProblem, InvalidInputError
from lethe.domain.messages import MessageId
from lethe.domain.ports import Archive
from lethe.domain.register import RegisterEntry, RegisterItem

MAX_PAGE: Final = 100
_LOOK_AHEAD: Final = 100
_NO_MESSAGE: Final = MessageId("")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A message's place in the order of a search: message time, then id. It names no person."""

    time: datetime
    message_id: MessageId

    def encode(self) -> str:
        """As an opaque cursor."""
        raw = json.dumps([int(self.time.timestamp() * 1000), self.message_id])
        return base64.urlsafe_b64encode(raw.encode()).decode()

    @classmethod
    def decode(cls, cursor: str) -> Self:
        """The reverse of `encode`; InvalidInputError for anything else."""
        try:
            milliseconds, message_id = json.loads(base64.urlsafe_b64decode(cursor))
            time = datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
            return cls(time, MessageId(str(message_id)))
        except (ValueError, TypeError, OverflowError, OSError):
            problem = FieldProblem("/cursor", "Send the cursor of the page before, unchanged.")
            raise InvalidInputError("The cursor is not one of ours.", (problem,)) from None


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """An address and a span of message time, `from_time` included and `to_time` not."""

    address: Address
    from_time: datetime
    to_time: datetime
    limit: int = MAX_PAGE
    cursor: str | None = None


def find(archive: Archive, item: RegisterItem, query: SearchQuery) -> Iterator[EntryKey]:
    """The index entries of the address, newest first, from the cursor on.

    An entry counts only if the message names its attempt: the reader checks that; no key is here.
    """
    before = Position.decode(query.cursor) if query.cursor else Position(query.to_time, _NO_MESSAGE)
    newest = min(before, Position(query.to_time, _NO_MESSAGE))
    for in_month in reversed(list(months(month(query.from_time), month(newest.time)))):
        partitions = [
            _keys(archive, name, query.from_time, newest)
            for entry in item.entries.values()
            if in_month >= entry.since
            for name in _partitions(entry, in_month)
        ]
        yield from heapq.merge(*partitions, key=_order, reverse=True)


def position(key: EntryKey) -> Position:
    """The place of an entry's message in the order of a search."""
    return Position(key.time, key.message_id)


def _order(key: EntryKey) -> tuple[datetime, str, bytes]:
    return key.time, key.message_id, key.attempt


def _partitions(entry: RegisterEntry, in_month: str) -> list[str]:
    if not entry.shards:
        return [partition(entry.holder_id, in_month)]
    return [partition(entry.holder_id, in_month, shard) for shard in range(entry.shards)]


def _keys(archive: Archive, name: str, oldest: datetime, newest: Position) -> Iterator[EntryKey]:
    """A partition's keys below a position, newest first."""
    after = EntryKey(name, newest.time, newest.message_id, 0, b"")
    while True:
        keys = archive.page(name, after=after, newest_first=True, limit=_LOOK_AHEAD)
        for key in keys:
            if key.time < oldest:
                return
            yield key
        if len(keys) < _LOOK_AHEAD:
            return
        after = keys[-1]
