"""Governance through the handlers: proposed, previewed, approved by another person."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests import notice_scenes
from tests.aws_store import AwsStores
from tests.house import House, at_home, load

OFFICER = "a1b2c3d4-0000-4000-8000-000000000001"
NOWHERE = "0" * 32


@pytest.fixture
def house(aws: AwsStores, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with at_home(aws, monkeypatch) as made:
        yield made


def present(house: House) -> dict[str, Any]:
    found: dict[str, Any] = house.http("govern", "get-policy")[1]
    return found


def propose(house: House, policy: dict[str, Any], seen: int = 0) -> dict[str, Any]:
    status, proposal = house.http("govern", "propose", policy, If_Match=f'"{seen}"')
    assert status == 201, proposal
    found: dict[str, Any] = proposal
    return found


def below(proposal: dict[str, Any], act: str = "") -> str:
    return f"/policy/proposals/{proposal['proposal_id']}{act}"


def preview(house: House, proposal: dict[str, Any]) -> dict[str, Any]:
    status, shown = house.http("govern", "preview", path=below(proposal, "/preview"))
    assert status == 200, shown
    found: dict[str, Any] = shown
    return found


def approve(house: House, proposal: dict[str, Any], token: str) -> tuple[int, Any]:
    return house.http("govern", "approve", {"token": token}, path=below(proposal, "/approval"))


def shorter(house: House, cls: str, period: str) -> dict[str, Any]:
    policy: dict[str, Any] = present(house)["policy"]
    policy["classes"][cls]["period"] = period
    return policy


def test_a_change_is_proposed_previewed_and_approved(house: House) -> None:
    house.capture()
    proposal = propose(house, shorter(house, "correspondence", "P180D"))
    assert proposal["state"] == "open"
    assert proposal["proposed_by"] == OFFICER
    [changed] = [
        d for d in proposal["differences"] if d["pointer"] == "/classes/correspondence/period"
    ]
    assert changed == {
        "pointer": "/classes/correspondence/period",
        "act": "changed",
        "before": "P2Y",
        "after": "P180D",
    }

    shown = preview(house, proposal)
    [effect] = shown["classes"]
    assert (effect["class"], effect["new_messages"]) == ("correspondence", "end_earlier")
    assert effect["existing"]["messages"] == 1
    assert effect["existing"]["days"] == {"first": "2026-01-01", "last": "2026-01-01"}
    assert effect["existing"]["newly_overdue"] == {"messages": 0, "days": 0}
    assert shown["names"]["classes"] == {"added": [], "removed": [], "changed": ["correspondence"]}

    status, made = approve(house, proposal, shown["token"])
    assert (status, made["version"]) == (200, 1)
    assert present(house)["version"] == 1
    assert present(house)["policy"]["classes"]["correspondence"]["period"] == "P180D"
    _, found = house.http("govern", "get-proposal", path=below(proposal))
    assert (found["state"], found["version"]) == ("approved", 1)
    assert found["policy"]["classes"]["correspondence"]["period"] == "P180D"


def test_an_approval_that_is_repeated_is_answered_again(house: House) -> None:
    proposal = propose(house, shorter(house, "support", "P180D"))
    token = preview(house, proposal)["token"]
    assert [approve(house, proposal, token)[0] for _ in range(2)] == [200, 200]
    assert present(house)["version"] == 1


def test_a_preview_holds_for_an_hour(house: House) -> None:
    proposal = propose(house, shorter(house, "support", "P180D"))
    token = preview(house, proposal)["token"]
    house.now += timedelta(hours=1)
    status, problem = approve(house, proposal, token)
    assert status == 409
    assert "preview the proposal again" in problem["detail"]
    assert present(house)["version"] == 0


def test_a_token_is_for_one_proposal_alone(house: House) -> None:
    one, other = (propose(house, shorter(house, "support", p)) for p in ("P180D", "P90D"))
    token = preview(house, one)["token"]
    assert approve(house, other, token)[0] == 409
    assert approve(house, one, token)[0] == 200
    assert house.http("govern", "preview", path=below(other, "/preview"))[0] == 409
    assert house.http("govern", "get-proposal", path=below(other))[1]["state"] == "outdated"


def test_a_forged_token_approves_nothing(house: House) -> None:
    proposal = propose(house, shorter(house, "support", "P180D"))
    token = preview(house, proposal)["token"]
    later = str(int(token.split(".")[0]) + 1) + token[token.index(".") :]
    assert approve(house, proposal, later)[0] == 409
    assert approve(house, proposal, token[:-1] + ("B" if token[-1] != "B" else "C"))[0] == 409
    assert present(house)["version"] == 0


def test_bad_calls_name_what_is_wrong(house: House) -> None:
    policy = present(house)["policy"]
    assert house.http("govern", "propose", policy, If_Match='"7"')[0] == 409
    status, problem = house.http("govern", "propose", policy, If_Match="x")
    assert (status, problem["errors"][0]["pointer"]) == (400, "header If-Match")
    wrong = {**policy, "default_class": "nothing"}
    status, problem = house.http("govern", "propose", wrong)
    assert (status, problem["errors"][0]["pointer"]) == (400, "/default_class")
    policy["classes"]["support"]["erasure_rule"] = "any_party"
    status, problem = house.http("govern", "propose", policy)
    assert problem["errors"][0]["pointer"] == "/classes/support/erasure_rule"
    for path in (NOWHERE, "x", "0"):
        asked = f"/policy/proposals/{path}"
        assert house.http("govern", "get-proposal", path=asked)[0] == 404
        assert house.http("govern", "preview", path=f"{asked}/preview")[0] == 404
        assert house.http("govern", "approve", path=f"{asked}/approval")[0] == 404
    status, problem = house.http("govern", "approve", {"token": "x", "more": 1})
    assert {each["pointer"] for each in problem["errors"]} == {"/token", "/more"}
    assert present(house)["version"] == 0


def as_officer(house: House, event: str, path: str, body: object = None) -> tuple[int, Any]:
    """Send an approver's event as the officer who proposes."""
    given = load(f"govern/{event}")
    given["path"] = path
    if body is not None:
        given["body"] = base64.b64encode(json.dumps(body).encode()).decode()
    claims = given["requestContext"]["authorizer"]["claims"]
    claims |= {"sub": OFFICER, "username": OFFICER, "cognito:groups": "privacy-officer"}
    answer = house.call("govern", given)
    return answer["statusCode"], json.loads(answer["body"])


