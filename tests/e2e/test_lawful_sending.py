"""What the law asks before a message leaves, on the deployed stack."""

from __future__ import annotations

import base64
import json
import secrets
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.archive import NEWS, SHOP, Archive, message, somebody, someone, wait
from tests.e2e.speaking import Speaking, evidence
from tools.fake_vendors import FakeVendors


@pytest.fixture(scope="module")
def shop(archive: Archive, vendors: FakeVendors) -> Speaking:
    return Speaking(archive, vendors)


def test_L1_without_a_basis_nothing_leaves(shop: Speaking) -> None:
    person = somebody()

    assert shop.denied(person, "newsletter") == "no_consent"
    assert shop.denied(person, "contract") == "no_event"
    assert shop.denied(person, "service") == "no_recent_inbound"
    assert shop.denied(person, "newsletter", sender=somebody()) == "sender_not_own"
    [fate] = shop.followed(shop.send([person], "newsletter"))
    assert (fate["state"], fate["reason"]) == ("denied", "no_consent")
    assert shop.reached(person) == []
    blocked = [e for e in shop.archive.items("AuditTable") if "send_blocked" in json.dumps(e)]
    assert any("no_consent" in json.dumps(event) for event in blocked)
    assert person.removeprefix("tel:") not in json.dumps(blocked)


def test_L1_the_default_is_no_for_whoever_else_is_named(shop: Speaking) -> None:
    """The copies, the blind copies and the members of a group are asked about, too."""
    agreed, silent = someone("agreed"), someone("silent")
    shop.agree(agreed, "newsletter", "email")
    body = {
        "from": NEWS,
        "channel": "email",
        "purpose": "newsletter",
        "text": "News.",
        "recipients": [
            {"address": agreed},
            {"address": silent, "role": "cc"},
            {"address": someone("blind"), "role": "bcc"},
            {"address": someone("group"), "role": "member"},
        ],
    }
    found = shop.archive.dispatching.read("POST", "/dispatches", body)["recipients"]
    assert [each["decision"] for each in found] == ["allow", "deny", "deny", "deny"]


def test_L2_a_contract_carries_its_messages_without_consent(shop: Speaking) -> None:
    person = somebody()
    begun = {"address": person, "event": "contract", "state": "begun", "reference": "C-1"}
    shop.archive.consenting.read("POST", "/basis-events", begun)

    basis = shop.allowed(person, "contract")
    assert basis["legal_basis"] == "Art. 6(1)(b)"

    [fate] = shop.followed(shop.send([person], "contract", text="Your parcel comes today."))
    assert fate["state"] == "captured"
    assert shop.reached(person) == ["Your parcel comes today."]
    [message_id] = shop.archive.found(person)
    read = shop.archive.read(message_id)
    assert (read["purpose"], read["legal_basis"]) == ("contract", "Art. 6(1)(b)")
    stamp = ["x-lethe-basis", f"Art. 6(1)(b); {basis['evidence']}"]
    assert stamp in read["versions"][0]["headers"]

    shop.archive.consenting.read("POST", "/basis-events", begun | {"state": "ended"})
    assert shop.denied(person, "contract") == "event_ended"


def test_L2_an_answer_and_an_alert_stand_on_their_own_bases(shop: Speaking) -> None:
    person = somebody()
    shop.write(person, "Where is my parcel?", "sms")

    assert shop.allowed(person, "service")["evidence"] == "inbound"
    assert shop.allowed(person, "fraud-alert")["legal_basis"] == "Art. 6(1)(c)"
    assert shop.denied(person, "newsletter") == "no_consent"


def test_L3_consent_to_one_purpose_is_none_to_another(shop: Speaking) -> None:
    person = somebody()
    event = shop.agree(person, "newsletter", "sms")

    assert shop.allowed(person, "newsletter")["evidence"] == event["event_id"]
    assert shop.denied(person, "marketing") == "no_consent"
    assert shop.denied(person, "newsletter", "whatsapp") == "no_consent"


