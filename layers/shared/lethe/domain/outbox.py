"""Messages on their way out: each leaves once or not at all, and what left is captured."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from lethe.domain.addresses import Address
from lethe.domain.messages import Role

DispatchId = NewType("DispatchId", str)
"""32 lower-case hexadecimal digits."""


class SendState(StrEnum):
    """How far one message has come; it goes to `sending` once, and never back after the call."""

    QUEUED = "queued"
    SENDING = "sending"
    """The vendor may have it: it is never sent again from here."""
    SENT = "sent"
    CAPTURED = "captured"
    DENIED = "denied"
    """By the gate, at the call or at the moment of sending."""
    REFUSED = "refused"
    """By the vendor, for good."""
    UNCERTAIN = "uncertain"
    """The vendor's answer is not known; it is captured as such, and a human looks."""


FINAL = frozenset({SendState.CAPTURED, SendState.DENIED, SendState.REFUSED, SendState.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class OutRecipient:
    """One who is to get it; `number` is the place in the call's list."""

    number: int
    address: Address
    role: Role
    name: str = ""


@dataclass(frozen=True, slots=True)
class OutMessage:
    """What one call of a vendor sends: the sealed payload of an outbox item."""

    purpose: str
    channel: str
    vendor: str
    """Its name in the policy."""
    sender: Address
    recipients: tuple[OutRecipient, ...]
    text: str
    """As it leaves: minimised, with the withdrawal line."""
    subject: str = ""
    html: str = ""
    locale: str = "en"
    template: str = ""
    """WhatsApp: the approved template, where the person did not write within 24 hours."""
    is_notice: bool = False
    """A notice to an unknown person (Art. 13, 14): its version is `notice_version`."""
    notice_version: int = 0
    withdrawal_url: str = ""
    """E-mail: where its one recipient withdraws with one click (RFC 8058)."""


@dataclass(frozen=True, slots=True)
class OutItem:
    """One message in OutboxTable; only `sealed` and `vendor_sealed` say anything of a person.

    `number` is the first recipient's; it goes to `covers` recipients of the call in a row.
    """

    dispatch: DispatchId
    number: int
    state: SendState
    not_after: datetime
    wrapped_key: bytes
    """A data key under TransitKey, with the dispatch id as context."""
    covers: int = 1
    sealed: bytes = b""
    """The OutMessage; gone when the state is final and what left was captured."""
    vendor_sealed: bytes = b""
    """The vendor's id, sealed by the same key: some vendors put a number into it."""
    claimed_at: datetime | None = None
    reason: str = ""
    """A Reason of the gate, or a coded word of the vendor's refusal."""
    basis: str = ""
    """What it goes on, a line for each basis: `<legal basis>; <event id or coded word>`."""
    flags: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Sent:
    """The vendor took it, and names it so."""

    vendor_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The vendor will not take it, now or ever; `opted_out` as Twilio's 21610 says it."""

    code: str
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The vendor certainly did not take it, and may later (not connected, 429)."""

    code: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The vendor may have taken it: a timeout, a broken connection, a 5xx."""

    code: str


Answered = Sent | Refused | TryAgain | Unknown
