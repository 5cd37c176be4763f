"""What waits for a human: by kind, what is known of it, who may say what, and by when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from lethe.domain.consent import EventId
from lethe.domain.messages import MessageId
from lethe.domain.register import Pseudonym


class ReviewKind(StrEnum):
    """What a human is asked."""

    POSSIBLE_WITHDRAWAL = "possible_withdrawal"
    """Does this message withdraw? Nobody's words are in it, only the message's id (Art. 7(3))."""
    OBJECTION = "objection"
    """Do compelling grounds override it? Until then it holds (Art. 21(1), 18(1)(d))."""
    ERASURE_PROPOSAL = "erasure_proposal"
    """A withdrawal took the only basis from these classes: erase? (Art. 17(1)(b))"""
    NOTICE_DRIFT = "notice_drift"
    """The published notice says what the settings do not say any more (Art. 13, 14)."""


TARGETS: Final[Mapping[ReviewKind, timedelta]] = {
    ReviewKind.POSSIBLE_WITHDRAWAL: timedelta(hours=24),
    ReviewKind.OBJECTION: timedelta(days=28),
    ReviewKind.ERASURE_PROPOSAL: timedelta(days=28),
    ReviewKind.NOTICE_DRIFT: timedelta(days=7),
}
"""By when each is to be decided; 28 days lie within any calendar month (Art. 12(3))."""


class ReviewDecision(StrEnum):
    """What a human says."""

    WITHDRAWAL = "withdrawal"
    NO_WITHDRAWAL = "no_withdrawal"
    UPHELD = "upheld"
    OVERRULED = "overruled"
    ERASE = "erase"
    KEEP = "keep"
    SETTLED = "settled"
    """By what happened since; nobody has to say so."""


@dataclass(frozen=True, slots=True)
class NewReview:
    """A review to be put: the same cause has the same id, so it waits once."""

    id: str
    document: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WaitingReview:
    """An open review as staff sees it; the pseudonym in `document` is not for showing."""

    id: str
    kind: ReviewKind
    at: datetime
    document: Mapping[str, str]

    @property
    def target(self) -> datetime:
        """By when it is to be decided."""
        return self.at + TARGETS[self.kind]

    def overdue(self, now: datetime) -> bool:
        """Say whether it has waited for too long."""
        return now > self.target


def waiting(document: Mapping[str, str]) -> WaitingReview:
    """Read what the port gives."""
    at = datetime.fromisoformat(document["at"])
    return WaitingReview(document["id"], ReviewKind(document["kind"]), at, document)


def possible_withdrawal(
    pseudonym: Pseudonym, channel: str, own: str, message_id: MessageId
) -> NewReview:
    """A text that may withdraw, sent on a channel to an own address (its pseudonym)."""
    document = {
        "kind": ReviewKind.POSSIBLE_WITHDRAWAL.value,
        "pseudonym": pseudonym,
        "channel": channel,
        "own": own,
        "message": message_id,
    }
    return NewReview(_id(ReviewKind.POSSIBLE_WITHDRAWAL, message_id, pseudonym), document)


def objection(pseudonym: Pseudonym, purpose: str, channel: str, event_id: EventId) -> NewReview:
    """An objection to be weighed; its review has the id of its event."""
    document = {
        "kind": ReviewKind.OBJECTION.value,
        "pseudonym": pseudonym,
        "purpose": purpose,
        "channel": channel,
        "event": event_id,
    }
    return NewReview(event_id, document)


def erasure_proposal(
    pseudonym: Pseudonym, purpose: str, classes: Sequence[str], grants: Sequence[EventId]
) -> NewReview:
    """Classes whose messages rested on an ended consent; `grants` are the events that gave it."""
    document = {
        "kind": ReviewKind.ERASURE_PROPOSAL.value,
        "pseudonym": pseudonym,
        "purpose": purpose,
        "classes": " ".join(classes),
    }
    return NewReview(_id(ReviewKind.ERASURE_PROPOSAL, purpose, *grants), document)


def notice_drift(audience: str, version: int) -> NewReview:
    """A published version of a notice that policy and settings have outrun; asked once for each."""
    document = {
        "kind": ReviewKind.NOTICE_DRIFT.value,
        "audience": audience,
        "version": str(version),
    }
    return NewReview(_id(ReviewKind.NOTICE_DRIFT, audience, str(version)), document)


def _id(kind: ReviewKind, *cause: str) -> str:
    named = "\n".join(("lethe/1 review", kind.value, *cause))
    return sha256(named.encode()).hexdigest()[:32]
