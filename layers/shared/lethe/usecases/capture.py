"""Capture: seal what a channel delivered and store it once, whatever is retried, repeated or raced.

The order makes every crash point harmless: holders, entries, objects, item. Until the item stands,
nothing of an attempt counts; once it stands, everything it names is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Protocol

from lethe.crypto.holders import Kem
from lethe.domain.addresses import Address
from lethe.domain.archive import Head, Tombstone, part_digest
from lethe.domain.content import comparable
from lethe.domain.errors import (
    ConflictError,
    ErasedError,
    ForbiddenError,
    LetheError,
    RaceLostError,
    UnavailableError,
)
from lethe.domain.holders import HolderId
from lethe.domain.in_force import InForce
from lethe.domain.messages import Message, MessageId
from lethe.domain.policy import Policy
from lethe.domain.ports import (
    Archive,
    Counts,
    DayRequests,
    Days,
    DeletionMark,
    Keys,
    KeyWrap,
    Objects,
    Policies,
    Register,
)
from lethe.domain.register import Pseudonym, RegisterItem, View
from lethe.domain.rules import Flag, Rule
from lethe.usecases.activity import Activity, Seen
from lethe.usecases.holders import Holders
from lethe.usecases.plan import Known, Party, Plan, make_plan
from lethe.usecases.sealing import SealedMessage, seal
from lethe.usecases.uploads import StagedSource

_TRIES: Final = 5


class Hashes(Protocol):
    """The keyed hashes that the function may compute."""

    def pseudonym(self, address: Address) -> Pseudonym:
        """The pseudonym of an address."""
        ...

    def message_id(self, channel: str, external_id: str) -> MessageId:
        """The message id of a channel's external id."""
        ...

    def fingerprint(self, message_id: MessageId, content: bytes) -> bytes:
        """What tells a duplicate from a conflict."""
        ...


class CaptureStatus(StrEnum):
    """How a delivery ended."""

    CAPTURED = "captured"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Captured:
    """An acknowledged message: it is stored, by this delivery or by an earlier one."""

    message_id: MessageId
    version: int
    status: CaptureStatus
    cls: str
    end: date
    in_force: InForce = field(default_factory=InForce)
    """What was in force when it was looked at."""


Outcome = Captured | LetheError


