"""Delete ciphertext whose key has ended, then verify by reading (Art. 17): braces to the belt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api import queues
from lethe.bootstrap.purge import purge
from lethe.observability import entrypoint

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def work_off(body: str) -> None:
    purge().handle(queues.purge_work(body))


@entrypoint
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    return queues.work_off(event, work_off)
