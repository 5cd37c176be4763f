"""What approving a notice takes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lethe.api.bodies import Body


class NoticeApprovalIn(Body):
    """POST /notices/<audience>/approval: the draft that another person made."""

    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
