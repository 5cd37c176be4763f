"""What earlier versions of the policy promised: no later version keeps longer what existed then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, Self

from pydantic import BaseModel, model_validator

from lethe.domain.classification import Name
from lethe.domain.periods import Period, PeriodField
from lethe.domain.reviews import STRICT
from lethe.domain.validation import wrong_at

_MONTHS: Final = 12
_FOUR_YEARS: Final = 4 * 365 + 1


class Starts(StrEnum):
    """From which day a period counts."""

    MESSAGE_DAY = "message_day"
    END_OF_YEAR = "end_of_year"


def end_date(period: Period, starts: Starts, day: date) -> date:
    """Return the first day (UTC) on which a message of `day` is over."""
    counts_from = date(day.year, 12, 31) if starts is Starts.END_OF_YEAR else day
    return period.over(counts_from)


class Span(BaseModel):
    """Message days, both included; without a first day, everything up to the last."""

    model_config = STRICT

    first_day: date | None = None
    last_day: date

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.first_day is not None and self.last_day < self.first_day:
            expected = "The last day must not lie before the first."
            raise wrong_at([(("last_day",), expected)], "Span")
        return self

    def covers(self, day: date) -> bool:
        """Say whether a message of this day is meant."""
        return day <= self.last_day and (self.first_day is None or self.first_day <= day)

    def spans(self, other: Span) -> bool:
        """Say whether every day of the other is one of its own."""
        begins = self.first_day is None or (
            other.first_day is not None and self.first_day <= other.first_day
        )
        return begins and other.last_day <= self.last_day


class Reclassification(Span):
    """Messages of one class, of some days, that end as another class would end them, if earlier."""

    from_class: Name
    to_class: Name


class EarlierPeriod(Span):
    """Messages of a class, of some days, end no later than this: an earlier version said so."""

    of_class: Name
    period: PeriodField
    starts: Starts = Starts.MESSAGE_DAY

    def end_date(self, day: date) -> date:
        """Return the first day (UTC) on which a message of `day` is over."""
        return end_date(self.period, self.starts, day)

    def keeps(self, other: EarlierPeriod) -> bool:
        """Say whether it holds what the other promises: no message of it ends later."""
        return (
            self.of_class == other.of_class
            and self.spans(other)
            and never_later((self.period, self.starts), (other.period, other.starts))
        )


@lru_cache(maxsize=1024)
def never_later(one: tuple[Period, Starts], other: tuple[Period, Starts]) -> bool:
    """Say whether messages of every day end under `one` no later than under `other`."""
    if one[1] is other[1] and _parts(one[0]) == _parts(other[0]):
        return True
    return all(end_date(*one, day) <= end_date(*other, day) for day in _every_calendar_day())


def without_idle(promises: Iterable[EarlierPeriod]) -> tuple[EarlierPeriod, ...]:
    """Return the promises that no other one holds already, in their order."""
    kept: list[EarlierPeriod] = []
    for promise in promises:
        if not any(other.keeps(promise) for other in kept):
            kept = [other for other in kept if not promise.keeps(other)]
            kept.append(promise)
    return tuple(kept)


def _parts(period: Period) -> tuple[int, int]:
    return period.years * _MONTHS + period.months, period.days


def _every_calendar_day() -> Iterator[date]:
    """Yield a leap year and the years around it: what holds on these days holds on all."""
    return (date(2023, 1, 1) + timedelta(days=n) for n in range(_FOUR_YEARS))