def test_L5_a_withdrawal_takes_one_step_and_no_login(shop: Speaking) -> None:
    person = someone("reader")
    shop.agree(person, "newsletter", "email")
    [fate] = shop.followed(
        shop.send([person], "newsletter", "email", sender=NEWS, subject="News", text="News.")
    )
    assert fate["state"] == "captured"
    [message_id] = shop.archive.found(person)
    body = shop.archive.said(message_id)["body"]
    link = body[body.index("/withdrawals/") :].split()[0]

    assert person not in link
    page = shop.archive.stack.call("GET", link)
    assert (page.status, page.headers["Content-Type"].split(";")[0]) == (200, "text/html")
    assert shop.allowed(person, "newsletter", "email", sender=NEWS)  # to look is not to act

    done = shop.archive.stack.call(
        "POST",
        link,
        b"List-Unsubscribe=One-Click",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert done.status == 200
    assert shop.denied(person, "newsletter", "email", sender=NEWS) == "consent_withdrawn"
    assert shop.archive.stack.call("POST", link, b"").status == 200  # again changes nothing
    assert shop.archive.stack.call("GET", link[:-4] + "AAAA").status == 404


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_L5_the_same_channel_takes_it_back(shop: Speaking, channel: str) -> None:
    person = somebody()
    shop.agree(person, "newsletter", channel)
    shop.write(person, "  Stopp! ", channel)

    assert shop.denied(person, "newsletter", channel) in {"stopped", "consent_withdrawn"}
    assert shop.denied(person, "courtesy", channel) == "stopped"
    alert = shop.ask(person, "fraud-alert", channel)
    assert alert["decision"] == "allow"
    assert ("vendor_blocked" in alert["flags"]) is (channel == "sms")

    shop.write(person, "START", channel)
    assert shop.denied(person, "newsletter", channel) in {"stopped", "consent_withdrawn"}
    assert "vendor_blocked" not in shop.ask(person, "fraud-alert", channel)["flags"]


def test_L6_what_waits_when_a_withdrawal_comes_is_not_sent(shop: Speaking) -> None:
    """The vendor is slow and told to wait; the withdrawal comes between two attempts."""
    person = somebody()
    shop.agree(person, "newsletter", "sms")
    shop.vendors.script("refuse:20429", to=person.removeprefix("tel:"))
    dispatch = shop.send([person], "newsletter")
    time.sleep(1)
    assert shop.withdraw(person, purposes=["newsletter"])["stops"]

    shop.archive.stack.invoke("DispatchFunction", _record(dispatch))
    [fate] = shop.followed(dispatch)
    assert (fate["state"], fate["reason"]) == ("denied", "consent_withdrawn")
    assert shop.reached(person) == []


def test_L7_a_withdrawal_keeps_the_past_and_proposes_erasure(shop: Speaking) -> None:
    person = somebody()
    given = shop.agree(person, "fleeting", "sms")
    shop.archive.capture(message(person, SHOP, channel="sms", purpose="fleeting"))
    said = shop.withdraw(person)

    assert [each["event_id"] for each in said["stops"]] == [given["event_id"]]
    [proposal] = said["proposals"]
    assert (proposal["classes"], proposal["article"]) == (["fleeting"], "17(1)(b)")
    waiting = shop.archive.officer.read("GET", "/reviews")["reviews"]
    assert proposal["review_id"] in [each["review_id"] for each in waiting]
    proof = prove(shop, person)
    assert [event["type"] for event in proof["events"]] == ["given", "withdrawn"]


@pytest.mark.parametrize(
    "text",
    ["Bitte schreibt mir nicht mehr.", "please stop texting me", "Ne m'écrivez plus svp"],
)
def test_L8_free_text_that_may_withdraw_waits_for_a_human(shop: Speaking, text: str) -> None:
    person = somebody()
    shop.agree(person, "newsletter", "sms")
    message_id = shop.write(person, text, "sms")

    assert shop.allowed(person, "newsletter")
    waiting = shop.archive.officer.read("GET", "/reviews")["reviews"]
    [review] = [each for each in waiting if each["message_id"] == message_id]
    assert review["kind"] == "possible_withdrawal"
    due = datetime.fromisoformat(review["due_at"]) - datetime.fromisoformat(review["at"])
    assert due == timedelta(hours=24)

    path = f"/reviews/{review['review_id']}/decision"
    shop.archive.officer.read("POST", path, {"decision": "withdrawal"})
    assert shop.denied(person, "newsletter") in {"stopped", "consent_withdrawn"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"action": "pre_ticked"}, "/consents/0/evidence/action"),
        ({"action": "silence"}, "/consents/0/evidence/action"),
        ({"at": None}, "/consents/0/evidence/at"),
        ({"text": None}, "/consents/0/evidence/text"),
        ({"language": None}, "/consents/0/evidence/language"),
    ],
)
def test_L9_what_is_no_clear_act_is_no_consent(
    shop: Speaking, changes: dict[str, str | None], field: str
) -> None:
    person = somebody()
    answer = shop.say(person, "given", "newsletter", "sms", **changes)

    assert answer.status == 400
    assert field in [each["pointer"] for each in answer.json()["errors"]]
    assert shop.denied(person, "newsletter") == "no_consent"


