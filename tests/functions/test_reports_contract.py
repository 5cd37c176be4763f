"""What was reported of a day, and whose turn it is: one suite over memory and AWS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from lethe.domain.ports_governing import ReportLog, ReportTopic

from tests.aws_store import AwsStores, on_aws
from tests.memory_store import MemoryStores

AT = datetime(2026, 3, 10, 5, 30, tzinfo=UTC)
DAY = date(2026, 3, 9)


@pytest.fixture(params=["memory", "aws"])
def stores(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryStores()
    else:
        with on_aws() as on:
            yield on


def test_every_store_has_its_port() -> None:
    def ports(stores: MemoryStores | AwsStores) -> tuple[ReportLog, ReportTopic]:
        return stores.report_log, stores.report_topic

    assert ports(MemoryStores())


def test_a_day_is_claimed_once_until_it_is_published(stores: Any) -> None:
    log: ReportLog = stores.report_log
    assert log.get(DAY) is None
    assert log.claim(DAY, AT)
    assert not log.claim(DAY, AT + timedelta(minutes=1))
    assert log.claim(DAY + timedelta(days=1), AT)
    assert log.get(DAY) is None
    log.published(DAY, '{"day":"2026-03-09"}')
    assert not log.claim(DAY, AT + timedelta(days=30))
    assert log.get(DAY) == '{"day":"2026-03-09"}'


def test_a_claim_that_led_to_nothing_is_taken_over(stores: Any) -> None:
    log: ReportLog = stores.report_log
    assert log.claim(DAY, AT)
    assert log.claim(DAY, AT + timedelta(minutes=1, seconds=1))
    assert not log.claim(DAY, AT + timedelta(minutes=2))


def test_a_report_goes_to_those_who_subscribed(aws: AwsStores) -> None:
    queue = aws.sqs.create_queue(QueueName="reader")["QueueUrl"]
    [topic] = aws.sns.list_topics()["Topics"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    aws.sns.subscribe(
        TopicArn=topic["TopicArn"], Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"]
    )
    aws.report_topic.publish("Lethe, report of 2026-03-09", "Channels\n  email: nothing")
    [message] = aws.sqs.receive_message(QueueUrl=queue)["Messages"]
    assert '"Subject": "Lethe, report of 2026-03-09"' in message["Body"]


def test_a_report_goes_in_time(aws: AwsStores) -> None:
    aws.report_log.claim(DAY, AT)
    aws.report_log.published(DAY, "{}")
    [item] = aws.dynamodb.scan(TableName="CountsTable")["Items"]
    assert item.keys() == {"pk", "sk", "ttl", "doc"}
    assert item["ttl"] == {"N": str(int(datetime(2027, 4, 13, tzinfo=UTC).timestamp()))}
