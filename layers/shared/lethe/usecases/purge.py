"""Purge: delete what a missing key, an ended day or a tombstone proves ended, then verify.

Every proof is read here, consistently; a work item by itself deletes nothing. Everything may be
repeated and may stop anywhere: what leads to the rest is deleted last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Final

from lethe.domain.archive import (
    Ending,
    EntryKey,
    Head,
    Tombstone,
    attempt_place,
    attempt_prefix,
    day_prefix,
    entry_key,
    month,
    months,
    part_digest,
    partition,
)
from lethe.domain.errors import UnavailableError
from lethe.domain.holders import HolderId
from lethe.domain.ports import Archive, Keys, Objects, PurgeQueue, Requests
from lethe.domain.rules import Rule, ended
from lethe.domain.work import PurgeHolder, PurgeMessage, PurgeWork
from lethe.usecases.sealing import ORIGINAL

ENTRIES_A_RUN: Final = 1000
"""How many index entries one run deletes before it queues the rest as a run of its own.

Only what was deleted counts: entries that stay would be met again by every run.
"""
_LOOK_AHEAD: Final = 100


class _Step(Enum):
    """What became of an index entry: it went, it waits for the verifying pass, or it may stay."""

    DELETED = auto()
    LEFT = auto()
    STAYS = auto()


@dataclass(frozen=True)
class Purge:
    """The use case; `handle` takes one work item."""

    keys: Keys
    archive: Archive
    objects: Objects
    requests: Requests
    purge_queue: PurgeQueue
    clock: Callable[[], datetime]
    longest_capture: timedelta

    def handle(self, work: PurgeWork) -> None:
        """Do one piece of work; it may be delivered any number of times."""
        match work:
            case PurgeHolder():
                self._purge_holder(work)
            case PurgeMessage():
                self._purge_message(work)

    def _purge_holder(self, work: PurgeHolder) -> None:
        if self.keys.living([work.holder_id]):
            raise UnavailableError(
                "The holder's key lives; nothing proves that its messages ended."
            )
        purged = deleted = left = 0
        for key in self._entries(work):
            if deleted == ENTRIES_A_RUN:
                self.requests.count_purged(work.request_id, purged)
                self.purge_queue.send([work])
                return
            step, versions = self._purge_entry(key, work.holder_id, final=work.verify)
            deleted += step is _Step.DELETED
            left += step is _Step.LEFT
            purged += versions
        self.requests.count_purged(work.request_id, purged)
        if work.verify and not left and not self._owes(work):
            self.requests.verified(work.request_id, work.holder_id, self.clock())
        elif work.verify:
            self.purge_queue.send([work], delay=self.longest_capture)

    def _entries(self, work: PurgeHolder) -> Iterator[EntryKey]:
        """Every index entry that the holder may have; a clock may run ahead by a month."""
        newest = month(self.clock() + timedelta(days=31))
        shards: list[int | None] = list(range(work.shards)) if work.shards else [None]
        for in_month in months(work.since, newest):
            for shard in shards:
                yield from self._partition(partition(work.holder_id, in_month, shard))

    def _partition(self, name: str) -> Iterator[EntryKey]:
        after: EntryKey | None = None
        while True:
            keys = self.archive.page(name, after=after, newest_first=False, limit=_LOOK_AHEAD)
            yield from keys
            if len(keys) < _LOOK_AHEAD:
                return
            after = keys[-1]

    def _purge_entry(self, key: EntryKey, holder: HolderId, *, final: bool) -> tuple[_Step, int]:
        """Delete an entry and what its message owes it: what was done, and versions ended."""
        found, _ = self.archive.heads(key.message_id)
        standing = next((head for head in found if _version(head) == key.version), None)
        head = standing.head if isinstance(standing, Tombstone) else standing
        if standing is None or head is None or head.header.attempt != key.attempt:
            if final:  # before, a capture may be between its entries, its objects and its item
                self._delete_stray(key)
            return _Step.DELETED if final else _Step.LEFT, 0
        if isinstance(standing, Tombstone):
            self._finish(standing, last=key)
            return _Step.DELETED, 0
        if self._has_ended(standing):
            return _Step.DELETED, self._end_erased(standing, found, last=key)
        if _sealed_in_content(standing, holder):
            return _Step.STAYS, 0
        for index, slot in enumerate(standing.slots):
            if slot.holder_id == holder:
                self._cut(standing, index)
        self.archive.delete_entry(key)
        return _Step.DELETED, 0

    def _end_erased(self, head: Head, found: Sequence[Head | Tombstone], *, last: EntryKey) -> int:
        """End a version, and before it those that end with it: how many."""
        with_it = [
            one
            for one in found
            if isinstance(one, Head) and one is not head and one.header.rule is Rule.ANY_PARTY
        ]
        for one in with_it:
            self._end(one, Ending.ERASED, last=None)
        self._end(head, Ending.ERASED, last=last)
        return 1 + len(with_it)

    def _owes(self, work: PurgeHolder) -> bool:
        """Whether a re-read finds an entry that should be gone."""
        for key in self._entries(work):
            found, _ = self.archive.heads(key.message_id)
            standing = next((head for head in found if _version(head) == key.version), None)
            if not (isinstance(standing, Head) and _sealed_in_content(standing, work.holder_id)):
                return True
        return False

    def _delete_stray(self, key: EntryKey) -> None:
        """What an attempt left that lost its race or crashed: nothing of it ever counted.

        What is locked stays until its day ends; there, it is deleted by prefix.
        """
        if filed := self.archive.filed(key):
            cls, end = filed
            place = day_prefix(cls, key.time.astimezone(UTC).date(), end)
            self.objects.delete_prefix(
                attempt_place(place, key.message_id, key.attempt), keep=False
            )
        self.archive.delete_entry(key)

    def _has_ended(self, head: Head) -> bool:
        holders = {slot.holder_id for slot in head.slots if slot.holder_id is not None}
        living = self.keys.living(holders)
        dead = [slot.holder_id not in living for slot in head.slots]
        return ended(head.header.rule, [slot.flags for slot in head.slots], dead)

    def _purge_message(self, work: PurgeMessage) -> None:
        mark = self.keys.deletion(work.message_id)
        if mark is None:
            raise UnavailableError("No tombstone proves that the message was deleted.")
        for standing in self.archive.heads(work.message_id)[0]:
            if isinstance(standing, Tombstone):
                self._finish(standing, last=None)
            elif mark.whole:
                self._end(standing, Ending.DELETED, last=None)
            else:
                self._end_parts(standing, mark.parts)
        if not mark.whole:
            self._end_unshared(work)

    def _end_parts(self, head: Head, holders: frozenset[HolderId]) -> None:
        for index, slot in enumerate(head.slots):
            if slot.holder_id is not None and slot.holder_id in holders:
                digest = part_digest(head.header.message_id, slot.holder_id)
                self.archive.end_part(head.header.message_id, digest, head.header.end)
                key = entry_key(head, index)
                if key is not None:
                    self.archive.delete_entry(key)
                self._cut(head, index)

    def _end_unshared(self, work: PurgeMessage) -> None:
        """End the versions whose last share was cut out."""
        for standing in self.archive.heads(work.message_id)[0]:
            if isinstance(standing, Head) and self._has_ended(standing):
                self._end(standing, Ending.DELETED, last=None)

    def _cut(self, head: Head, index: int) -> None:
        """Take one person out of a version that lives on; its original, which shows all, ends."""
        if head.has_original and not head.keep:
            self.objects.delete_prefix(attempt_prefix(head.header) + ORIGINAL, keep=False)
        self.archive.cut(head, index)

    def _end(self, head: Head, ending: Ending, *, last: EntryKey | None) -> None:
        header = head.header
        tombstone = Tombstone(header.message_id, header.version, ending, header.end, head)
        self.archive.bury(tombstone)
        self._finish(tombstone, last=last)

    def _finish(self, tombstone: Tombstone, *, last: EntryKey | None) -> None:
        """Delete what the tombstone still leads to; `last` is the entry that led here."""
        if tombstone.head is not None:
            head = tombstone.head
            self.objects.delete_prefix(attempt_prefix(head.header), keep=head.keep)
            for index in range(len(head.slots)):
                key = entry_key(head, index)
                if key is not None and key != last:
                    self.archive.delete_entry(key)
            self.archive.bury(replace(tombstone, head=None))
        if last is not None:
            self.archive.delete_entry(last)


def _sealed_in_content(head: Head, holder: HolderId) -> bool:
    """A place that never depended on the holder's key: no missing key proves anything about it."""
    return any(slot.holder_id == holder and not slot.digest for slot in head.slots)


def _version(head: Head | Tombstone) -> int:
    return head.header.version if isinstance(head, Head) else head.version
