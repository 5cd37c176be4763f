"""What the use cases need of the world, as small interfaces; AWS and memory implement them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from lethe.domain.addresses import Address
from lethe.domain.archive import Entry, EntryKey, Head, MessageItem, Tombstone, Versions
from lethe.domain.audit import AuditEvent
from lethe.domain.holders import HolderId, PublicHolder
from lethe.domain.in_force import Change, InForce
from lethe.domain.messages import MessageId
from lethe.domain.own_addresses import OwnSpan
from lethe.domain.policy import Policy
from lethe.domain.register import Holds, Pseudonym, RegisterEntry, RegisterItem, View
from lethe.domain.requests import Decision, PrivacyRequest, RequestId
from lethe.domain.work import PurgeWork


@dataclass(frozen=True, slots=True)
class NewPersonKey:
    """A new person's private side: wrapped under HoldersKey, with the sealed address."""

    wrapped: bytes
    sealed_address: bytes


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A private key under HoldersKey; it opens nothing without KMS."""

    holder_id: HolderId
    kem: int
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class DeletionMark:
    """A single deletion's tombstone beside the keys: the whole message, or some holders' parts."""

    whole: bool
    parts: frozenset[HolderId] = frozenset()


@dataclass(frozen=True, slots=True)
class OpenKeys:
    """What a reader's consistent look at the key tables found; what is missing has ended."""

    persons: Mapping[HolderId, WrappedKey]
    restricted: frozenset[HolderId]
    day: WrappedKey | None
    deletion: DeletionMark | None


@dataclass(frozen=True, slots=True)
class DayKey:
    """A (class, day, end date) holder.

    `keep` marks a class kept by law: its key ends no earlier than its end date. `ended` once the
    key was shredded, `cleared` once its objects were found gone.
    """

    cls: str
    day: date
    end: date
    keep: bool = False
    ended: bool = False
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class Shred:
    """One act of shredding: its `receipt` makes it happen once, whatever is retried.

    `whole` means that the decisions cover every class of the address; the erasure then also counts
    for classes that the address has no entry in yet.
    """

    receipt: str
    pseudonym: Pseudonym
    decisions: tuple[Decision, ...]
    at: datetime
    whole: bool = True


class PseudonymHash(Protocol):
    """The keyed hash that names an address without showing it."""

    def pseudonym(self, address: Address) -> Pseudonym:
        """The pseudonym of an address."""
        ...


class KeyWrap(Protocol):
    """HoldersKey of KMS; the holder id is the encryption context."""

    def wrap(self, private: bytes, holder_id: HolderId) -> bytes:
        """Encrypt a private key."""
        ...

    def unwrap(self, wrapped: bytes, holder_id: HolderId) -> bytes:
        """Decrypt a private key."""
        ...


class Register(Protocol):
    """RegisterTable, with the key items that its transactions create and end in KeysTable."""

    def view(self, pseudonyms: Collection[Pseudonym], message_ids: Collection[MessageId]) -> View:
        """Read everything that a capture decides on, strongly consistently."""
        ...

    def item(self, pseudonym: Pseudonym) -> RegisterItem:
        """Read one address; an unknown one is an empty item."""
        ...

    def items(self, pseudonyms: Collection[Pseudonym]) -> Mapping[Pseudonym, RegisterItem]:
        """Read many addresses, strongly consistently, 100 in a call; unknown ones are empty."""
        ...

    def sender(self, pseudonym: Pseudonym) -> tuple[RegisterItem, InForce]:
        """Read one address and what is in force, strongly consistently, in one call."""
        ...

    def holds(self) -> Holds:
        """Read the legal holds in force."""
        ...

    def create(
        self, seen: RegisterItem, cls: str, entry: RegisterEntry, key: NewPersonKey | None
    ) -> None:
        """Add a class's entry and key in one transaction; RaceLostError if the item changed."""
        ...

    def lower_since(self, seen: RegisterItem, cls: str, since: str) -> None:
        """Move an entry's earliest month back; RaceLostError if the entry has changed."""
        ...

    def shredded_at(self, receipt: str) -> datetime | None:
        """When the shred of this receipt happened, or None."""
        ...

    def shred(self, shred: Shred, holds_version: int) -> datetime:
        """End the keys of every `erase` decision and restrict the others, with a receipt, at once.

        A restricted entry moves to the item's `restricted`; its key is marked. Answers when it
        happened: now, or earlier if the receipt is there. RaceLostError if a decided class no
        longer carries the recorded holder id, if `whole` and a class is undecided, or if `holds`
        has another version.
        """
        ...

    def set_own(self, pseudonym: Pseudonym, spans: Sequence[OwnSpan]) -> None:
        """Record when an address is the controller's own, and of which kind."""
        ...