@dataclass(frozen=True)
class Capture:
    """The use case; all collaborators are ports."""

    register: Register
    keys: Keys
    days: Days
    day_requests: DayRequests
    archive: Archive
    objects: Objects
    wrap: KeyWrap
    counts: Counts
    policies: Policies
    hashes: Hashes
    activity: Activity
    stamp: Callable[[Message, Policy], Message]
    """Puts what allowed an outbound message beside its headers."""
    clock: Callable[[], datetime]
    kem: Kem

    def capture(self, messages: Sequence[Message], *, may_state_time: bool) -> list[Outcome]:
        """Capture messages, each for itself: an outcome or a refusal per message, in order.

        An unknown failure ends the whole call, which may be repeated.
        """
        outcomes: list[Outcome | None] = [None] * len(messages)
        todo: list[int] = []
        for index, message in enumerate(messages):
            if message.time is not None and not may_state_time:
                outcomes[index] = _time_not_allowed()
            else:
                todo.append(index)
        for turn in _turns([messages[i] for i in todo], todo):
            for index, outcome in self._capture_turn({i: messages[i] for i in turn}).items():
                outcomes[index] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def _capture_turn(self, messages: Mapping[int, Message]) -> dict[int, Outcome]:
        done: dict[int, Outcome] = {}
        for _ in range(_TRIES):
            todo = {index: m for index, m in messages.items() if index not in done}
            if not todo:
                return done
            done |= self._try(todo)
        busy = UnavailableError(
            "Other deliveries change the same message or person; repeat the call."
        )
        return dict.fromkeys(messages, busy) | done

    def _try(self, messages: Mapping[int, Message]) -> dict[int, Outcome]:
        """One look and one write; what lost a race is left out and tried again by the caller."""
        now = self.clock()  # before the look: what dies after it has not died before the message
        ids = {i: self.hashes.message_id(m.channel, m.external_id) for i, m in messages.items()}
        names = {i: self._pseudonyms(m) for i, m in messages.items()}
        view = self.register.view({p for ps in names.values() for p in ps}, set(ids.values()))
        policy = self.policies.at(view.in_force.version)
        items = dict(view.persons)
        done: dict[int, Outcome] = {}
        sealed: dict[int, SealedMessage] = {}
        figures: dict[int, Mapping[str, int]] = {}
        for index, message in messages.items():
            try:
                stamped = self.stamp(message, policy)
                known = self._known(stamped, ids[index], names[index], items, view)
                plan = make_plan(known, policy, now)
                figures[index] = plan.figures
                result = self._seal(plan, policy, items)
            except RaceLostError:
                continue
            except LetheError as error:
                done[index] = error
                continue
            if isinstance(result, Captured):
                done[index] = result
            else:
                sealed[index] = result
        written = self._write(sealed)
        taken = [index for index, outcome in written.items() if isinstance(outcome, Captured)]
        persons = {i: [items.get(p, RegisterItem(p)) for p in names[i]] for i in taken}
        self.activity.note([Seen(messages[i], persons[i], figures[i]) for i in taken], policy)
        return {
            index: replace(outcome, in_force=view.in_force)
            if isinstance(outcome, Captured)
            else outcome
            for index, outcome in (done | written).items()
        }

    def _pseudonyms(self, message: Message) -> list[Pseudonym]:
        return [self.hashes.pseudonym(p.address) for p in message.participants]

    def _known(
        self,
        message: Message,
        message_id: MessageId,
        pseudonyms: Sequence[Pseudonym],
        items: Mapping[Pseudonym, RegisterItem],
        view: View,
    ) -> Known:
        return Known(
            message=message,
            message_id=message_id,
            fingerprint=self.hashes.fingerprint(message_id, comparable(message)),
            pseudonyms=pseudonyms,
            items=[items.get(p, RegisterItem(p)) for p in pseudonyms],
            first=view.firsts.get(message_id),
        )

    def _seal(
        self, plan: Plan, policy: Policy, items: dict[Pseudonym, RegisterItem]
    ) -> SealedMessage | Captured:
        for party in plan.parties:
            items.setdefault(party.pseudonym, RegisterItem(party.pseudonym))
        version = 1
        if plan.first is not None:
            settled = self._settle(plan, plan.first, items)
            if isinstance(settled, Captured):
                return settled
            plan, version = settled
        elif plan.message.edit:
            raise ConflictError(
                "This edits a message that was not captured; capture it first, then repeat."
            )
        try:
            period = self.days.public(plan.cls, plan.day, plan.end)
        except UnavailableError:
            self.day_requests.ask(plan.cls, plan.day, plan.end)
            raise
        if plan.day != self.clock().date() and not self.days.living(plan.cls, plan.day, plan.end):
            raise ErasedError("The retention period of this message has ended already.")
        for attachment in plan.message.attachments:
            if isinstance(attachment.source, StagedSource):
                attachment.source.check()
        holders = Holders(self.register, self.wrap, self.kem, policy.function_shards)
        return seal(plan, version, holders.ensure(plan, items), period)

    def _settle(
        self, plan: Plan, first: Head, items: Mapping[Pseudonym, RegisterItem]
    ) -> Captured | tuple[Plan, int]:
        """A known id: a duplicate, or the plan of a further version, or a conflict."""
        holders = {p: _holder_of(items[p.pseudonym], plan, first) for p in plan.parties}
        mark = self.keys.deletion(plan.message_id) or DeletionMark(whole=False)
        if mark.whole:
            raise ErasedError("This message was deleted; it is not captured again.")
        if first.header.fingerprint == plan.fingerprint and not plan.message.edit:
            seen = _holders([first])
            if all(holder in seen for holder in holders.values()):
                return _duplicate(plan, first)
        found, ended_parts = self.archive.heads(plan.message_id)
        heads = [head for head in found if isinstance(head, Head)]
        if not heads:
            raise RaceLostError("The message ended meanwhile.")
        version = max(_version(head) for head in found) + 1
        ended = {
            party
            for party, holder in holders.items()
            if holder in mark.parts
            or (holder and part_digest(plan.message_id, holder) in ended_parts)
        }
        same = [head for head in heads if head.header.fingerprint == plan.fingerprint]
        if not same:
            if plan.message.edit:
                return _edit_of(plan, heads, holders, ended), version
            raise ConflictError(
                "This external id was captured with other content. Send a change as an edit."
            )
        seen = _holders(same)
        further = [p for p, holder in holders.items() if holder not in seen and p not in ended]
        if not further:
            return _duplicate(plan, same[0])
        if not plan.message.content_identified:
            raise ConflictError("This external id was captured with other participants.")
        if not _is_shared(heads, {holders[p] for p in plan.parties if p not in ended}):
            raise ErasedError("This message ended with its last holder; no copy brings it back.")
        return _copy_for(plan, further, ended), version

    def _write(self, sealed: Mapping[int, SealedMessage]) -> dict[int, Outcome]:
        if not sealed:
            return {}
        done: dict[int, Outcome] = {}
        self.archive.put_entries(
            [entry for message in sealed.values() for entry in message.entries]
        )
        for index, message in sealed.items():
            until = message.item.sealed.header.end if message.item.keep else None
            try:
                for item in message.objects:
                    self.objects.put(item.name, item.chunks, keep_until=until)
            except LetheError as error:
                done[index] = error
        written = [index for index in sealed if index not in done]
        found = self.archive.put_items([sealed[index].item for index in written])
        captured: Counter[tuple[str, date, date]] = Counter()
        for index, present in zip(written, found, strict=True):
            header = sealed[index].item.sealed.header
            if present is None:
                status = CaptureStatus.CAPTURED
                done[index] = Captured(
                    header.message_id, header.version, status, header.cls, header.end
                )
                captured[header.cls, header.day, header.end] += 1
        for (cls, day, end), messages in captured.items():
            self.counts.add(cls, day, end, messages)
        return done


