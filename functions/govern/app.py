"""Keep the policy and the list of own addresses: what is kept, why and how long (Art. 5(1), 24)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api import answers, answers_notices, answers_records, calls, governing, notice_calls
from lethe.api.bodies.govern import ApprovalIn, FactsIn, OwnAddressQuery
from lethe.api.bodies.notices import NoticeApprovalIn
from lethe.api.calls import Call
from lethe.api.resolver import Answer, resolver
from lethe.bootstrap.govern import changes, doctor, govern, notices, reports
from lethe.domain.policy import Policy
from lethe.domain.processing_records import View
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


@app.get("/doctor")
def read_findings() -> Answer:
    return governing.findings(doctor().examine())


@app.get("/reports/<day>")
def read_report(day: str) -> Answer:
    return governing.report(reports().get(calls.day(day)))


@app.post("/notices/<audience>/drafts")
def draft_notice(audience: str) -> Answer:
    call, named = Call.of(app), notice_calls.audience(audience)
    return answers_notices.drafted(notices().draft(named, caller=call.caller))


@app.post("/notices/<audience>/approval")
def approve_notice(audience: str) -> Answer:
    call, named = Call.of(app), notice_calls.audience(audience)
    content_hash = call.json(NoticeApprovalIn).hash
    return governing.in_force(notices().approve(named, content_hash, caller=call.caller))


@app.get("/notices/<audience>/<language>")
def show_notice(audience: str, language: str) -> Answer:
    call, named = Call.of(app), notice_calls.audience(audience)
    kind = notice_calls.choice(call, "format", answers_notices.FORMATS)
    shown = notices().page(named, language)
    return answers_notices.page(named, language, shown, kind, call.header("If-None-Match"))


@app.get("/notice-versions/<audience>/<version>")
def read_notice_version(audience: str, version: str) -> Answer:
    named, number = notice_calls.audience(audience), notice_calls.version(version)
    return answers_notices.version(notices().version(named, number))


@app.get("/records-of-processing")
def records_of_processing() -> Answer:
    call = Call.of(app)
    view = View(notice_calls.choice(call, "view", tuple(View)))
    language = notice_calls.language(call)
    kind = notice_calls.choice(call, "format", answers_records.FORMATS)
    return answers_records.record(notices().record(view, language), kind)


def examine() -> dict[str, Any]:
    return governing.examined(doctor().examine())


def report() -> dict[str, Any]:
    return governing.reported(reports().run())


@entrypoint
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    acts = {"daily": report, "doctor": examine}
    return governing.run(event, acts, lambda: app.resolve(event, context))
