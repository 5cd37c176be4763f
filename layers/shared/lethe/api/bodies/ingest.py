"""What ingest takes beside messages."""

from __future__ import annotations

from pydantic import Field

from lethe.api.bodies import Body


class UploadIn(Body):
    """POST /uploads."""

    size: int = Field(ge=1)
    media_type: str | None = Field(default=None, max_length=127)
