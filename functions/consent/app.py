"""Record what people allow, refuse and withdraw (Art. 7, 21): events are added, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api import answers_consent as answers
from lethe.api import calls, queues, sweeps, withdrawal_page
from lethe.api.bodies import consent as bodies
from lethe.api.calls import Call
from lethe.api.resolver import Answer, resolver
from lethe.bootstrap.consent import consent
from lethe.observability import entrypoint

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = resolver()


@app.post("/consents")
def record() -> Answer:
    call = Call.of(app)
    body = call.json(bodies.ConsentsIn)
    recorded = consent().consenting.record(body.who, body.acts, bodies.telling(call))
    return answers.recorded(recorded)


@app.post("/consents/import")
def bring() -> Answer:
    call = Call.of(app)
    rows = bodies.import_rows(call.raw())
    return answers.recorded_each(consent().consenting.bring(rows, caller=call.caller), call.id)


@app.post("/consents/search")
def search() -> Answer:
    call = Call.of(app)
    who = call.json(bodies.AddressIn).who
    return answers.standing(consent().consenting.standing(who, caller=call.caller))


@app.post("/withdrawals")
def withdraw() -> Answer:
    call = Call.of(app)
    body = call.json(bodies.WithdrawalIn)
    told = bodies.telling(call, body.evidence)
    return answers.said(consent().withdrawing.withdraw(*body.what, told))


@app.get("/withdrawals/<token>")
def show_link(token: str) -> Answer:
    accepted = Call.of(app).header("Accept-Language")
    return withdrawal_page.ask(consent().withdrawing, token, accepted)


@app.post("/withdrawals/<token>")
def withdraw_by_link(token: str) -> Answer:
    accepted = Call.of(app).header("Accept-Language")
    return withdrawal_page.withdraw(consent().withdrawing, token, accepted)


@app.post("/objections")
def object_to() -> Answer:
    call = Call.of(app)
    body = call.json(bodies.ObjectionIn)
    told = bodies.telling(call, body.evidence)
    return answers.said(consent().withdrawing.object(*body.what, told))


@app.post("/objections/<event_id>/decision")
def balance(event_id: str) -> Answer:
    call = Call.of(app)
    which, body = calls.event_id(event_id), call.json(bodies.BalancingIn)
    decided = consent().reviewing.balance(
        which,
        body.decision,
        grounds=body.grounds,
        reference=body.reference,
        caller=call.caller,
    )
    return answers.decided(decided)


@app.post("/basis-events")
def basis() -> Answer:
    call = Call.of(app)
    body = call.json(bodies.BasisEventIn)
    return answers.recorded(consent().consenting.basis(*body.what, bodies.telling(call)))


@app.post("/opt-outs")
def opt_out() -> Answer:
    call = Call.of(app)
    body = call.json(bodies.OptOutIn)
    told = bodies.telling(call, body.evidence)
    return answers.said(consent().withdrawing.opt_out(*body.what, told))


@app.get("/reviews")
def reviews() -> Answer:
    return answers.reviews(consent().reviewing.open())


@app.post("/reviews/<review_id>/decision")
def decide(review_id: str) -> Answer:
    call = Call.of(app)
    which, body = calls.review_id(review_id), call.json(bodies.ReviewDecisionIn)
    decided = consent().reviewing.decide(
        which,
        body.decided,
        reason=body.reason,
        request_id=body.request,
        caller=call.caller,
    )
    return answers.decided(decided)


@app.get("/.well-known/jwks.json")
def keys() -> Answer:
    return answers.keys(consent().signer.public_key())


@app.get("/schemas/consent-record.json")
def record_schema() -> Answer:
    return answers.record_schema()


def void(body: str) -> None:
    consent().voiding.void(queues.request_id(body))


def look_after() -> dict[str, Any]:
    return sweeps.looked_after(consent().upkeep.run())


@entrypoint
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return queues.answer(event, void, lambda: app.resolve(event, context), look_after)
