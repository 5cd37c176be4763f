"""The figures of channels, over memory and AWS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from lethe.store.activity import DynamoActivity

from tests.aws_store import on_aws
from tests.memory_activity import MemoryActivity

if TYPE_CHECKING:
    from lethe.domain.ports_sending import ActivityLog

    def _keeps_the_contract(memory: MemoryActivity, aws: DynamoActivity) -> None:
        logs: tuple[ActivityLog, ...] = (memory, aws)
        del logs


DAY = date(2026, 3, 10)


@pytest.fixture(params=["memory", "aws"])
def activity(request: pytest.FixtureRequest) -> Iterator[MemoryActivity | DynamoActivity]:
    if request.param == "memory":
        yield MemoryActivity()
    else:
        with on_aws() as aws:
            yield DynamoActivity(aws.dynamodb, counts="CountsTable")


def test_figures_add_up_by_channel_and_day(activity: ActivityLog) -> None:
    for _ in range(20):  # more than there are shards
        activity.add("sms", DAY, {"gate.allowed": 2, "gate.denied.no_consent": 1})
    activity.add("sms", DAY + timedelta(1), {"gate.allowed": 5})
    activity.add("email", DAY, {"gate.allowed": 7, "size": 1, "n": 1})
    assert activity.read(DAY, ["sms", "email", "fax"]) == {
        "sms": {"gate.allowed": 40, "gate.denied.no_consent": 20},
        "email": {"gate.allowed": 7, "size": 1, "n": 1},
        "fax": {},
    }
    assert activity.read(DAY, []) == {}


def test_nothing_adds_nothing(activity: ActivityLog) -> None:
    activity.add("sms", DAY, {})
    activity.add("sms", DAY, {"gate.allowed": 0})
    assert activity.read(DAY, ["sms"]) == {"sms": {}}


def test_many_figures_at_once(activity: ActivityLog) -> None:
    figures = {f"dropped.header.{number}": number for number in range(1, 500)}
    activity.add("email", DAY, figures)
    assert activity.read(DAY, ["email"])["email"] == figures


@pytest.mark.parametrize("name", ["", "pk", "ttl", "Gate", "anna@example.org", "a b", "a" * 101])
def test_a_name_is_a_coded_word(activity: ActivityLog, name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - one of the programmer's
        activity.add("sms", DAY, {name: 1})
    assert activity.read(DAY, ["sms"]) == {"sms": {}}


def test_figures_go_after_400_days(aws: Any) -> None:
    DynamoActivity(aws.dynamodb, counts="CountsTable").add("sms", DAY, {"gate.allowed": 1})
    [item] = aws.dynamodb.scan(TableName="CountsTable")["Items"]
    over = datetime(2027, 4, 14, tzinfo=UTC)
    assert datetime.fromtimestamp(int(item["ttl"]["N"]), UTC) == over
    assert item["pk"]["S"] == "a#sms#2026-03-10"
