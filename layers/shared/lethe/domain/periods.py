"""Periods of whole years, months and days, as ISO 8601 writes them: P1Y, P6M, P30D."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final, Self

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from lethe.domain.validation import wrong

_PATTERN: Final = r"P(?!$)(?:([0-9]{1,3})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,5})D)?"
_MONTHS: Final = 12
_EXPECTED: Final = "Write a period as ISO 8601 does, in years, months and days: P1Y, P6M, P30D."


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar period; the day that starts it does not count (Regulation 1182/71, Art. 3)."""

    years: int = 0
    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ISO 8601; raises ValueError."""
        found = re.fullmatch(_PATTERN, text)
        if not found:
            raise ValueError(_EXPECTED)
        return cls(*(int(part or 0) for part in found.groups()))

    def iso(self) -> str:
        """Return the period as ISO 8601 writes it."""
        parts = ((self.years, "Y"), (self.months, "M"), (self.days, "D"))
        return "P" + ("".join(f"{n}{unit}" for n, unit in parts if n) or "0D")

    def last_day(self, start: date) -> date:
        """Return the last day of the period; a month too short for the day gives its own last."""
        month = start.year * _MONTHS + start.month - 1 + self.years * _MONTHS + self.months
        year, month = month // _MONTHS, month % _MONTHS + 1
        day = min(start.day, monthrange(year, month)[1])
        return date(year, month, day) + timedelta(days=self.days)

    def over(self, start: date) -> date:
        """Return the first day on which the period is over."""
        return self.last_day(start) + timedelta(days=1)


def _validated(value: object) -> Period:
    if isinstance(value, Period):
        return value
    if isinstance(value, str):
        try:
            return Period.parse(value)
        except ValueError:
            pass
    raise wrong(_EXPECTED)


PeriodField = Annotated[
    Period,
    PlainValidator(_validated),
    PlainSerializer(Period.iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "duration", "examples": ["P1Y"]}),
]
"""A period in a pydantic model."""
