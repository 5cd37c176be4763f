"""What a run of the sender tells besides the state that it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lethe.observability import Metric, count

if TYPE_CHECKING:
    from lethe.domain.outbox import SendState


def worked(state: SendState | None) -> None:
    """Count what an alarm watches: a vendor that takes nothing, one that may have taken it."""
    if state == "queued":
        count(Metric.DISPATCHES_DELAYED)
    if state == "uncertain":
        count(Metric.DISPATCHES_UNCERTAIN)
