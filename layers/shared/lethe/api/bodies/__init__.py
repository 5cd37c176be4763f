"""The bodies that routes take, as strict models: an unknown field is a mistake, not noise.

One module a function, so that a cold start imports the words of its own use cases alone.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

ReasonCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,63}$")]
"""A word of the company's own list of reasons; free text could hold personal data."""


class Body(BaseModel):
    """What all bodies have in common."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,  # a cold start pays for the model that it uses
        validate_by_name=False,
        validate_by_alias=True,
    )