class Keys(Protocol):
    """KeysTable (persons) and what lies beside it: restriction and deletion tombstones."""

    def open_keys(
        self, holders: Collection[HolderId], day: tuple[str, date, date], message_id: MessageId
    ) -> OpenKeys:
        """Read, strongly consistently, a message's keys and its deletion tombstone."""
        ...

    def living(self, holders: Collection[HolderId]) -> frozenset[HolderId]:
        """The holders among these that still have a key; reads no private side."""
        ...

    def deletion(self, message_id: MessageId) -> DeletionMark | None:
        """The deletion tombstone of a message, if any."""
        ...

    def mark_deleted(self, message_id: MessageId, part: HolderId | None, at: datetime) -> None:
        """Put the deletion tombstone: of the whole message, or of one holder's part."""
        ...


class Days(Protocol):
    """DayKeysTable."""

    def public(self, cls: str, day: date, end: date) -> PublicHolder:
        """The public side of a day; UnavailableError if not made yet, ErasedError if it ended."""
        ...

    def living(self, cls: str, day: date, end: date) -> bool:
        """Whether the day's key exists; reads no private side."""
        ...

    def all(self) -> Iterator[DayKey]:
        """Every day, ended ones too."""
        ...

    def create(self, key: DayKey, holder: PublicHolder, wrapped: bytes) -> bool:
        """Make a day; False if it was there already, living or ended."""
        ...

    def shred(self, key: DayKey, at: datetime, holds_version: int) -> bool:
        """End a day's key; False if it had ended; RaceLostError if `holds` has another version.

        A kept class's day is refused before its end date.
        """
        ...

    def clear(self, key: DayKey) -> None:
        """Note that the objects of an ended day were found gone."""
        ...


class Archive(Protocol):
    """MessagesTable and EntriesTable."""

    def put_entries(self, entries: Sequence[Entry]) -> None:
        """Put index entries; each attempt has keys of its own, so nothing is overwritten."""
        ...

    def put_items(self, items: Sequence[MessageItem]) -> list[Head | Tombstone | None]:
        """Put each version if its place is free, else return what stands there.

        A version after the first is put only while the first lives: the first's tombstone is
        returned otherwise.
        """
        ...

    def heads(self, message_id: MessageId) -> tuple[tuple[Head | Tombstone, ...], frozenset[str]]:
        """The clear fields of every version, and the digests of ended parts; no ciphertext."""
        ...

    def versions(self, message_id: MessageId) -> Versions:
        """Every version with its ciphertext; strongly consistent."""
        ...

    def blocks(self, keys: Collection[EntryKey]) -> Mapping[EntryKey, bytes]:
        """The blocks of these entries; what is missing is left out; strongly consistent."""
        ...

    def filed(self, key: EntryKey) -> tuple[str, date] | None:
        """The class and the end date that an entry was made for, or None if there is no entry."""
        ...

    def page(
        self, partition: str, *, after: EntryKey | None, newest_first: bool, limit: int
    ) -> tuple[EntryKey, ...]:
        """The next keys of a partition by message time; fewer than `limit` means the end."""
        ...

    def bury(self, tombstone: Tombstone) -> None:
        """Replace a version by its tombstone; the tombstone without `head` is the final one."""
        ...

    def cut(self, head: Head, index: int) -> None:
        """Remove a slot's holder id from a version; cutting again changes nothing."""
        ...

    def end_part(self, message_id: MessageId, digest: str, end: date) -> None:
        """Record that one person's part of a message ended by that person's own deletion."""
        ...

    def delete_entry(self, key: EntryKey) -> None:
        """Delete an index entry; deleting again changes nothing."""
        ...


