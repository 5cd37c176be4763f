"""Read a message, or the messages of an address: staff, with a reason, audited (Art. 5(2), 32)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api import answers, calls
from lethe.api.bodies.access import ProofIn, SearchIn
from lethe.api.calls import Call
from lethe.api.resolver import Answer, resolver
from lethe.bootstrap.access import access, consent_proof
from lethe.observability import entrypoint

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = resolver()


@app.get("/messages/<message_id>")
def read(message_id: str) -> Answer:
    call = Call.of(app)
    which = calls.message_id(message_id)
    return answers.message(access().read(which, reason=call.reason(), caller=call.caller))


@app.post("/messages/search")
def search() -> Answer:
    call = Call.of(app)
    asked = call.json(SearchIn)
    query = asked.query(access().clock())
    return answers.page(access().search(query, reason=asked.reason, caller=call.caller))


@app.get("/messages/<message_id>/original")
def original(message_id: str) -> Answer:
    call = Call.of(app)
    which, version = calls.message_id(message_id), call.version()
    read = call.whole_or_grant(access().original, access().original_grant)
    return answers.original(read(which, version, reason=call.reason(), caller=call.caller))


@app.get("/messages/<message_id>/attachments/<number>")
def attachment(message_id: str, number: str) -> Answer:
    call = Call.of(app)
    which, part = calls.message_id(message_id), calls.number(number)
    grant = access().attachment(
        which, part, version=call.version(), reason=call.reason(), caller=call.caller
    )
    return answers.grant(grant)


@app.post("/consents/proof")
def prove() -> Answer:
    call = Call.of(app)
    asked = call.json(ProofIn)
    proof = consent_proof().proof(asked.who, reason=asked.reason, caller=call.caller)
    return answers.answer(200, proof.document)


@entrypoint
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
