"""What governance needs of the world; AWS and memory implement these ports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from lethe.domain.in_force import Audience, InForce
from lethe.domain.notice_documents import NoticeDraft, PublishedNotice, PublishedWords
from lethe.domain.policy import Policy
from lethe.domain.previews import NextNotice
from lethe.domain.proposals import Proposal, ProposalId


class Proposals(Protocol):
    """The proposals in PolicyTable; `Policies.put_in_force` marks the one that it approves."""

    def create(self, proposal: Proposal) -> None:
        """Record a new one; RaceLostError if another came at the same moment."""
        ...

    def get(self, proposal_id: ProposalId) -> Proposal:
        """Read one; NotFoundError."""
        ...

    def open(self, version: int) -> Sequence[Proposal]:
        """Every one that is to follow this version, oldest first."""
        ...


class NoticeWriter(Protocol):
    """Makes notices of a policy, the vendors and the live settings."""

    def next(self, policy: Policy, in_force: InForce, at: datetime) -> Sequence[NextNotice]:
        """The next version of each notice whose text this policy changes, the first one too.

        InvalidInputError, naming the fields of the policy, if a published notice could not be
        made of it any more; one that was never published waits until it can be made.
        """
        ...


class PublishedNotices(Protocol):
    """NoticesTable: versions that `Policies.put_in_force` published, and drafts."""

    def version(self, audience: Audience, version: int) -> PublishedNotice:
        """Read a version with its words in every language; NotFoundError."""
        ...

    def words(self, audience: Audience, version: int, language: str) -> PublishedWords | None:
        """Read a version in one language; None if it has none."""
        ...

    def put_draft(self, draft: NoticeDraft) -> NoticeDraft:
        """Keep a draft; who drafted the same before stays its author. Returns what is kept."""
        ...

    def draft(self, audience: Audience, content_hash: str) -> NoticeDraft:
        """Read a draft; NotFoundError."""
        ...


class ReportLog(Protocol):
    """The reports of past days in CountsTable, and whose turn it is to publish one."""

    def claim(self, day: date, at: datetime) -> bool:
        """Take the publishing of a day's report; False if it was published, or is just now."""
        ...

    def published(self, day: date, document: str) -> None:
        """Keep a report that was published, as JSON."""
        ...

    def get(self, day: date) -> str | None:
        """Read a published report."""
        ...


class ReportTopic(Protocol):
    """ReportsTopic of SNS."""

    def publish(self, subject: str, text: str) -> None:
        """Send to everybody who subscribed."""
        ...
