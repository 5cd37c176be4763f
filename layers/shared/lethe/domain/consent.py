"""Consent: append-only events of one person, and the state that is their fold (Art. 7, 21).

The fold keeps the latest time of each kind of act, so it does not depend on the order in which
events arrive; where a grant and a refusal have the same time, the refusal counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from lethe.domain.holders import PublicHolder
from lethe.domain.register import Pseudonym

EventId = NewType("EventId", str)
"""32 lower-case hexadecimal digits; the record id of ISO/IEC TS 27560."""
LedgerId = NewType("LedgerId", str)
"""32 lower-case hexadecimal digits, random: names the chain of one person's events."""

EVERY = "*"
"""Every purpose, every channel, or every own address."""


class EventType(StrEnum):
    """What happened."""

    GIVEN = "given"
    RENEWED = "renewed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    OBJECTED = "objected"
    OBJECTION_OVERRULED = "objection_overruled"
    """The balancing found compelling grounds (Art. 21(1)); never for direct marketing."""
    STOPPED = "stopped"
    """A keyword on a channel to an own address: withdraws and objects there (`own` is set)."""
    VENDOR_BLOCKED = "vendor_blocked"
    """The vendor refuses messages to this person on a channel from an own address."""
    VENDOR_UNBLOCKED = "vendor_unblocked"
    """START: lifts the vendor's block alone; never a consent."""
    BASIS_BEGUN = "basis_begun"
    """An event that grants a basis began: a contract, a sale (`purpose` holds its name)."""
    BASIS_ENDED = "basis_ended"
    VOIDED = "voided"
    """An erasure ended every basis that is older (Art. 17)."""


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One event as it is stored: what the gate needs in clear, the evidence sealed.

    `purpose`, `channel` and `own` may be EVERY; `own` is the pseudonym of an own address. `until`
    is the first moment at which a grant does not hold any more. `previous` is the digest of the
    event before it (32 zero bytes for the first), so that the chain shows an overwrite.

    `expires` never falls along a chain, so that what DynamoDB removes is always its beginning;
    `previous_expires` is that of the event before, and shows whether it was removed too early.
    """

    id: EventId
    ledger: LedgerId
    sequence: int
    type: EventType
    purpose: str
    channel: str
    own: str
    time: datetime
    until: datetime | None
    sealed: bytes
    previous: bytes
    policy_version: int
    notice_version: int = 0
    expires: date | None = None
    """From this day on DynamoDB may remove the event; None: its end is not known yet."""
    previous_expires: date | None = None
    opt_out_offered: bool = False
    """BASIS_BEGUN of a sale: opting out was offered when the address was obtained."""
    about: datetime | None = None
    """OBJECTION_OVERRULED: the time of the objection; a later one needs its own balancing."""
    receipt: str = ""
    """The signed receipt (JWS); it names the digest of the event, so it is no part of it."""


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """Where one (purpose, channel) stands: the latest time of each act."""

    given_at: datetime | None = None
    until: datetime | None = None
    event_id: EventId | None = None
    """The event of the latest grant."""
    notice_version: int = 0
    withdrawn_at: datetime | None = None
    refused_at: datetime | None = None
    expired_at: datetime | None = None
    """Up to which `until` an expiry was recorded; whether it has expired says `until` alone."""


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection to a purpose (or EVERY direct marketing: see `gate`) on a channel or on all."""

    at: datetime
    event_id: EventId
    overruled_at: datetime | None = None
    """When the balancing of this very objection found compelling grounds; None: it stands."""


@dataclass(frozen=True, slots=True)
class Overruling:
    """Up to which objection the balancing found compelling grounds, and when."""

    about: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class BasisSpan:
    """An event that grants a basis: when it last began and ended."""

    begun_at: datetime | None = None
    ended_at: datetime | None = None
    event_id: EventId | None = None
    opt_out_offered: bool = False
    """The soft opt-in: opting out was offered when the address was obtained."""


@dataclass(frozen=True, slots=True)
class ConsentState:
    """One person's fold, and beside it marks that are no consent: inbound times, notices sent.

    Keys: `lines` (purpose, channel), `objections` (purpose, channel), `stops` and `vendor_blocks`
    (channel, own address's pseudonym), `bases` name, `inbound` (channel, own's pseudonym).
    `revision` grows with every change; `head` is the digest of the last event, and `expires` what
    that one has (date.max: its end is not known). `ends` is the day from which the evidence is not
    needed any more. `due` is the next moment at which the schedule has something to do: an expiry,
    or the end of the evidence.
    """

    pseudonym: Pseudonym
    ledger: LedgerId | None = None
    holder: PublicHolder | None = None
    revision: int = 0
    sequence: int = 0
    head: bytes = bytes(32)
    expires: date = date.min
    lines: Mapping[tuple[str, str], ConsentLine] = field(default_factory=dict)
    objections: Mapping[tuple[str, str], Objection] = field(default_factory=dict)
    stops: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    vendor_blocks: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    """Blocks in force."""
    vendor_unblocks: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    overrulings: Mapping[tuple[str, str], Overruling] = field(default_factory=dict)
    """What the fold needs beside `objections`, so that the order of events makes no difference."""
    bases: Mapping[str, BasisSpan] = field(default_factory=dict)
    voided_at: datetime | None = None
    ends: date | None = None
    due: datetime | None = None
    inbound: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    notified: int = 0
    """The version of the notice that was last sent to this person."""
    notified_at: datetime | None = None
