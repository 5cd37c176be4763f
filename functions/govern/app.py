"""Keep the policy and the list of own addresses: what is kept, why and how long (Art. 5(1), 24)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api import answers
from lethe.api.bodies.govern import FactsIn, OwnAddressQuery
from lethe.api.calls import Call
from lethe.api.resolver import Answer, resolver
from lethe.bootstrap.govern import govern
from lethe.domain.policy import Policy
from lethe.observability import entrypoint

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = resolver()


@app.get("/policy")
def read_policy() -> Answer:
    return answers.policy(*govern().policy())


@app.put("/policy")
def put_policy() -> Answer:
    call = Call.of(app)
    seen, policy = call.seen_version(), call.json(Policy)
    return answers.policy_version(govern().put_policy(policy, seen, caller=call.caller))


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
