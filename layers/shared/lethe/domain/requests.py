"""A privacy request: an exercised right, its states and what was decided per class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from lethe.domain.holders import HolderId
from lethe.domain.register import Pseudonym

RequestId = NewType("RequestId", str)


class RequestState(StrEnum):
    """How far an erasure has come; each state is written after its act was found done."""

    RECEIVED = "received"
    DECIDED = "decided"
    SHREDDED = "shredded"
    COMPLETED = "completed"


class Act(StrEnum):
    """What happens to a person's messages in one class."""

    ERASE = "erase"
    REVIEW = "review"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on one class of an address: act, article, reason and, for `keep`, latest end."""

    cls: str
    act: Act
    article: str
    reason: str
    holder_id: HolderId
    since: str
    shards: int
    until: datetime | None = None
    round: int = 0


@dataclass(frozen=True, slots=True)
class AddressCase:
    """One address of the person: its pseudonym, the decisions, and when its keys ended."""

    pseudonym: Pseudonym
    decisions: tuple[Decision, ...] = ()
    shredded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """An erasure request with everything that a retry needs after the keys are gone.

    `pending` holds the purge works that are not verified yet (holder ids in hexadecimal);
    `purged` counts versions whose ciphertext was deleted; `round` counts decisions after a review.
    """

    id: RequestId
    ground: str
    received_at: datetime
    state: RequestState
    cases: tuple[AddressCase, ...]
    policy_version: int = 0
    pending: frozenset[str] = frozenset()
    purged: int = 0
    round: int = 0
    completed_at: datetime | None = None

    def with_case(self, index: int, case: AddressCase) -> PrivacyRequest:
        """The same request with one case replaced."""
        cases = (*self.cases[:index], case, *self.cases[index + 1 :])
        return replace(self, cases=cases)
