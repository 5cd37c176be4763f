"""Governance through the handlers: proposed, previewed, approved by another person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.aws_store import AwsStores
from tests.house import House, at_home

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
