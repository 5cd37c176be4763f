"""Consent through the handler, as AWS calls it: given, shown, taken back, looked after."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from lethe.crypto import jws
from lethe.crypto.withdrawal_link import WithdrawalLink
from lethe.domain.addresses import Address
from lethe.domain.human_review import possible_withdrawal
from lethe.domain.messages import MessageId
from lethe.domain.requests import RequestId

from tests.aws_store import AwsStores
from tests.consent_scene import policy
from tests.functions.test_handlers_canary import CANARY, everything_stored
from tests.house import MARA, House, at_home, body_of, load

MAIL = "mailto:mara@customer.example"
MARKETING = {"newsletter", "similar"}


@pytest.fixture
def house(aws: AwsStores, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    document = policy().model_dump_json()
    aws.dynamodb.put_item(
        TableName="PolicyTable",
        Item={"pk": {"S": "v#0001"}, "doc": {"S": document}, "at": {"N": "0"}, "actor": {"S": "x"}},
    )
    aws.dynamodb.put_item(
        TableName="PolicyTable", Item={"pk": {"S": "head"}, "version": {"N": "1"}}
    )
    with at_home(aws, monkeypatch) as made:
        yield made


def consents(*answers: tuple[str, str], purpose: str = "newsletter") -> dict[str, Any]:
    """The body of POST /consents: (decision, channel) of Mara."""
    [given, refused] = body_of(load("consent/post-consents"))["consents"]
    known = {"given": given, "renewed": given, "refused": refused}
    listed = [
        {**deepcopy(known[decision]), "decision": decision, "purpose": purpose, "channel": channel}
        for decision, channel in answers
    ]
    return {"address": MAIL, "consents": listed}


def give(house: House, channel: str = "email", **headers: str) -> dict[str, Any]:
    body = consents(("given", channel))
    body["consents"][0]["evidence"]["at"] = house.now.isoformat()
    headers = headers or {"Idempotency_Key": f"form-{house.now.isoformat()}-{channel}"}
    status, answer = house.http("consent", "post-consents", body, **headers)
    assert status == 201, answer
    house.now += timedelta(minutes=1)
    [event] = answer["events"]
    assert isinstance(event, dict)
    return event


def states(house: House) -> dict[tuple[str, str], str]:
    status, found = house.http("consent", "search")
    assert status == 200
    return {(line["purpose"], line["channel"]): line["state"] for line in found["purposes"]}


def page(house: House, method: str, token: str, **headers: str) -> tuple[int, str, dict[str, Any]]:
    event = load(f"consent/{method}-link")
    event["path"] = f"/withdrawals/{token}"
    event["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
    answer = house.call("consent", event)
    return answer["statusCode"], answer["body"], answer["multiValueHeaders"]


def link(purpose: str = "newsletter") -> str:
    from lethe import settings  # noqa: PLC0415 - the environment is the house's
    from lethe.bootstrap.parts import WithdrawalLinks  # noqa: PLC0415 - as above
    from lethe.bootstrap.world import pseudonyms, world  # noqa: PLC0415 - as above

    env = settings.load(settings.ConsentSettings)
    hashes = pseudonyms(world(), env.pseudonym_key_id)
    links = WithdrawalLinks(world().kms, authorisation_key_id=env.authorisation_key_id)
    own = hashes.pseudonym(Address("mailto:support@company.example"))
    return links.seal(WithdrawalLink(hashes.pseudonym(Address(MAIL)), purpose, "email", own))


def test_each_answer_of_a_form_gets_its_record_and_receipt(house: House) -> None:
    body = consents(("given", "email"), ("refused", "sms"))

    status, answer = house.http("consent", "post-consents", body)

    assert status == 201
    assert [(e["type"], e["channel"]) for e in answer["events"]] == [
        ("given", "email"),
        ("refused", "sms"),
    ]
    key = house.call("consent", "get-keys")
    assert key["multiValueHeaders"]["Cache-Control"] == ["public, max-age=86400"]
    [jwk] = json.loads(key["body"])["keys"]
    assert (jwk["kty"], jwk["crv"], jwk["alg"]) == ("EC", "P-256", "ES256")
    public = house.aws.kms.get_public_key(KeyId=house.aws.kms_keys["ReceiptsKey"])["PublicKey"]
    for event in answer["events"]:
        claims = jws.verify(event["receipt"], public)
        assert claims["record_id"] == event["event_id"]
        assert MAIL not in json.dumps(claims)
    assert MAIL not in json.dumps(answer)
    status, again = house.http("consent", "post-consents", body)
    assert (status, [e["duplicate"] for e in again["events"]]) == (200, [True, True])
    assert [e["event_id"] for e in again["events"]] == [e["event_id"] for e in answer["events"]]


def test_where_a_person_stands_is_told_in_words(house: House) -> None:
    event = give(house)

    status, found = house.http("consent", "search")

    assert status == 200
    [line] = [one for one in found["purposes"] if one["purpose"] == "newsletter"]
    assert (line["state"], line["allowed"], line["channel"]) == ("given", True, "email")
    assert line["event_id"] == event["event_id"]
    assert line["until"].startswith("2028-01-02")
    assert found["objections"] == found["stops"] == found["bases"] == []


def test_L5_one_call_withdraws_and_says_what_follows(house: House) -> None:
    event = give(house)

    status, answer = house.http("consent", "post-withdrawal")

    assert status == 201
    assert answer["stops"] == [
        {"purpose": "newsletter", "channel": "email", "event_id": event["event_id"]}
    ]
    assert answer["proposals"] == answer["pending"] == []
    assert states(house)["newsletter", "email"] == "withdrawn"


def test_L5_a_link_asks_nothing_and_one_click_is_enough(house: House) -> None:
    give(house)
    token = link()
    writes = house.aws.dynamodb.scan(TableName="ConsentTable")["Count"]

    status, text, headers = page(house, "get", token)

    assert status == 200
    assert '<html lang="de">' in text
    assert "Advice on your therapy." in page(house, "get", link("health"))[1]
    assert text.count("<form") == text.count("<button") == 1
    assert not re.search(r"<script|<link|<img|src=|href=|@|mara|customer", text)
    assert headers["Content-Language"] == ["de"]
    assert "default-src 'none'" in headers["Content-Security-Policy"][0]
    assert headers["Referrer-Policy"] == ["no-referrer"]
    assert house.aws.dynamodb.scan(TableName="ConsentTable")["Count"] == writes
    assert states(house)["newsletter", "email"] == "given"

    first = page(house, "post", token)
    again = page(house, "post", token, Accept_Language="fr-CH, fr;q=0.9")

    assert first[0] == again[0] == 200
    assert "Vous ne recevrez plus ces messages" in again[1]
    assert states(house)["newsletter", "email"] == "withdrawn"
    events = house.aws.dynamodb.scan(TableName="ConsentTable")["Items"]
    assert len([one for one in events if not one["pk"]["S"].startswith("i#")]) == 2


def test_a_post_without_a_body_withdraws_too(house: House) -> None:
    give(house)
    event = load("consent/post-link") | {"path": f"/withdrawals/{link()}", "body": None}

    assert house.call("consent", event | {"isBase64Encoded": False})["statusCode"] == 200

    assert states(house)["newsletter", "email"] == "withdrawn"


def test_an_old_link_withdraws_a_new_consent(house: House) -> None:
    give(house)
    token = link()
    page(house, "post", token)
    house.now += timedelta(days=30)
    give(house)
    assert states(house)["newsletter", "email"] == "given"

    page(house, "post", token)

    assert states(house)["newsletter", "email"] == "withdrawn"


def test_a_link_that_is_none_gets_a_page_that_does_not_say_why(house: House) -> None:
    for method in ("get", "post"):
        for token in ("x", link()[:-4] + "AAAA", "A" * 300):
            status, text, headers = page(house, method, token, Accept_Language="en")
            assert (status, headers["Content-Type"]) == (404, ["text/html; charset=utf-8"])
            assert "This link does not work" in text
    assert house.aws.dynamodb.scan(TableName="ConsentTable")["Count"] == 0


def test_only_get_and_post_are_there(house: House) -> None:
    give(house)
    for method in ("HEAD", "PUT", "DELETE"):
        event = load("consent/get-link") | {"path": f"/withdrawals/{link()}", "httpMethod": method}
        assert house.call("consent", event)["statusCode"] == 405

    assert states(house)["newsletter", "email"] == "given"


def test_L7_a_withdrawal_proposes_the_erasure_and_the_erasure_decides_it(house: House) -> None:
    rules = [{"when": {"purpose": "newsletter"}, "class": "marketing"}]
    put_policy(house, rules=rules)
    give(house)
    house.capture(purpose="newsletter", participants=[{"address": MAIL, "role": "sender"}])

    _, answer = house.http("consent", "post-withdrawal")

    [proposal] = answer["proposals"]
    assert (proposal["classes"], proposal["article"]) == (["marketing"], "17(1)(b)")
    path = f"/reviews/{proposal['review_id']}/decision"
    assert house.http("consent", "decide-review", {"decision": "erase"}, path)[0] == 400
    asked = body_of(load("erase/post-request")) | {"addresses": [MAIL]}
    _, request = house.http("erase", "post-request", asked)
    decision = {"decision": "erase", "request_id": request["request_id"]}
    assert house.http("consent", "decide-review", decision, path)[0] == 200
    assert house.http("consent", "get-reviews")[1]["reviews"] == []


def test_L63_an_objection_to_marketing_is_absolute(house: House) -> None:
    give(house)

    status, answer = house.http("consent", "post-objection")

    assert status == 201
    assert {event["purpose"] for event in answer["events"]} >= MARKETING
    assert {event["channel"] for event in answer["events"]} == {"*"}
    assert answer["pending"] == []
    found = states(house)
    assert found["newsletter", "email"] == found["similar", "*"] == "objected"


def test_L64_another_objection_waits_for_its_balancing(house: House) -> None:
    asked = {"address": MAIL, "purpose": "survey"}
    _, answer = house.http("consent", "post-objection", asked)
    [event_id] = answer["pending"]
    _, waiting = house.http("consent", "get-reviews")
    assert [(r["kind"], r["event_id"]) for r in waiting["reviews"]] == [("objection", event_id)]
    assert states(house)["survey", "*"] == "objection_pending"
    path = f"/objections/{event_id}/decision"

    status, decided = house.http("consent", "decide-objection", path=path)

    assert (status, decided["decision"]) == (200, "overruled")
    assert states(house)["survey", "*"] == "on_another_basis"
    assert house.http("consent", "decide-objection", path=path)[0] == 200
    other = {"outcome": "upheld", "grounds": "none_left"}
    assert house.http("consent", "decide-objection", other, path)[0] == 409


def test_L66_a_system_may_object_for_a_person(house: House) -> None:
    """The same answer whether a person or a program of the person's objects."""
    signal = {"address": MAIL, "purpose": "similar", "evidence": {"method": "app"}}

    assert house.http("consent", "post-objection", signal)[0] == 201

    assert states(house)["similar", "*"] == "objected"


