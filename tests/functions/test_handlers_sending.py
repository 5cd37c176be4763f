"""Sending through the handlers, against vendors of the test: once at the vendor, and archived."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from lethe.usecases import sweep

from tests.aws_store import AwsStores
from tests.house import MARA, VENDORS, House, at_home, body_of, load
from tests.snapshots import items, queue, tables
from tools.fake_vendors import FakeVendors

JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)
SID = VENDORS["twilio"]["account_sid"]
PHONE = "+4930123456"
TO = "+4915112345678"


@pytest.fixture
def vendors() -> Iterator[FakeVendors]:
    fake = FakeVendors(
        account_sid=SID, auth_token="twilio-token", access_token="whatsapp-token"
    ).start()
    yield fake
    fake.stop()


@pytest.fixture
def house(aws: AwsStores, monkeypatch: pytest.MonkeyPatch, vendors: FakeVendors) -> Iterator[House]:
    monkeypatch.setattr(sweep, "DAYS_AHEAD", 1)  # the days of the test are enough
    with at_home(aws, monkeypatch) as made:
        for name in ("TWILIO_URL", "WHATSAPP_URL"):
            monkeypatch.setenv(name, vendors.url)
        made.now = JUNE
        made.call("retention_sweep", "schedule")
        made.http("govern", "post-own-addresses")
        yield made


def send(house: House, **changes: Any) -> tuple[int, Any]:
    headers = {"Idempotency_Key": changes.pop("key")} if "key" in changes else {}
    event = load("dispatch/post-send")
    return house.http("dispatch", "post-send", body_of(event) | changes, **headers)


def follow(house: House, dispatch_id: str) -> list[dict[str, Any]]:
    status, answer = house.http("dispatch", "get-dispatch", path=f"/dispatches/{dispatch_id}")
    assert status == 200, answer
    recipients: list[dict[str, Any]] = answer["recipients"]
    return recipients


def work(house: House) -> None:
    house.deliver("dispatch", "SendQueue")
    house.deliver("ingest", "SentQueue")


def test_a_message_leaves_once_and_is_in_the_archive(house: House, vendors: FakeVendors) -> None:
    status, answer = send(house)
    assert (status, answer["recipients"][0]["state"]) == (202, "queued"), answer
    again, same = send(house)
    assert (again, same["dispatch_id"]) == (202, answer["dispatch_id"])
    work(house)
    assert len(vendors.sent_to(TO)) == 1
    [fate] = follow(house, answer["dispatch_id"])
    assert (fate["state"], fate["basis"]) == ("captured", ["Art. 6(1)(c); standing"])
    [taken] = vendors.accepted
    _, found = house.http("access", "search", {**body_of(load("access/search")), "address": MARA})
    [message] = found["messages"]
    assert message["direction"] == "outbound"
    assert message["versions"][0]["body"] == taken.text
    assert ["x-lethe-basis", "Art. 6(1)(c); standing"] in message["versions"][0]["headers"]


def test_a_redelivered_queue_message_sends_nothing_again(
    house: House, vendors: FakeVendors
) -> None:
    _, answer = send(house)
    record = {
        "messageId": "m",
        "body": json.dumps({"dispatch": answer["dispatch_id"], "number": 0}),
    }
    for _ in range(3):
        assert house.call("dispatch", {"Records": [record]}) == {"batchItemFailures": []}
    assert len(vendors.accepted) == 1
    for _ in range(3):
        assert house.call("ingest", {"Records": [record]}) == {"batchItemFailures": []}
    assert len([i for i in items("MessagesTable") if "x" not in i]) == 1


def test_events_of_the_queues_speak_of_what_is_not_there(house: House) -> None:
    assert house.call("dispatch", "send-queue") == {"batchItemFailures": []}
    assert house.call("ingest", "sent-queue") == {"batchItemFailures": []}
    assert house.http("dispatch", "get-dispatch")[0] == 404


def test_who_opted_out_at_the_vendor_is_written_to_no_more(
    house: House, vendors: FakeVendors
) -> None:
    vendors.script("refuse:21610")
    _, answer = send(house)
    work(house)
    [fate] = follow(house, answer["dispatch_id"])
    assert (fate["state"], fate["reason"]) == ("refused", "21610")
    _, later = send(house, key="another-call-1")
    assert later["recipients"][0]["flags"] == ["vendor_blocked"]
    assert {row["t"]["S"] for row in items("ConsentTable") if "t" in row} == {
        "stopped",
        "vendor_blocked",
    }


def test_what_may_have_left_is_counted_for_the_alarm(
    house: House, vendors: FakeVendors, capsys: pytest.CaptureFixture[str]
) -> None:
    vendors.script("drop_after")
    _, answer = send(house)
    work(house)
    [fate] = follow(house, answer["dispatch_id"])
    assert (fate["state"], fate["reason"]) == ("uncertain", "no_answer")
    assert '"dispatches_uncertain"' in capsys.readouterr().out
    assert len([i for i in items("MessagesTable") if "x" not in i]) == 1
    assert len(vendors.accepted) == 1


def test_mail_leaves_by_ses(house: House) -> None:
    ses: Any = house.aws.sesv2
    ses.create_email_identity(EmailIdentity="company.example")
    own = {"from": "mailto:support@company.example", "channel": "email", "subject": "Your account"}
    to = [{"address": "mailto:mara@customer.example"}]
    status, answer = send(house, recipients=to, purpose="fraud-alert", **own)
    assert status == 202, answer
    work(house)
    [fate] = follow(house, answer["dispatch_id"])
    assert fate["state"] == "captured"


def test_what_is_on_its_way_lies_nowhere_in_clear(
    house: House, vendors: FakeVendors, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = "canary7q3x"
    for number, act in enumerate(("accept", "refuse:21610", "drop_after", "status:429")):
        vendors.script(act)
        to = [{"address": MARA, "name": canary}]
        status, answer = send(
            house, text=f"{canary} {number}", recipients=to, key=f"canary-call-{number}"
        )
        assert status == 202, answer
        for step in (lambda: None, lambda: house.deliver("dispatch", "SendQueue")):
            step()
            stored = [str(item) for table in tables() for item in items(table)]
            queued = [one.body for name in house.aws.queues for one in queue(name)]
            said = [*stored, *queued, *capfd.readouterr()]
            for secret in (canary, MARA, MARA.removeprefix("tel:"), "twilio-token"):
                assert not any(secret in text for text in said), secret
        house.deliver("ingest", "SentQueue")
    assert len(vendors.accepted) == 2


# ---- as Twilio -------------------------------------------------------------------------------


def twilio(house: House, credentials: str = f"{SID}:twilio-token", **form: str) -> tuple[int, Any]:
    event = load("dispatch/post-as-twilio")
    if form:
        event["body"] = base64.b64encode(urlencode(form).encode()).decode()
        del event["headers"]["I-Twilio-Idempotency-Token"]
    event["headers"]["Authorization"] = f"Basic {base64.b64encode(credentials.encode()).decode()}"
    answer = house.call("dispatch", event)
    assert answer["multiValueHeaders"]["Cache-Control"] == ["no-store"]
    return answer["statusCode"], json.loads(answer["body"])


def fetch(house: House, sid: str) -> tuple[int, Any]:
    path = f"/2010-04-01/Accounts/{SID}/Messages/{sid}.json"
    return house.http("dispatch", "get-as-twilio", path=path)


def test_code_that_speaks_to_twilio_speaks_to_us(house: House, vendors: FakeVendors) -> None:
    status, made = twilio(house)
    assert status == 201, made
    assert (made["status"], made["account_sid"], made["to"]) == ("queued", SID, TO)
    assert made["sid"].startswith("SM")
    assert len(made["sid"]) == 34
    assert twilio(house)[1]["sid"] == made["sid"], "the same idempotency token"
    assert fetch(house, made["sid"])[1]["status"] == "queued"
    work(house)
    status, found = fetch(house, made["sid"])
    assert (status, found["status"], found["error_code"]) == (200, "sent", None)
    assert (found["to"], found["body"]) == (None, None)
    assert vendors.sent_to(TO) == ["Your card was used abroad. Was it you?"]


def test_whatsapp_by_the_same_way(house: House, vendors: FakeVendors) -> None:
    form = {"To": f"whatsapp:{TO}", "From": f"whatsapp:{PHONE}", "Body": "Was it you?"}
    status, made = twilio(house, Purpose="fraud-alert", **form)
    assert status == 201, made
    work(house)
    assert [(a.vendor, a.text) for a in vendors.accepted] == [("whatsapp", "Was it you?")]


def test_what_may_not_go_is_refused_as_twilio_would(house: House) -> None:
    form = {"To": TO, "From": PHONE, "Body": "Buy!"}
    status, refused = twilio(house, Purpose="marketing", **form)
    assert (status, refused["code"], refused["status"]) == (400, 30004, 400)
    assert refused["message"] == "Denied: no_consent."
    assert refused["more_info"] == "https://www.twilio.com/docs/errors/30004"
    house.http(
        "consent",
        "post-opt-out",
        {"address": MARA, "channel": "sms", "own_address": f"tel:{PHONE}", "kind": "stop"},
    )
    house.now += timedelta(minutes=1)
    status, refused = twilio(house, Purpose="marketing", **form)
    assert (status, refused["code"]) == (400, 21610), refused
    status, refused = twilio(house, Purpose="fraud-alert", **form | {"From": "+4930999999"})
    assert (status, refused["code"]) == (400, 21606)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": PHONE, "Body": "x"}, 21604),
        ({"To": TO, "Body": "x", "MessagingServiceSid": "MG1"}, 21603),
        ({"To": TO, "From": PHONE}, 21602),
        ({"To": "Mara", "From": PHONE, "Body": "x"}, 21211),
        ({"To": TO, "From": "+", "Body": "x"}, 21212),
        ({"To": f"whatsapp:{TO}", "From": PHONE, "Body": "x"}, 21910),
        ({"To": TO, "From": PHONE, "Body": "x", "MediaUrl": "https://x.example"}, 20001),
        ({"To": TO, "From": PHONE, "Body": "x", "SendAt": "2026-06-02T00:00:00Z"}, 20001),
        ({"To": TO, "From": PHONE, "Body": "x", "ValidityPeriod": "0"}, 20001),
        ({"To": TO, "From": PHONE, "Body": "x", "Purpose": "gone"}, 20001),
        ({"To": TO, "From": PHONE, "Body": "x" * 100_001}, 21617),
    ],
)
def test_bad_parameters_have_twilios_numbers(house: House, form: dict[str, str], code: int) -> None:
    status, refused = twilio(house, **{"Purpose": "fraud-alert", **form})
    assert (status, refused["code"]) == (400, code), refused
    assert TO not in json.dumps(refused)
    assert not items("OutboxTable")
    assert not items("CountsTable"), "the gate was asked"


@pytest.mark.parametrize(
    "credentials",
    [f"{SID}:wrong", "AC1:twilio-token", "", ":", f"{SID}:", f"{SID}:twilio-token\n", "\xff\xfe"],
)
def test_only_the_company_itself_may(house: House, credentials: str) -> None:
    status, refused = twilio(house, credentials=credentials)
    assert (status, refused["code"]) == (401, 20003)
    assert not items("OutboxTable")
    event = load("dispatch/get-as-twilio")
    event["headers"]["Authorization"] = "Bearer x"
    assert house.call("dispatch", event)["statusCode"] == 401


def test_another_account_is_nobodys(house: House) -> None:
    event = load("dispatch/post-as-twilio")
    event["path"] = event["path"].replace(SID, "AC" + "1" * 32)
    assert house.call("dispatch", event)["statusCode"] == 401


def test_what_twilio_never_made_is_not_found(house: House) -> None:
    for sid in ("SM" + "0" * 32, "SM0", "XX" + "0" * 32):
        status, answer = fetch(house, sid)
        assert (status, answer["code"]) == (404, 20404)


def test_the_fate_of_a_message_in_twilios_words(house: House, vendors: FakeVendors) -> None:
    vendors.script("refuse:21211", "drop_after")
    fates = []
    for text in ("one", "two"):
        _, made = twilio(house, To=TO, From=PHONE, Body=text, Purpose="fraud-alert")
        work(house)
        found = fetch(house, made["sid"])[1]
        fates.append((found["status"], found["error_code"]))
    _, made = twilio(house, To=TO, From=PHONE, Body="x", Purpose="fraud-alert", ValidityPeriod="60")
    house.now += timedelta(minutes=2)
    work(house)
    late = fetch(house, made["sid"])[1]
    fates.append((late["status"], late["error_code"]))
    assert fates == [("failed", 21211), ("sent", 30008), ("failed", 30036)]
