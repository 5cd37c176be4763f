"""Consent events on the deployed stack: nobody changes one, and one call proves them all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from jsonschema import Draft202012Validator

from tests.e2e.archive import Archive, somebody
from tests.e2e.speaking import TEXT, Speaking
from tools.fake_vendors import FakeVendors
from tools.local_aws import ROOT

FUNCTIONS = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def shop(archive: Archive, vendors: FakeVendors) -> Speaking:
    return Speaking(archive, vendors)


def prove(shop: Speaking, person: str) -> dict[str, Any]:
    body = {"address": person, "reason": "audit E2E"}
    found: dict[str, Any] = shop.archive.officer.read("POST", "/consents/proof", body)
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_role_changes_or_deletes_a_consent_event(shop: Speaking, function: str) -> None:
    shop.agree(somebody(), "newsletter", "sms")
    table = shop.archive.tables["ConsentTable"]
    [some, *_] = [item for item in shop.archive.items("ConsentTable") if "sk" in item]
    key = {"pk": some["pk"], "sk": some["sk"]}
    name = "".join(word.title() for word in function.split("_")) + "Function"
    dynamodb = shop.archive.stack.assume(name).client("dynamodb")

    acts: list[Callable[[], object]] = [
        lambda: dynamodb.delete_item(TableName=table, Key=key),
        lambda: dynamodb.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET x = :x",
            ExpressionAttributeValues={":x": {"N": "1"}},
        ),
        lambda: dynamodb.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key}}]}),
        lambda: dynamodb.transact_write_items(
            TransactItems=[{"Delete": {"TableName": table, "Key": key}}]
        ),
    ]
    for act in acts:
        with pytest.raises(ClientError) as refused:
            act()
        assert "AccessDenied" in refused.value.response["Error"]["Code"]
    assert some in shop.archive.items("ConsentTable")


def test_L4_one_call_proves_everything_and_anybody_can_check_it(
    shop: Speaking, tmp_path: Path
) -> None:
    person = somebody()
    given = shop.agree(person, "newsletter", "sms")
    shop.withdraw(person)
    shop.agree(person, "newsletter", "whatsapp")
    proof = prove(shop, person)

    assert [event["type"] for event in proof["events"]] == ["given", "withdrawn", "given"]
    assert TEXT in json.dumps(proof)
    assert given["receipt"] in json.dumps(proof)
    document, keys = tmp_path / "proof.json", tmp_path / "keys.json"
    document.write_text(json.dumps(proof))
    keys.write_bytes(shop.archive.stack.call("GET", "/.well-known/jwks.json").body)
    assert _verified(document, keys) == 0

    proof["events"][0]["time"] = "2020-01-01T00:00:00.000Z"
    document.write_text(json.dumps(proof))
    assert _verified(document, keys) != 0


def test_an_overwritten_event_shows_in_the_proof(shop: Speaking) -> None:
    """What no role may do, an administrator of the account does: the chain tells."""
    person = somebody()
    first = shop.agree(person, "newsletter", "sms")
    shop.withdraw(person)
    assert prove(shop, person)["chain"]["holds"]

    found = [i for i in shop.archive.items("ConsentTable") if first["event_id"] in str(i)]
    [event] = [item for item in found if item["sk"]["S"] == "00000001"]
    forged = {
        **event,
        **{name: {"S": "marketing"} for name in event if event[name] == {"S": "newsletter"}},
    }
    assert forged != event
    shop.archive.dynamodb.put_item(TableName=shop.archive.tables["ConsentTable"], Item=forged)

    assert prove(shop, person)["chain"]["breaks"]


def test_a_record_holds_every_field_of_the_published_schema(shop: Speaking) -> None:
    answer = shop.archive.stack.call("GET", "/schemas/consent-record.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/schema+json")
    schema = answer.json()
    Draft202012Validator.check_schema(schema)
    record = shop.agree(somebody(), "newsletter", "sms")["record"]

    Draft202012Validator(schema).validate(record)
    assert not Draft202012Validator(schema).is_valid({})


def test_two_withdrawals_at_once_are_one_no(shop: Speaking) -> None:
    person = somebody()
    shop.agree(person, "newsletter", "sms")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shop.withdraw(person), range(8)))

    assert all(answer["events"] for answer in answers)
    assert shop.denied(person, "newsletter") == "consent_withdrawn"
    assert prove(shop, person)["chain"]["holds"]


def test_a_withdrawal_that_races_a_dispatch_ends_as_the_law_asks(shop: Speaking) -> None:
    """What left, left before the withdrawal was answered; nothing leaves after it."""
    person = somebody()
    shop.agree(person, "newsletter", "sms")
    with ThreadPoolExecutor(9) as pool:
        sent = [pool.submit(shop.send, [person], "newsletter", text=f"News {n}") for n in range(8)]
        withdrawn = pool.submit(shop.withdraw, person)
        withdrawn.result()
    fates = [fate for each in sent for fate in shop.followed(each.result())]
    before = len(shop.reached(person))
    assert before == sum(fate["state"] == "captured" for fate in fates)
    assert {fate["state"] for fate in fates} <= {"captured", "denied"}

    [fate] = shop.followed(shop.send([person], "newsletter"))
    assert fate["state"] == "denied"
    assert len(shop.reached(person)) == before


def _verified(document: Path, keys: Path) -> int:
    done = subprocess.run(  # noqa: S603 - a program of ours
        [sys.executable, ROOT / "tools" / "verify_proof.py", document, "--jwks", keys],
        check=False,
        capture_output=True,
    )
    return done.returncode
