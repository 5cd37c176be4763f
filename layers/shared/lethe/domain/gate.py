"""The gate's question and its answer: whether a message may go to a person now, and on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lethe.domain.addresses import Address
from lethe.domain.channel_settings import Gate
from lethe.domain.classification import LegalBasis
from lethe.domain.consent import ConsentState
from lethe.domain.policy import Policy
from lethe.domain.register import RegisterItem


class Reason(StrEnum):
    """Why a message may not go. Every reason is about one recipient."""

    NO_CONSENT = "no_consent"
    CONSENT_REFUSED = "consent_refused"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_EXPIRED = "consent_expired"
    ERASED = "basis_void_by_erasure"
    OBJECTED = "objected"
    OBJECTION_PENDING = "objection_pending"
    STOPPED = "stopped"
    NO_EVENT = "no_event"
    EVENT_ENDED = "event_ended"
    NO_INBOUND = "no_recent_inbound"
    OPT_OUT_NOT_OFFERED = "opt_out_not_offered"
    RESTRICTED = "restricted"
    PURPOSE = "unknown_purpose"
    """The policy has no purpose of this name any more."""
    VENDOR = "vendor_not_allowed"
    SENDER = "sender_not_own"
    CONTENT = "content_refused"
    ANOTHER_RECIPIENT = "another_recipient_denied"
    """Sent together or not at all."""
    UNAVAILABLE = "unavailable"
    """The gate could not know; nothing leaves (Art. 25(2))."""
    TOO_LATE = "too_late"
    """It was not sent within its time."""


class Evidence(StrEnum):
    """What an allow stands on where no event of the person's does."""

    STANDING = "standing"
    INBOUND = "inbound"
    """The person wrote, not long ago."""
    FUNCTION_ADDRESS = "function_address"
    """It is the controller's own and nobody's in particular."""
    ON_FAILURE = "on_failure"
    OBSERVED = "observed"
    GATE_OFF = "gate_off"


class Flag(StrEnum):
    """What an allow carries along."""

    VENDOR_BLOCKED = "vendor_blocked"
    VENDOR_WARNED = "vendor_warned"
    NOTICE_OUTDATED = "notice_outdated"
    """The consent was given under an older notice, or the person was never sent the present one."""
    CONTENT_FLAGGED = "content_flagged"
    CONTENT_MASKED = "content_masked"
    ON_FAILURE = "allowed_on_failure"
    OBSERVED = "observed"
    """The channel's gate only observes: this would have been denied for `reason`."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be sent: one purpose, channel, vendor and own address for all recipients."""

    purpose: str
    channel: str
    sender: Address
    vendor: str | None = None
    """The vendor's name in the policy; None: the channel's own."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was read of the world, strongly consistently, for one decision."""

    policy: Policy
    policy_version: int
    notice_version: int
    """The published notice for external persons; 0: none yet."""
    sender: RegisterItem
    now: datetime


@dataclass(frozen=True, slots=True)
class Subject:
    """What was read of one recipient."""

    register: RegisterItem
    state: ConsentState


@dataclass(frozen=True, slots=True)
class Basis:
    """What an allow stands on: `evidence` is an event id, or one of the words of `Evidence`."""

    purpose: str
    legal_basis: LegalBasis
    evidence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one recipient. `basis` is there exactly if it is allowed."""

    allowed: bool
    reason: Reason | None = None
    basis: Basis | None = None
    flags: frozenset[Flag] = frozenset()
    gate: Gate = Gate.ENFORCED
    explanation: Mapping[str, str] = field(default_factory=dict)
    """Which facts decided, in coded words, for `explain`."""
