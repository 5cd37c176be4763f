"""Decide: what an erasure request does in each class (Art. 17, 18), and whom a deletion ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final

from lethe.domain.envelope import Slot
from lethe.domain.own_addresses import AddressKind, kind_at
from lethe.domain.policy import DeletableBy, OnErasure, Policy, RetentionClass
from lethe.domain.register import EVERY_CLASS, RegisterItem
from lethe.domain.requests import Act, Decision
from lethe.domain.rules import Flag, Rule

_ERASED_BY: Final = "Art. 17(1) GDPR"
_REVIEWED_BY: Final = "Art. 18(1), 17(3) GDPR"


class Grounds(StrEnum):
    """The grounds of Art. 17(1)."""

    NO_LONGER_NECESSARY = "17(1)(a)"
    CONSENT_WITHDRAWN = "17(1)(b)"
    OBJECTION = "17(1)(c)"
    UNLAWFUL = "17(1)(d)"
    LEGAL_OBLIGATION = "17(1)(e)"
    CHILD_SERVICE = "17(1)(f)"


def decide(item: RegisterItem, policy: Policy, now: datetime) -> tuple[Decision, ...]:
    """What happens in each class that knows the address: erase, review, or keep until a date.

    A class that has left the policy erases: nothing is kept without a reason in force.
    """
    return tuple(
        Decision(
            cls=cls,
            act=act,
            article=article,
            reason=reason,
            holder_id=entry.holder_id,
            since=entry.since,
            shards=entry.shards,
            until=until,
        )
        for cls, entry in sorted(item.entries.items())
        for act, article, reason, until in [_decide_class(policy.classes.get(cls), now)]
    )


def is_person(item: RegisterItem, today: date) -> bool:
    """Whether the address may belong to a natural person: every one but a function address."""
    return kind_at(item.own, today) is not AddressKind.FUNCTION


def erased_since(item: RegisterItem, cls: str, on_erasure: OnErasure) -> datetime | None:
    """The time up to which this address counts as erased in a class, or None."""
    times = [item.erased.get(cls)]
    if on_erasure is OnErasure.ERASE:
        times.append(item.erased.get(EVERY_CLASS))
    return max((time for time in times if time is not None), default=None)


def _decide_class(
    retention: RetentionClass | None, now: datetime
) -> tuple[Act, str, str, datetime | None]:
    if retention is None or retention.on_erasure is OnErasure.ERASE:
        return Act.ERASE, _ERASED_BY, "erased", None
    if retention.on_erasure is OnErasure.REVIEW:
        return Act.REVIEW, _REVIEWED_BY, "restricted until a person has decided", None
    until = datetime.combine(retention.end_date(now.date()), time(), UTC)
    return Act.KEEP, retention.keep_article or "", "restricted: kept by law until the date", until


class DeletionScope(StrEnum):
    """What a deletion ends."""

    MESSAGE = "message"
    PART = "part"


class Refusal(StrEnum):
    """Why a deletion is refused; each has a way that is open."""

    NOT_A_PARTICIPANT = "not_a_participant"
    CLASS_FORBIDS = "class_forbids"
    NOT_EXTERNAL = "not_external"


@dataclass(frozen=True, slots=True)
class DeletionRule:
    """What the class says of single deletions."""

    deletable_by: DeletableBy
    rule: Rule


def deletion_scope(
    rule: DeletionRule, slots: Sequence[Slot], index: int | None
) -> DeletionScope | Refusal:
    """What the participant in a slot may end, or why not.

    `external`: its external author, or its recipient if that is the only external participant, ends
    the message; one recipient among several ends their own part. Where every external party's key
    is needed (`any_party`), ending one's own part is ending the message.
    """
    if rule.deletable_by is DeletableBy.NOBODY:
        return Refusal.CLASS_FORBIDS
    if index is None:
        return Refusal.NOT_A_PARTICIPANT
    if rule.deletable_by is DeletableBy.ANY_PARTICIPANT:
        return DeletionScope.MESSAGE
    flags = slots[index].flags
    if not flags & Flag.EXTERNAL:
        return Refusal.NOT_EXTERNAL
    externals = sum(bool(slot.flags & Flag.EXTERNAL) for slot in slots)
    alone = externals == 1 or bool(flags & Flag.AUTHOR)
    shared_by_all = rule.rule is Rule.ANY_PARTY and bool(flags & Flag.SHARE)
    return DeletionScope.MESSAGE if alone or shared_by_all else DeletionScope.PART
