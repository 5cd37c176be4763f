"""Decide whether a message may be sent, and send it once (Art. 6, 25; L1): default is no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api.calls import Call
from lethe.api.resolver import Answer, resolver
from lethe.bootstrap.dispatch import dispatch
from lethe.observability import entrypoint

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = resolver()


@app.post("/dispatches")
def decide() -> Answer:
    return dispatch().dispatch(Call.of(app))


@app.get("/dispatches/<dispatch_id>")
def status(dispatch_id: str) -> Answer:
    return dispatch().status(dispatch_id)


@app.post("/suppressions/search")
def search_suppressions() -> Answer:
    return dispatch().search(Call.of(app))


@entrypoint
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
