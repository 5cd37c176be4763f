"""End what has lived long enough (Art. 5(1)(e)): hourly, or on demand with `{"dry_run": true}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api import queues, sweeps
from lethe.bootstrap.retention_sweep import retention_sweep
from lethe.observability import entrypoint

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def make_day(body: str) -> None:
    retention_sweep().make_day(*queues.day(body))


def sweep(event: dict[str, Any]) -> dict[str, Any]:
    return sweeps.reported(retention_sweep().run(dry_run=sweeps.is_dry_run(event)))


@entrypoint
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    return queues.answer(event, make_day, lambda: sweep(event))
