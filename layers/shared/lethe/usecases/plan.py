"""Plan a capture: its class, time and participants, and what an earlier delivery settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from lethe.domain.archive import Head, Tombstone
from lethe.domain.classification import Classification, Facts
from lethe.domain.erasure import erased_since
from lethe.domain.errors import ErasedError
from lethe.domain.kept import found_figures, minimise_message, tag, tags_of
from lethe.domain.messages import Direction, Message, MessageId, Participant, Role
from lethe.domain.own_addresses import AddressKind, kind_at
from lethe.domain.policy import OnErasure, Policy
from lethe.domain.register import Pseudonym, RegisterItem
from lethe.domain.rules import Flag, Part, Rule, ended, shares

_MEETING: Final = timedelta(minutes=15)
"""No capture and no erasure holds on to what it has read for longer: no function runs longer."""


@dataclass(frozen=True, slots=True)
class Party:
    """A participant with its place in the register, its kind at the message's time and flags."""

    participant: Participant
    pseudonym: Pseudonym
    kind: AddressKind
    flags: Flag

    @property
    def needs_key(self) -> bool:
        """Whether an identity block is sealed to this party: not for function addresses."""
        return self.kind is not AddressKind.FUNCTION


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that sealing needs, decided: pure data."""

    message: Message
    message_id: MessageId
    time: datetime
    cls: str
    day: date
    end: date
    kept: bool
    keep_original: bool
    rule: Rule
    parties: tuple[Party, ...]
    purpose: str
    legal_basis: str
    fingerprint: bytes
    first: Head | None
    """The first version, if the message was captured before; its class and dates count."""
    figures: Mapping[str, int]
    """What was left out of the message, and what detectors found in it, for its channel's day."""


@dataclass(frozen=True, slots=True)
class Known:
    """What capture knows of one delivered message before it plans."""

    message: Message
    message_id: MessageId
    fingerprint: bytes
    pseudonyms: Sequence[Pseudonym]
    items: Sequence[RegisterItem]
    first: Head | Tombstone | None


def make_plan(known: Known, policy: Policy, now: datetime) -> Plan:
    """Decide how a message is captured; ErasedError if an erasure or deletion ended it already."""
    first = known.first
    if isinstance(first, Tombstone):
        raise _ended()
    settings = policy.channels.get(known.message.channel)
    tags = tags_of(known.message, settings)
    message, dropped = minimise_message(known.message, settings)
    known = replace(known, message=message)
    time = _to_milliseconds(first.header.time if first else known.message.time or now)
    kinds = _kinds(known, time.date())
    classified = _classify(known.message, kinds, policy, map(tag, tags))
    cls = first.header.cls if first else classified.cls
    retention = policy.classes.get(cls)
    kept = first.keep if first else retention is not None and retention.on_erasure is OnErasure.KEEP
    asked = Rule.AUTHOR
    if first and first.header.rule is not Rule.PERIOD:
        asked = first.header.rule
    elif retention is not None:
        asked = Rule(retention.erasure_rule)
    parts = [
        Part(kind is AddressKind.EXTERNAL, p.role is Role.SENDER)
        for kind, p in zip(kinds, known.message.participants, strict=True)
    ]
    on_erasure = retention.on_erasure if retention else OnErasure.ERASE
    dead = [
        not kept and (_is_erased(item, cls, on_erasure, time) or _met(item, cls, on_erasure, known))
        for item in known.items
    ]
    rule, flags = shares(asked, parts, kept=kept)
    if ended(rule, flags, dead):
        raise _ended()
    living = [index for index, is_dead in enumerate(dead) if not is_dead]
    rule, flags = shares(asked, [parts[i] for i in living], kept=kept)
    day = first.header.day if first else time.date()
    end = first.header.end if first else policy.classes[cls].end_date(day)
    if (end if kept else policy.effective_end(cls, day, end)) <= now.date():
        raise ErasedError("The retention period of this message has ended already.")
    return Plan(
        message=known.message,
        message_id=known.message_id,
        time=time,
        cls=cls,
        day=day,
        end=end,
        kept=kept,
        keep_original=retention is not None and retention.keep_original,
        rule=rule,
        parties=tuple(
            Party(known.message.participants[i], known.pseudonyms[i], kinds[i], flag)
            for i, flag in zip(living, flags, strict=True)
        ),
        purpose=classified.purpose,
        legal_basis=classified.legal_basis,
        fingerprint=known.fingerprint,
        first=first,
        figures=dropped.figures | found_figures(tags),
    )


def _kinds(known: Known, day: date) -> list[AddressKind]:
    """What each address is; who sends for the controller is its own person, listed or not."""
    message = known.message
    vouched = {message.own_address}
    if message.own_address is None and message.direction is Direction.OUTBOUND:
        vouched = {p.address for p in message.participants if p.role is Role.SENDER}
    return [
        AddressKind.PERSON if kind is AddressKind.EXTERNAL and p.address in vouched else kind
        for p, item in zip(message.participants, known.items, strict=True)
        for kind in [kind_at(item.own, day)]
    ]


def _classify(
    message: Message, kinds: Sequence[AddressKind], policy: Policy, tags: Iterable[str]
) -> Classification:
    own = [
        (participant.address, kind)
        for participant, kind in zip(message.participants, kinds, strict=True)
        if kind is not AddressKind.EXTERNAL
    ]
    return policy.classify(
        Facts(
            channel=message.channel,
            own_addresses=frozenset(address for address, _ in own),
            own_kinds=frozenset(kind for _, kind in own),
            direction=message.direction,
            purpose=message.purpose,
            external=len(own) < len(kinds),
            tags=frozenset(tags),
        )
    )


def _is_erased(item: RegisterItem, cls: str, on_erasure: OnErasure, time: datetime) -> bool:
    since = erased_since(item, cls, on_erasure)
    return since is not None and time <= since


def _met(item: RegisterItem, cls: str, on_erasure: OnErasure, known: Known) -> bool:
    """Whether an erasure met the first capture: sealed to what died, yet timed after its death.

    Where an id stands for the same participants each time, one whom the first version does not name
    and who was erased about then is that person, and not another.
    """
    first, since = known.first, erased_since(item, cls, on_erasure)
    if not isinstance(first, Head) or since is None or known.message.content_identified:
        return False
    entry = item.entries.get(cls)
    named = entry is not None and entry.holder_id in {slot.holder_id for slot in first.slots}
    return not named and first.header.time <= since + _MEETING


def _ended() -> ErasedError:
    return ErasedError("This message ended by an erasure or a deletion; it is not captured again.")


def _to_milliseconds(time: datetime) -> datetime:
    time = time.astimezone(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