def test_L9_a_list_without_evidence_is_imported_row_by_row(shop: Speaking) -> None:
    good, bad = somebody(), somebody()
    old = (datetime.now(UTC) - timedelta(days=100)).isoformat()
    row = {"decision": "given", "purpose": "newsletter", "channel": "sms"}
    rows = [
        {"address": good, **row, "evidence": evidence(at=old)},
        {"address": bad, **row},
    ]
    results = shop.archive.importing.read("POST", "/consents/import", {"rows": rows})["results"]

    assert [each["status"] for each in results] == [201, 400]
    assert shop.allowed(good, "newsletter")
    assert shop.denied(bad, "newsletter") == "no_consent"


def test_an_import_re_subscribes_nobody(shop: Speaking) -> None:
    person = somebody()
    shop.agree(person, "newsletter", "sms")
    shop.write(person, "STOP", "sms")
    row = {
        "address": person,
        "decision": "given",
        "purpose": "newsletter",
        "channel": "sms",
        "evidence": evidence(),
    }
    [result] = shop.archive.importing.read("POST", "/consents/import", {"rows": [row]})["results"]

    assert result["status"] == 409
    assert shop.denied(person, "newsletter") in {"stopped", "consent_withdrawn"}


def test_L10_a_bundled_consent_is_none(shop: Speaking) -> None:
    for changes in ({"separate": False}, {"condition_of_service": True}):
        answer = shop.say(somebody(), "given", "newsletter", "sms", **changes)
        assert answer.status == 400, answer.body
        assert answer.json()["errors"]


def test_L11_a_child_needs_a_guardian_until_it_is_of_age(shop: Speaking) -> None:
    person = somebody()
    born = datetime.now(UTC).date().replace(day=1) - timedelta(days=365 * 13)
    child = {"country": "DE", "born": born.isoformat()}
    alone = shop.say(person, "given", "club", "sms", child=child)
    assert alone.status == 400
    assert any("child" in each["pointer"] for each in alone.json()["errors"])

    guardian = {
        "relation": "mother",
        "verified_by": "a call to the number on record",
        "at": datetime.now(UTC).isoformat(),
    }
    event = shop.agree(person, "club", "sms", child=child | {"guardian": guardian})
    assert shop.allowed(person, "club")
    of_age = born.replace(year=born.year + 16)
    assert datetime.fromisoformat(event["until"]).date() <= of_age


def test_L12_special_categories_are_told_apart_and_need_an_express_word(shop: Speaking) -> None:
    implicit = shop.say(somebody(), "given", "health", "sms")
    assert implicit.status == 400
    assert [e["pointer"] for e in implicit.json()["errors"]] == ["/consents/0/evidence/explicit"]
    shop.agree(somebody(), "health", "sms", explicit=True)

    sender = someone("patient")
    said = message(sender, NEWS, body="My diagnosis is cancer and I need chemotherapy.")
    captured = shop.archive.send(said)
    assert captured.status == 201
    assert captured.json()["class"] == "sensitive"


