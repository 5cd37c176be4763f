"""A day ends on schedule: hidden to the second, tried dry, shredded, and nothing left of it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.archive import SUPPORT, Archive, Document, message, someone, wait

FLEETING = {"purpose": "fleeting"}


@dataclass
class Expiry:
    """Messages of yesterday and of today, in a class that was shortened to the message's day."""

    archive: Archive
    author: str
    yesterday: dict[str, Document]
    today: str
    since: float = 0.0

    @property
    def rule(self) -> str:
        return self.archive.stack.resources["RetentionSweepFunctionSweep"]

    @property
    def day(self) -> str:
        return (datetime.now(UTC) - timedelta(days=1)).date().isoformat()

    def day_keys(self) -> list[Document]:
        """Return the keys of yesterday in the class."""
        items = self.archive.items("DayKeysTable")
        return [
            item
            for item in items
            if item["pk"]["S"] == "fleeting" and item["sk"]["S"].startswith(self.day)
        ]


@pytest.fixture(scope="module")
def expiry(archive: Archive) -> Iterator[Expiry]:
    """Capture, stop the schedule, shorten; afterwards the schedule runs again."""
    author, body = someone("mara"), secrets.token_hex(20_000)
    old = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    said = [message(author, SUPPORT, time=old, body=body, **FLEETING) for _ in range(2)]
    yesterday = {archive.capture(document): document for document in said}
    made = Expiry(archive, author, yesterday, archive.capture(message(author, SUPPORT, **FLEETING)))
    events = archive.stack.client("events")
    events.disable_rule(Name=made.rule)
    archive.change_policy(lambda policy: policy["classes"]["fleeting"].update(period="P0D"))
    yield made
    events.enable_rule(Name=made.rule)


def test_L69_what_is_over_is_hidden_before_the_sweep_comes(expiry: Expiry) -> None:
    assert [expiry.archive.get(each).status for each in expiry.yesterday] == [410, 410]
    assert expiry.archive.find(expiry.author) == [[expiry.today]]
    assert "private" in expiry.day_keys()[0]


def test_L70_a_dry_run_says_what_is_due_and_changes_nothing(expiry: Expiry) -> None:
    expiry.archive.settle()
    before = everything(expiry.archive)

    report = expiry.archive.stack.invoke("RetentionSweepFunction", {"dry_run": True})

    assert report["dry_run"] is True
    assert report["days_ended"] >= 1
    assert report["messages_expired"] >= len(expiry.yesterday)
    assert report["oldest_overdue_seconds"] > 0
    assert report["objects_deleted"] == 0
    assert everything(expiry.archive) == before


def everything(archive: Archive) -> dict[str, Any]:
    """Return what lies in every table and bucket, but for what is noted of acts."""
    tables = {t: archive.items(t) for t in archive.tables if t != "AuditTable"}
    listed = {t: sorted(map(json_of, items)) for t, items in tables.items()}
    return listed | {b: sorted(archive.objects(b)) for b in archive.buckets}


def json_of(item: Document) -> str:
    return json.dumps(item, sort_keys=True, default=bytes.hex)


def test_the_schedule_ends_the_day(expiry: Expiry) -> None:
    since = time.time()
    expiry.archive.stack.client("events").enable_rule(Name=expiry.rule)

    wait(lambda: "private" not in expiry.day_keys()[0], "the sweep")
    below = set(expiry.yesterday)
    wait(lambda: not expiry.archive.objects("ObjectsBucket", below=below), "the end of objects")

    (day,) = expiry.day_keys()
    assert day.keys() - {"cleared"} == {"pk", "sk", "h", "kem", "public", "ended"}
    wait(lambda: expired(expiry, since) >= len(below), "the metric")
    assert [expiry.archive.get(each).status for each in expiry.yesterday] == [410, 410]
    assert expiry.archive.get(expiry.today).status == 200
    for document in expiry.yesterday.values():
        assert expiry.archive.send(document).status == 410
    ledger = [name for name, _ in expiry.archive.objects("LedgerBucket")]
    assert any(name.startswith(f"days/fleeting/{expiry.day}") for name in ledger)


def expired(expiry: Expiry, since: float) -> int:
    """Return how many messages the sweeps ended by their own metric."""
    lines = expiry.archive.stack.logs("RetentionSweepFunction", since=since)
    metrics = [json.loads(line) for line in lines if '"_aws"' in line]
    return int(sum(sum(each.get("messages_expired", [])) for each in metrics))


def test_the_days_ahead_are_there(archive: Archive) -> None:
    policy = archive.officer.read("GET", "/policy")["policy"]
    days = {(item["pk"]["S"], item["sk"]["S"][:10]) for item in archive.items("DayKeysTable")}
    today = datetime.now(UTC).date()
    wanted = {
        (cls, (today + timedelta(days=ahead)).isoformat())
        for cls in policy["classes"]
        for ahead in range(31)
    }
    assert wanted <= days
