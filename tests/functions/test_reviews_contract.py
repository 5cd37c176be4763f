"""What waits for a human, in memory and on AWS alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from lethe.domain.errors import ConflictError, NotFoundError
from lethe.domain.human_review import NewReview, ReviewKind, possible_withdrawal, waiting
from lethe.domain.messages import MessageId
from lethe.domain.ports import ConsentQueue
from lethe.domain.ports_sending import Reviews
from lethe.domain.register import Pseudonym
from lethe.domain.requests import RequestId
from lethe.store import queues

from tests.aws_store import AwsStores, on_aws
from tests.memory_store import MemoryStores

if TYPE_CHECKING:

    def _keeps_the_contract(stores: MemoryStores | AwsStores) -> None:
        """Let mypy hold every store to its port."""
        reviews: Reviews = stores.reviews
        consent_queue: ConsentQueue = stores.consent_queue
        del reviews, consent_queue


AT = datetime(2026, 3, 10, 12, 0, 0, 5000, tzinfo=UTC)


@pytest.fixture(params=["memory", "aws"])
def stores(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryStores()
    else:
        with on_aws() as on:
            yield on


def a_review(number: int = 1) -> NewReview:
    return possible_withdrawal(Pseudonym("A" * 43), "sms", "B" * 43, MessageId(f"{number:032x}"))


def test_the_open_ones_come_oldest_first(stores: Any) -> None:
    for number in (3, 1, 2):
        one = a_review(number)
        stores.reviews.put(one.id, one.document, AT + timedelta(hours=number))

    found = list(map(waiting, stores.reviews.open()))

    assert [one.id for one in found] == [a_review(number).id for number in (1, 2, 3)]
    assert {one.kind for one in found} == {ReviewKind.POSSIBLE_WITHDRAWAL}
    assert found[0].at == AT + timedelta(hours=1)
    assert found[0].document["message"] == f"{1:032x}"


def test_kinds_and_times_are_told_without_what_is_in_them(stores: Any) -> None:
    stores.reviews.put("a" * 32, {"kind": "notice_drift"}, AT + timedelta(hours=1))
    stores.reviews.put("b" * 32, a_review().document, AT)

    assert list(stores.reviews.times()) == [
        ("possible_withdrawal", AT),
        ("notice_drift", AT + timedelta(hours=1)),
    ]


def test_putting_it_again_changes_nothing(stores: Any) -> None:
    one = a_review()
    stores.reviews.put(one.id, one.document, AT)
    stores.reviews.put(one.id, {"kind": "notice_drift"}, AT + timedelta(days=1))

    [found] = map(waiting, stores.reviews.open())

    assert (found.kind, found.at) == (ReviewKind.POSSIBLE_WITHDRAWAL, AT)


def test_a_decided_one_waits_no_more_and_stays_decided(stores: Any) -> None:
    one = a_review()
    stores.reviews.put(one.id, one.document, AT)

    stores.reviews.close(one.id, "no_withdrawal", "staff-1", AT + timedelta(hours=1))

    assert not list(stores.reviews.open())
    found = stores.reviews.get(one.id)
    assert (found["decision"], found["actor"]) == ("no_withdrawal", "staff-1")
    assert datetime.fromisoformat(found["closed_at"]) == AT + timedelta(hours=1)
    with pytest.raises(ConflictError):
        stores.reviews.close(one.id, "withdrawal", "staff-2", AT + timedelta(hours=2))
    stores.reviews.put(one.id, one.document, AT + timedelta(hours=3))
    assert stores.reviews.get(one.id)["decision"] == "no_withdrawal"


def test_what_is_not_there_is_not_found_and_not_decided(stores: Any) -> None:
    with pytest.raises(NotFoundError):
        stores.reviews.get("0" * 32)
    with pytest.raises(ConflictError):
        stores.reviews.close("0" * 32, "keep", "staff-1", AT)
    assert not list(stores.reviews.open())


def test_times_sort_whatever_zone_they_came_in(stores: Any) -> None:
    tokyo = timezone(timedelta(hours=9))
    stores.reviews.put("a" * 32, a_review().document, AT)
    stores.reviews.put("b" * 32, a_review().document, (AT - timedelta(hours=1)).astimezone(tokyo))

    assert [one["id"][0] for one in stores.reviews.open()] == ["b", "a"]


def test_more_than_a_batch_is_read(stores: Any) -> None:
    for number in range(120):
        one = a_review(number)
        stores.reviews.put(one.id, one.document, AT + timedelta(seconds=number))

    found = list(map(waiting, stores.reviews.open()))

    assert [one.at for one in found] == [AT + timedelta(seconds=number) for number in range(120)]


def test_a_decided_review_ends_with_its_period() -> None:
    with on_aws() as aws:
        one = a_review()
        aws.reviews.put(one.id, one.document, AT)
        aws.reviews.close(one.id, "withdrawal", "staff-1", AT)

        [item] = aws.dynamodb.scan(TableName="ReviewsTable")["Items"]

    assert int(item["ttl"]["N"]) > AT.timestamp()


def test_the_consent_queue_carries_the_id_of_a_request() -> None:
    with on_aws() as aws:
        aws.consent_queue.send([RequestId("0" * 32)])

        [message] = aws.sqs.receive_message(QueueUrl=aws.queues["ConsentQueue"])["Messages"]

    assert queues.load_request(message["Body"]) == "0" * 32
