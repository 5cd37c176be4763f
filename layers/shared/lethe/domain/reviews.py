"""A review date with an owner: what is decided once is looked at again (Art. 5(2), 24(1))."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]

STRICT: Final = ConfigDict(
    strict=True,
    extra="forbid",
    frozen=True,
    hide_input_in_errors=True,
    defer_build=True,  # capture's cold start should not build what it may not use
)
"""How every part of the policy document is read."""


class Review(BaseModel):
    """Who looks at it again, and by which day."""

    model_config = STRICT

    owner: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
    """A role in the company, never a person's name."""
    due: date

    def overdue(self, today: date) -> bool:
        """Say whether the day has passed."""
        return today > self.due
