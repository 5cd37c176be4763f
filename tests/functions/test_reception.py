"""What inbound messages say of further ones, and what is stamped on outbound ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from lethe.usecases import sweep

from tests.aws_store import AwsStores
from tests.faults import CrashError, Faults
from tests.house import MARA, House, at_home, body_of, load
from tests.snapshots import items

JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def house(aws: AwsStores, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(sweep, "DAYS_AHEAD", 1)  # the days of the test are enough
    with at_home(aws, monkeypatch) as made:
        made.now = JUNE
        made.call("retention_sweep", "schedule")
        made.http("govern", "post-own-addresses")
        yield made


def write(house: House, text: str, name: str = "1", **changes: Any) -> int:
    """Write to the company by WhatsApp; the status."""
    message = body_of(load("ingest/post-message"))
    message |= {"external_id": name, "body": text, **changes}
    return house.http("ingest", "post-message", message)[0]


def events() -> list[str]:
    """The types of the consent events on record, in their order."""
    rows = sorted((row for row in items("ConsentTable") if "t" in row), key=lambda r: r["sk"]["S"])
    return [row["t"]["S"] for row in rows]


def publish(house: House) -> None:
    """Let two people put the policy in force; the notices are published with it."""
    _, present = house.http("govern", "get-policy")
    policy = present["policy"]
    status, proposal = house.http("govern", "propose", policy, If_Match=f'"{present["version"]}"')
    assert status == 201, proposal
    path = f"/policy/proposals/{proposal['proposal_id']}"
    _, preview = house.http("govern", "preview", path=f"{path}/preview")
    status, _ = house.http(
        "govern", "approve", {"token": preview["token"]}, path=f"{path}/approval"
    )
    assert status == 200


@pytest.mark.parametrize("text", ["STOP", "stopp!", "„Stop“", " Abmelden. "])
def test_L8_stop_is_recorded_before_the_message_is_acknowledged(house: House, text: str) -> None:
    assert write(house, text) == 201
    assert events() == ["stopped"]
    assert write(house, text) == 200  # a redelivery is a duplicate, and adds nothing
    assert events() == ["stopped"]


def test_twilio_blocks_who_writes_stop_and_whatsapp_does_not(house: House) -> None:
    write(house, "STOP", channel="sms")
    assert sorted(events()) == ["stopped", "vendor_blocked"]
    write(house, "START", "2", channel="sms")
    assert sorted(events()) == ["stopped", "vendor_blocked", "vendor_unblocked"]


@pytest.mark.parametrize("text", ["Where does the bus stop?", "Stop by tomorrow, please", "Danke"])
def test_what_only_sounds_like_it_is_nothing(house: House, text: str) -> None:
    assert write(house, text) == 201
    assert events() == []


def test_L8_what_may_be_a_withdrawal_waits_for_a_human_once(house: House) -> None:
    for _ in range(2):
        write(house, "Bitte schreibt mir nicht mehr.")

    assert events() == []
    [review] = items("ReviewsTable")
    assert "nicht mehr" not in str(review)
    assert MARA not in str(review)


def test_an_old_stop_of_an_import_waits_for_a_human(house: House) -> None:
    """Since then the person may have agreed again: a machine cannot know."""
    old = load("ingest/post-message")
    claims = old["requestContext"]["authorizer"]["claims"]
    claims["scope"] = "lethe/capture lethe/import"
    body = body_of(old) | {"body": "STOP", "time": (JUNE - timedelta(days=2)).isoformat()}
    day = {"class": "support", "day": (JUNE - timedelta(days=2)).date().isoformat()}
    house.call(
        "retention_sweep",
        {"Records": [{"messageId": "1", "body": _day(day["class"], day["day"])}]},
    )
    old["body"] = _encoded(body)
    assert house.call("ingest", old)["statusCode"] == 201
    assert events() == []
    assert len(items("ReviewsTable")) == 1


def test_no_edit_in_the_same_call_drowns_a_stop(house: House) -> None:
    said = body_of(load("ingest/post-message")) | {"body": "STOP"}
    batch = {"messages": [said, said | {"body": "Never mind.", "edit": True}]}
    status, answered = house.http("ingest", "post-batch", batch)

    assert (status, [each["status"] for each in answered["results"]]) == (200, [201, 201])
    assert events() == ["stopped"]


def test_what_fails_on_the_way_is_not_acknowledged_and_recorded_once(
    house: House, aws: AwsStores
) -> None:
    faults = Faults()
    faults.watch(*aws.clients)
    faults.plan(None)
    assert write(house, "STOP", "0", channel="sms") == 201
    calls = len(faults.calls)
    assert calls > 8
    for number in range(1, calls + 1):
        for after in (False, True):
            name, crash = f"{number}-{after}", bool(number % 2)
            before = len(events())
            faults.plan(number, after=after, crash=crash)
            try:
                first = write(house, "STOP", name, channel="sms")
            except (CrashError, ClientError):
                first = 500
            failed = faults.failed
            faults.plan(None)
            again = write(house, "STOP", name, channel="sms")
            assert again in {200, 201}, (failed, first, again)
            assert len(events()) - before == 2, (failed, after)  # stopped, vendor_blocked


def test_L13_a_stranger_gets_the_notice_once_a_version_and_not_too_often(house: House) -> None:
    write(house, "Hello", "before")
    assert items("OutboxTable") == []  # no notice is published yet
    publish(house)
    house.now += timedelta(hours=2)
    for name in ("1", "2", "3"):
        write(house, "Hello", name)
        house.now += timedelta(hours=2)
    assert len(_dispatches()) == 1
    publish(house)  # nothing changed, so neither has the notice
    write(house, "Hello", "4")
    assert len(_dispatches()) == 1


def test_who_says_stop_first_is_not_greeted(house: House) -> None:
    publish(house)
    write(house, "STOP")
    assert _dispatches() == []


def test_a_token_is_stamped_and_is_no_part_of_the_message(house: House) -> None:
    body = body_of(load("dispatch/post-dispatch"))
    body |= {"purpose": "fraud-alert", "text": "Is it you?", "recipients": [{"address": MARA}]}
    status, asked = house.http("dispatch", "post-dispatch", body)
    assert status == 200, asked
    [recipient] = asked["recipients"]
    outbound = {
        "channel": body["channel"],
        "external_id": "out-1",
        "direction": "outbound",
        "participants": [
            {"address": body["from"], "role": "sender"},
            {"address": body["recipients"][0]["address"], "role": "recipient"},
        ],
        "body": "Is it you?",
        "authorisations": [
            {
                "recipient": body["recipients"][0]["address"],
                "token": recipient["authorisation"],
            }
        ],
    }
    status, captured = house.http("ingest", "post-message", outbound)
    assert status == 201, captured
    assert _stamps(house, captured) == {
        "x-lethe-authorisation": "valid",
        "x-lethe-basis": "Art. 6(1)(c); standing",
    }
    _, read = house.read(captured["message_id"])
    assert read["purpose"] == "fraud-alert"

    house.now += timedelta(minutes=20)  # the token is over, the message is the same
    assert house.http("ingest", "post-message", outbound)[0] == 200
    late = outbound | {"external_id": "out-2"}
    assert _stamps(house, house.http("ingest", "post-message", late)[1]) == {
        "x-lethe-authorisation": "expired"
    }
    forged = outbound | {"external_id": "out-3", "body": "Is it me?"}
    assert _stamps(house, house.http("ingest", "post-message", forged)[1]) == {
        "x-lethe-authorisation": "invalid"
    }
    bare = outbound | {"external_id": "out-4", "authorisations": []}
    assert _stamps(house, house.http("ingest", "post-message", bare)[1]) == {
        "x-lethe-authorisation": "missing"
    }
    other = outbound | {"external_id": "out-5", "purpose": "newsletter"}
    assert _stamps(house, house.http("ingest", "post-message", other)[1]) == {
        "x-lethe-authorisation": "invalid"
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"direction": "inbound", "authorisations": [{"recipient": MARA, "token": "1.x.y"}]},
        {"authorisations": [{"recipient": "tel:+4930999999", "token": "1.x.y"}]},
        {"authorisations": [{"recipient": MARA, "token": "x" * 2_000}]},
        {"authorisations": [{"recipient": "canary", "token": "1.x.y"}]},
        {"authorisations": {"canary": "1.x.y"}},
    ],
)
def test_wrong_authorisations_are_named(house: House, changes: dict[str, Any]) -> None:
    message = body_of(load("ingest/post-message"))
    message |= {
        "direction": "outbound",
        "participants": [
            {"address": "tel:+4930123456", "role": "sender"},
            {"address": MARA, "role": "recipient"},
        ],
    }
    status, problem = house.http("ingest", "post-message", message | changes)
    assert status == 400
    assert all(e["pointer"].startswith("/authorisations") for e in problem["errors"]), problem
    assert "canary" not in str(problem)
    assert items("MessagesTable") == []


def test_what_people_write_by_hand_is_counted_and_stopped_by_nothing(house: House) -> None:
    said = {
        "channel": "chat",
        "external_id": "by-hand",
        "direction": "outbound",
        "participants": [
            {"address": "tel:+4930123456", "role": "sender"},
            {"address": MARA, "role": "recipient"},
        ],
        "body": "Our newest offers!",
        "purpose": "newsletter",
    }
    assert house.http("ingest", "post-message", said)[0] == 201
    figures = [item for item in items("CountsTable") if item["pk"]["S"].startswith("a#chat#")]
    assert any("no_consent" in name for item in figures for name in item), figures
    assert not [row for row in items("AuditTable") if "send_blocked" in str(row)]


def _dispatches() -> list[str]:
    return [item["pk"]["S"] for item in items("OutboxTable") if item["sk"]["S"] == "head"]


def _stamps(house: House, captured: dict[str, Any]) -> dict[str, str]:
    status, read = house.read(captured["message_id"])
    assert status == 200, read
    headers = read["versions"][0]["headers"]
    return {name: value for name, value in headers if name.startswith("x-lethe-")}


def _encoded(body: object) -> str:

    return base64.b64encode(json.dumps(body).encode()).decode()


def _day(cls: str, day: str) -> str:

    end = datetime.fromisoformat(day).date().replace(year=2027) + timedelta(days=1)
    return json.dumps({"class": cls, "day": day, "end": end.isoformat()})
