"""Record what people said about being written to: sealed evidence, a signed receipt, one fold.

Whoever records, at the API, by an inbound keyword or by a vendor's answer, comes this way. What
was recorded under an event id once is not recorded again: the answer is its receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from lethe.crypto.holders import Kem
from lethe.domain.addresses import Address
from lethe.domain.callers import Caller
from lethe.domain.consent import EVERY, ConsentEvent, EventId, EventType
from lethe.domain.errors import ConflictError
from lethe.domain.evidence import Evidence
from lethe.domain.ports import AuditTrail, KeyWrap, Policies, Register
from lethe.domain.ports_sending import Consents, Signer, Texts
from lethe.domain.register import Pseudonym


class AddressHash(Protocol):
    """The pseudonym's keyed hash."""

    def pseudonym(self, address: Address) -> Pseudonym:
        """The pseudonym of an address."""
        ...


@dataclass
class SuppressedError(ConflictError):
    """An import would bring back the consent of one who withdrew, objected, stopped or was erased.

    The person can consent anew: POST /consents with fresh evidence.
    """


@dataclass(frozen=True, slots=True)
class Act:
    """What happened, as a caller states it; what is left out is filled in when it is recorded.

    `time` counts for VOIDED (of the erasure), EXPIRED (the `until`), BASIS_… and VENDOR_… alone. A
    grant or refusal has that of its evidence; a withdrawal, objection or stop counts from arrival,
    and never as earlier than the grant that it is about.
    """

    type: EventType
    purpose: str = EVERY
    """Of BASIS_…: the name of the event."""
    channel: str = EVERY
    own: str = EVERY
    """The pseudonym of an own address; STOPPED and VENDOR_… have one."""
    time: datetime | None = None
    until: datetime | None = None
    """Of a grant: an earlier end than the purpose's validity gives it."""
    evidence: Evidence | None = None
    event_id: EventId | None = None
    """Where a retry may repeat the act: an id that is the same each time (`event_id`)."""
    notice_version: int = 0
    """The published notice that the person was shown."""
    opt_out_offered: bool = False
    about: EventId | None = None
    """Of OBJECTION_OVERRULED: the event of the objection."""
    pointer: str = ""
    """Where it stands in the caller's input: the beginning of each JSON Pointer of a problem."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event as the caller is told of it; `duplicate` if it had been recorded before."""

    event: ConsentEvent
    record: dict[str, Any]
    """ISO/IEC TS 27560; the person is named by a commitment."""
    receipt: str
    """JWS compact, ES256."""
    text: str
    """The receipt for the channel itself, in the language of the evidence."""
    duplicate: bool = False

    @property
    def event_id(self) -> EventId:
        """The id of the event, which is that of the record."""
        return self.event.id


@dataclass(frozen=True)
class ConsentLedger:
    """The use case; the events of one call are recorded whole or not at all."""

    consents: Consents
    texts: Texts
    signer: Signer
    wrap: KeyWrap
    policies: Policies
    register: Register
    audit: AuditTrail
    hashes: AddressHash
    clock: Callable[[], datetime]
    kem: Kem

    def record(
        self, address: Address, acts: Sequence[Act], *, caller: Caller, importing: bool = False
    ) -> list[Recorded]:
        """Record acts of one person, in their order, 40 at most.

        InvalidInputError names what is missing or wrong; ConflictError if an event id was used for
        something else; SuppressedError if an import would bring back what the person ended.
        """
        raise NotImplementedError

    def record_for(
        self, pseudonym: Pseudonym, acts: Sequence[Act], *, caller: Caller
    ) -> list[Recorded]:
        """Record acts of a person of whom only the pseudonym is at hand: a link, the schedule."""
        raise NotImplementedError


def event_id(*parts: str) -> EventId:
    """Return the id of an act that a retry repeats with the same parts; begin with its use."""
    raise NotImplementedError