def test_rows_of_an_import_stand_for_themselves(house: House) -> None:
    given = body_of(load("consent/post-import"))
    for row in given["rows"]:
        row["purpose"] = "newsletter"
    rows = [*given["rows"], {"address": "nobody"}, 17]

    status, answer = house.http("consent", "post-import", {"rows": rows})

    assert status == 200
    assert [one["status"] for one in answer["results"]] == [201, 400, 400, 400]
    pointers = [
        {error["pointer"] for error in one["problem"]["errors"]} for one in answer["results"][1:]
    ]
    assert pointers[0] == {"/rows/1/evidence"}
    assert pointers[1] == {
        f"/rows/2/{field}" for field in ("address", "decision", "purpose", "channel")
    }
    assert pointers[2] == {"/rows/3"}
    _, again = house.http("consent", "post-import", {"rows": rows[:1]})
    assert again["results"][0]["status"] == 200


def test_an_import_does_not_bring_back_who_withdrew(house: House) -> None:
    give(house)
    house.http("consent", "post-withdrawal")
    rows = body_of(load("consent/post-import"))["rows"][:1]

    _, answer = house.http(
        "consent", "post-import", {"rows": [rows[0] | {"purpose": "newsletter"}]}
    )

    assert answer["results"][0]["problem"]["type"] == "urn:lethe:problem:suppressed"
    assert states(house)["newsletter", "email"] == "withdrawn"


