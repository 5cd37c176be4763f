"""Notices: made of policy and live settings, drafted, approved by another person, shown to anybody.

A policy that comes into force takes the notices that follow from it along. Alone they are drafted
and approved where a setting of the stack, or a text of Lethe's own, has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lethe.domain.audit import AuditEvent
from lethe.domain.callers import Caller
from lethe.domain.errors import (
    ConflictError,
    FieldProblem,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RaceLostError,
)
from lethe.domain.in_force import Audience, Change, InForce, NoticeVersion
from lethe.domain.live import LiveSettings
from lethe.domain.notice_checks import problems
from lethe.domain.notice_documents import (
    NoticeDocument,
    NoticeDraft,
    PublishedNotice,
    PublishedWords,
    differences,
    draft,
)
from lethe.domain.policy import Policy
from lethe.domain.ports import AuditTrail, Policies
from lethe.domain.ports_governing import PublishedNotices
from lethe.domain.previews import NextNotice
from lethe.domain.processing_records import Record, View, record
from lethe.domain.statements import Change as Statement
from lethe.domain.statements import changes


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft, the version that it would make, and what it changes for a reader."""

    draft: NoticeDraft
    version: int
    differences: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """A published version, and what it changed: by statement, and in words by language."""

    notice: PublishedNotice
    changed: tuple[Statement, ...]
    differences: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Drift:
    """How a published notice stands to what would be made now; `problems` if none can be made."""

    audience: Audience
    version: int
    """0: it was never published."""
    changed: tuple[str, ...] = ()
    """Places in the notice that would be different; `/words` if its wording alone would be."""
    problems: tuple[FieldProblem, ...] = ()

    @property
    def drifted(self) -> bool:
        """Say whether what is published is not, or no longer, what is so."""
        return not self.version or bool(self.changed or self.problems)


@dataclass(frozen=True)
class Notices:
    """The use case; each act is audited."""

    policies: Policies
    published: PublishedNotices
    live: LiveSettings
    audit: AuditTrail
    clock: Callable[[], datetime]

    def next(self, policy: Policy, in_force: InForce, at: datetime) -> tuple[NextNotice, ...]:
        """The next version of each notice whose text this policy changes, the first one too."""
        del at
        lacking = {audience: problems(policy, self.live, audience) for audience in Audience}
        wrong = [lacking[audience] for audience in Audience if in_force.notice_for(audience)]
        if found := dict.fromkeys((each.pointer, each.detail) for some in wrong for each in some):
            fields = tuple(FieldProblem(*each) for each in found)
            raise InvalidInputError("A published notice could not be made of this.", fields)
        return tuple(
            following
            for audience in Audience
            if not lacking[audience]
            for following in self._next(policy, in_force, audience)
        )

    def draft(self, audience: Audience, *, caller: Caller) -> Drafted:
        """Draft what the present settings lead to; ConflictError if that is published already."""
        in_force = self.policies.in_force()
        document = draft(self.policies.at(in_force.version), self.live, audience)
        before = self._before(audience, in_force)
        if before is not None and before.document.hash == document.hash:
            raise ConflictError("The published notice says this already.")
        now = self.clock()
        made = NoticeDraft(audience, document.hash, in_force.version, caller.actor, now)
        kept = self.published.put_draft(made)
        version = in_force.notice_for(audience) + 1
        self._record("notice_drafted", made, version, caller)
        return Drafted(kept, version, _differences(before, document))

    def approve(self, audience: Audience, content_hash: str, *, caller: Caller) -> InForce:
        """Publish a draft, by another person, as long as the same would be drafted now."""
        drafted = self.published.draft(audience, content_hash)
        if drafted.actor == caller.actor:
            raise ForbiddenError("Another person approves than the one who drafted.")
        in_force = self.policies.in_force()
        document = draft(self.policies.at(in_force.version), self.live, audience)
        if document.hash != content_hash:
            raise ConflictError("Something else would be drafted now; draft the notice again.")
        before = self._before(audience, in_force)
        if before is not None and before.document.hash == content_hash:
            return in_force  # it was approved, and the answer was lost
        version = in_force.notice_for(audience) + 1
        notice = NoticeVersion(audience, version, in_force.version, document.json(), drafted.actor)
        change = Change(in_force, self.clock(), caller.actor, notices=(notice,))
        try:
            made = self.policies.put_in_force(change)
        except RaceLostError:
            raise ConflictError("Another version came first; draft the notice again.") from None
        self._record("notice_published", drafted, version, caller)
        return made

    def drift(self) -> tuple[Drift, ...]:
        """Whether each published notice is still what would be made now."""
        in_force = self.policies.in_force()
        policy = self.policies.at(in_force.version)
        return tuple(self._drift(policy, in_force, audience) for audience in Audience)

    def page(self, audience: Audience, language: str) -> PublishedWords:
        """The published notice in a language; NotFoundError names those that there are."""
        version = self.policies.in_force().notice_for(audience)
        if not version:
            raise NotFoundError("No notice was published yet.")
        words = self.published.words(audience, version, language)
        if words is None:
            there = ", ".join(sorted(self.published.version(audience, version).document.words))
            raise NotFoundError(f"The notice is not published in this language; choose {there}.")
        return words

    def version(self, audience: Audience, version: int) -> ShownVersion:
        """A published version, and what it changed."""
        notice = self.published.version(audience, version)
        before = self.published.version(audience, version - 1) if version > 1 else None
        old = before.document.model if before is not None else {}
        changed = changes(old, notice.document.model)
        return ShownVersion(notice, changed, _differences(before, notice.document))

    def record(self, view: View, language: str) -> Record:
        """The record of processing activities, of the policy in force (Art. 30)."""
        version, policy = self.policies.current()
        return record(policy, version, self.live, view, language)

    def _next(self, policy: Policy, in_force: InForce, audience: Audience) -> Iterator[NextNotice]:
        document = draft(policy, self.live, audience)
        before = self._before(audience, in_force)
        if before is None or before.document.hash != document.hash:
            version = in_force.notice_for(audience) + 1
            notice = NoticeVersion(audience, version, in_force.version + 1, document.json())
            yield NextNotice(notice, _differences(before, document))

    def _before(self, audience: Audience, in_force: InForce) -> PublishedNotice | None:
        version = in_force.notice_for(audience)
        return self.published.version(audience, version) if version else None

    def _drift(self, policy: Policy, in_force: InForce, audience: Audience) -> Drift:
        version = in_force.notice_for(audience)
        if found := problems(policy, self.live, audience):
            return Drift(audience, version, problems=found)
        before = self._before(audience, in_force)
        now = draft(policy, self.live, audience)
        if before is None or before.document.hash == now.hash:
            return Drift(audience, version)
        changed = [each.pointer for each in changes(before.document.model, now.model)]
        return Drift(audience, version, tuple(changed or ["/words"]))

    def _record(self, action: str, drafted: NoticeDraft, version: int, caller: Caller) -> None:
        target, facts = f"{drafted.audience}/v{version}", {"document": drafted.hash}
        policy_version = drafted.policy_version
        event = AuditEvent(self.clock(), action, caller.actor, target, policy_version, facts)
        self.audit.put(event)


def _differences(before: PublishedNotice | None, after: NoticeDocument) -> dict[str, list[str]]:
    return differences(before.document.words if before is not None else {}, after.words)
