"""The whole store in memory: a class per port over one `World`, for tests of the whole system."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from itertools import islice
from typing import Concatenate, ParamSpec, TypeVar

from lethe.domain.archive import Entry, EntryKey, Head, MessageItem, Tombstone, Versions
from lethe.domain.audit import AuditEvent
from lethe.domain.envelope import Slot
from lethe.domain.errors import (
    ConflictError,
    ErasedError,
    NotFoundError,
    RaceLostError,
    SealError,
    UnavailableError,
)
from lethe.domain.holders import HolderId, PublicHolder
from lethe.domain.in_force import Audience, Change, InForce
from lethe.domain.messages import MessageId
from lethe.domain.notice_documents import NoticeDraft, PublishedNotice, PublishedWords
from lethe.domain.own_addresses import OwnSpan
from lethe.domain.policy import Policy, load_default
from lethe.domain.ports import (
    DayKey,
    DeletionMark,
    NewPersonKey,
    OpenKeys,
    Shred,
    WrappedKey,
)
from lethe.domain.proposals import Approval, Proposal, ProposalId, ProposalState
from lethe.domain.register import Holds, Pseudonym, RegisterEntry, RegisterItem, View
from lethe.domain.requests import Act, PrivacyRequest, RequestId, RequestState
from lethe.domain.work import PurgeWork
from lethe.store.requests import merged
from lethe.store.reviews import iso
from lethe.store.shredding import item_after

from tests.memory_activity import MemoryActivity
from tests.memory_consents import MemoryConsents, MemorySigner, MemoryTexts
from tests.memory_outbox import MemoryOutbox, MemoryOutQueue, MemoryTransitKeys
from tests.memory_reports import MemoryReportLog, MemoryReportTopic

DayName = tuple[str, date, date]


@dataclass
class World:
    """Everything that is stored; a test may look at it and change it."""

    register: dict[Pseudonym, RegisterItem] = field(default_factory=dict)
    holds: Holds = field(default_factory=Holds)
    keys: dict[HolderId, tuple[WrappedKey, NewPersonKey]] = field(default_factory=dict)
    restricted: set[HolderId] = field(default_factory=set)
    receipts: dict[str, datetime] = field(default_factory=dict)
    deletions: dict[MessageId, DeletionMark] = field(default_factory=dict)
    days: dict[DayName, DayKey] = field(default_factory=dict)
    day_holders: dict[DayName, PublicHolder] = field(default_factory=dict)
    day_keys: dict[DayName, WrappedKey] = field(default_factory=dict)
    versions: dict[tuple[MessageId, int], MessageItem | Tombstone] = field(default_factory=dict)
    ended_parts: dict[MessageId, frozenset[str]] = field(default_factory=dict)
    entries: dict[EntryKey, Entry] = field(default_factory=dict)
    objects: dict[tuple[bool, str], bytes] = field(default_factory=dict)
    locks: dict[str, date] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    requests: dict[RequestId, PrivacyRequest] = field(default_factory=dict)
    audit: list[AuditEvent] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=lambda: [load_default()])
    in_force: InForce = field(default_factory=InForce)
    proposals: dict[ProposalId, Proposal] = field(default_factory=dict)
    notices: dict[tuple[Audience, int], PublishedNotice] = field(default_factory=dict)
    notice_drafts: dict[tuple[Audience, str], NoticeDraft] = field(default_factory=dict)
    counts: Counter[DayName] = field(default_factory=Counter)
    ledger: dict[str, Mapping[str, object]] = field(default_factory=dict)
    purge_work: list[tuple[PurgeWork, timedelta]] = field(default_factory=list)
    erase_work: list[RequestId] = field(default_factory=list)
    consent_work: list[RequestId] = field(default_factory=list)
    reviews: dict[str, dict[str, str]] = field(default_factory=dict)
    asked_days: list[DayName] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)


@dataclass(frozen=True)
class _Part:
    world: World


P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=_Part)


def _alone(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Let one caller in at a time, as a database does with one item."""

    @wraps(method)
    def locked(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.world.lock:
            return method(self, *args, **kwargs)

    return locked


def _ms(time: datetime) -> datetime:
    """A time as it is stored."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


class MemoryKeyWrap:
    """A wrap that is no secret, and opens for the right holder alone."""

    def wrap(self, private: bytes, holder_id: HolderId) -> bytes:
        return holder_id + private

    def unwrap(self, wrapped: bytes, holder_id: HolderId) -> bytes:
        if wrapped[: len(holder_id)] != holder_id:
            raise SealError
        return wrapped[len(holder_id) :]


class MemoryRegister(_Part):
    @_alone
    def view(self, pseudonyms: Collection[Pseudonym], message_ids: Collection[MessageId]) -> View:
        firsts = {i: self.world.versions.get((i, 1)) for i in message_ids}
        return View(
            persons={pseudonym: self.item(pseudonym) for pseudonym in pseudonyms},
            holds=self.world.holds,
            in_force=self.world.in_force,
            firsts={i: _clear(first) for i, first in firsts.items() if first},
        )

    @_alone
    def item(self, pseudonym: Pseudonym) -> RegisterItem:
        return self.world.register.get(pseudonym, RegisterItem(pseudonym))

    @_alone
    def items(self, pseudonyms: Collection[Pseudonym]) -> Mapping[Pseudonym, RegisterItem]:
        return {pseudonym: self.item(pseudonym) for pseudonym in pseudonyms}

    @_alone
    def sender(self, pseudonym: Pseudonym) -> tuple[RegisterItem, InForce]:
        return self.item(pseudonym), self.world.in_force

    @_alone
    def holds(self) -> Holds:
        return self.world.holds

    @_alone
    def create(
        self, seen: RegisterItem, cls: str, entry: RegisterEntry, key: NewPersonKey | None
    ) -> None:
        if key is not None:
            if entry.holder is None:
                raise ValueError
            if entry.holder_id in self.world.keys or entry.holder_id in self.world.restricted:
                raise RaceLostError("taken")
        self._put(seen, replace(seen, entries={**seen.entries, cls: entry}))
        if key is not None and entry.holder is not None:
            wrapped = WrappedKey(entry.holder_id, entry.holder.kem, key.wrapped)
            self.world.keys[entry.holder_id] = wrapped, key

    @_alone
    def lower_since(self, seen: RegisterItem, cls: str, since: str) -> None:
        lowered = replace(seen.entries[cls], since=since)
        self._put(seen, replace(seen, entries={**seen.entries, cls: lowered}))

    @_alone
    def shredded_at(self, receipt: str) -> datetime | None:
        return self.world.receipts.get(receipt)

    @_alone
    def shred(self, shred: Shred, holds_version: int) -> datetime:
        if happened := self.world.receipts.get(shred.receipt):
            return happened
        shred = replace(shred, at=_ms(shred.at))
        seen = self.item(shred.pseudonym)
        after = item_after(shred, seen)
        if self.world.holds.version != holds_version:
            raise RaceLostError("holds")
        self._put(seen, after)
        for decision in shred.decisions:
            if decision.act is Act.ERASE:
                self.world.keys.pop(decision.holder_id, None)
                self.world.restricted.discard(decision.holder_id)
            else:
                self.world.restricted.add(decision.holder_id)
        self.world.receipts[shred.receipt] = shred.at
        return shred.at

    @_alone
    def set_own(self, pseudonym: Pseudonym, spans: Sequence[OwnSpan]) -> None:
        seen = self.item(pseudonym)
        self._put(seen, replace(seen, own=tuple(spans)))

    def _put(self, seen: RegisterItem, item: RegisterItem) -> None:
        if self.item(seen.pseudonym).revision != seen.revision:
            raise RaceLostError("revision")
        self.world.register[seen.pseudonym] = replace(item, revision=seen.revision + 1)


class MemoryKeys(_Part):
    @_alone
    def open_keys(
        self, holders: Collection[HolderId], day: DayName, message_id: MessageId
    ) -> OpenKeys:
        return OpenKeys(
            persons={h: self.world.keys[h][0] for h in holders if h in self.world.keys},
            restricted=frozenset(self.world.restricted.intersection(holders)),
            day=self.world.day_keys.get(day),
            deletion=self.world.deletions.get(message_id),
        )

    @_alone
    def living(self, holders: Collection[HolderId]) -> frozenset[HolderId]:
        return frozenset(self.world.keys.keys() & set(holders))

    @_alone
    def deletion(self, message_id: MessageId) -> DeletionMark | None:
        return self.world.deletions.get(message_id)

    @_alone
    def mark_deleted(self, message_id: MessageId, part: HolderId | None, at: datetime) -> None:
        del at
        mark = self.world.deletions.get(message_id, DeletionMark(whole=False))
        parts = mark.parts if part is None else mark.parts | {part}
        self.world.deletions[message_id] = DeletionMark(mark.whole or part is None, parts)


class MemoryDays(_Part):
    @_alone
    def public(self, cls: str, day: date, end: date) -> PublicHolder:
        key = self.world.days.get((cls, day, end))
        if key is None:
            raise UnavailableError("not made")
        if key.ended:
            raise ErasedError("ended")
        return self.world.day_holders[cls, day, end]

    @_alone
    def living(self, cls: str, day: date, end: date) -> bool:
        key = self.world.days.get((cls, day, end))
        return key is not None and not key.ended

    @_alone
    def all(self) -> Iterator[DayKey]:
        return iter(sorted(self.world.days.values(), key=lambda key: (key.cls, key.day, key.end)))

    @_alone
    def create(self, key: DayKey, holder: PublicHolder, wrapped: bytes) -> bool:
        name = _name(key)
        if name in self.world.days:
            return False
        self.world.days[name] = replace(key, ended=False, cleared=False)
        self.world.day_holders[name] = holder
        self.world.day_keys[name] = WrappedKey(holder.id, holder.kem, wrapped)
        return True

    @_alone
    def shred(self, key: DayKey, at: datetime, holds_version: int) -> bool:
        name = _name(key)
        stands = self.world.days.get(name)
        if stands is None or stands.ended:
            return False
        if stands.keep and at.astimezone(UTC).date() < key.end:
            raise ConflictError("kept")
        if self.world.holds.version != holds_version:
            raise RaceLostError("holds")
        del self.world.day_keys[name]
        self.world.days[name] = replace(stands, ended=True)
        return True

    @_alone
    def clear(self, key: DayKey) -> None:
        self.world.days[_name(key)] = replace(self.world.days[_name(key)], cleared=True)


class MemoryArchive(_Part):
    @_alone
    def put_entries(self, entries: Sequence[Entry]) -> None:
        self.world.entries |= {entry.key: entry for entry in entries}

    @_alone
    def put_items(self, items: Sequence[MessageItem]) -> list[Head | Tombstone | None]:
        return [self._put(item) for item in items]

    @_alone
    def heads(self, message_id: MessageId) -> tuple[tuple[Head | Tombstone, ...], frozenset[str]]:
        found = self.versions(message_id)
        return tuple(map(_clear, found.items)), found.ended_parts

    @_alone
    def versions(self, message_id: MessageId) -> Versions:
        items = [
            self.world.versions[key] for key in sorted(self.world.versions) if key[0] == message_id
        ]
        return Versions(tuple(items), self.world.ended_parts.get(message_id, frozenset()))

    @_alone
    def blocks(self, keys: Collection[EntryKey]) -> Mapping[EntryKey, bytes]:
        entries = self.world.entries
        return {key: entries[key].block for key in keys if key in entries}

    @_alone
    def filed(self, key: EntryKey) -> tuple[str, date] | None:
        entry = self.world.entries.get(key)
        return (entry.cls, entry.end) if entry else None

    @_alone
    def page(
        self, partition: str, *, after: EntryKey | None, newest_first: bool, limit: int
    ) -> tuple[EntryKey, ...]:
        keys = sorted(
            (key for key in self.world.entries if key.partition == partition),
            key=_order,
            reverse=newest_first,
        )
        if after is not None:
            start = _order(after)
            keys = [k for k in keys if (_order(k) < start if newest_first else _order(k) > start)]
        return tuple(islice(keys, limit))

    @_alone
    def bury(self, tombstone: Tombstone) -> None:
        place = (tombstone.message_id, tombstone.version)
        stands = self.world.versions.get(place)
        if tombstone.head is not None and stands is not None:
            head = _clear(stands)
            if isinstance(head, Tombstone):
                if head.head is None:
                    return
                head = head.head
            tombstone = replace(tombstone, head=head)
        self.world.versions[place] = tombstone

    @_alone
    def cut(self, head: Head, index: int) -> None:
        place = (head.header.message_id, head.header.version)
        stands = self.world.versions.get(place)
        holder_id = head.slots[index].holder_id
        match stands:
            case MessageItem(sealed=sealed):
                cut = _cut(sealed.slots, index, holder_id)
                self.world.versions[place] = replace(stands, sealed=replace(sealed, slots=cut))
            case Tombstone(head=Head() as buried):
                cut = _cut(buried.slots, index, holder_id)
                self.world.versions[place] = replace(stands, head=replace(buried, slots=cut))
            case _:
                pass

    @_alone
    def end_part(self, message_id: MessageId, digest: str, end: date) -> None:
        del end
        ended = self.world.ended_parts.get(message_id, frozenset())
        self.world.ended_parts[message_id] = ended | {digest}

    @_alone
    def delete_entry(self, key: EntryKey) -> None:
        self.world.entries.pop(key, None)

    def _put(self, item: MessageItem) -> Head | Tombstone | None:
        header = item.sealed.header
        if header.version > 1:
            first = self.world.versions.get((header.message_id, 1))
            if isinstance(first, Tombstone):
                return first
            if first is None:
                raise RaceLostError("no first version")
        stands = self.world.versions.setdefault((header.message_id, header.version), item)
        return None if stands is item else _clear(stands)


class MemoryObjects(_Part):
    def put(self, name: str, chunks: Iterable[bytes], *, keep_until: date | None) -> None:
        content = b"".join(chunks)
        with self.world.lock:
            self.world.objects[keep_until is not None, name] = content
            if keep_until is not None:
                self.world.locks[name] = keep_until

    @_alone
    def get(self, name: str, *, keep: bool) -> Iterator[bytes]:
        if (keep, name) not in self.world.objects:
            raise ErasedError("gone")
        return iter([self.world.objects[keep, name]])

    def presign(self, name: str, *, keep: bool, lifetime: timedelta) -> str:
        return f"memory:{'keep' if keep else 'objects'}/{name}?{int(lifetime.total_seconds())}"

    @_alone
    def delete_prefix(self, prefix: str, *, keep: bool) -> int:
        gone = [n for n in self.world.objects if n[0] is keep and n[1].startswith(prefix)]
        for name in gone:
            del self.world.objects[name]
        return len(gone)


class MemoryStaging(_Part):
    def presign(self, upload_id: str, *, size: int, lifetime: timedelta) -> str:
        return f"memory:staging/{upload_id}?{size}&{int(lifetime.total_seconds())}"

    @_alone
    def read(self, upload_id: str) -> Iterator[bytes]:
        return iter([self._upload(upload_id)])

    @_alone
    def size(self, upload_id: str) -> int:
        return len(self._upload(upload_id))

    @_alone
    def remove(self, upload_id: str) -> None:
        self.world.uploads.pop(upload_id, None)

    def _upload(self, upload_id: str) -> bytes:
        if upload_id not in self.world.uploads:
            raise NotFoundError("no upload")
        return self.world.uploads[upload_id]


class MemoryRequests(_Part):
    @_alone
    def create(self, request: PrivacyRequest) -> bool:
        stored = replace(request, received_at=_ms(request.received_at))
        return self.world.requests.setdefault(request.id, stored) is stored

    @_alone
    def get(self, request_id: RequestId) -> PrivacyRequest:
        if request_id not in self.world.requests:
            raise NotFoundError("no request")
        return self.world.requests[request_id]

    @_alone
    def save(self, request: PrivacyRequest, seen: PrivacyRequest) -> None:
        saved = merged(request, seen, self.get(request.id))
        completed_at = _ms(saved.completed_at) if saved.completed_at else None
        self.world.requests[request.id] = replace(saved, completed_at=completed_at)

    @_alone
    def verified(self, request_id: RequestId, holder_id: HolderId, at: datetime) -> None:
        if request := self.world.requests.get(request_id):
            request = replace(request, pending=request.pending - {holder_id.hex()})
            if not request.pending and request.state is RequestState.SHREDDED:
                request = replace(request, state=RequestState.COMPLETED, completed_at=_ms(at))
            self.world.requests[request_id] = request

    @_alone
    def count_purged(self, request_id: RequestId, versions: int) -> None:
        if request := self.world.requests.get(request_id):
            self.world.requests[request_id] = replace(request, purged=request.purged + versions)

    @_alone
    def open(self) -> Iterator[RequestId]:
        waiting = [r for r in self.world.requests.values() if r.state is not RequestState.COMPLETED]
        return (request.id for request in sorted(waiting, key=lambda request: request.received_at))


class MemoryAuditTrail(_Part):
    @_alone
    def put(self, event: AuditEvent) -> None:
        self.world.audit.append(event)


class MemoryPolicies(_Part):
    @_alone
    def in_force(self) -> InForce:
        return self.world.in_force

    @_alone
    def current(self) -> tuple[int, Policy]:
        version = self.world.in_force.version
        return version, self.world.policies[version]

    @_alone
    def at(self, version: int) -> Policy:
        if not 0 <= version < len(self.world.policies):
            raise NotFoundError("no version")
        return self.world.policies[version]

    @_alone
    def put_in_force(self, change: Change) -> InForce:
        proposal, made = change.proposal, change.made
        if change.seen != self.world.in_force:
            raise RaceLostError("policy")
        if change.policy is not None:
            assert proposal is not None
            stands = self.world.proposals.get(proposal.id)
            if stands is None or stands.approval or stands.actor == change.actor:
                raise RaceLostError("proposal")
            if stands.seen != change.seen.version:
                raise RaceLostError("outdated")
            approval = Approval(made.version, _ms(change.at), change.actor)
            self.world.proposals[proposal.id] = replace(stands, approval=approval)
            self.world.policies.append(change.policy)
        for notice in change.notices:
            published = PublishedNotice.of(replace(change, at=_ms(change.at)), notice)
            self.world.notices[notice.audience, notice.version] = published
        self.world.in_force = made
        return made


class MemoryNotices(_Part):
    @_alone
    def version(self, audience: Audience, version: int) -> PublishedNotice:
        if (audience, version) not in self.world.notices:
            raise NotFoundError("no version")
        return self.world.notices[audience, version]

    @_alone
    def words(self, audience: Audience, version: int, language: str) -> PublishedWords | None:
        found = self.version(audience, version)
        words = found.document.words
        if language not in words:
            return None
        languages = tuple(sorted(words))
        return PublishedWords(version, words[language], languages, found.document.hash, found.at)

    @_alone
    def put_draft(self, draft: NoticeDraft) -> NoticeDraft:
        drafted = replace(draft, at=_ms(draft.at))
        return self.world.notice_drafts.setdefault((draft.audience, draft.hash), drafted)

    @_alone
    def draft(self, audience: Audience, content_hash: str) -> NoticeDraft:
        if (audience, content_hash) not in self.world.notice_drafts:
            raise NotFoundError("no draft")
        return self.world.notice_drafts[audience, content_hash]


class MemoryProposals(_Part):
    @_alone
    def create(self, proposal: Proposal) -> None:
        stored = replace(proposal, at=_ms(proposal.at))
        if self.world.proposals.setdefault(proposal.id, stored) is not stored:
            raise RaceLostError("taken")

    @_alone
    def get(self, proposal_id: ProposalId) -> Proposal:
        if proposal_id not in self.world.proposals:
            raise NotFoundError("no proposal")
        return self.world.proposals[proposal_id]

    @_alone
    def open(self, version: int) -> list[Proposal]:
        every = self.world.proposals.values()
        return [p for p in every if p.state(version) is ProposalState.OPEN]


class MemoryCounts(_Part):
    @_alone
    def add(self, cls: str, day: date, end: date, messages: int) -> None:
        self.world.counts[cls, day, end] += messages

    @_alone
    def total(self, cls: str, day: date, end: date) -> int:
        return self.world.counts[cls, day, end]

    @_alone
    def totals(self, days: Sequence[DayName]) -> list[int]:
        return [self.world.counts[day] for day in days]


class MemoryLedger(_Part):
    @_alone
    def put(self, name: str, document: Mapping[str, object], keep_for: timedelta) -> None:
        del keep_for
        self.world.ledger[name] = document


class MemoryPurgeQueue(_Part):
    @_alone
    def send(self, work: Sequence[PurgeWork], delay: timedelta = timedelta()) -> None:
        self.world.purge_work += [(one, delay) for one in work]


class MemoryEraseQueue(_Part):
    @_alone
    def send(self, request_ids: Sequence[RequestId]) -> None:
        self.world.erase_work += request_ids


class MemoryConsentQueue(_Part):
    @_alone
    def send(self, request_ids: Sequence[RequestId]) -> None:
        self.world.consent_work += request_ids


class MemoryDayRequests(_Part):
    @_alone
    def ask(self, cls: str, day: date, end: date) -> None:
        self.world.asked_days.append((cls, day, end))


class MemoryReviews(_Part):
    @_alone
    def put(self, review_id: str, document: Mapping[str, str], at: datetime) -> None:
        known = {"id": review_id, "at": iso(at)}
        self.world.reviews.setdefault(review_id, dict(document) | known)

    @_alone
    def open(self) -> Iterator[Mapping[str, str]]:
        waiting = [one for one in self.world.reviews.values() if "decision" not in one]
        return iter(sorted(waiting, key=lambda one: (one["at"], one["id"])))

    @_alone
    def times(self) -> Iterator[tuple[str, datetime]]:
        return ((one["kind"], datetime.fromisoformat(one["at"])) for one in self.open())

    @_alone
    def get(self, review_id: str) -> Mapping[str, str]:
        if review_id not in self.world.reviews:
            raise NotFoundError("no review")
        return dict(self.world.reviews[review_id])

    @_alone
    def close(self, review_id: str, decision: str, actor: str, at: datetime) -> None:
        found = self.world.reviews.get(review_id)
        if found is None or "decision" in found:
            raise ConflictError("closed")
        found |= {"decision": decision, "actor": actor, "closed_at": iso(at)}


class MemoryStores:
    """A store for every port, over one world."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world = world or World()
        self.register = MemoryRegister(world)
        self.keys = MemoryKeys(world)
        self.days = MemoryDays(world)
        self.archive = MemoryArchive(world)
        self.objects = MemoryObjects(world)
        self.staging = MemoryStaging(world)
        self.requests = MemoryRequests(world)
        self.audit = MemoryAuditTrail(world)
        self.policies = MemoryPolicies(world)
        self.proposals = MemoryProposals(world)
        self.notices = MemoryNotices(world)
        self.counts = MemoryCounts(world)
        self.activity = MemoryActivity()
        self.report_log = MemoryReportLog()
        self.report_topic = MemoryReportTopic()
        self.ledger = MemoryLedger(world)
        self.purge_queue = MemoryPurgeQueue(world)
        self.erase_queue = MemoryEraseQueue(world)
        self.consents = MemoryConsents()
        self.texts = MemoryTexts()
        self.signer = MemorySigner()
        self.consent_queue = MemoryConsentQueue(world)
        self.reviews = MemoryReviews(world)
        self.day_requests = MemoryDayRequests(world)
        self.wrap = MemoryKeyWrap()
        self.outbox = MemoryOutbox()
        self.transit = MemoryTransitKeys()
        self.send_queue = MemoryOutQueue()
        self.sent_queue = MemoryOutQueue()


def _name(key: DayKey) -> DayName:
    return key.cls, key.day, key.end


def _order(key: EntryKey) -> tuple[datetime, MessageId, int, bytes]:
    return key.time, key.message_id, key.version, key.attempt


def _clear(version: MessageItem | Tombstone) -> Head | Tombstone:
    return version.head if isinstance(version, MessageItem) else version


def _cut(slots: tuple[Slot, ...], index: int, holder_id: HolderId | None) -> tuple[Slot, ...]:
    if slots[index].holder_id != holder_id:
        return slots
    return (*slots[:index], replace(slots[index], holder_id=None), *slots[index + 1 :])
