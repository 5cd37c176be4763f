"""The words go through what is said about being written to, and through all that is sent."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from tests.e2e.archive import NEWS, SHOP, Document, wait
from tests.e2e.canary import (
    ADDRESS,
    ASKER,
    BUYER,
    CHILD,
    CONSENT_TEXT,
    NUMBERS,
    OPTED_OUT,
    OTHER,
    REFUSED,
    STOPPER,
    UNSURE,
    WAITING,
    WORD,
    Journey,
)
from tests.e2e.speaking import Speaking, evidence
from tools.local_aws import Answer
from tools.stack import ACCOUNT_SID

EVIDENCE = {"text": CONSENT_TEXT, "reference": WORD, "note": WORD, "collected_by": WORD}
NOTED = {"method": "call", "note": WORD, "reference": WORD}


def through_consent(shop: Speaking, made: Journey) -> None:
    """Consents, bases, objections and opt-outs with their evidence; an import; what is refused."""
    for address, channel in ((ADDRESS, "email"), (OPTED_OUT, "sms"), (STOPPER, "sms")):
        told(made, shop.say(address, "given", "newsletter", channel, **EVIDENCE))
    told(made, shop.say(CHILD, "given", "club", "sms", child=child(), **EVIDENCE))
    told(made, shop.say(CHILD, "refused", "newsletter", "sms", note=WORD))
    for number in NUMBERS:
        contract = {"event": "contract", "state": "begun", "reference": WORD}
        told(made, post(shop, "/basis-events", address=number, **contract))
    said = post(shop, "/objections", address=CHILD, purpose="courtesy", evidence=NOTED)
    told(made, said)
    [event_id] = said.json()["pending"]
    balanced = {"outcome": "overruled", "grounds": "compelling_grounds", "reference": "C-17"}
    decided = shop.archive.officer.call("POST", f"/objections/{event_id}/decision", balanced)
    told(made, decided)
    opt_out = {"channel": "chat", "kind": "stop", "evidence": NOTED}
    told(made, post(shop, "/opt-outs", address=CHILD, **opt_out))
    made.refusals.append(
        shop.say(ADDRESS, "given", "newsletter", "email", text=f"May we write to {ADDRESS}?").body
    )


def through_vendors(shop: Speaking, made: Journey) -> None:
    """Messages that each vendor takes, refuses, or takes and loses; and what is denied."""
    fates = {
        "sms": send(shop, made, BUYER, "contract", "sms"),
        "whatsapp": send(shop, made, BUYER, "contract", "whatsapp"),
        "email": send(shop, made, ADDRESS, "newsletter", "email"),
        "refused": send(shop, made, REFUSED, "contract", "sms", "refuse:30006"),
        "opted out": send(shop, made, OPTED_OUT, "newsletter", "sms", "refuse:21610"),
        "uncertain": send(shop, made, UNSURE, "contract", "sms", "drop_after"),
        "unclear": send(shop, made, UNSURE, "contract", "whatsapp", "garbage"),
        "denied": send(shop, made, OTHER, "newsletter", "email"),
    }
    assert fates == {
        **dict.fromkeys(("sms", "whatsapp", "email"), "captured"),
        **dict.fromkeys(("refused", "opted out"), "refused"),
        **dict.fromkeys(("uncertain", "unclear"), "uncertain"),
        "denied": "denied",
    }, fates
    assert as_twilio(shop, To=BUYER, Body=WORD, Purpose="contract").status == 201
    made.refusals.append(as_twilio(shop, To=OPTED_OUT, Body=WORD, Purpose="newsletter").body)
    made.refusals.append(as_twilio(shop, To=WORD, Body=WORD).body)
    made.ids.add(shop.archive.capture(authorised(shop)))
    searched = {"addresses": [*NUMBERS, ADDRESS], "channel": "sms"}
    told(made, shop.archive.dispatching.call("POST", "/suppressions/search", searched))


def through_inbound(shop: Speaking, made: Journey) -> None:
    """Somebody new writes, somebody wants to stop in own words, somebody says STOP."""
    shop.write(ASKER, f"Guten Tag, hier ist {WORD}", "whatsapp")
    wait(lambda: bool(shop.reached(ASKER)), "the notice")
    message_id = shop.write(BUYER, f"Bitte schreibt mir nicht mehr, {WORD}!", "sms")
    waiting = shop.archive.officer.call("GET", "/reviews")
    told(made, waiting)
    [review] = [r for r in waiting.json()["reviews"] if r["message_id"] == message_id]
    path = f"/reviews/{review['review_id']}/decision"
    told(made, shop.archive.officer.call("POST", path, {"decision": "withdrawal"}))
    shop.write(STOPPER, "STOP", "sms")
    row = {"decision": "given", "purpose": "newsletter", "channel": "sms"}
    old = evidence(at=(datetime.now(UTC) - timedelta(days=99)).isoformat(), **EVIDENCE)
    rows = [{"address": number, **row, "evidence": old} for number in (ASKER, STOPPER)]
    rows.append({"address": WORD, **row, "purpose": WORD, "evidence": WORD})
    imported = shop.archive.importing.call("POST", "/consents/import", {"rows": rows})
    assert [each["status"] for each in imported.json()["results"]] == [201, 409, 400]
    told(made, imported)


def through_proof(shop: Speaking, made: Journey) -> None:
    """Where somebody stands, the whole proof, and the link that ends a consent."""
    for address in (ADDRESS, CHILD):
        told(made, post(shop, "/consents/search", address=address))
        body = {"address": address, "reason": "audit E2E"}
        made.read.append(shop.archive.officer.call("POST", "/consents/proof", body).body)
    url = shop.ask(ADDRESS, "newsletter", "email", sender=NEWS)["withdrawal_url"]
    link = url[url.index("/withdrawals/") :]
    made.told.append(link.encode())
    for method in ("GET", "POST"):
        told(made, shop.archive.stack.call(method, link))
    told(made, post(shop, "/withdrawals", address=STOPPER, evidence=NOTED))


def on_their_way(shop: Speaking, made: Journey) -> None:
    """Three messages are handed in while no queue is taken from; one goes, and is not captured."""
    sent = [
        shop.send([WAITING], "contract", channel, text=WORD, key=f"{WORD}-{secrets.token_hex(4)}")
        for channel in ("sms", "sms", "whatsapp")
    ]
    made.look(shop.archive)
    body = json.dumps({"dispatch": sent[0], "number": 0})
    shop.archive.stack.invoke("DispatchFunction", {"Records": [{"messageId": "1", "body": body}]})
    assert shop.reached(WAITING) == [WORD]
    made.look(shop.archive)


def through_schedules(shop: Speaking, made: Journey) -> None:
    """What runs each day, and the report of it."""
    for function in ("ConsentFunction", "GovernFunction"):
        shop.archive.stack.invoke(function, {"scheduled": "daily"})
    today = datetime.now(UTC).date()
    for path in (f"/reports/{today}", "/doctor", "/records-of-processing"):
        told(made, shop.archive.officer.call("GET", path))


def send(shop: Speaking, made: Journey, to: str, purpose: str, channel: str, *acts: str) -> str:
    """Send one message while the vendor acts like this; its state in the end."""
    shop.vendors.script(*acts, to=to.removeprefix("tel:"))
    fields: Document = {"text": f"Good morning {WORD}"}
    if channel == "email":
        fields |= {"sender": NEWS, "subject": WORD, "html": f"<p>{WORD}</p>"}
    named = [{"address": to, "name": f"Mara {WORD}"}]
    dispatch = shop.send([to], purpose, channel, recipients=named, **fields)
    [fate] = shop.followed(dispatch)
    told(made, shop.archive.dispatching.call("GET", f"/dispatches/{dispatch}"))
    return str(fate["state"])


def authorised(shop: Speaking) -> Document:
    """Return a message that the company sends by itself, with what allowed it."""
    token = shop.ask(BUYER, "contract", text=WORD)["authorisation"]
    return {
        "channel": "sms",
        "external_id": WORD,
        "direction": "outbound",
        "participants": [
            {"address": SHOP, "role": "sender"},
            {"address": BUYER, "role": "recipient", "name": WORD},
        ],
        "body": WORD,
        "authorisations": [{"recipient": BUYER, "token": token}],
    }


def as_twilio(shop: Speaking, **fields: str) -> Answer:
    named = {"From": SHOP, **fields}
    form = urlencode({name: value.removeprefix("tel:") for name, value in named.items()})
    credentials = f"{ACCOUNT_SID}:{shop.vendors.auth_token}".encode()
    headers = {
        "Authorization": f"Basic {base64.b64encode(credentials).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    return shop.archive.stack.call("POST", path, form.encode(), headers=headers)


def child() -> Document:
    born = datetime.now(UTC).date() - timedelta(days=365 * 12)
    guardian = {"relation": WORD, "verified_by": WORD, "at": datetime.now(UTC).isoformat()}
    return {"country": "DE", "born": born.isoformat(), "guardian": guardian}


def post(shop: Speaking, path: str, **body: object) -> Answer:
    headers = {"Idempotency-Key": f"{WORD}-{secrets.token_hex(4)}"}
    return shop.archive.consenting.call("POST", path, body, headers)


def told(made: Journey, answer: Answer) -> None:
    assert answer.status in {200, 201}, answer.body
    made.told.append(answer.body)