def test_bases_and_opt_outs_of_closed_systems_are_heard(house: House) -> None:
    assert house.http("consent", "post-basis-event")[0] == 201
    assert house.http("govern", "post-own-addresses")[0] == 200
    asked = body_of(load("consent/post-opt-out")) | {"address": MAIL}

    status, answer = house.http("consent", "post-opt-out", asked)

    assert (status, answer["events"][0]["type"]) == (201, "stopped")
    own = {"own_address": "mailto:support@company.example", "kind": "blocked"}
    assert house.http("consent", "post-opt-out", asked | own)[0] == 201
    _, found = house.http("consent", "search")
    assert [stop["channel"] for stop in found["stops"]] == ["sms"]
    assert [block["channel"] for block in found["vendor_blocks"]] == ["sms"]
    assert found["bases"][0]["begun_at"] == "2025-12-01T08:00:00.000Z"


def test_L8_what_may_be_a_withdrawal_waits_is_seen_and_decided(house: House) -> None:
    give(house, "sms")
    review_id = a_review(house)
    house.now += timedelta(hours=25)

    _, waiting = house.http("consent", "get-reviews")

    [review] = waiting["reviews"]
    assert (review["kind"], review["overdue"], waiting["overdue"]) == (
        "possible_withdrawal",
        True,
        1,
    )
    assert review["age_seconds"] >= 25 * 3600
    assert "pseudonym" not in json.dumps(waiting)
    path = f"/reviews/{review_id}/decision"
    status, decided = house.http("consent", "decide-review", path=path)
    assert (status, decided["stops"][0]["purpose"]) == (200, "newsletter")
    assert states(house)["newsletter", "sms"] == "stopped"
    assert house.http("consent", "get-reviews")[1] == {"reviews": [], "overdue": 0}


