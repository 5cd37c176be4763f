"""Keep the policy and the list of own addresses: what is kept, why and how long (Art. 5(1), 24)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api import answers, calls, governing
from lethe.api.bodies.govern import ApprovalIn, FactsIn, OwnAddressQuery
from lethe.api.calls import Call
from lethe.api.resolver import Answer, resolver
from lethe.bootstrap.govern import changes, govern
from lethe.domain.policy import Policy
from lethe.observability import entrypoint

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = resolver()


@app.get("/policy")
def read_policy() -> Answer:
    return answers.policy(*govern().policy())


@app.post("/policy/proposals")
def propose() -> Answer:
    call = Call.of(app)
    seen, policy = call.seen_version(), call.json(Policy)
    return governing.proposed(changes().propose(policy, seen, caller=call.caller))


@app.get("/policy/proposals/<proposal_id>")
def proposal(proposal_id: str) -> Answer:
    return governing.proposal(changes().get(calls.proposal_id(proposal_id)))


@app.post("/policy/proposals/<proposal_id>/preview")
def preview(proposal_id: str) -> Answer:
    found = calls.proposal_id(proposal_id)
    return governing.preview(changes().preview(found, caller=Call.of(app).caller))


@app.post("/policy/proposals/<proposal_id>/approval")
def approve(proposal_id: str) -> Answer:
    call, found = Call.of(app), calls.proposal_id(proposal_id)
    token = call.json(ApprovalIn).token
    return governing.in_force(changes().approve(found, token, caller=call.caller))


@app.post("/policy/explanations")
def explain() -> Answer:
    return answers.explanation(govern().explain(Call.of(app).json(FactsIn).facts))


@app.post("/own-addresses")
def put_own_addresses() -> Answer:
    call = Call.of(app)
    return answers.recorded(govern().put_own_addresses(call.own_addresses(), caller=call.caller))


@app.post("/own-addresses/search")
def own_address() -> Answer:
    return answers.own_spans(govern().own(Call.of(app).json(OwnAddressQuery).own))


@entrypoint
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
