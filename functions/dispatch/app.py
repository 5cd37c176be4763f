"""Decide whether a message may be sent, and send it once (Art. 6, 25; L1): default is no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api import queues
from lethe.api.calls import Call
from lethe.api.deliveries import worked
from lethe.api.resolver import Answer, resolver
from lethe.bootstrap.dispatch import as_twilio, delivery, dispatch
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


@app.post("/2010-04-01/Accounts/<sid>/Messages.json")
def send_as_twilio(sid: str) -> Answer:
    return as_twilio().send(sid, Call.of(app))


@app.get("/2010-04-01/Accounts/<sid>/Messages/<message_sid>")
def fetch_as_twilio(sid: str, message_sid: str) -> Answer:
    return as_twilio().fetch(sid, message_sid, Call.of(app))


def send(body: str) -> None:
    worked(delivery().work(*queues.out_work(body)))


@entrypoint
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return queues.answer(event, send, lambda: app.resolve(event, context))
