"""The spine through the handlers: captured, read, deleted, erased, expired, as AWS calls them."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.aws_store import AwsStores
from tests.house import MARA, House, at_home, body_of, load


@pytest.fixture
def house(aws: AwsStores, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with at_home(aws, monkeypatch) as made:
        yield made


def test_a_message_is_captured_once_and_read_back(house: House) -> None:
    message_id = house.capture()

    status, again = house.http("ingest", "post-message")
    assert (status, again["status"], again["message_id"]) == (200, "duplicate", message_id)
    status, message = house.read(message_id)
    assert status == 200
    assert message["versions"][0]["body"] == "Good morning, has my parcel left already?"
    assert {"role": "sender", "address": MARA, "name": "Mara Lindqvist", "headers": []} in message[
        "participants"
    ]


def test_the_same_id_with_other_content_is_a_conflict(house: House) -> None:
    house.capture()
    given = body_of(load("ingest/post-message")) | {"body": "Something else."}

    status, problem = house.http("ingest", "post-message", given)

    assert (status, problem["type"]) == (409, "urn:lethe:problem:conflict")


def test_a_batch_is_answered_one_by_one(house: House) -> None:
    status, answer = house.http("ingest", "post-batch")

    assert status == 200
    assert [each["status"] for each in answer["results"]] == [201, 201, 400]
    assert answer["results"][2]["problem"]["errors"][0]["pointer"] == "/messages/2/direction"


def test_a_mail_is_captured(house: House) -> None:
    status, captured = house.http("ingest", "post-email")
    assert status == 201

    status, message = house.read(captured["message_id"])

    assert (status, message["channel"]) == (200, "email")
    assert "Grüße, Mara" in message["versions"][0]["body"]
    assert message["versions"][0]["subject"] == "Parcel 17"


def test_an_uploaded_mail_is_captured_and_its_upload_removed(house: House) -> None:
    status, upload = house.http("ingest", "post-upload")
    assert status == 201
    bucket = house.aws.buckets["StagingBucket"]
    raw = base64.b64decode(load("ingest/post-email")["body"])
    house.aws.s3.put_object(Bucket=bucket, Key=upload["upload_id"], Body=raw)

    status, _ = house.http("ingest", "post-email-uploaded", Lethe_Upload=upload["upload_id"])

    assert status == 201
    assert house.aws.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_bad_calls_get_problems_and_leave_nothing_behind(house: House) -> None:
    before = house.aws.dynamodb.scan(TableName="EntriesTable")["Count"]

    assert house.http("ingest", "not-json")[0] == 400
    assert house.http("ingest", "staff-may-not-capture")[0] == 403
    assert house.http("access", "get-message-without-reason")[0] == 400
    assert house.http("access", "get-message")[0] == 404
    assert house.http("erase", "get-request")[0] == 404
    assert house.aws.dynamodb.scan(TableName="EntriesTable")["Count"] == before


def test_an_attachment_is_granted_with_its_own_key(house: House) -> None:
    message_id = house.capture("post-message-with-attachment")

    status, grant = house.http(
        "access", "get-attachment", path=f"/messages/{message_id}/attachments/1"
    )

    assert status == 200
    assert grant["name"] == "receipt.txt"
    assert len(base64.urlsafe_b64decode(grant["key"])) == 32


def test_the_messages_of_an_address_are_found_page_by_page(house: House) -> None:
    ids = []
    for n in range(3):
        house.now += timedelta(minutes=1)
        ids.append(house.capture(external_id=f"page-{n}"))
    asked = body_of(load("access/search")) | {"limit": 2}

    _, first = house.http("access", "search", asked)
    _, second = house.http("access", "search", asked | {"cursor": first["cursor"]})

    found = [message["message_id"] for message in first["messages"] + second["messages"]]
    assert found == ids[::-1]
    assert second["cursor"] is None


def test_a_deleted_message_is_gone_for_every_reader_and_stays_so(house: House) -> None:
    message_id = house.capture()

    status, deleted = house.http("erase", "delete-message", path=f"/messages/{message_id}/deletion")

    assert (status, deleted["scope"]) == (200, "message")
    assert house.read(message_id)[0] == 410
    house.deliver("purge", "PurgeQueue")
    assert house.read(message_id)[0] == 410
    assert house.http("ingest", "post-message")[0] == 410


def test_an_erased_person_is_unreadable_at_once_and_purged_later(house: House) -> None:
    message_id = house.capture()
    kept = house.capture(
        external_id="other", participants=[{"address": "tel:+4915100000000", "role": "sender"}]
    )

    status, request = house.http("erase", "post-request")

    assert (status, request["state"]) == (202, "shredded")
    assert house.read(message_id)[0] == 410
    assert house.read(kept)[0] == 200
    house.deliver("purge", "PurgeQueue")
    assert house.read(message_id)[0] == 410
    path = f"/requests/{request['request_id']}"
    assert house.http("erase", "get-request", path=path)[1]["request_id"] == request["request_id"]
    assert house.http("erase", "post-request")[1]["request_id"] == request["request_id"]


def test_a_request_is_completed_when_purge_has_verified(house: House) -> None:
    house.capture()
    _, request = house.http("erase", "post-request")
    house.now += timedelta(minutes=5)

    for _ in range(40):
        house.deliver("purge", "PurgeQueue")
        _, found = house.http("erase", "get-request", path=f"/requests/{request['request_id']}")
        if found["state"] == "completed":
            break
        time.sleep(0.1)  # the verifying pass is delayed by a second of the queue's own clock
    else:
        pytest.fail("the request was not completed")

    assert (found["purges_pending"], found["versions_purged"]) == (0, 1)


def test_a_later_message_of_an_erased_person_is_new_processing(house: House) -> None:
    old = house.capture()
    house.http("erase", "post-request")
    house.now += timedelta(minutes=5)

    new = house.capture(external_id="later")

    assert house.read(new)[0] == 200
    assert house.read(old)[0] == 410


def test_what_has_lived_long_enough_ends_by_the_schedule(house: House) -> None:
    message_id = house.capture()
    house.now += timedelta(days=3 * 366)

    would = house.call("retention_sweep", "dry-run")
    assert (would["messages_expired"], would["objects_deleted"]) == (1, 0)
    did = house.call("retention_sweep", "schedule")

    assert (did["messages_expired"], did["oldest_overdue_seconds"]) == (1, 0)
    assert house.read(message_id)[0] == 410


def test_the_policy_is_read_and_explained(house: House) -> None:
    _, present = house.http("govern", "get-policy")
    assert house.http("govern", "explain")[1]["class"] in present["policy"]["classes"]


def test_own_addresses_are_listed_and_found(house: House) -> None:
    assert house.http("govern", "post-own-addresses") == (200, {"addresses": 2})
    assert house.call("govern", "post-own-addresses-csv")["statusCode"] == 200

    status, found = house.http("govern", "search-own-address")

    assert status == 200
    assert found["spans"] == [{"kind": "function", "valid_from": "2020-01-01", "valid_to": None}]


def test_an_import_of_an_old_day_asks_for_its_key(house: House) -> None:
    old = {"time": "2025-06-01T10:00:00Z", "external_id": "old"}
    given = body_of(load("ingest/post-message")) | old
    assert house.http("ingest", "post-message", given)[0] == 503

    assert house.deliver("retention_sweep", "DaysQueue") == 1

    assert house.read(house.capture(**old))[0] == 200
