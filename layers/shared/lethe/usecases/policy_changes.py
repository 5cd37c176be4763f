"""A change of the policy: one person proposes it, a preview says what it does, another approves."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import uuid4

from lethe.crypto import preview_tokens
from lethe.domain import previews
from lethe.domain.audit import AuditEvent
from lethe.domain.callers import Caller
from lethe.domain.differences import Difference, differences
from lethe.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    RaceLostError,
    TooLargeError,
)
from lethe.domain.in_force import Change, InForce
from lethe.domain.policy import Policy
from lethe.domain.ports import AuditTrail, Counts, Days, Policies, Register
from lethe.domain.ports_governing import NoticeWriter, Proposals
from lethe.domain.previews import CountedDay, NextNotice, Preview
from lethe.domain.proposals import Proposal, ProposalId, ProposalState, document
from lethe.domain.register import Holds
from lethe.domain.screenings import unanswered

PREVIEW_LIFE: Final = timedelta(hours=1)
MAX_POLICY_BYTES: Final = 350 * 1024
"""A version of the policy is one item of DynamoDB, which holds 400 KB."""

_TRIES: Final = 5


class PreviewKey(Protocol):
    """The key under which tokens of previews are made."""

    def preview_key(self) -> bytes:
        """Return 32 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal, where it stands, and what it changes against the version it is to follow."""

    proposal: Proposal
    state: ProposalState
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Previewed:
    """What would happen, and the token that an approval of exactly this needs."""

    preview: Preview
    token: str
    expires: datetime


@dataclass(frozen=True)
class PolicyChanges:
    """The use case; each act is audited."""

    policies: Policies
    proposals: Proposals
    register: Register
    days: Days
    counts: Counts
    notices: NoticeWriter
    audit: AuditTrail
    key: PreviewKey
    clock: Callable[[], datetime]

    def propose(self, policy: Policy, seen_version: int, *, caller: Caller) -> Proposed:
        """Record a document that is to follow the version that was seen."""
        version, present = self.policies.current()
        if version != seen_version:
            raise _outdated()
        refused = (
            *policy.refused_changes(present),
            *unanswered(policy, present, self.clock().date()),
        )
        if refused:
            raise InvalidInputError("The policy may not change like this.", refused)
        if len(document(policy).encode()) > MAX_POLICY_BYTES:
            raise TooLargeError(f"A policy has at most {MAX_POLICY_BYTES // 1024} KB.")
        now, proposal_id = self.clock(), ProposalId(uuid4().hex)
        proposal = Proposal(proposal_id, policy, seen_version, now, caller.actor)
        self._create(proposal)
        self._record("policy_proposed", proposal, caller, version)
        return self._proposed(proposal, version)

    def get(self, proposal_id: ProposalId) -> Proposed:
        """Read a proposal; NotFoundError."""
        return self._proposed(self.proposals.get(proposal_id), self.policies.in_force().version)

    def preview(self, proposal_id: ProposalId, *, caller: Caller) -> Previewed:
        """Show what an open proposal would do to what exists."""
        proposal = self.proposals.get(proposal_id)
        seen = self._open(proposal)
        policy = self._following(proposal, seen)
        notices = self.notices.next(policy, seen, self.clock())
        preview = self._preview(proposal, policy, seen, notices)
        expires = self.clock() + PREVIEW_LIFE
        token = preview_tokens.issue(self.key.preview_key(), _content(preview), expires)
        self._record("policy_previewed", proposal, caller, seen.version)
        return Previewed(preview, token, expires)

    def approve(self, proposal_id: ProposalId, token: str, *, caller: Caller) -> InForce:
        """Put a proposal in force: by another person, who was shown what it does now."""
        proposal = self.proposals.get(proposal_id)
        if proposal.actor == caller.actor:
            raise ForbiddenError("Another person approves than the one who proposed.")
        approval = proposal.approval
        if approval is not None and approval.actor == caller.actor:  # the answer was lost
            self._record("policy_put_in_force", proposal, caller, approval.version)
            return self.policies.in_force()
        seen = self._open(proposal)
        if preview_tokens.expired(token, self.clock()):
            raise ConflictError("This preview is too old; preview the proposal again.")
        policy = self._following(proposal, seen)
        notices = self.notices.next(policy, seen, self.clock())
        preview = self._preview(proposal, policy, seen, notices)
        if not preview_tokens.matches(self.key.preview_key(), token, _content(preview)):
            raise ConflictError(
                "The proposal would do something else now than that preview showed; preview it"
                " again."
            )
        next_versions = tuple(each.notice for each in notices)
        change = Change(seen, self.clock(), caller.actor, proposal, policy, next_versions)
        try:
            made = self.policies.put_in_force(change)
        except RaceLostError:
            raise _outdated() from None
        self._record("policy_put_in_force", proposal, caller, made.version)
        return made

    def _create(self, proposal: Proposal) -> None:
        for _ in range(_TRIES - 1):
            try:
                return self.proposals.create(proposal)
            except RaceLostError:
                continue
        return self.proposals.create(proposal)

    def _open(self, proposal: Proposal) -> InForce:
        """What is in force while the proposal is open; ConflictError if it is not."""
        seen = self.policies.in_force()
        match proposal.state(seen.version):
            case ProposalState.APPROVED:
                raise ConflictError("This proposal was approved already.")
            case ProposalState.OUTDATED:
                raise _outdated()
            case ProposalState.OPEN:
                return seen

    def _following(self, proposal: Proposal, seen: InForce) -> Policy:
        """The document as it comes into force: what exists ends no later by it than before."""
        return proposal.policy.after(self.policies.at(seen.version), self.clock().date())

    def _preview(
        self, proposal: Proposal, after: Policy, seen: InForce, notices: Sequence[NextNotice]
    ) -> Preview:
        now = self.clock()
        before, today = self.policies.at(seen.version), now.date()
        days = self._counted(before, after)
        return Preview(
            proposal_id=proposal.id,
            digest=proposal.digest,
            seen=seen,
            at=now,
            holds=self.register.holds(),
            classes=previews.class_effects(days, before, after, today),
            reclassifications=previews.reclassification_effects(days, before, after, today),
            kept=previews.kept(before, after),
            names=previews.names(before, after),
            notices=tuple(notices),
        )

    def _counted(self, before: Policy, after: Policy) -> list[CountedDay]:
        """The living days that would end earlier, with their messages."""
        earlier = list(previews.ending_earlier(self.days.all(), before, after))
        totals = self.counts.totals([(key.cls, key.day, key.end) for key in earlier])
        return [CountedDay(key, total) for key, total in zip(earlier, totals, strict=True)]

    def _proposed(self, proposal: Proposal, version: int) -> Proposed:
        """Compare the version before with what would come, or came, into force."""
        before, approval = self.policies.at(proposal.seen), proposal.approval
        after = (
            self.policies.at(approval.version)
            if approval is not None
            else proposal.policy.after(before, proposal.at.date())
        )
        found = differences(before.model_dump(mode="json"), after.model_dump(mode="json"))
        return Proposed(proposal, proposal.state(version), tuple(found))

    def _record(self, action: str, proposal: Proposal, caller: Caller, version: int) -> None:
        facts = {"document": proposal.digest}
        event = AuditEvent(self.clock(), action, caller.actor, proposal.id, version, facts)
        self.audit.put(event)


def _content(preview: Preview) -> bytes:
    """What the token stands for, in one form alone."""
    return json.dumps(preview.material(), default=_plain, sort_keys=True).encode()


def _plain(value: object) -> object:
    if isinstance(value, InForce | Holds):
        return asdict(value)
    return [*value] if isinstance(value, Sequence) else str(value)


def _outdated() -> ConflictError:
    return ConflictError("Another version is in force; read it, then propose with its number.")
