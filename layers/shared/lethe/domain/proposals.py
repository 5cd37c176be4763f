"""A proposed version of the policy: one person proposes it, another one approves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import NewType

from lethe.domain.policy import Policy

ProposalId = NewType("ProposalId", str)
"""32 lower-case hexadecimal digits, random."""


class ProposalState(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    OUTDATED = "outdated"
    """Another version came into force since: it can be proposed again on that one."""
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved, when, and the version that it made."""

    version: int
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A whole document, meant to follow version `seen`."""

    id: ProposalId
    policy: Policy
    seen: int
    at: datetime
    actor: str
    approval: Approval | None = None

    def state(self, version: int) -> ProposalState:
        """Where it stands while this version is in force."""
        if self.approval is not None:
            return ProposalState.APPROVED
        return ProposalState.OPEN if self.seen == version else ProposalState.OUTDATED

    @property
    def digest(self) -> str:
        """SHA-256 of the document as it would be stored, in hexadecimal digits."""
        return sha256(document(self.policy).encode()).hexdigest()


def document(policy: Policy) -> str:
    """Return a policy as it is stored."""
    return policy.model_dump_json()
