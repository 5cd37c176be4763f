"""The bodies that routes take, as strict models: an unknown field is a mistake, not noise.

One module a function, so that a cold start imports the words of its own use cases alone.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


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
