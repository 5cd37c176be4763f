"""Published notices and drafts, in memory and on AWS alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from lethe.domain.errors import NotFoundError, RaceLostError, TooLargeError
from lethe.domain.in_force import Audience, Change, InForce, NoticeVersion
from lethe.domain.notice_documents import NoticeDraft
from lethe.domain.ports_governing import PublishedNotices
from lethe.store.notices import MAX_BYTES, DynamoNotices, publishing

from tests.aws_store import AwsStores, on_aws
from tests.memory_store import MemoryStores
from tests.notice_scenes import notice

if TYPE_CHECKING:

    def _keeps_the_contract(stores: MemoryStores | AwsStores) -> None:
        """Let mypy hold every store to its port."""
        notices: PublishedNotices = stores.notices
        del notices


AT = datetime(2026, 3, 10, 12, 0, 0, 5000, tzinfo=UTC)
EXTERNAL, EMPLOYEES = Audience


@pytest.fixture(params=["memory", "aws"])
def stores(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryStores()
    else:
        with on_aws() as on:
            yield on


def a_change(seen: InForce, *audiences: Audience, policy: int = 0) -> Change:
    notices = tuple(
        NoticeVersion(each, seen.notice_for(each) + 1, policy, notice(each).json(), "drafter")
        for each in audiences
    )
    return Change(seen, AT, "approver", notices=notices)


def test_a_version_comes_back_as_it_was_published(stores: Any) -> None:
    made = stores.policies.put_in_force(a_change(InForce(), EXTERNAL, EMPLOYEES, policy=4))

    assert made == InForce(0, 1, 1)
    found = stores.notices.version(EXTERNAL, 1)
    assert found.document == notice(EXTERNAL)
    assert found.document.hash == notice(EXTERNAL).hash
    assert (found.version, found.policy_version, found.at) == (1, 4, AT)
    assert (found.drafted_by, found.approved_by) == ("drafter", "approver")
    assert stores.notices.version(EMPLOYEES, 1).document == notice(EMPLOYEES)


def test_a_page_is_read_in_one_language(stores: Any) -> None:
    stores.policies.put_in_force(a_change(InForce(), EXTERNAL))

    found = stores.notices.words(EXTERNAL, 1, "de")

    assert found.words == notice().words["de"]
    assert [*found.words["sections"]] == [*notice().words["de"]["sections"]]
    assert (found.version, found.languages, found.at) == (1, ("de", "en", "fr"), AT)
    assert found.hash == notice().hash
    assert stores.notices.words(EXTERNAL, 1, "xx") is None


def test_what_was_never_published_is_not_found(stores: Any) -> None:
    with pytest.raises(NotFoundError):
        stores.notices.version(EXTERNAL, 1)
    with pytest.raises(NotFoundError):
        stores.notices.draft(EXTERNAL, "0" * 64)


def test_a_version_is_published_once(stores: Any) -> None:
    change = a_change(InForce(), EXTERNAL)
    made = stores.policies.put_in_force(change)

    with pytest.raises(RaceLostError):
        stores.policies.put_in_force(change)
    stores.policies.put_in_force(a_change(made, EXTERNAL))
    assert stores.policies.in_force() == InForce(0, 2, 0)
    assert stores.notices.version(EXTERNAL, 2).at == AT


def test_who_drafted_first_stays_the_author(stores: Any) -> None:
    first = NoticeDraft(EXTERNAL, "a" * 64, 3, "ann", AT)

    assert stores.notices.put_draft(first) == first
    later = replace(first, actor="ben", at=AT + timedelta(days=1))
    assert stores.notices.put_draft(later) == first
    assert stores.notices.draft(EXTERNAL, "a" * 64) == first
    with pytest.raises(NotFoundError):
        stores.notices.draft(EMPLOYEES, "a" * 64)


def test_every_item_is_new_and_small(aws: AwsStores) -> None:
    change = a_change(InForce(), EXTERNAL)

    items = publishing(change, change.notices[0])

    assert [item["sk"]["S"] for item in items] == ["v#0001", "v#0001#de", "v#0001#en", "v#0001#fr"]
    assert all(len(item["doc"]["B"]) < 20_000 for item in items)
    aws.policies.put_in_force(change)
    with pytest.raises(ClientError):
        aws.dynamodb.put_item(
            TableName="NoticesTable", Item=items[0], ConditionExpression="attribute_not_exists(pk)"
        )


def test_a_notice_too_long_for_an_item_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_BYTES < 400_000
    monkeypatch.setattr("lethe.store.notices.MAX_BYTES", 1_000)
    change = a_change(InForce(), EXTERNAL)

    with pytest.raises(TooLargeError):
        publishing(change, change.notices[0])


def test_texts_of_consents_are_no_versions(aws: AwsStores) -> None:
    aws.texts.put("b" * 64, {"text": "I agree.", "language": "en", "version": "1"})

    with pytest.raises(NotFoundError):
        DynamoNotices(aws.dynamodb, notices="NoticesTable").version(EXTERNAL, 1)
