"""Erase a person, or delete one message on a participant's behalf (Art. 17): the end of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api import answers, calls, queues
from lethe.api.bodies.erase import DecisionsIn, DeletionIn, RequestIn
from lethe.api.calls import Call
from lethe.api.resolver import Answer, resolver
from lethe.bootstrap.erase import erase
from lethe.observability import entrypoint

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = resolver()


@app.post("/messages/<message_id>/deletion")
def delete(message_id: str) -> Answer:
    call = Call.of(app)
    which, body = calls.message_id(message_id), call.json(DeletionIn)
    return answers.deletion(erase().deletion.delete(which, body.address, caller=call.caller))


@app.post("/requests")
def request() -> Answer:
    call = Call.of(app)
    body, key = call.json(RequestIn), call.idempotency_key()
    received = erase().erasure.request(
        body.all_addresses,
        body.ground,
        body.identity_verified_by,
        idempotency_key=key,
        caller=call.caller,
    )
    return answers.received(received)


@app.get("/requests/<request_id>")
def status(request_id: str) -> Answer:
    return answers.privacy_request(200, erase().erasure.get(calls.request_id(request_id)))


@app.post("/requests/<request_id>/decisions")
def decide(request_id: str) -> Answer:
    call = Call.of(app)
    which, body = calls.request_id(request_id), call.json(DecisionsIn)
    decided = erase().erasure.decide(which, body.all, caller=call.caller)
    return answers.privacy_request(202, decided)


def resume(body: str) -> None:
    erase().erasure.resume(queues.request_id(body))


@entrypoint
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return queues.answer(event, resume, lambda: app.resolve(event, context))
