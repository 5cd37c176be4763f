"""Notices through the handlers: made with the policy, shown to anybody, approved by another one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from lethe import bootstrap

from tests.aws_store import AwsStores
from tests.house import House, at_home, load
from tests.notice_scenes import document


@pytest.fixture
def house(aws: AwsStores, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with at_home(aws, monkeypatch) as made:
        yield made


def put_in_force(house: House, policy: dict[str, Any], seen: int) -> dict[str, Any]:
    """Change the policy as two people do; what the preview showed."""
    status, proposal = house.http("govern", "propose", policy, If_Match=f'"{seen}"')
    assert status == 201, proposal
    below = f"/policy/proposals/{proposal['proposal_id']}"
    status, shown = house.http("govern", "preview", path=f"{below}/preview")
    assert status == 200, shown
    token = {"token": shown["token"]}
    status, made = house.http("govern", "approve", token, path=f"{below}/approval")
    assert (status, made["version"]) == (200, seen + 1)
    found: dict[str, Any] = shown
    return found


def show(
    house: House, path: str = "/notices/external/en", seen: str = "", **query: str
) -> tuple[int, str, dict[str, str]]:
    event = load("govern/show-notice") | {"path": path}
    if query:
        event |= {"queryStringParameters": query}
    if seen:
        event["headers"]["If-None-Match"] = seen
        event["multiValueHeaders"]["If-None-Match"] = [seen]
    answer = house.call("govern", event)
    headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return answer["statusCode"], answer["body"], headers


def test_L18_a_shorter_period_is_told_at_once_in_every_language(house: House) -> None:
    assert show(house)[0] == 404
    put_in_force(house, document(), 0)
    before = show(house)[1]
    made = document()
    made["classes"]["support"]["period"] = "P180D"

    shown = put_in_force(house, made, 1)

    assert [(n["audience"], n["version"]) for n in shown["notices"]] == [
        ("external", 2),
        ("employees", 2),
    ]
    assert "1\xa0Jahr ab dem Tag" in shown["notices"][0]["differences"]["de"][0]
    status, after, headers = show(house)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert after.count("180\xa0days from the day") == before.count("180\xa0days from the day") + 1
    assert "Version 2, in force since 1 January 2026" in after
    for code, words in (("de", "180\xa0Tage ab"), ("fr", "180\xa0jours à compter")):
        assert words in show(house, f"/notices/external/{code}")[1]
        assert words in show(house, f"/notices/employees/{code}", format="md")[1]

    status, version = house.http("govern", "get-notice-version", path="/notice-versions/external/2")
    assert (status, version["policy_version"]) == (200, 2)
    [changed] = version["changed"]
    assert changed["pointer"] == "/retention/entries/support/statements/period"
    assert changed["before"]["values"] == {"period": {"period": "P1Y"}}
    assert changed["after"]["values"] == {"period": {"period": "P180D"}}
    assert version["drafted_by"] != version["approved_by"]


def test_the_page_is_for_anybody_and_is_cached_by_its_version(house: House) -> None:
    put_in_force(house, document(), 0)

    status, _, headers = show(house)
    assert status == 200
    assert headers["Cache-Control"] == "public, max-age=300"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    status, body, again = show(house, seen=headers["ETag"])
    assert (status, body, again["ETag"]) == (304, "", headers["ETag"])
    told = json.loads(show(house, format="json")[1])
    assert (told["audience"], told["version"], told["language"]) == ("external", 1, "en")
    assert show(house, format="md")[1].startswith("# Privacy notice for messages\n")


def test_what_is_not_there_is_named(house: House) -> None:
    put_in_force(house, document(), 0)

    status, body, _ = show(house, "/notices/external/xx")
    assert status == 404
    assert "de, en, fr" in json.loads(body)["detail"]
    status, body, _ = show(house, "/notices/children/en")
    assert status == 404
    assert "external and employees" in json.loads(body)["detail"]
    status, body, _ = show(house, format="pdf")
    assert status == 400
    assert json.loads(body)["errors"][0]["pointer"] == "?format"
    for path in ("external/0", "external/2", "external/x", "children/1"):
        assert house.http("govern", "get-notice-version", path=f"/notice-versions/{path}")[0] == 404


def test_a_setting_of_the_stack_is_published_by_two_people(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_force(house, document(), 0)
    assert house.http("govern", "draft-notice")[0] == 409
    monkeypatch.setenv("LOG_RETENTION_DAYS", "365")
    bootstrap.use(bootstrap.World(client=lambda s: getattr(house.aws, s), clock=lambda: house.now))

    status, drafted = house.http("govern", "draft-notice")
    assert (status, drafted["version"]) == (201, 2)
    [line] = drafted["differences"]["en"]
    assert "365\xa0days" in line
    own = load("govern/approve-notice")
    drafter = load("govern/draft-notice")["requestContext"]["authorizer"]
    own["requestContext"]["authorizer"]["claims"]["sub"] = drafter["claims"]["sub"]
    own |= {"body": json.dumps({"hash": drafted["hash"]}), "isBase64Encoded": False}
    assert house.call("govern", own)["statusCode"] == 403
    assert "365\xa0days" not in show(house)[1]

    status, made = house.http("govern", "approve-notice", {"hash": drafted["hash"]})

    assert (status, made["notices"]) == (200, {"external": 2, "employees": 1})
    assert "365\xa0days" in show(house)[1]
    assert house.http("govern", "approve-notice")[0] == 404
    assert house.http("govern", "approve-notice", {"hash": "x"})[0] == 400


def test_L19_a_policy_whose_notice_lacks_a_field_is_refused_with_its_place(house: House) -> None:
    put_in_force(house, document(), 0)
    made = document()
    del made["controller"]["supervisory_authority"]

    _, proposal = house.http("govern", "propose", made, If_Match='"1"')
    below = f"/policy/proposals/{proposal['proposal_id']}"
    status, problem = house.http("govern", "preview", path=f"{below}/preview")

    assert status == 400
    assert problem["errors"][0]["pointer"] == "/controller/supervisory_authority"


def test_L20_the_record_comes_from_the_policy_in_force(house: House) -> None:
    made = document()
    made["classes"]["support"]["period"] = "P123D"
    put_in_force(house, made, 0)

    status, told = house.http("govern", "records-of-processing")
    assert (status, told["policy_version"]) == (200, 1)
    service = next(each for each in told["activities"] if each["id"] == "service")
    assert any("123\xa0days" in limit for limit in service["limits"])
    event = load("govern/records-of-processing")
    event["queryStringParameters"] = {"view": "processor", "format": "csv", "language": "fr"}
    answer = house.call("govern", event)
    head, row = csv.reader(io.StringIO(answer["body"].removeprefix("\ufeff")))
    assert head[-1] == "Mesures de sécurité (Art. 30(2)(d))"
    assert row[0] == "processor-1"
    for name, value in (("view", "x"), ("format", "xml"), ("language", "xx")):
        event["queryStringParameters"] = {name: value}
        answer = house.call("govern", event)
        assert answer["statusCode"] == 400
        assert json.loads(answer["body"])["errors"][0]["pointer"] == f"?{name}"