def test_L13_who_writes_first_gets_the_notice_once(shop: Speaking) -> None:
    person = somebody()
    shop.write(person, "Guten Tag, haben Sie offen?", "whatsapp")
    wait(lambda: bool(shop.reached(person)), "the notice")

    [text] = shop.reached(person)
    assert "/notices/external/de" in text
    page = shop.archive.stack.call("GET", text[text.index("/notices/") :].split()[0])
    assert page.status == 200
    shop.write(person, "Hallo?", "whatsapp")
    shop.write(person, "Hallo!", "sms")
    wait(lambda: len(shop.archive.found(person)) == 4, "three of theirs and one notice")
    assert shop.reached(person) == [text]
    assert shop.standing(person)["notice_version"] >= 1


def test_L15_a_consent_runs_out(shop: Speaking) -> None:
    person = somebody()
    soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    consent = {"decision": "given", "purpose": "newsletter", "channel": "sms", "until": soon}
    body = {"address": person, "consents": [{**consent, "evidence": evidence()}]}
    shop.archive.consenting.read("POST", "/consents", body)

    time.sleep(4)
    assert shop.denied(person, "newsletter") == "consent_expired"
    shop.archive.stack.invoke("ConsentFunction", {"scheduled": "daily"})
    assert [event["type"] for event in prove(shop, person)["events"]] == ["given", "expired"]


def test_L16_a_refusal_is_recorded_and_limits_asking_again(shop: Speaking) -> None:
    person = somebody()
    answer = shop.say(person, "refused", "newsletter", "sms")
    assert answer.status == 201, answer.body

    assert shop.denied(person, "newsletter") == "consent_refused"
    lines = shop.standing(person)["purposes"]
    [line] = [each for each in lines if each["purpose"] == "newsletter"]
    assert line["may_ask_again_from"] > datetime.now(UTC).date().isoformat()


def test_L17_consent_after_a_withdrawal_is_a_new_record(shop: Speaking) -> None:
    person = somebody()
    first = shop.agree(person, "newsletter", "sms")
    shop.withdraw(person)
    time.sleep(0.01)
    second = shop.agree(person, "newsletter", "sms")

    assert first["event_id"] != second["event_id"]
    assert shop.allowed(person, "newsletter")["evidence"] == second["event_id"]


def test_L17_an_erasure_voids_what_is_older(shop: Speaking) -> None:
    person = somebody()
    shop.agree(person, "newsletter", "sms")
    message_id = shop.write(person, "Hello", "sms")
    shop.archive.erase(person)

    assert shop.denied(person, "newsletter") == "basis_void_by_erasure"
    assert shop.denied(person, "service") in {"no_recent_inbound", "basis_void_by_erasure"}
    wait(
        lambda: "voided" in [event["type"] for event in prove(shop, person)["events"]],
        "what consent makes of the erasure",
    )
    assert shop.archive.get(message_id).status == 410

    again = shop.agree(person, "newsletter", "sms")
    assert shop.allowed(person, "newsletter")["evidence"] == again["event_id"]


def test_L63_an_objection_to_marketing_is_absolute(shop: Speaking) -> None:
    person = somebody()
    shop.agree(person, "newsletter", "sms")
    shop.agree(person, "marketing", "whatsapp")
    sale = {"address": person, "event": "sale", "state": "begun", "opt_out_offered": True}
    shop.archive.consenting.read("POST", "/basis-events", sale)
    assert shop.allowed(person, "similar-products")

    objection = {"address": person, "purpose": "direct-marketing"}
    answer = shop.archive.consenting.call("POST", "/objections", objection)
    assert answer.status == 201, answer.body
    assert answer.json()["pending"] == []
    for purpose, channel in (
        ("newsletter", "sms"),
        ("marketing", "whatsapp"),
        ("similar-products", "sms"),
        ("similar-products", "whatsapp"),
    ):
        assert shop.denied(person, purpose, channel) == "objected"