def _turns(messages: Sequence[Message], indexes: Sequence[int]) -> Iterator[list[int]]:
    """Split so that no turn has one external id twice: the later delivery must see the earlier."""
    rank: Counter[tuple[str, str]] = Counter()
    turns: dict[int, list[int]] = {}
    for index, message in zip(indexes, messages, strict=True):
        key = (message.channel, message.external_id)
        turns.setdefault(rank[key], []).append(index)
        rank[key] += 1
    yield from turns.values()


def _holder_of(item: RegisterItem, plan: Plan, first: Head) -> HolderId | None:
    """The holder that the party has in the first version, or else would have; None if new."""
    under = [r.entry for r in item.restricted if r.cls == plan.cls]
    named = [entry for entry in under if entry.holder_id in _holders([first])]
    now = item.restricted_at(plan.cls, plan.time) or item.entries.get(plan.cls)
    entry = named[0] if named else now
    return entry.holder_id if entry else None


def _holders(heads: Sequence[Head], flags: int = 0) -> set[HolderId | None]:
    """Who has a living part in these versions and is what the flags say; None is nobody."""
    slots = [slot for head in heads for slot in head.slots if slot.flags & flags == flags]
    return {slot.holder_id for slot in slots if slot.holder_id is not None}


def _is_shared(heads: Sequence[Head], living: Collection[HolderId | None]) -> bool:
    """Whether one who takes part in the copy still holds what opens an earlier version.

    A copy of a mail names all whom the mail named, so a holder it does not lead to was erased.
    """
    return any(
        head.header.rule is not Rule.AUTHOR
        or any(Flag.SHARE in slot.flags and slot.holder_id in living for slot in head.slots)
        for head in heads
    )


def _version(head: Head | Tombstone) -> int:
    return head.header.version if isinstance(head, Head) else head.version


def _duplicate(plan: Plan, head: Head) -> Captured:
    return Captured(
        plan.message_id,
        head.header.version,
        CaptureStatus.DUPLICATE,
        head.header.cls,
        head.header.end,
    )


def _edit_of(
    plan: Plan,
    heads: Sequence[Head],
    holders: Mapping[Party, HolderId | None],
    ended: Collection[Party],
) -> Plan:
    """An edit by its author, for those who have not ended their part; else ConflictError."""
    authors = _holders(heads, Flag.AUTHOR)
    if any(p.flags & Flag.AUTHOR and holder not in authors for p, holder in holders.items()):
        raise ConflictError("Only who sent the message may edit it.")
    parties = tuple(p for p in plan.parties if p not in ended)
    if plan.rule is not Rule.PERIOD and not any(Flag.SHARE in p.flags for p in parties):
        raise ErasedError("This message ended with its last holder; no edit brings it back.")
    return replace(plan, parties=parties)


def _copy_for(plan: Plan, further: Sequence[Party], ended: Collection[Party]) -> Plan:
    """The same message for further participants: beside them, who holds a share of its key.

    Where recipients hold it, the copy may outlive the first version, so it names everybody.
    """
    shared = [p for p in plan.parties if p.flags & Flag.SHARE]
    everybody = plan.rule is Rule.AUTHOR and not any(p.flags & Flag.AUTHOR for p in shared)
    wanted = plan.parties if everybody else (*shared, *further)
    return replace(plan, parties=tuple(p for p in plan.parties if p in wanted and p not in ended))


def _time_not_allowed() -> ForbiddenError:
    return ForbiddenError("Only the scope lethe/import may state `time`; leave it out.")
