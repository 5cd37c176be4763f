"""Calls about consent, sending and notices that are refused, by what is wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.archive import NEWS, SHOP, Document, message
from tests.e2e.bad_calls import ADDRESS, CANARY, NOWHERE, TOKEN, Bad, capture
from tests.e2e.speaking import evidence

NOW = datetime.now(UTC)
LATER = (NOW + timedelta(days=2)).isoformat()
EARLIER = (NOW - timedelta(days=2)).isoformat()
KEY = {"Idempotency-Key": f"{CANARY} x"}
NUMBER = "tel:+4915155500099"


def consents(*names: str, **changes: Any) -> Bad:
    """Consents of which the one is changed so."""
    consent: Document = {
        "decision": "given",
        "purpose": "newsletter",
        "channel": "email",
        "evidence": evidence(),
    }
    body = {"address": ADDRESS, "consents": [consent | changes]}
    below = tuple(f"/consents/0/{name}" for name in names)
    return Bad("consent", "POST", "/consents", body, 400, below)


def proving(*names: str, **changes: Any) -> Bad:
    """A consent whose evidence is changed so."""
    below = (f"evidence/{name}" for name in names)
    return consents(*below, evidence=evidence() | changes)


def told(path: str, *names: str, caller: str = "consent", **body: Any) -> Bad:
    """Something else that is told of a person."""
    return Bad(caller, "POST", path, {"address": ADDRESS, **body}, 400, names)


def dispatch(*names: str, **changes: Any) -> Bad:
    body = {
        "from": SHOP,
        "channel": "sms",
        "purpose": "newsletter",
        "recipients": [{"address": NUMBER}],
        "text": CANARY,
        **changes,
    }
    return Bad("dispatch", "POST", "/dispatches", body, 400, names)


def outbound(*names: str, **changes: Any) -> Bad:
    said = message(SHOP, NUMBER, channel="sms") | {"body": CANARY, **changes}
    return capture(said, *names)


def decision(path: str, body: Document, *names: str, status: int = 400) -> Bad:
    return Bad("officer", "POST", path, body, status, names)


BALANCING = f"/objections/{NOWHERE}/decision"
REVIEW = f"/reviews/{NOWHERE}/decision"
UPHELD = {"outcome": "upheld", "grounds": "no_interest"}

OF_CONSENT = {
    "no consents": Bad("consent", "POST", "/consents", {}, names=("/address", "/consents")),
    "consents that are no list": Bad(
        "consent",
        "POST",
        "/consents",
        {"address": CANARY, "consents": CANARY, "x": CANARY},
        names=("/address", "/consents", "/x"),
    ),
    "21 consents": told("/consents", "/consents", consents=[{"decision": CANARY}] * 21),
    "what a consent is": consents(
        *("decision", "purpose", "channel", "evidence", "until", "notice_version", "x"),
        decision=CANARY,
        purpose=f"{CANARY} x",
        channel="*",
        evidence=CANARY,
        until=CANARY,
        notice_version=-1,
        x=CANARY,
    ),
    "a purpose that is not": consents("purpose", purpose=CANARY),
    "a purpose that nobody consents to": consents("purpose", purpose="contract"),
    "a consent that is over": consents("until", until=EARLIER),
    "no evidence": consents("evidence", evidence=None),
    "evidence": proving(
        *("method", "at", "language", "action", "separate", "condition_of_service", "x"),
        method=CANARY,
        at=CANARY,
        language=CANARY,
        action=CANARY,
        separate=CANARY,
        condition_of_service=CANARY,
        x=CANARY,
    ),
    "words of evidence": proving(
        *("text", "text_version", "collected_by", "reference", "note"),
        text=CANARY * 2_001,
        text_version=CANARY * 51,
        collected_by="",
        reference=17,
        note=[CANARY],
    ),
    "a child": proving(
        *("child/country", "child/born", "child/guardian/relation", "child/guardian/at"),
        child={
            "country": CANARY,
            "born": CANARY,
            "guardian": {"relation": "", "verified_by": CANARY, "at": CANARY},
        },
    ),
    "evidence of the future": proving("at", at=LATER),
    "old evidence": proving("at", at=EARLIER),
    "a text with the address": proving("text", text=f"I, {CANARY}@example.org, agree."),
    "a version with the address": proving("text_version", text_version=f"{CANARY}@example.org"),
    "idempotency key of a consent": Bad(
        *("consent", "POST", "/consents"),
        {
            "address": ADDRESS,
            "consents": [{"decision": "refused", "purpose": "newsletter", "channel": "email"}],
        },
        names=("header Idempotency-Key",),
        headers=KEY,
    ),
    "no rows": Bad("import", "POST", "/consents/import", {"rows": CANARY}, names=("/rows",)),
    "beside rows": Bad("import", "POST", "/consents/import", {"rows": [1], CANARY: 1}, names=("",)),
    "rows that are not JSON": Bad(
        "import", "POST", "/consents/import", f'{{"rows": ["{CANARY}"'.encode(), names=("",)
    ),
    "101 rows": Bad("import", "POST", "/consents/import", {"rows": [CANARY] * 101}, 413),
    "whose standing": told("/consents/search", "/address", address=CANARY),
    "a name's standing": told("/consents/search", "/name", name=CANARY),
    "whose proof": told(
        "/consents/proof", "/address", "/reason", caller="officer", address=CANARY, reason=CANARY
    ),
    "proof without a reason": told("/consents/proof", "/reason", caller="officer"),
    "proof of nothing": decision(
        "/consents/proof", {"address": ADDRESS, "reason": "audit E2E"}, status=404
    ),
    "withdrawal": told(
        "/withdrawals",
        *("/address", "/purposes/0", "/channel", "/evidence/method", "/x"),
        address=CANARY,
        purposes=[f"{CANARY} x"],
        channel=f"{CANARY}!",
        evidence={"method": CANARY},
        x=CANARY,
    ),
    "withdrawal of no purpose": told(
        "/withdrawals", "/purposes/1", purposes=["newsletter", CANARY]
    ),
    "withdrawal of what nobody gave": told("/withdrawals", "/purposes/0", purposes=["invoices"]),
    "withdrawal in the future": told(
        "/withdrawals",
        "/evidence/at",
        purposes=["newsletter", "marketing"],
        evidence={"method": "call", "at": LATER},
    ),
    "withdrawal with the address in its text": told(
        "/withdrawals", "/evidence/text", evidence={"method": "call", "text": ADDRESS}
    ),
    "objection": told("/objections", "/purpose", "/channel", purpose=f"{CANARY} x", channel=17),
    "objection to no purpose": told("/objections", "/purpose", purpose=CANARY),
    "objection to a contract": told("/objections", "/purpose", purpose="contract"),
    "objection in the future": told(
        "/objections", "/evidence/at", purpose="courtesy", evidence={"method": "call", "at": LATER}
    ),
    "balancing": decision(
        BALANCING,
        {"outcome": CANARY, "grounds": f"{CANARY} x", "reference": f"{CANARY} x"},
        *("/outcome", "/grounds", "/reference"),
    ),
    "balancing of nothing": decision(BALANCING, UPHELD, status=404),
    "balancing of no id": decision(f"/objections/{CANARY}/decision", UPHELD, status=404),
    "event": told(
        "/basis-events",
        *("/event", "/state", "/time", "/opt_out_offered", "/reference"),
        event=f"{CANARY} x",
        state=CANARY,
        time=CANARY,
        opt_out_offered=CANARY,
        reference="",
    ),
    "event that grants nothing": told("/basis-events", "/event", event=CANARY, state="begun"),
    "event of the future": told(
        "/basis-events", "/time", event="contract", state="begun", time=LATER
    ),
    "end that offers an opt-out": told(
        "/basis-events", "/opt_out_offered", event="sale", state="ended", opt_out_offered=True
    ),
    "opt-out": told(
        "/opt-outs",
        *("/channel", "/kind", "/own_address"),
        channel=f"{CANARY} x",
        kind=CANARY,
        own_address=CANARY,
    ),
    "opt-out at somebody's": told(
        "/opt-outs", "/own_address", channel="sms", kind="stop", own_address=ADDRESS
    ),
    "review": decision(
        REVIEW,
        {"decision": CANARY, "reason": f"{CANARY} x", "request_id": CANARY},
        *("/decision", "/reason", "/request_id"),
    ),
    "review of nothing": decision(REVIEW, {"decision": "keep", "reason": "other"}, status=404),
    "review of no id": decision(f"/reviews/{CANARY}/decision", {"decision": "keep"}, status=404),
}

OF_SENDING = {
    "no dispatch": Bad(
        "dispatch",
        "POST",
        "/dispatches",
        {},
        names=("/from", "/channel", "/purpose", "/recipients", "/text"),
    ),
    "dispatch": dispatch(
        *("/from", "/channel", "/vendor", "/purpose", "/recipients/0/address"),
        *("/recipients/0/role", "/recipients/1", "/text", "/locale", "/template", "/send", "/x"),
        **{"from": CANARY},
        channel=f"{CANARY} x",
        vendor=f"{CANARY} x",
        purpose=f"{CANARY} x",
        recipients=[{"address": CANARY, "role": CANARY}, CANARY],
        text=f"{CANARY}\x00",
        locale=CANARY,
        template=f"{CANARY} x",
        send=CANARY,
        x=CANARY,
    ),
    "purpose and vendor that are not": dispatch("/purpose", "/vendor", purpose=CANARY, vendor="x"),
    "nobody to send to": dispatch("/recipients", recipients=[]),
    "1,001 recipients": dispatch("/recipients", recipients=[{"address": NUMBER}] * 1_001),
    "a name with a line end": dispatch(
        "/recipients/0/name", recipients=[{"address": NUMBER, "name": f"{CANARY}\n"}]
    ),
    "no text": dispatch("/text", text=""),
    "subject and text too long": dispatch(
        "/subject", "/text", subject=CANARY * 101, text=CANARY * 10_001
    ),
    "to wait for nothing": dispatch("/not_after", "/template", not_after=LATER, template="hello"),
    "too late": dispatch("/not_after", send=True, not_after=EARLIER),
    "text messages together": dispatch(
        "/together", send=True, together=True, recipients=[{"address": NUMBER}, {"address": SHOP}]
    ),
    "mail by text message": dispatch(
        *("/from", "/recipients/0/address"),
        send=True,
        recipients=[{"address": ADDRESS}],
        **{"from": NEWS},
    ),
    "no vendor": dispatch("/send", send=True, channel="chat"),
    "key of a dispatch": Bad(
        *("dispatch", "POST", "/dispatches"),
        dispatch().body,
        names=("header Idempotency-Key",),
        headers=KEY,
    ),
    "dispatch of no id": Bad("dispatch", "GET", f"/dispatches/{CANARY}", status=404),
    "dispatch that never was": Bad("dispatch", "GET", f"/dispatches/{NOWHERE}", status=404),
    "whom to suppress": Bad(
        "dispatch",
        "POST",
        "/suppressions/search",
        {"addresses": [NUMBER, CANARY], "channel": 17, "own_address": CANARY, "x": CANARY},
        names=("/addresses/1", "/channel", "/own_address", "/x"),
    ),
    "nobody to suppress": Bad(
        *("dispatch", "POST", "/suppressions/search"),
        {"addresses": [], "channel": "sms"},
        names=("/addresses",),
    ),
    "1,001 to suppress": Bad(
        *("dispatch", "POST", "/suppressions/search"),
        {"addresses": [NUMBER] * 1_001, "channel": "sms"},
        names=("/addresses",),
    ),
    "suppressed for no purpose": Bad(
        *("dispatch", "POST", "/suppressions/search"),
        {"addresses": [NUMBER], "channel": "sms", "purpose": CANARY},
        names=("/purpose",),
    ),
    "authorisations": outbound(
        *("/authorisations/0/recipient", "/authorisations/1/token", "/authorisations/2"),
        authorisations=[
            {"recipient": CANARY, "token": CANARY},
            {"recipient": NUMBER, "token": CANARY * 103},
            CANARY,
        ],
    ),
    "authorisation of another": outbound(
        "/authorisations/0/recipient", authorisations=[{"recipient": ADDRESS, "token": CANARY}]
    ),
    "authorisation by address": outbound("/authorisations", authorisations={NUMBER: CANARY}),
    "inbound and authorised": capture(
        message(ADDRESS, SHOP, authorisations=[{"recipient": SHOP, "token": CANARY}]),
        "/authorisations",
    ),
}

OF_NOTICES = {
    "draft for nobody": decision(f"/notices/{CANARY}/drafts", {}, status=404),
    "approval for nobody": decision(f"/notices/{CANARY}/approval", {}, status=404),
    "approval": decision("/notices/external/approval", {"hash": CANARY, "x": 1}, "/hash", "/x"),
    "approval without a draft": decision(
        "/notices/external/approval", {"hash": NOWHERE * 2}, status=404
    ),
    "notice for nobody": Bad("officer", "GET", f"/notices/{CANARY}/en", status=404),
    "notice in no language": Bad("officer", "GET", f"/notices/external/{CANARY}", status=404),
    "form of a notice": Bad(
        "officer", "GET", f"/notices/external/en?format={CANARY}", names=("?format",)
    ),
    "version of a notice": Bad("officer", "GET", f"/notice-versions/external/{CANARY}", status=404),
    "version that never was": Bad("officer", "GET", "/notice-versions/external/9999", status=404),
    "version for nobody": Bad("officer", "GET", f"/notice-versions/{CANARY}/1", status=404),
    "view": Bad("officer", "GET", f"/records-of-processing?view={CANARY}", names=("?view",)),
    "form of a record": Bad(
        "officer", "GET", f"/records-of-processing?format={CANARY}", names=("?format",)
    ),
    "language of a record": Bad(
        "officer", "GET", f"/records-of-processing?language={CANARY}", names=("?language",)
    ),
    "token of another form": decision(
        f"/policy/proposals/{NOWHERE}/approval", {"token": TOKEN + "A"}, "/token"
    ),
}

BAD_CALLS_OF_SENDING = OF_CONSENT | OF_SENDING | OF_NOTICES
