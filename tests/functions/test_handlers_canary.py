"""A word that nobody else says goes through every function and is found nowhere in clear."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from lethe.observability import logger

from tests.aws_store import AwsStores, declared
from tests.house import House, at_home, body_of, load

CANARY = "canary7q3x"
ADDRESS = f"mailto:{CANARY}@example.org"
BASE64 = base64.b64encode(f"..{CANARY}..".encode())[4:12].decode()
"""What stays of the word in base64, where it begins after two bytes."""


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What the logger writes."""
    written = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", written)
    return written


@pytest.fixture
def house(aws: AwsStores, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with at_home(aws, monkeypatch) as made:
        yield made


def message(**changes: object) -> dict[str, Any]:
    return body_of(load("ingest/post-message")) | {
        "external_id": f"id-{CANARY}",
        "participants": [
            {"address": ADDRESS, "role": "sender", "name": CANARY},
            {"address": "mailto:support@example.com", "role": "recipient"},
        ],
        "body": CANARY * 5_000,
        "subject": CANARY,
        "thread": CANARY,
        "headers": [["x-note", CANARY]],
        "attachments": [
            {
                "name": f"{CANARY}.txt",
                "media_type": "text/plain",
                "content_base64": base64.b64encode(CANARY.encode()).decode(),
            }
        ],
        **changes,
    }


def everything_stored(aws: AwsStores) -> Iterator[str]:
    """Each item, object, tag and queue message, as text."""
    for table in declared("AWS::DynamoDB::Table"):
        for item in aws.dynamodb.scan(TableName=table)["Items"]:
            yield str(item)
    for bucket in aws.buckets.values():
        for entry in aws.s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            found = aws.s3.get_object(Bucket=bucket, Key=entry["Key"])
            yield f"{entry['Key']} {found['Metadata']} {found['Body'].read()!r}"
            yield str(aws.s3.get_object_tagging(Bucket=bucket, Key=entry["Key"])["TagSet"])
    for queue in aws.queues.values():
        received = aws.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        yield str(received.get("Messages", []))


def test_L47_L77_what_is_captured_and_erased_is_nowhere_in_clear(
    house: House, capfd: pytest.CaptureFixture[str], logged: StringIO
) -> None:
    status, captured = house.http("ingest", "post-message", message())
    assert status == 201
    mail = base64.b64decode(load("ingest/post-email")["body"])
    event = load("ingest/post-email")
    event["body"] = base64.b64encode(mail.replace(b"mara", CANARY.encode())).decode()
    assert house.call("ingest", event)["statusCode"] == 201
    own = {"address": ADDRESS, "kind": "person", "valid_from": "2030-01-01"}
    assert house.http("govern", "post-own-addresses", {"own_addresses": [own]})[0] == 200
    assert house.http("govern", "search-own-address", {"address": ADDRESS})[0] == 200
    path = f"/messages/{captured['message_id']}"
    assert CANARY in str(house.http("access", "get-message", path=path))
    found = house.http("access", "search", {"address": ADDRESS, "reason": "complaint 17"})
    assert CANARY in str(found)
    request = body_of(load("erase/post-request")) | {"addresses": [ADDRESS]}
    assert house.http("erase", "post-request", request)[0] == 202

    stored = "\n".join(everything_stored(house.aws))

    assert captured["message_id"] in stored
    assert CANARY not in stored
    assert BASE64 not in stored
    house.deliver("purge", "PurgeQueue")
    house.call("retention_sweep", "schedule")
    assert CANARY not in "\n".join(everything_stored(house.aws))
    out, err = capfd.readouterr()
    assert "sweep finished" in logged.getvalue()
    assert CANARY not in out + err + logged.getvalue()


BAD: list[tuple[str, str, object]] = [
    ("ingest", "post-message", message(direction=CANARY)),
    ("ingest", "post-message", message(unknown=CANARY)),
    ("ingest", "post-message", message(purpose=CANARY)),
    ("ingest", "post-message", message(body=f"{CANARY}\x00")),
    ("ingest", "post-message", message(time=CANARY)),
    ("ingest", "post-message", message(participants=[{"address": CANARY, "role": CANARY}])),
    ("ingest", "post-batch", {"messages": [message(channel=f"{CANARY}!")], "unknown": CANARY}),
    ("ingest", "post-upload", {"size": CANARY}),
    ("access", "search", {"address": CANARY, "reason": CANARY}),
    ("access", "search", {"address": ADDRESS, "reason": "complaint 17", "cursor": CANARY}),
    ("erase", "post-request", {"type": CANARY, "addresses": [CANARY], "ground": CANARY}),
    ("erase", "delete-message", {"participant": CANARY}),
    ("erase", "post-decisions", {"decisions": [{"act": CANARY, "unknown": CANARY}]}),
    ("govern", "propose", {"unknown": CANARY, "classes": {f"{CANARY} x": {"period": CANARY}}}),
    ("govern", "explain", {"channel": CANARY, "direction": CANARY, "own_addresses": [CANARY]}),
    ("govern", "post-own-addresses", {"own_addresses": [{"address": CANARY, "kind": CANARY}]}),
    ("govern", "post-own-addresses-csv", CANARY),
    ("govern", "search-own-address", {"address": CANARY}),
]


def test_L77_bad_input_is_named_never_repeated_and_leaves_nothing_behind(
    house: House, capfd: pytest.CaptureFixture[str], logged: StringIO
) -> None:
    for name, event, body in BAD:
        status, problem = house.http(name, event, body)

        text = json.dumps(problem)
        assert 400 <= status < 500, (name, event, text)
        assert CANARY not in text, (name, event, text)
        assert problem.get("errors"), (name, event, text)

    assert CANARY not in "\n".join(everything_stored(house.aws))
    assert not house.aws.dynamodb.scan(TableName="MessagesTable")["Items"]
    assert not house.aws.dynamodb.scan(TableName="RequestsTable")["Items"]
    out, err = capfd.readouterr()
    assert "UnhandledErrors" not in out
    assert CANARY not in out + err + logged.getvalue()


def test_L77_an_unknown_failure_shows_nothing(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    logged: StringIO,
) -> None:
    def fail(**call: object) -> None:
        raise RuntimeError(f"{CANARY} {call}")

    for client in (house.aws.dynamodb, house.aws.sqs):
        for operation in ("batch_get_item", "get_item", "put_item", "query", "scan"):
            if hasattr(client, operation):
                monkeypatch.setattr(client, operation, fail)

    status, problem = house.http("ingest", "post-message", message())

    assert (status, problem["type"]) == (500, "urn:lethe:problem:internal")
    out, err = capfd.readouterr()
    assert "UnhandledErrors" in out
    assert CANARY not in json.dumps(problem) + out + err + logged.getvalue()
