"""Record what people allow, refuse and withdraw (Art. 7, 21): events are added, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api.resolver import resolver
from lethe.observability import entrypoint

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = resolver()


@entrypoint
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
