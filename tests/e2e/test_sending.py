"""Sending through vendors that refuse, stall and fall silent: once or not at all, and captured."""

from __future__ import annotations

import base64
import json
import secrets
import urllib.parse

import pytest

from tests.e2e.archive import NEWS, SHOP, Archive, Document, somebody, someone, wait
from tests.e2e.speaking import Speaking
from tools.fake_vendors import FakeVendors
from tools.stack import ACCOUNT_SID

MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"


@pytest.fixture(scope="module")
def shop(archive: Archive, vendors: FakeVendors) -> Speaking:
    return Speaking(archive, vendors)


def customer(shop: Speaking) -> str:
    """Return somebody with a contract: what a contract needs may be sent."""
    person = somebody()
    begun = {"address": person, "event": "contract", "state": "begun"}
    shop.archive.consenting.read("POST", "/basis-events", begun)
    return person


def fate(shop: Speaking, person: str, *acts: str, channel: str = "sms") -> Document:
    """Send one message while the vendor acts like this; how it went."""
    shop.vendors.script(*acts, to=person.removeprefix("tel:"))
    [found] = shop.followed(shop.send([person], "contract", channel, text="Your parcel."))
    return found


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_what_a_vendor_takes_leaves_once_and_is_captured(shop: Speaking, channel: str) -> None:
    person = customer(shop)

    assert fate(shop, person, channel=channel)["state"] == "captured"
    assert shop.reached(person) == ["Your parcel."]
    [message_id] = shop.archive.found(person)
    read = shop.archive.said(message_id)
    assert read["body"] == "Your parcel."


def test_mail_leaves_by_ses_with_the_headers_that_end_it(shop: Speaking) -> None:
    person = someone("subscriber")
    shop.agree(person, "newsletter", "email")
    sent = shop.send(
        [person], "newsletter", "email", sender=NEWS, subject="Autumn", text="News of autumn."
    )
    [found] = shop.followed(sent)

    assert found["state"] == "captured"
    [mail] = shop.mails_to(person)
    assert mail["Source"] == "news@controller.example"
    assert len(shop.archive.found(person)) == 1


@pytest.mark.parametrize(
    ("act", "state"),
    [
        ("slow:2", "captured"),
        ("refuse:30006", "refused"),
        ("drop_after", "uncertain"),
        ("drop_before", "uncertain"),
        ("status_after:500", "uncertain"),
        ("garbage", "uncertain"),
    ],
)
def test_an_answer_decides_and_nothing_is_sent_twice(shop: Speaking, act: str, state: str) -> None:
    person = customer(shop)
    found = fate(shop, person, act)

    assert found["state"] == state
    assert len(shop.reached(person)) <= 1
    kept = int(state in {"captured", "uncertain"})
    wait(lambda: len(shop.archive.found(person)) == kept, "the capture")
    captured = shop.archive.found(person)
    if state == "uncertain":
        [message_id] = captured
        headers = shop.archive.said(message_id)["headers"]
        assert ["x-lethe-sending", "uncertain"] in headers


def test_a_vendor_that_says_wait_is_asked_again(shop: Speaking) -> None:
    person = customer(shop)
    shop.vendors.script("refuse:20429", to=person.removeprefix("tel:"))
    dispatch = shop.send([person], "contract", text="Your parcel.")
    wait(lambda: shop.status(dispatch)[0]["state"] == "queued", "the vendor's first answer")
    record = {"messageId": "1", "body": json.dumps({"dispatch": dispatch, "number": 0})}
    wait(
        lambda: (
            shop.archive.stack.invoke("DispatchFunction", {"Records": [record]}) is not None
            and shop.status(dispatch)[0]["state"] == "captured"
        ),
        "the second attempt",
    )

    assert shop.reached(person) == ["Your parcel."]


def test_who_opted_out_at_the_vendor_has_opted_out(shop: Speaking) -> None:
    person = customer(shop)
    shop.agree(person, "newsletter", "sms")

    found = fate(shop, person, "refuse:21610")
    assert (found["state"], shop.reached(person)) == ("refused", [])
    assert shop.denied(person, "newsletter") == "stopped"
    assert "vendor_blocked" in shop.ask(person, "contract")["flags"]
    body = {"addresses": [person, somebody()], "channel": "sms", "purpose": "newsletter"}
    results = shop.archive.dispatching.read("POST", "/suppressions/search", body)["results"]
    assert [each["suppressed"] for each in results] == [True, False]


