"""What is in force: a version of the policy and of each notice, which change together or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from lethe.domain.policy import Policy
from lethe.domain.proposals import Proposal


class Audience(StrEnum):
    """Whom a notice is for."""

    EXTERNAL = "external"
    EMPLOYEES = "employees"
    """Art. 13, 88."""


@dataclass(frozen=True, slots=True)
class NoticeVersion:
    """A version of a notice as it was approved: its document as JSON, in every language."""

    audience: Audience
    version: int
    policy_version: int
    document: str
    drafted_by: str = ""
    """Empty where a proposed policy led to it: then it is whoever proposed that."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The versions in force; 0 is the default policy, and a notice that was never published."""

    version: int = 0
    notice: int = 0
    notice_employees: int = 0

    def notice_for(self, audience: Audience) -> int:
        """The published version of a notice."""
        return self.notice if audience is Audience.EXTERNAL else self.notice_employees

    def with_notice(self, notice: NoticeVersion) -> InForce:
        """The same with another version of a notice."""
        if notice.audience is Audience.EXTERNAL:
            return replace(self, notice=notice.version)
        return replace(self, notice_employees=notice.version)


@dataclass(frozen=True, slots=True)
class Change:
    """What one act puts in force, whole or not at all, on the condition that `seen` still is.

    A policy comes into force by a proposal alone, and by another person than proposed it.
    `policy` is its document as it follows the version before it (`Policy.after`).
    """

    seen: InForce
    at: datetime
    actor: str
    proposal: Proposal | None = None
    policy: Policy | None = None
    notices: tuple[NoticeVersion, ...] = ()

    @property
    def made(self) -> InForce:
        """What is in force once it happened."""
        made = replace(self.seen, version=self.seen.version + 1) if self.policy else self.seen
        for notice in self.notices:
            made = made.with_notice(notice)
        return made