def notice(house: House) -> dict[str, Any]:
    """Read the published notice as anybody does."""
    event = load("govern/get-policy")
    event |= {"path": "/notices/external/en", "queryStringParameters": {"format": "json"}}
    event["requestContext"]["authorizer"] = None
    answer = house.call("govern", event)
    assert answer["statusCode"] == 200, answer["body"]
    found: dict[str, Any] = json.loads(answer["body"])
    return found


def record_of_processing(house: House) -> dict[str, Any]:
    status, record = house.http("govern", "records-of-processing")
    assert status == 200, record
    found: dict[str, Any] = record
    return found


def said(document: dict[str, Any]) -> str:
    """The words of a document, with ordinary spaces."""
    return json.dumps(document, ensure_ascii=False).replace("\N{NO-BREAK SPACE}", " ")


def test_L18_L71_a_retention_of_180_days_instead_of_365_is_followed_by_all_else(
    house: House,
) -> None:
    house.now += timedelta(days=10)  # the screenings of this policy are of January 2026
    whole = notice_scenes.document()
    whole["classes"]["correspondence"]["period"] = "P365D"
    first = propose(house, whole)
    assert approve(house, first, preview(house, first)["token"])[0] == 200
    house.call("retention_sweep", "schedule")
    old, young = house.capture(), ""
    for days in (170, 20):
        house.now += timedelta(days=days)
        house.call("retention_sweep", "schedule")
        young = young or house.capture(external_id="young")
    assert notice(house)["version"] == 1
    assert "365 days" in said(notice(house))

    proposal = propose(house, shorter(house, "correspondence", "P180D"), seen=1)
    status, seen = as_officer(house, "preview", below(proposal, "/preview"))
    assert status == 200
    alone = as_officer(house, "approve", below(proposal, "/approval"), {"token": seen["token"]})
    assert alone[0] == 403
    assert house.call("retention_sweep", "dry-run")["messages_expired"] == 0
    assert (present(house)["version"], notice(house)["version"]) == (1, 1)

    shown = preview(house, proposal)
    [effect] = shown["classes"]
    assert effect["existing"] == {
        "messages": 2,
        "days": {"first": "2026-01-11", "last": "2026-06-30"},
        "ends_before": {"first": "2027-01-12", "last": "2027-07-01"},
        "ends_after": {"first": "2026-07-11", "last": "2026-12-28"},
        "newly_overdue": {"messages": 1, "days": 1},
    }
    following = {each["audience"]: each for each in shown["notices"]}
    assert following.keys() == {"external", "employees"}
    assert following["external"]["version"] == 2
    assert following["external"]["differences"].keys() == {"de", "en", "fr"}
    for lines in following["external"]["differences"].values():
        assert any("365" in line and "180" in line for line in lines)

    status, made = approve(house, proposal, shown["token"])
    assert (status, made) == (200, {"version": 2, "notices": {"external": 2, "employees": 2}})

    assert notice(house)["version"] == 2
    assert "180 days" in said(notice(house))
    assert "365 days" not in said(notice(house))
    assert "180 days" in said(record_of_processing(house))
    swept = house.call("retention_sweep", "schedule")
    assert swept["messages_expired"] == effect["existing"]["newly_overdue"]["messages"]
    assert [house.read(each)[0] for each in (old, young)] == [410, 200]


def test_doctor_answers_staff_and_whoever_runs_it_by_hand(house: House) -> None:
    status, answer = house.http("govern", "doctor")
    assert status == 200
    assert house.call("govern", "doctor-by-hand") == answer
    assert all(
        each.keys() == {"severity", "code", "place", "facts", "mend"} for each in answer["findings"]
    )
    assert "notice_not_published" in {each["code"] for each in answer["findings"]}


def test_the_schedule_reports_a_day_once_and_it_is_read_again(
    house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    house.now += timedelta(days=10)
    whole = notice_scenes.document() | {"review": {"owner": "privacy", "due": "2025-10-01"}}
    first = propose(house, whole)
    assert approve(house, first, preview(house, first)["token"])[0] == 200
    house.capture()
    house.now += timedelta(days=1)
    made = house.call("govern", "schedule")
    assert made == {"published": True, "day": "2026-01-11", "overdue": 1}
    assert house.call("govern", "schedule") == {"published": False}
    metrics = [json.loads(line) for line in capfd.readouterr().out.splitlines() if "_aws" in line]
    assert [each["reviews_escalated"] for each in metrics if "reviews_escalated" in each] == [[1]]

    status, report = house.http("govern", "get-report", path="/reports/2026-01-11")
    assert status == 200
    assert report["overdue_reviews"][0]["owner"] == "privacy"
    assert report["unknown_channels"] == ["whatsapp"]
    for day in ("2026-02-30", "x", "2026-01-13", "0001-01-01"):
        assert house.http("govern", "get-report", path=f"/reports/{day}")[0] == 404
