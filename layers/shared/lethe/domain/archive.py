"""The stored forms of a message: item, entries, tombstones and the names of its objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from lethe.domain.envelope import Header, Sealed, Slot
from lethe.domain.holders import HolderId
from lethe.domain.messages import MessageId

TTL_BEHIND_END = timedelta(days=30)
"""Items outlive their end date by this much, so that a legal hold can still lift it."""


class Ending(StrEnum):
    """Why a message ended."""

    ERASED = "erased"
    DELETED = "deleted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Head:
    """A version's clear fields: what capture, erase and purge may know of it.

    `shards` holds, slot by slot, the index shard of a function address, or None. `keep` marks a
    class kept by law, whose objects lie locked. `in_object` says that the ciphertext is an object.
    """

    header: Header
    slots: tuple[Slot, ...]
    shards: tuple[int | None, ...]
    keep: bool
    in_object: bool
    has_original: bool


@dataclass(frozen=True, slots=True)
class MessageItem:
    """One version as it lies in the messages table."""

    sealed: Sealed
    shards: tuple[int | None, ...]
    keep: bool
    in_object: bool

    @property
    def head(self) -> Head:
        """The clear fields alone."""
        s = self.sealed
        return Head(s.header, s.slots, self.shards, self.keep, self.in_object, s.has_original)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of a version that ended, until its end date.

    While its objects and entries are still being deleted it keeps the `head` that leads to them.
    """

    message_id: MessageId
    version: int
    ending: Ending
    end: date
    head: Head | None = None


@dataclass(frozen=True, slots=True)
class Versions:
    """Every version of a message id, and the digests of parts that ended (`part_digest`)."""

    items: tuple[MessageItem | Tombstone, ...] = ()
    ended_parts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class EntryKey:
    """Where an index entry lies.

    `partition` is holder id, month and perhaps shard; the rest is its sort key.
    """

    partition: str
    time: datetime
    message_id: MessageId
    version: int
    attempt: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One participant's index entry with that person's sealed block (empty: no block)."""

    key: EntryKey
    block: bytes
    cls: str
    end: date


def month(time: datetime) -> str:
    """The index month of a message time: `YYYY-MM`, UTC."""
    return time.astimezone(UTC).strftime("%Y-%m")


def months(first: str, last: str) -> Iterator[str]:
    """Every month from first to last, both included."""
    year, number = map(int, first.split("-"))
    while (current := f"{year:04d}-{number:02d}") <= last:
        yield current
        year, number = (year + 1, 1) if number == 12 else (year, number + 1)  # noqa: PLR2004


def partition(holder_id: HolderId, in_month: str, shard: int | None = None) -> str:
    """The name of an index partition."""
    name = f"{holder_id.hex()}#{in_month}"
    return name if shard is None else f"{name}#{shard}"


def entry_key(head: Head, index: int) -> EntryKey | None:
    """The key of a slot's entry, or None once the slot was cut out."""
    slot, header = head.slots[index], head.header
    if slot.holder_id is None:
        return None
    place = partition(slot.holder_id, month(header.time), head.shards[index])
    return EntryKey(place, header.time, header.message_id, header.version, header.attempt)


def day_prefix(cls: str, day: date, end: date) -> str:
    """The prefix of all objects of a class's day; the day keeps a shortened class's days apart."""
    return f"{cls}/{end.isoformat()}/{day.isoformat()}/"


def attempt_prefix(header: Header) -> str:
    """The prefix of the objects of one capture attempt."""
    place = day_prefix(header.cls, header.day, header.end)
    return attempt_place(place, header.message_id, header.attempt)


def attempt_place(place: str, message_id: MessageId, attempt: bytes) -> str:
    """The same below a day's prefix."""
    return f"{place}{message_id}/{attempt.hex()}/"


def part_digest(message_id: MessageId, holder_id: HolderId) -> str:
    """The name of a person's ended part of a message, which does not name the holder."""
    return sha256(b"lethe/1 part" + bytes.fromhex(message_id) + holder_id).hexdigest()[:32]
