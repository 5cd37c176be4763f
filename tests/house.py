"""Every function on one account that moto plays, with one clock: where handlers live in tests."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lethe import bootstrap, settings

from tests.aws_store import AwsStores

EVENTS = Path(__file__).parents[1] / "events"
CONTEXT: Any = SimpleNamespace(aws_request_id="r-1")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MARA = "tel:+4915112345678"
VENDORS = {
    "twilio": {"account_sid": "AC" + "0" * 32, "auth_token": "twilio-token"},
    "whatsapp": {"phone_number_id": "100000000000001", "access_token": "whatsapp-token"},
}


@dataclass
class House:
    """Every function, wired to one account and one clock."""

    aws: AwsStores
    now: datetime = NOON

    def call(self, name: str, event: str | dict[str, Any]) -> Any:
        """Send an event of `events/`, or one made from it, to a function."""
        given = load(f"{name}/{event}") if isinstance(event, str) else event
        return import_module(f"functions.{name}.app").handler(given, CONTEXT)

    def http(
        self, name: str, event: str, body: object = None, path: str = "", **headers: str
    ) -> tuple[int, Any]:
        """Send a call of the API, changed where that is asked for; status and parsed body."""
        given = load(f"{name}/{event}")
        if body is not None:
            given["body"] = base64.b64encode(json.dumps(body).encode()).decode()
        given["path"] = path or given["path"]
        given["headers"] |= {key.replace("_", "-"): value for key, value in headers.items()}
        answer = self.call(name, given)
        assert answer["multiValueHeaders"]["Cache-Control"] == ["no-store"]
        if answer["isBase64Encoded"]:
            return answer["statusCode"], base64.b64decode(answer["body"])
        return answer["statusCode"], json.loads(answer["body"])

    def deliver(self, name: str, queue: str) -> int:
        """Hand everything that lies in a queue to its function, once; how many records."""
        url = self.aws.queues[queue]
        delivered = 0
        while True:
            received = self.aws.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0
            ).get("Messages", [])
            if not received:
                return delivered
            records = [{"messageId": m["MessageId"], "body": m["Body"]} for m in received]
            assert self.call(name, {"Records": records}) == {"batchItemFailures": []}
            for message in received:
                self.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            delivered += len(received)

    def capture(self, event: str = "post-message", **changes: object) -> str:
        """Capture the message of an event, changed; its id."""
        given = body_of(load(f"ingest/{event}")) | changes
        status, captured = self.http("ingest", event, given)
        assert status == 201, captured
        message_id = captured["message_id"]
        assert isinstance(message_id, str)
        return message_id

    def read(self, message_id: str) -> tuple[int, Any]:
        """Read a message as an investigator."""
        return self.http("access", "get-message", path=f"/messages/{message_id}")


def load(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    return event


def body_of(event: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(base64.b64decode(event["body"]))
    return body


@contextmanager
def at_home(aws: AwsStores, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Wire every function to one account, with today's and the next days' keys made."""
    values = {
        "LETHE_STAGE": "local",
        "KEM": "X25519",
        "KEY_BACKUP_DAYS": "7",
        "LONGEST_CAPTURE_SECONDS": "1",
        "HOLDERS_KEY_ID": aws.kms_keys["HoldersKey"],
        "PSEUDONYM_KEY_ID": aws.kms_keys["PseudonymKey"],
        "MESSAGE_ID_KEY_ID": aws.kms_keys["MessageIdKey"],
        "AUTHORISATION_KEY_ID": aws.kms_keys["AuthorisationKey"],
        "RECEIPTS_KEY_ID": aws.kms_keys["ReceiptsKey"],
        "TRANSIT_KEY_ID": aws.kms_keys["TransitKey"],
        "REPORTS_TOPIC_ARN": aws.sns.create_topic(Name="ReportsTopic")["TopicArn"],
        "VENDOR_SECRET_ID": aws.sent_secret(VENDORS),
        "TWILIO_URL": "http://127.0.0.1:9",  # nobody listens: a test that sends names a server
        "WHATSAPP_URL": "http://127.0.0.1:9",
        "PUBLIC_URL": "https://lethe.example",
        "MESSAGE_BACKUP_DAYS": "35",
        "LOG_RETENTION_DAYS": "30",
        "SWEEP_SCHEDULE": "rate(1 hour)",
        **{f"{snake(name)}_URL": url for name, url in aws.queues.items()},
        **{snake(name): bucket for name, bucket in aws.buckets.items()},
        **{
            field.upper(): field.title().replace("_", "")
            for model in settings.BY_FUNCTION.values()
            for field in model.model_fields
            if field.endswith("_table")
        },
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    made = House(aws)
    world = bootstrap.World(client=lambda service: getattr(aws, service), clock=lambda: made.now)
    bootstrap.use(world)
    made.call("retention_sweep", "schedule")
    yield made
    bootstrap.use(bootstrap.World())


def snake(name: str) -> str:
    return "".join(f"_{c}" if c.isupper() else c.upper() for c in name).lstrip("_")