def test_a_repeated_call_is_the_same_dispatch(shop: Speaking) -> None:
    person, key = customer(shop), secrets.token_hex(8)
    ids = {shop.send([person], "contract", text="Once.", key=key) for _ in range(3)}

    [dispatch] = ids
    shop.followed(dispatch)
    assert shop.reached(person) == ["Once."]
    other = shop.dispatch([person], "contract", text="Other.", key=key, send=True)
    assert other.status == 409


def test_what_a_detector_finds_does_not_leave(shop: Speaking) -> None:
    person = customer(shop)
    text = "We pay to DE89 3704 0044 0532 0130 00 today."
    [found] = shop.followed(shop.send([person], "contract", text=text))

    assert "content_masked" in found["flags"]
    [left] = shop.reached(person)
    assert "3704 0044" not in left
    assert left.endswith("today.")


def test_a_thousand_are_asked_about_in_one_call(shop: Speaking) -> None:
    people = [somebody() for _ in range(999)]
    agreed = somebody()
    shop.agree(agreed, "newsletter", "sms")
    answer = shop.dispatch([*people, agreed], "newsletter")

    decisions = [each["decision"] for each in answer.json()["recipients"]]
    assert decisions == ["deny"] * 999 + ["allow"]
    assert shop.dispatch([*people, agreed, somebody()], "newsletter").status in {400, 413}


def test_an_authorised_message_of_the_companys_own_sender_bears_its_basis(shop: Speaking) -> None:
    person = customer(shop)
    asked = shop.ask(person, "contract", text="Sent by ourselves.")
    outbound = {
        "channel": "sms",
        "external_id": secrets.token_hex(8),
        "direction": "outbound",
        "participants": [
            {"address": SHOP, "role": "sender"},
            {"address": person, "role": "recipient"},
        ],
        "body": "Sent by ourselves.",
        "authorisations": [{"recipient": person, "token": asked["authorisation"]}],
    }
    headers = shop.archive.said(shop.archive.capture(outbound))["headers"]
    assert ["x-lethe-authorisation", "valid"] in headers
    assert any(name == "x-lethe-basis" for name, _ in headers)

    changed = {**outbound, "external_id": secrets.token_hex(8), "body": "Something else."}
    headers = shop.archive.said(shop.archive.capture(changed))["headers"]
    assert ["x-lethe-authorisation", "invalid"] in headers
    del changed["authorisations"]
    changed["external_id"] = secrets.token_hex(8)
    headers = shop.archive.said(shop.archive.capture(changed))["headers"]
    assert ["x-lethe-authorisation", "missing"] in headers


def test_code_that_speaks_to_twilio_changes_its_base_url_alone(shop: Speaking) -> None:
    person = somebody()
    shop.write(person, "Where is my parcel?", "sms")
    status, sent = twilio(shop, To=person, Body="It comes today.")
    assert (status, sent["status"]) == (201, "queued")
    path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sent['sid']}.json"
    wait(lambda: basic(shop, "GET", path)[1]["status"] in {"sent", "delivered"}, "Twilio's word")
    assert "It comes today." in shop.reached(person)[-1]

    shop.write(person, "STOP", "sms")
    status, refused = twilio(shop, To=person, Body="News!", Purpose="newsletter")
    assert (status, refused["code"], refused["status"]) == (400, 21610, 400)
    assert person.removeprefix("tel:") not in json.dumps(refused)
    assert twilio(shop, password="wrong", To=person, Body="x")[0] == 401


def twilio(shop: Speaking, password: str | None = None, **fields: str) -> tuple[int, Document]:
    fields = {"From": SHOP, **fields}
    named = {name: value.removeprefix("tel:") for name, value in fields.items()}
    body = urllib.parse.urlencode(named).encode()
    return basic(shop, "POST", MESSAGES, body, password)


def basic(
    shop: Speaking, method: str, path: str, body: bytes = b"", password: str | None = None
) -> tuple[int, Document]:
    credentials = f"{ACCOUNT_SID}:{password or shop.vendors.auth_token}".encode()
    headers = {
        "Authorization": f"Basic {base64.b64encode(credentials).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    answer = shop.archive.stack.call(method, path, body, headers=headers)
    return answer.status, answer.json()