class Objects(Protocol):
    """ObjectsBucket and, where `keep`, KeepBucket."""

    def put(self, name: str, chunks: Iterable[bytes], *, keep_until: date | None) -> None:
        """Write an object in pieces, locked until that date where one is given."""
        ...

    def get(self, name: str, *, keep: bool) -> Iterator[bytes]:
        """Read an object in pieces; ErasedError if it is gone."""
        ...

    def presign(self, name: str, *, keep: bool, lifetime: timedelta) -> str:
        """A URL that reads the ciphertext for a while."""
        ...

    def delete_prefix(self, prefix: str, *, keep: bool) -> int:
        """Delete every version, marker and unfinished upload below a prefix; how many went."""
        ...


class Staging(Protocol):
    """StagingBucket: plaintext on its way in, for minutes."""

    def presign(self, upload_id: str, *, size: int, lifetime: timedelta) -> str:
        """A URL that takes exactly this many bytes for a while."""
        ...

    def read(self, upload_id: str) -> Iterator[bytes]:
        """The uploaded bytes; NotFoundError if there are none."""
        ...

    def size(self, upload_id: str) -> int:
        """How many bytes lie there; NotFoundError if there are none."""
        ...

    def remove(self, upload_id: str) -> None:
        """Delete an upload."""
        ...


class Requests(Protocol):
    """RequestsTable."""

    def create(self, request: PrivacyRequest) -> bool:
        """Record a new request; False if the id is taken."""
        ...

    def get(self, request_id: RequestId) -> PrivacyRequest:
        """Read one; NotFoundError."""
        ...

    def save(self, request: PrivacyRequest, seen: PrivacyRequest) -> None:
        """Replace it if its state and cases are still as seen, else RaceLostError."""
        ...

    def verified(self, request_id: RequestId, holder_id: HolderId, at: datetime) -> None:
        """Strike a verified holder off; the last one of a shredded request completes it."""
        ...

    def count_purged(self, request_id: RequestId, versions: int) -> None:
        """Add to the number of versions deleted."""
        ...

    def open(self) -> Iterator[RequestId]:
        """Every request that is not completed, oldest first."""
        ...


class AuditTrail(Protocol):
    """AuditTable: append only."""

    def put(self, event: AuditEvent) -> None:
        """Record an act; the act is not answered before."""
        ...


class Policies(Protocol):
    """PolicyTable: the versions of the policy document; version 0 is the default that ships."""

    def current(self) -> tuple[int, Policy]:
        """The version in force, read consistently."""
        ...

    def at(self, version: int) -> Policy:
        """One version."""
        ...

    def in_force(self) -> InForce:
        """The versions of policy and notices in force, read consistently."""
        ...

    def put_in_force(self, change: Change) -> InForce:
        """Put what is to be in force, whole or not at all.

        RaceLostError if what was seen is not in force any more, or if the proposal was approved
        before or is the approver's own.
        """
        ...


class Counts(Protocol):
    """CountsTable: how many messages each day of a class holds; figures, never proof."""

    def add(self, cls: str, day: date, end: date, messages: int) -> None:
        """Count captured messages."""
        ...

    def total(self, cls: str, day: date, end: date) -> int:
        """How many were counted."""
        ...

    def totals(self, days: Sequence[tuple[str, date, date]]) -> list[int]:
        """How many were counted on each of these days, in their order."""
        ...


class Ledger(Protocol):
    """LedgerBucket: every tombstone again, locked, so that a restore can consult it."""

    def put(self, name: str, document: Mapping[str, object], keep_for: timedelta) -> None:
        """Write an entry that can't be changed for a while; writing it again is harmless."""
        ...


class DayRequests(Protocol):
    """DaysQueue: capture asks for a day that the sweep has not made yet, as imports need."""

    def ask(self, cls: str, day: date, end: date) -> None:
        """Ask the sweep to make a day's key."""
        ...


class PurgeQueue(Protocol):
    """PurgeQueue."""

    def send(self, work: Sequence[PurgeWork], delay: timedelta = timedelta()) -> None:
        """Queue work for purge, at once or after a delay of at most 15 minutes."""
        ...


class EraseQueue(Protocol):
    """EraseQueue."""

    def send(self, request_ids: Sequence[RequestId]) -> None:
        """Queue requests to be resumed."""
        ...


class ConsentQueue(Protocol):
    """ConsentQueue: requests whose erasure voids every basis that is older."""

    def send(self, request_ids: Sequence[RequestId]) -> None:
        """Queue requests that were shredded; sending one again changes nothing."""
        ...