def test_an_erasure_voids_what_is_older(house: House) -> None:
    give(house)
    asked = body_of(load("erase/post-request")) | {"addresses": [MAIL, MARA]}
    _, request = house.http("erase", "post-request", asked)
    assert request["state"] == "completed"  # there was nothing else to end

    assert house.deliver("consent", "ConsentQueue") == 1

    assert states(house)["newsletter", "email"] == "erased"
    events = house.aws.dynamodb.scan(TableName="ConsentTable")["Count"]
    house.aws.consent_queue.send([RequestId(request["request_id"])])
    assert house.deliver("consent", "ConsentQueue") == 1
    assert house.aws.dynamodb.scan(TableName="ConsentTable")["Count"] == events


def test_a_work_of_an_unknown_request_comes_back(house: House) -> None:
    assert house.call("consent", "void")["batchItemFailures"]


def test_the_daily_run_expires_ends_and_counts(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    give(house)
    a_review(house)
    house.now += timedelta(days=2 * 366)

    report = house.call("consent", "schedule")

    assert report == {
        "expired": 1,
        "evidence_ended": 0,
        "failed": 0,
        "reviews_overdue": 1,
        "left": False,
    }
    printed = capsys.readouterr().out
    assert '"reviews_overdue":[1.0]' in printed
    assert '"consents_expired":[1.0]' in printed
    assert states(house)["newsletter", "email"] == "expired"
    house.now += timedelta(days=4 * 366)
    assert house.call("consent", "schedule")["evidence_ended"] == 1
    assert house.aws.dynamodb.scan(TableName="ConsentKeysTable")["Count"] == 0


def test_the_schema_of_records_is_public(house: House) -> None:
    answer = house.call("consent", "get-record-schema")

    assert answer["statusCode"] == 200
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/schema+json"]
    assert json.loads(answer["body"])["$schema"].startswith("https://json-schema.org/")


BAD: tuple[tuple[str, dict[str, Any], list[str]], ...] = (
    ("post-consent-without-evidence", {}, ["/consents/0/evidence"]),
    ("post-consents", {"consents": []}, ["/consents"]),
    ("post-consents", {"address": "mara"}, ["/address"]),
    ("post-consents", {"canary": 1}, ["/canary"]),
    ("post-withdrawal", {"purposes": ["orders"]}, ["/purposes/0"]),
    ("post-withdrawal", {"purposes": ["Weird"], "channel": "?"}, ["/channel", "/purposes/0"]),
    ("post-objection", {"purpose": "orders"}, ["/purpose"]),
    ("post-objection", {"purpose": None}, ["/purpose"]),
    ("post-basis-event", {"event": "lottery"}, ["/event"]),
    ("post-basis-event", {"state": "over", "time": "yesterday"}, ["/state", "/time"]),
    ("post-basis-event", {"time": "2031-01-01T00:00:00Z"}, ["/time"]),
    ("post-opt-out", {"kind": "maybe"}, ["/kind"]),
    ("post-opt-out", {"own_address": "mailto:unlisted@company.example"}, ["/own_address"]),
    ("post-import", {"rows": []}, ["/rows"]),
    ("post-import", {"more": 1}, [""]),
    ("search", {"address": ""}, ["/address"]),
)


def test_bad_input_names_each_field_and_leaves_nothing(house: House) -> None:
    for event, changes, pointers in BAD:
        given = body_of(load(f"consent/{event}")) | changes

        status, problem = house.http("consent", event, given)

        assert (status, problem["type"]) == (400, "urn:lethe:problem:invalid-input"), changes
        assert sorted(error["pointer"] for error in problem["errors"]) == pointers
        assert "canary" not in problem["detail"]
    for table in ("ConsentTable", "ConsentStatesTable", "ConsentKeysTable", "ReviewsTable"):
        assert house.aws.dynamodb.scan(TableName=table)["Count"] == 0


def test_a_form_with_one_bad_answer_records_none_of_it(house: House) -> None:
    body = consents(("given", "email"), ("given", "sms"))
    body["consents"][1]["evidence"] |= {"action": "pre_ticked", "separate": False}

    status, problem = house.http("consent", "post-consents", body)

    assert status == 400
    assert [error["pointer"] for error in problem["errors"]] == [
        "/consents/1/evidence/action",
        "/consents/1/evidence/separate",
    ]
    assert house.aws.dynamodb.scan(TableName="ConsentTable")["Count"] == 0


def test_there_is_no_decision_on_what_is_not_there(house: House) -> None:
    for name in ("zz", "0" * 32):
        for event, place in (("decide-objection", "objections"), ("decide-review", "reviews")):
            path = f"/{place}/{name}/decision"
            assert house.http("consent", event, path=path)[0] == 404


def test_only_staff_decide(house: House) -> None:
    assert house.http("consent", "machine-may-not-decide")[0] == 403
    for event in ("post-consents", "post-withdrawal", "search"):
        nobody = load(f"consent/{event}")
        nobody["requestContext"].pop("authorizer")
        assert house.call("consent", nobody)["statusCode"] == 403


def a_review(house: House) -> str:
    from lethe import settings  # noqa: PLC0415 - the environment is the house's
    from lethe.bootstrap.world import pseudonyms, world  # noqa: PLC0415 - as above

    env = settings.load(settings.ConsentSettings)
    person = pseudonyms(world(), env.pseudonym_key_id).pseudonym(Address(MAIL))
    new = possible_withdrawal(person, "sms", "o" * 43, MessageId("ab" * 16))
    house.aws.reviews.put(new.id, new.document, house.now)
    return new.id


def put_policy(house: House, **changes: Any) -> None:
    document = {"S": policy(**changes).model_dump_json()}
    item = {"pk": {"S": "v#0002"}, "doc": document, "at": {"N": "0"}, "actor": {"S": "x"}}
    house.aws.dynamodb.put_item(TableName="PolicyTable", Item=item)
    house.aws.dynamodb.put_item(
        TableName="PolicyTable", Item={"pk": {"S": "head"}, "version": {"N": "2"}}
    )
    house.call("retention_sweep", "schedule")


def test_L77_nothing_of_who_said_it_stands_anywhere_in_clear(
    house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    person = f"mailto:{CANARY}@example.org"
    body = consents(("given", "email"), ("refused", "sms"))
    for one in body["consents"]:
        one["evidence"] |= {"reference": CANARY, "note": CANARY, "collected_by": CANARY}
    assert house.http("consent", "post-consents", body | {"address": person})[0] == 201
    survey = {"address": person, "purpose": "survey", "evidence": {"method": "app", "note": CANARY}}
    assert house.http("consent", "post-objection", survey)[0] == 201
    stop = {"address": person, "channel": "sms", "kind": "stop"}
    assert house.http("consent", "post-opt-out", stop)[0] == 201
    assert house.http("consent", "search", {"address": person})[0] == 200
    assert house.http("consent", "post-withdrawal", {"address": person})[0] == 201
    wrong = body | {"address": person, "consents": [{"decision": CANARY, "purpose": person}]}
    status, problem = house.http("consent", "post-consents", wrong)
    assert status == 400
    house.call("consent", "schedule")

    stored = "\n".join(everything_stored(house.aws))

    assert "newsletter" in stored
    out, err = capfd.readouterr()
    for text in (stored, out, err, json.dumps(problem)):
        assert CANARY not in text
