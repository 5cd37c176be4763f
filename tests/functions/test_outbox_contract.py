"""The outbox, its data keys and its queues: one suite over memory and AWS."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from lethe.domain.errors import ConflictError, InvalidInputError, NotFoundError, SealError
from lethe.domain.outbox import DispatchId, OutItem, SendState
from lethe.domain.ports_sending import Outbox, OutQueue, TransitKeys, VendorSecrets
from lethe.store.outbox import DynamoOutbox
from lethe.store.queues import SqsSendQueue, SqsSentQueue, load_out
from lethe.store.secrets import KNOWN_FOR, SecretsManagerVendorSecrets
from lethe.store.transit import KmsTransitKeys

from tests.aws_store import AwsStores, on_aws
from tests.faults import Faults
from tests.memory_outbox import MemoryOutbox, MemoryOutQueue, MemoryTransitKeys
from tests.snapshots import items, queue
from tests.system import Clock

AT = datetime(2026, 3, 10, 12, 0, 0, 5000, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
EXPIRES = AT + timedelta(days=30)
DISPATCH = DispatchId("d" * 32)
HASH, OTHER_HASH = b"h" * 32, b"o" * 32


@dataclass
class Box:
    outbox: Outbox
    transit: TransitKeys
    queue: OutQueue
    aws: AwsStores | None = None


@pytest.fixture(params=["memory", "aws"])
def box(request: pytest.FixtureRequest) -> Iterator[Box]:
    if request.param == "memory":
        yield Box(MemoryOutbox(), MemoryTransitKeys(), MemoryOutQueue())
        return
    with on_aws() as aws:
        key = aws.kms.create_key()["KeyMetadata"]["KeyId"]
        yield Box(
            DynamoOutbox(aws.dynamodb, outbox="OutboxTable"),
            KmsTransitKeys(aws.kms, transit_key=key),
            SqsSendQueue(aws.sqs, send_queue=aws.queues["SendQueue"]),
            aws,
        )


if TYPE_CHECKING:

    def _keeps_the_contract(secrets: SecretsManagerVendorSecrets, sent: SqsSentQueue) -> None:
        """Let mypy hold every store to its port."""
        _secrets: VendorSecrets = secrets
        _sent: OutQueue = sent


def an_item(number: int = 0, state: SendState = SendState.QUEUED, **changes: object) -> OutItem:
    item = OutItem(
        dispatch=DISPATCH,
        number=number,
        state=state,
        not_after=LATER,
        wrapped_key=b"wrapped",
        sealed=os.urandom(60),
        basis="Art. 6(1)(b); standing",
        flags=frozenset({"notice_outdated"}),
    )
    return replace(item, **changes)  # type: ignore[arg-type]


def denied(number: int) -> OutItem:
    return OutItem(DISPATCH, number, SendState.DENIED, LATER, b"", reason="no_consent")


def shown(item: OutItem) -> OutItem:
    return replace(item, sealed=b"", vendor_sealed=b"", wrapped_key=b"")


def created(box: Box, **changes: object) -> OutItem:
    item = an_item(**changes)  # type: ignore[arg-type]
    assert box.outbox.create(DISPATCH, HASH, [item], EXPIRES)
    return item


def claimed(box: Box) -> OutItem:
    item = box.outbox.claim(created(box), AT)
    assert item is not None
    return item


def test_a_dispatch_comes_back_as_recorded(box: Box) -> None:
    recorded = [an_item(0, covers=3), denied(3), an_item(12)]
    assert box.outbox.create(DISPATCH, HASH, recorded, EXPIRES)
    assert [box.outbox.item(DISPATCH, n) for n in (0, 3, 12)] == recorded
    assert list(box.outbox.items(DISPATCH)) == [shown(item) for item in recorded]
    assert box.outbox.item(DISPATCH, 1) is None


def test_there_is_no_dispatch_that_nobody_recorded(box: Box) -> None:
    with pytest.raises(NotFoundError):
        box.outbox.items(DISPATCH)
    assert box.outbox.item(DISPATCH, 0) is None


def test_a_repetition_changes_nothing(box: Box) -> None:
    first = created(box)
    assert not box.outbox.create(DISPATCH, HASH, [an_item(), an_item(1)], EXPIRES)
    assert box.outbox.item(DISPATCH, 0) == first
    assert box.outbox.item(DISPATCH, 1) is None


def test_another_call_under_the_same_id_is_a_conflict(box: Box) -> None:
    first = created(box)
    with pytest.raises(ConflictError):
        box.outbox.create(DISPATCH, OTHER_HASH, [an_item()], EXPIRES)
    assert box.outbox.item(DISPATCH, 0) == first


def test_a_dispatch_of_a_thousand(box: Box) -> None:
    assert box.outbox.create(DISPATCH, HASH, [an_item(n) for n in range(1000)], EXPIRES)
    found = box.outbox.items(DISPATCH)
    assert [item.number for item in found] == list(range(1000))


def test_an_item_goes_its_way(box: Box) -> None:
    item = created(box)
    going = replace(item, basis="Art. 6(1)(a); e1", flags=frozenset())
    claim = box.outbox.claim(going, AT)
    assert claim == replace(going, state=SendState.SENDING, claimed_at=AT)
    assert box.outbox.sent(claim, b"vendor")
    sent = box.outbox.item(DISPATCH, 0)
    assert sent is not None
    assert (sent.state, sent.vendor_sealed, sent.sealed) == (
        SendState.SENT,
        b"vendor",
        item.sealed,
    )
    assert sent.basis == "Art. 6(1)(a); e1"
    assert box.outbox.settle(sent)
    done = box.outbox.item(DISPATCH, 0)
    assert done is not None
    assert (done.state, done.sealed, done.vendor_sealed, done.wrapped_key) == (
        SendState.CAPTURED,
        b"",
        b"",
        b"",
    )


def test_one_call_claims_an_item(box: Box) -> None:
    item = created(box)
    assert box.outbox.claim(item, AT) is not None
    assert box.outbox.claim(item, AT) is None
    assert box.outbox.claim(item, LATER) is None


def test_what_a_vendor_did_not_take_is_claimed_again(box: Box) -> None:
    claim = claimed(box)
    assert box.outbox.release(claim)
    again = box.outbox.item(DISPATCH, 0)
    assert again is not None
    assert (again.state, again.claimed_at) == (SendState.QUEUED, None)
    second = box.outbox.claim(again, LATER)
    assert second is not None
    assert not box.outbox.sent(claim, b"the first one's"), "who was released says nothing more"
    assert not box.outbox.finish(claim, SendState.UNCERTAIN, "no_answer")
    assert box.outbox.sent(second, b"vendor")


def test_what_cannot_go_is_emptied(box: Box) -> None:
    item = created(box)
    assert box.outbox.finish(item, SendState.DENIED, "too_late")
    found = box.outbox.item(DISPATCH, 0)
    assert found is not None
    assert (found.state, found.reason, found.sealed) == (SendState.DENIED, "too_late", b"")
    assert box.outbox.claim(item, AT) is None


def test_what_may_have_left_keeps_its_content_until_it_is_captured(box: Box) -> None:
    claim = claimed(box)
    assert box.outbox.finish(claim, SendState.UNCERTAIN, "no_answer", keep_sealed=True)
    found = box.outbox.item(DISPATCH, 0)
    assert found is not None
    assert (found.state, found.sealed, found.reason) == (
        SendState.UNCERTAIN,
        claim.sealed,
        "no_answer",
    )
    assert box.outbox.settle(found)
    done = box.outbox.item(DISPATCH, 0)
    assert done is not None
    assert (done.state, done.sealed, done.reason) == (SendState.UNCERTAIN, b"", "no_answer")
    assert box.outbox.settle(found), "a repetition"


def test_two_who_finish_know_who_did(box: Box) -> None:
    claim = claimed(box)
    assert box.outbox.sent(claim, b"vendor")
    assert not box.outbox.finish(claim, SendState.UNCERTAIN, "interrupted", keep_sealed=True)
    found = box.outbox.item(DISPATCH, 0)
    assert found is not None
    assert found.state is SendState.SENT


def test_nothing_moves_that_is_not_there(box: Box) -> None:
    item = an_item()
    assert box.outbox.claim(item, AT) is None
    assert not box.outbox.sent(item, b"vendor")
    assert not box.outbox.release(item)
    assert not box.outbox.finish(item, SendState.DENIED, "too_late")
    assert box.outbox.item(DISPATCH, 0) is None


def test_a_data_key_opens_for_its_dispatch_alone(box: Box) -> None:
    key, wrapped = box.transit.new(DISPATCH)
    assert len(key) == 32
    assert box.transit.open(wrapped, DISPATCH) == key
    assert box.transit.new(DISPATCH)[0] != key
    with pytest.raises(SealError):
        box.transit.open(wrapped, DispatchId("e" * 32))


def test_a_queue_takes_items(box: Box) -> None:
    box.queue.send([(DISPATCH, n) for n in range(23)])
    box.queue.send([(DISPATCH, 5)], timedelta(minutes=1))
    box.queue.send([])
    if box.aws is not None:
        bodies = [message.body for message in queue("SendQueue")]
        assert len(bodies) == 24
        assert json.loads(bodies[0]) == {"dispatch": DISPATCH, "number": 0}
        assert load_out(bodies[22]) == (DISPATCH, 22)


# ---- what only AWS has -----------------------------------------------------------------------


@pytest.mark.parametrize("body", ["", "{}", '{"dispatch":"x","number":1}', '{"dispatch":1}'])
def test_a_queue_message_that_is_none_is_refused(body: str) -> None:
    with pytest.raises(InvalidInputError):
        load_out(body)


def test_without_its_head_a_dispatch_is_none_and_a_repetition_completes_it(aws: AwsStores) -> None:
    outbox = DynamoOutbox(aws.dynamodb, outbox="OutboxTable")
    faults = Faults()
    faults.watch(aws.dynamodb)
    faults.plan(3)  # get, item, and now the second item
    first = [an_item(0), an_item(1)]
    with pytest.raises(Exception, match="overloaded"):
        outbox.create(DISPATCH, HASH, first, EXPIRES)
    faults.plan(None)
    with pytest.raises(NotFoundError):
        outbox.items(DISPATCH)
    with pytest.raises(ConflictError):
        outbox.create(DISPATCH, OTHER_HASH, first, EXPIRES)
    assert outbox.create(DISPATCH, HASH, [an_item(0), an_item(1)], EXPIRES)
    assert outbox.item(DISPATCH, 0) == first[0], "what stood is what stands"
    assert outbox.item(DISPATCH, 1) not in first


def test_an_item_shows_nothing_of_anybody(aws: AwsStores) -> None:
    outbox = DynamoOutbox(aws.dynamodb, outbox="OutboxTable")
    outbox.create(DISPATCH, HASH, [an_item(), denied(1)], EXPIRES)
    rows = {row["sk"]["S"]: row for row in items("OutboxTable")}
    assert set(rows) == {"00000", "00001", "head"}
    ttl = {"N": str(int(EXPIRES.timestamp()))}
    assert all(row["ttl"] == ttl for row in rows.values())
    assert set(rows["00001"]) == {"pk", "sk", "state", "after", "c", "why", "h", "ttl"}
    assert set(rows["head"]) == {"pk", "sk", "n", "h", "ttl"}


def test_a_retry_of_the_client_finds_its_own_claim(aws: AwsStores) -> None:
    outbox = DynamoOutbox(aws.dynamodb, outbox="OutboxTable")
    outbox.create(DISPATCH, HASH, [an_item()], EXPIRES)
    item = outbox.item(DISPATCH, 0)
    assert item is not None
    call = aws.dynamodb._make_api_call

    def twice(operation: str, arguments: dict[str, object]) -> object:
        call(operation, arguments)
        return call(operation, arguments)

    aws.dynamodb._make_api_call = twice
    claim = outbox.claim(item, AT)
    assert claim is not None
    assert outbox.sent(claim, b"vendor")


def test_secrets_are_known_for_minutes(aws: AwsStores) -> None:
    clock = Clock(AT)
    vendors = {
        "twilio": {"account_sid": "AC1", "auth_token": "one"},
        "whatsapp": {"phone_number_id": "1", "access_token": "w"},
    }
    arn = aws.secretsmanager.create_secret(Name="v", SecretString=json.dumps(vendors))["ARN"]
    secrets = SecretsManagerVendorSecrets(aws.secretsmanager, secret=arn, clock=clock)
    assert secrets.twilio().auth_token == "one"
    assert secrets.whatsapp().phone_number_id == "1"
    vendors["twilio"]["auth_token"] = "two"
    aws.secretsmanager.put_secret_value(SecretId=arn, SecretString=json.dumps(vendors))
    assert secrets.twilio().auth_token == "one"
    clock.pass_(KNOWN_FOR)
    assert secrets.twilio().auth_token == "two"
    assert "two" not in repr(secrets.twilio())


@pytest.mark.parametrize("secret", ["{}", "not json", '{"twilio": {"account_sid": ""}}'])
def test_a_secret_that_is_not_set_is_not_available(aws: AwsStores, secret: str) -> None:
    arn = aws.secretsmanager.create_secret(Name="v", SecretString=secret)["ARN"]
    for name in (arn, "no-such-secret"):
        secrets = SecretsManagerVendorSecrets(aws.secretsmanager, secret=name, clock=Clock(AT))
        for ask in (secrets.twilio, secrets.whatsapp):
            with pytest.raises(Exception, match="docs/sending"):
                ask()