def test_L64_another_objection_holds_until_it_was_weighed(shop: Speaking) -> None:
    person = somebody()
    assert shop.allowed(person, "courtesy")
    objection = {"address": person, "purpose": "courtesy"}
    [event_id] = shop.archive.consenting.read("POST", "/objections", objection)["pending"]
    assert shop.denied(person, "courtesy") == "objection_pending"

    decision = {"outcome": "overruled", "grounds": "compelling_grounds", "reference": "C-17"}
    shop.archive.officer.read("POST", f"/objections/{event_id}/decision", decision)
    assert shop.allowed(person, "courtesy")


def test_L66_automated_means_object(shop: Speaking) -> None:
    """A browser's or a mail program's one click is enough (Art. 21(5))."""
    person = someone("click")
    sale = {"address": person, "event": "sale", "state": "begun", "opt_out_offered": True}
    shop.archive.consenting.read("POST", "/basis-events", sale)
    asked = shop.ask(person, "similar-products", "email", sender=NEWS)
    link = asked["withdrawal_url"][asked["withdrawal_url"].index("/withdrawals/") :]

    assert shop.archive.stack.call("POST", link, b"List-Unsubscribe=One-Click").status == 200
    assert shop.denied(person, "similar-products", "email", sender=NEWS) in {
        "objected",
        "consent_withdrawn",
    }


def test_L72_what_is_not_needed_is_dropped_on_the_way_in(shop: Speaking) -> None:
    sender = someone("traveller")
    raw = (
        f"From: {sender.removeprefix('mailto:')}\r\nTo: support@controller.example\r\n"
        "X-Originating-IP: 203.0.113.77\r\nX-Mailer: Phone 17\r\n"
        f"Message-ID: <{secrets.token_hex(8)}@example.org>\r\nSubject: Hello\r\n\r\nHello.\r\n"
    )
    captured = shop.archive.mail(raw.encode(), "mailto:support@controller.example")
    assert captured.status == 201
    read = shop.archive.said(captured.json()["message_id"])

    assert "203.0.113.77" not in json.dumps(read)
    assert "x-originating-ip" not in [name for name, _ in read["headers"]]


def test_L82_an_unapproved_vendor_is_not_sent_through(shop: Speaking) -> None:
    person = somebody()
    shop.agree(person, "newsletter", "pager")

    assert shop.denied(person, "newsletter", "pager") == "vendor_not_allowed"
    findings = json.dumps(shop.archive.officer.read("GET", "/doctor"))
    assert "pager-house" in findings


def test_L91_the_soft_opt_in_asks_for_an_offered_opt_out(shop: Speaking) -> None:
    offered, silent = somebody(), somebody()
    for person, was_offered in ((offered, True), (silent, False)):
        sale = {"address": person, "event": "sale", "state": "begun"}
        shop.archive.consenting.read(
            "POST", "/basis-events", sale | {"opt_out_offered": was_offered}
        )
    assert shop.denied(silent, "similar-products") == "opt_out_not_offered"

    text = "New shoes like those you bought."
    [fate] = shop.followed(shop.send([offered], "similar-products", text=text))
    assert fate["state"] == "captured"
    [left] = shop.reached(offered)
    assert left.startswith(text)
    assert "STOP" in left


def prove(shop: Speaking, person: str) -> dict[str, list[dict[str, str]]]:
    body = {"address": person, "reason": "audit E2E"}
    found: dict[str, list[dict[str, str]]] = shop.archive.officer.read(
        "POST", "/consents/proof", body
    )
    return found


def _record(dispatch: str) -> dict[str, object]:
    body = json.dumps({"dispatch": dispatch, "number": 0})
    return {"Records": [{"messageId": base64.b16encode(b"again").decode(), "body": body}]}
