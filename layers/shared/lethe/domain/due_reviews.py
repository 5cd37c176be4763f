"""Reviews of the policy, its purposes and its vendors: which are overdue, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from lethe.domain.policy import Policy
from lethe.domain.reviews import Review

ESCALATED_AFTER: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OverdueReview:
    """One that is overdue: its place in the policy (JSON Pointer), owner, day, and how long."""

    place: str
    owner: str
    due: date
    days: int

    @property
    def escalated(self) -> bool:
        """Say whether it has waited for so long that others than the owner must know."""
        return timedelta(days=self.days) > ESCALATED_AFTER


def overdue(policy: Policy, today: date) -> tuple[OverdueReview, ...]:
    """Every review that is overdue, the longest first."""
    found = (
        OverdueReview(place, review.owner, review.due, (today - review.due).days)
        for place, review in _reviews(policy)
        if review is not None and review.overdue(today)
    )
    return tuple(sorted(found, key=lambda each: (-each.days, each.place)))


def without_review(policy: Policy) -> tuple[str, ...]:
    """The places of what nobody has promised to look at again."""
    return tuple(place for place, review in _reviews(policy) if review is None)


def _reviews(policy: Policy) -> Iterator[tuple[str, Review | None]]:
    yield "/review", policy.review
    yield from ((f"/purposes/{name}/review", each.review) for name, each in policy.purposes.items())
    yield from ((f"/vendors/{name}/review", each.review) for name, each in policy.vendors.items())
