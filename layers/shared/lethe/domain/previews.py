"""What a proposed policy would do to the messages that exist, before anybody approves it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from lethe.domain.earlier_periods import EarlierPeriod, Reclassification
from lethe.domain.in_force import InForce, NoticeVersion
from lethe.domain.policy import Policy
from lethe.domain.ports import DayKey
from lethe.domain.proposals import ProposalId
from lethe.domain.register import Holds


@dataclass(frozen=True, slots=True)
class CountedDay:
    """A living day of a class with the messages that were captured on it."""

    key: DayKey
    messages: int


class Coming(StrEnum):
    """What becomes of the messages of a class from now on, against the policy in force."""

    SAME = "same"
    END_EARLIER = "end_earlier"
    END_LATER = "end_later"
    """They alone: what exists never ends later."""
    FIRST = "first"
    """The class is new."""
    NONE = "none"
    """The class is gone; what exists keeps its end dates."""


@dataclass(frozen=True, slots=True)
class DaySpan:
    """The first and the last of some days."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Affected:
    """The existing messages that would end earlier; `overdue` would end at the next sweep."""

    messages: int = 0
    days: DaySpan | None = None
    ends_before: DaySpan | None = None
    ends_after: DaySpan | None = None
    overdue_messages: int = 0
    overdue_days: int = 0


@dataclass(frozen=True, slots=True)
class ClassEffect:
    """What the proposal does to one class; periods as ISO 8601, none where there is no class."""

    cls: str
    period_before: str | None
    period_after: str | None
    coming: Coming
    affected: Affected


@dataclass(frozen=True, slots=True)
class ReclassificationEffect:
    """What a reclassification that the policy in force does not have does by itself."""

    reclassification: Reclassification
    affected: Affected


@dataclass(frozen=True, slots=True)
class Named:
    """Which of the things that have a name are new, gone, or different."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NextNotice:
    """The version of a published notice that a policy leads to, and its difference by language."""

    notice: NoticeVersion
    differences: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that the approver is shown.

    `holds` are the scopes of the legal holds in force: what lies in one of them waits for its end.
    `kept` are the periods by which what exists still ends, although the proposal's are longer.
    """

    proposal_id: ProposalId
    digest: str
    seen: InForce
    at: datetime
    holds: Holds
    classes: tuple[ClassEffect, ...]
    reclassifications: tuple[ReclassificationEffect, ...]
    kept: tuple[EarlierPeriod, ...]
    names: Mapping[str, Named]
    notices: tuple[NextNotice, ...]

    def material(self) -> tuple[object, ...]:
        """What must be as it was when somebody approves.

        How many messages would end earlier is left out: that grows while one reads. What would end
        at the next sweep is not.
        """
        return (
            self.proposal_id,
            self.digest,
            self.seen,
            self.holds,
            [(e.cls, e.coming, _at_once(e.affected)) for e in self.classes],
            [_at_once(each.affected) for each in self.reclassifications],
            [each.model_dump_json() for each in self.kept],
            [(n.notice.audience, n.notice.version, n.differences) for n in self.notices],
        )


def end_under(key: DayKey, policy: Policy) -> date:
    """The day from which the messages of a day are over while this policy is in force."""
    return key.end if key.keep else policy.effective_end(key.cls, key.day, key.end)


def ending_earlier(days: Iterable[DayKey], before: Policy, after: Policy) -> Iterator[DayKey]:
    """The living days that the policy that is to come ends earlier."""
    return (k for k in days if not k.ended and end_under(k, after) < end_under(k, before))


def kept(before: Policy, after: Policy) -> tuple[EarlierPeriod, ...]:
    """The earlier periods that hold on for what exists, though the proposal names longer ones."""
    return tuple(e for e in after.earlier_periods if e not in before.earlier_periods)


def class_effects(
    days: Sequence[CountedDay], before: Policy, after: Policy, today: date
) -> tuple[ClassEffect, ...]:
    """What becomes of each class whose messages, present or coming, end differently."""
    found = []
    for cls in sorted(before.classes.keys() | after.classes.keys()):
        of_class = [day for day in days if day.key.cls == cls]
        old, new = before.classes.get(cls), after.classes.get(cls)
        effect = ClassEffect(
            cls,
            old.period.iso() if old else None,
            new.period.iso() if new else None,
            _coming(cls, before, after, today),
            affected(of_class, before, after, today),
        )
        if effect.coming is not Coming.SAME or effect.affected.messages:
            found.append(effect)
    return tuple(found)


def reclassification_effects(
    days: Sequence[CountedDay], before: Policy, after: Policy, today: date
) -> tuple[ReclassificationEffect, ...]:
    """What each new reclassification does, with the rest of the proposal."""
    new = [each for each in after.reclassifications if each not in before.reclassifications]
    return tuple(
        ReclassificationEffect(
            each,
            affected(
                [
                    day
                    for day in days
                    if day.key.cls == each.from_class and each.covers(day.key.day)
                ],
                before,
                after,
                today,
            ),
        )
        for each in new
    )


def affected(days: Iterable[CountedDay], before: Policy, after: Policy, today: date) -> Affected:
    """The messages of these days that would end earlier."""
    earlier = [
        (day, end_under(day.key, before), end_under(day.key, after)) for day in days if day.messages
    ]
    overdue = [day for day, was, will in earlier if will <= today < was]
    return Affected(
        messages=sum(day.messages for day, _, _ in earlier),
        days=_span(day.key.day for day, _, _ in earlier),
        ends_before=_span(was for _, was, _ in earlier),
        ends_after=_span(will for _, _, will in earlier),
        overdue_messages=sum(day.messages for day in overdue),
        overdue_days=len(overdue),
    )


def named(before: Mapping[str, object], after: Mapping[str, object]) -> Named:
    """Compare things by their names."""
    both = sorted(before.keys() & after.keys())
    return Named(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=tuple(name for name in both if before[name] != after[name]),
    )


NAMED: Mapping[str, Callable[[Policy], Mapping[str, object]]] = {
    "classes": lambda policy: policy.classes,
    "purposes": lambda policy: policy.purposes,
    "channels": lambda policy: policy.channels,
    "vendors": lambda policy: policy.vendors,
    "records": lambda policy: policy.records,
}
"""The parts of a policy whose members have names."""


def names(before: Policy, after: Policy) -> dict[str, Named]:
    """Which classes, purposes, channels, vendors and records are new, gone, or different."""
    return {part: named(members(before), members(after)) for part, members in NAMED.items()}


def _coming(cls: str, before: Policy, after: Policy, today: date) -> Coming:
    old, new = before.classes.get(cls), after.classes.get(cls)
    if new is None:
        return Coming.NONE
    if old is None:
        return Coming.FIRST
    was, will = old.end_date(today), new.end_date(today)
    if was == will:
        return Coming.SAME
    return Coming.END_EARLIER if will < was else Coming.END_LATER


def _at_once(effect: Affected) -> tuple[int, int]:
    return effect.overdue_days, effect.overdue_messages


def _span(days: Iterable[date]) -> DaySpan | None:
    listed = list(days)
    return DaySpan(min(listed), max(listed)) if listed else None
