"""Dispatches through the handler: who may be written to, on what, and what is authorised."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from lethe.bootstrap import World, use

from tests.aws_store import AwsStores
from tests.faults import Faults
from tests.house import MARA, House, at_home, body_of, load
from tests.snapshots import items

JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def house(aws: AwsStores, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with at_home(aws, monkeypatch) as made:
        made.now = JUNE
        made.http("govern", "post-own-addresses")
        yield made


def begin_anew(house: House) -> None:
    """Let every function be one that has just started."""
    aws = house.aws
    world = World(client=lambda service: getattr(aws, service), clock=lambda: house.now)
    use(world)


def dispatch(house: House, event: str = "post-dispatch", **changes: Any) -> tuple[int, Any]:
    return house.http("dispatch", event, body_of(load(f"dispatch/{event}")) | changes)


def test_L2_a_fraud_alert_goes_on_the_law_and_is_authorised_for_each(house: House) -> None:
    status, answer = dispatch(house)

    assert status == 200, answer
    assert answer["policy_version"] == 0
    first, second = answer["recipients"]
    assert first["authorisation"] != second["authorisation"]
    explanation = first.pop("explanation")
    assert explanation["vendor"] == "allowed"
    del first["authorisation"]
    assert first == {
        "number": 0,
        "decision": "allow",
        "reason": None,
        "basis": {
            "purpose": "fraud-alert",
            "legal_basis": "Art. 6(1)(c)",
            "evidence": "standing",
        },
        "flags": [],
        "gate": "enforced",
    }


def test_L1_a_campaign_to_somebody_who_never_agreed_is_denied(house: House) -> None:
    status, answer = dispatch(house, "post-campaign")

    assert status == 200
    [recipient] = answer["recipients"]
    assert (recipient["decision"], recipient["reason"]) == ("deny", "no_consent")
    assert recipient["basis"] is None
    assert "authorisation" not in recipient
    [event] = [e for e in items("AuditTable") if e["action"]["S"] == "send_blocked"]
    assert event["facts"]["M"] == {
        "channel": {"S": "sms"},
        "purpose": {"S": "marketing"},
        "no_consent": {"S": "1"},
    }
    [figures] = [i for i in items("CountsTable") if i["pk"]["S"] == "a#sms#2026-06-01"]
    assert figures["gate.denied.no_consent"]["N"] == "1"


def test_what_is_masked_is_answered_as_it_may_leave(house: House) -> None:
    iban = "DE89 3704 0044 0532 0130 00"

    status, answer = dispatch(house, text=f"Your refund goes to {iban}.", explain=False)

    assert status == 200
    assert iban not in answer["text"]
    assert answer["content"] == {"masked": {"iban": 1}}
    assert answer["recipients"][0]["flags"] == ["content_masked"]
    assert "text" not in answer["recipients"][0]


def test_a_mail_that_one_may_stop_has_a_link_for_each(house: House) -> None:
    to = [{"address": "mailto:mara@customer.example"}, {"address": "mailto:noor@customer.example"}]
    own = {"from": "mailto:support@company.example", "channel": "email", "recipients": to}

    status, answer = dispatch(house, "post-campaign", **own)

    assert status == 200, answer
    mara, noor = answer["recipients"]
    assert mara["flags"] == ["observed"]
    assert mara["reason"] == "no_consent"
    assert mara["withdrawal_url"] in mara["text"]
    assert mara["withdrawal_url"].startswith("https://lethe.example/withdrawals/")
    assert mara["withdrawal_url"] != noor["withdrawal_url"]


def test_a_search_tells_who_ended_it(house: House) -> None:
    status, answer = house.http("dispatch", "search-suppressions")

    assert status == 200
    assert answer["results"] == [
        {"number": 0, "suppressed": False, "reason": None},
        {"number": 1, "suppressed": False, "reason": None},
    ]


BAD: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({"from": "mara"}, {"/from"}),
    ({"channel": "S M S", "purpose": ""}, {"/channel", "/purpose"}),
    ({"recipients": []}, {"/recipients"}),
    ({"recipients": [{"address": MARA, "role": "sender"}]}, {"/recipients/0/role"}),
    (
        {"recipients": [{"address": MARA}, {"address": "x", "name": "a\nb"}]},
        {"/recipients/1/address", "/recipients/1/name"},
    ),
    ({"recipients": [{"address": MARA}] * 1001}, {"/recipients"}),
    ({"text": "", "subject": "a\nb"}, {"/text", "/subject"}),
    ({"text": "\x00", "html": "\x07", "locale": "english"}, {"/text", "/html", "/locale"}),
    ({"send": "yes", "surplus": 1}, {"/send", "/surplus"}),
    ({"not_after": "2026-06-02T00:00:00Z", "template": "x"}, {"/not_after", "/template"}),
    ({"send": True, "not_after": "2020-01-01T00:00:00Z"}, {"/not_after"}),
    ({"send": True, "from": "mailto:support@company.example"}, {"/from"}),
    ({"purpose": "gone", "vendor": "nobody"}, {"/purpose", "/vendor"}),
    ({"purpose": "marketing", "together": True}, {"/together"}),
)

BAD_SEARCHES: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({"addresses": []}, {"/addresses"}),
    ({"addresses": [MARA, "x"], "channel": "*"}, {"/addresses/1", "/channel"}),
    ({"own_address": "x", "purpose": ""}, {"/own_address", "/purpose"}),
    ({"purpose": "gone"}, {"/purpose"}),
)


def test_bad_input_names_each_wrong_field_and_leaves_nothing(house: House) -> None:
    before = items("AuditTable")

    for changes, pointers in BAD:
        status, problem = dispatch(house, **changes)
        assert (status, problem["type"]) == (400, "urn:lethe:problem:invalid-input")
        assert {error["pointer"] for error in problem["errors"]} == pointers
    for changes, pointers in BAD_SEARCHES:
        given = body_of(load("dispatch/search-suppressions")) | changes
        status, problem = house.http("dispatch", "search-suppressions", given)
        assert status == 400
        assert {error["pointer"] for error in problem["errors"]} == pointers

    assert items("AuditTable") == before
    assert not [i for i in items("CountsTable") if i["pk"]["S"].startswith("a#")]


def test_who_may_not_dispatch_is_told_so(house: House) -> None:
    event = load("dispatch/post-dispatch")
    event["requestContext"]["authorizer"]["claims"]["scope"] = "lethe/capture"
    assert house.call("dispatch", event)["statusCode"] == 403


def test_a_dispatch_that_never_was_is_not_found(house: House) -> None:
    event = load("dispatch/post-dispatch") | {"httpMethod": "GET", "body": None}
    for dispatch_id in ("0" * 32, "nonsense"):
        answer = house.call("dispatch", event | {"path": f"/dispatches/{dispatch_id}"})
        assert answer["statusCode"] == 404


def test_L1_with_any_call_of_aws_failing_nothing_leaves_but_what_is_marked(house: House) -> None:
    """Each call of a decision fails once, in a process that has just started."""
    faults = Faults()
    faults.watch(*house.aws.clients)
    invoice: dict[str, Any] = {"purpose": "invoices", "explain": False}
    assert dispatch(house, **invoice)[1]["recipients"][0]["decision"] == "allow"
    for purpose in ("invoices", "fraud-alert"):
        begin_anew(house)
        faults.plan(None)
        dispatch(house, purpose=purpose)
        calls = [operation for operation, _ in faults.calls]
        assert set(calls) == {"GenerateMac", "BatchGetItem", "UpdateItem"}
        for number in range(1, len(calls) + 1):
            for after in (False, True):
                begin_anew(house)
                faults.plan(number, after=after)
                status, answer = dispatch(house, purpose=purpose)
                faults.plan(None)
                assert status == 200
                for recipient in answer["recipients"]:
                    assert recipient["reason"] == "unavailable"
                    allowed = recipient["decision"] == "allow"
                    assert allowed is ("allowed_on_failure" in recipient["flags"])
                    assert not allowed or purpose == "fraud-alert"
                    assert allowed or "authorisation" not in recipient
