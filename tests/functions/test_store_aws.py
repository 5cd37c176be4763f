"""What the store asks of AWS, and what it makes of the answers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from lethe.domain.addresses import Address
from lethe.domain.archive import Ending, Entry, EntryKey, Tombstone, partition
from lethe.domain.audit import AuditEvent
from lethe.domain.errors import InvalidInputError, RaceLostError, UnavailableError
from lethe.domain.holders import HolderId, PublicHolder
from lethe.domain.messages import Direction, Message, MessageId, Participant, Role
from lethe.domain.own_addresses import AddressKind, OwnSpan
from lethe.domain.ports import DayKey, NewPersonKey, Shred
from lethe.domain.register import Pseudonym, RegisterEntry, RegisterItem
from lethe.domain.requests import Act, Decision, PrivacyRequest, RequestId, RequestState
from lethe.domain.work import PurgeHolder, PurgeMessage
from lethe.store import objects, queues, wrap
from lethe.store.dynamo import read_batch
from lethe.usecases.capture import Captured

from tests.aws_store import PERIOD, AwsStores
from tests.faults import CrashError, Faults
from tests.system import STAFF, System

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY, END = date(2026, 3, 10), date(2027, 3, 10)
TTL = int(datetime(2027, 4, 9, tzinfo=UTC).timestamp())
ANNA = Pseudonym("A" * 43)
READS = {"GetItem", "Query", "Scan"}
MIB = 1024 * 1024

ENGLISH = (
    "Dear all, thank you for the quick reply. We have checked the delivery that arrived on "
    "Tuesday and found that two of the boxes were damaged on one side; the contents seem to be "
    "fine, but we would like to open them together with your driver before we sign for them. "
    "Could you tell us whether somebody can come by on Thursday afternoon, or early on Friday? "
    "The warehouse is open from seven until four, and the gate code has not changed since last "
    "time. About the invoice: the amount does not match our order, because the discount we agreed "
    "on in January is missing from the third line. Please send us a corrected copy, and we will "
    "pay it at once. One more thing, the new catalogue mentions a lighter frame for the small "
    "tables. If it fits the tops we already have, we would take forty of them in spring and "
    "perhaps another twenty later in the year, so a sample would be very welcome. I am out of the "
    "office next week, but my colleague knows all the details and is happy to help. Have a good "
    "weekend, and kind regards from all of us here at the workshop."
)[:1000]


def item_size(item: dict[str, Any]) -> int:
    """The bytes of an item as DynamoDB counts them."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "N":
            return (len(content.lstrip("-")) + 1) // 2 + 1
        case "NULL" | "BOOL":
            return 1
        case "L":
            return 3 + sum(1 + _value_size(member) for member in content)
        case "M":
            return 3 + len(content) + item_size(content)
    raise AssertionError(kind)


def a_message(number: int, body: str = ENGLISH) -> Message:
    return Message(
        channel="email",
        external_id=f"<{number}@example.com>",
        direction=Direction.INBOUND,
        participants=(
            Participant(Address("mailto:anna@example.com"), Role.SENDER, "Anna Example"),
            Participant(Address("mailto:bert@own.example"), Role.RECIPIENT, "Bert Own"),
        ),
        body=body,
        subject="Delivery of Tuesday",
    )


def a_system(aws: AwsStores) -> System:
    """A system in which the addresses of `a_message` are known: its steady state."""
    system = System(aws)
    aws.register.set_own(
        system.hashes.pseudonym(Address("mailto:bert@own.example")),
        [OwnSpan(AddressKind.PERSON, date(2020, 1, 1), None)],
    )
    system.sweep.run(dry_run=False)
    capture(system, a_message(0))
    return system


def capture(system: System, *messages: Message) -> list[MessageId]:
    outcomes = system.capture.capture(messages, may_state_time=False)
    assert all(isinstance(outcome, Captured) for outcome in outcomes)
    return [outcome.message_id for outcome in outcomes if isinstance(outcome, Captured)]


def a_person(aws: AwsStores, pseudonym: Pseudonym = ANNA) -> RegisterEntry:
    holder = PublicHolder(HolderId(os.urandom(16)), 1, os.urandom(32))
    entry = RegisterEntry(holder.id, holder, "2026-03")
    key = NewPersonKey(b"wrapped", b"address")
    aws.register.create(aws.register.item(pseudonym), "support", entry, key)
    return entry


def a_shred(entry: RegisterEntry) -> Shred:
    decided = Decision("support", Act.ERASE, "Art. 17", "erased", entry.holder_id, "2026-03", 0)
    return Shred("r#0#0", ANNA, (decided,), AT)


# ---- what capture costs ---------------------------------------------------------------------


def test_a_short_message_takes_one_write_unit_an_item(aws: AwsStores) -> None:
    [message_id] = capture(a_system(aws), a_message(1))
    [item] = aws.dynamodb.query(
        TableName="MessagesTable",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": message_id}},
    )["Items"]
    assert item_size(item) <= 1024
    for entry in aws.dynamodb.scan(TableName="EntriesTable")["Items"]:
        assert item_size(entry) <= 1024


def test_capture_between_known_holders_asks_for_little(aws: AwsStores) -> None:
    system = a_system(aws)
    faults = Faults()
    faults.watch(*aws.clients)
    capture(system, a_message(1))
    # the view, two entries and the item, the count
    assert faults.counts == {"BatchGetItem": 1, "PutItem": 3, "UpdateItem": 1}
    faults.plan(None)
    capture(system, *(a_message(n) for n in range(2, 27)))
    assert faults.counts == {"BatchGetItem": 1, "PutItem": 75, "UpdateItem": 1}


def test_every_read_is_consistent_and_private_sides_are_read_to_open_alone(
    aws: AwsStores,
) -> None:
    faults = Faults()
    faults.watch(*aws.clients)
    system = a_system(aws)
    [message_id] = capture(system, a_message(1))
    readers: dict[str, Callable[[], object]] = {
        "capture": lambda: capture(system, a_message(2), a_message(3)),
        "read": lambda: system.access.read(message_id, reason="test", caller=STAFF),
        "sweep": lambda: system.sweep.run(dry_run=True),
        "living": lambda: aws.keys.living([HolderId(b"h" * 16)]),
        "deletion": lambda: aws.keys.deletion(message_id),
        "heads": lambda: aws.archive.heads(message_id),
        "day": lambda: aws.days.living("support", DAY, END),
        "shred": lambda: aws.register.shred(a_shred(a_person(aws)), 0),
    }
    for name, read in readers.items():
        faults.plan(None)
        read()
        for operation, arguments in faults.calls:
            for table, request in _reads(operation, arguments):
                assert request["ConsistentRead"] is ("IndexName" not in request), name
                wanted = set(request.get("ExpressionAttributeNames", {}).values())
                if table in {"KeysTable", "DayKeysTable"}:
                    assert request["ProjectionExpression"]
                    assert name == "read" or "private" not in wanted, name
                if table == "MessagesTable" and name != "read":
                    assert not wanted & {"c", "p"}, name
                    assert request["ProjectionExpression"], name


def _reads(operation: str, arguments: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if operation in READS:
        yield arguments["TableName"], arguments
    elif operation == "BatchGetItem":
        yield from arguments["RequestItems"].items()


def test_an_erasure_is_one_transaction(aws: AwsStores) -> None:
    shred = a_shred(a_person(aws))
    faults = Faults()
    faults.watch(*aws.clients)
    aws.register.shred(shred, 0)
    assert faults.counts == {"GetItem": 2, "TransactWriteItems": 1}


def test_parallel_writes_fail_as_one(aws: AwsStores) -> None:
    holder = HolderId(os.urandom(16))
    entries = [
        Entry(
            EntryKey(
                partition(holder, "2026-03"), AT, MessageId(os.urandom(16).hex()), 1, b"a" * 12
            ),
            b"block",
            "support",
            END,
        )
        for _ in range(40)
    ]
    faults = Faults(fail_at=17)
    faults.watch(*aws.clients)
    with pytest.raises(UnavailableError):
        aws.archive.put_entries(entries)
    assert faults.counts == {"PutItem": 40}
    aws.archive.put_entries(entries)
    assert len(aws.archive.blocks([entry.key for entry in entries])) == 40


# ---- what is stored beside the contract -----------------------------------------------------


def test_everything_goes_in_time(aws: AwsStores) -> None:
    system = a_system(aws)
    [message_id] = capture(system, a_message(1))
    (head,), _ = aws.archive.heads(message_id)
    aws.archive.end_part(message_id, "aa" * 16, END)
    aws.archive.bury(Tombstone(message_id, 2, Ending.ERASED, END))
    aws.counts.add("support", DAY, END, 1)
    over = {str(TTL), _ttl(head.header.end)}  # type: ignore[union-attr]
    for table in ("MessagesTable", "EntriesTable", "CountsTable"):
        every = aws.dynamodb.scan(TableName=table)["Items"]
        items = [item for item in every if not item["pk"]["S"].startswith("a#")]
        assert items
        assert all("ttl" in item for item in every)
        assert {item["ttl"]["N"] for item in items} <= over
    request = PrivacyRequest(RequestId("0" * 32), "17(1)(a)", AT, RequestState.RECEIVED, ())
    aws.requests.create(request)
    [open_item] = aws.dynamodb.scan(TableName="RequestsTable")["Items"]
    assert "ttl" not in open_item
    done = replace(request, state=RequestState.COMPLETED, completed_at=AT)
    aws.requests.save(done, request)
    [item] = aws.dynamodb.scan(TableName="RequestsTable")["Items"]
    assert item["ttl"]["N"] == str(int((AT + PERIOD).timestamp()))
    assert "open" not in item


def _ttl(end: date) -> str:
    over = datetime(end.year, end.month, end.day, tzinfo=UTC) + timedelta(days=30)
    return str(int(over.timestamp()))


def test_a_shred_takes_the_private_side_with_it(aws: AwsStores) -> None:
    aws.register.shred(a_shred(a_person(aws)), 0)
    items = aws.dynamodb.scan(TableName="KeysTable")["Items"]
    assert items == [{"pk": {"S": "s#r#0#0"}, "at": {"N": str(int(AT.timestamp() * 1000))}}]
    key = DayKey("support", DAY, END)
    aws.days.create(key, PublicHolder(HolderId(b"h" * 16), 1, b"public"), b"wrapped")
    aws.days.shred(key, AT, 0)
    [day] = aws.dynamodb.scan(TableName="DayKeysTable")["Items"]
    assert "private" not in day


def test_a_final_tombstone_leads_nowhere(aws: AwsStores) -> None:
    system = a_system(aws)
    [message_id] = capture(system, a_message(1))
    (head,), _ = aws.archive.heads(message_id)
    assert not isinstance(head, Tombstone)
    tombstone = Tombstone(message_id, 1, Ending.ERASED, END, head)
    aws.archive.bury(tombstone)
    place = {"pk": {"S": message_id}, "sk": {"S": "v#00001"}}
    buried = aws.dynamodb.get_item(TableName="MessagesTable", Key=place)["Item"]
    assert buried.keys() == {"pk", "sk", "ttl", "m", "h", "s", "x", "e"}
    aws.archive.bury(replace(tombstone, head=None))
    final = aws.dynamodb.get_item(TableName="MessagesTable", Key=place)["Item"]
    assert final.keys() == {"pk", "sk", "ttl", "x", "e"}


def test_audit_events_are_appended(aws: AwsStores) -> None:
    aws.audit.put(AuditEvent(AT, "message_read", "staff-1", "0" * 32, 2, {"reason": "claim"}))
    [item] = aws.dynamodb.scan(TableName="AuditTable")["Items"]
    assert item["pk"] == {"S": "2026-03-10"}
    assert item["sk"]["S"].startswith("2026-03-10T12:00:00.000+00:00#")
    assert item["facts"] == {"M": {"reason": {"S": "claim"}}}


def test_the_ledger_is_locked_and_names_no_person(aws: AwsStores) -> None:
    aws.ledger.put("requests/1/0/0", {"at": "now"}, timedelta(days=8))
    bucket = aws.buckets["LedgerBucket"]
    lock = aws.s3.head_object(Bucket=bucket, Key="requests/1/0/0")
    assert lock["ObjectLockMode"] == "GOVERNANCE"
    assert lock["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=7)
    with pytest.raises(ValueError, match="pseudonym"):
        aws.ledger.put(f"persons/{ANNA}/1", {}, timedelta(days=8))


def test_a_key_is_derived_from_kms_and_label(aws: AwsStores) -> None:
    first = wrap.derive(aws.kms, aws.kms_keys["PseudonymKey"], "lethe/1 pseudonyms")
    again = wrap.derive(aws.kms, aws.kms_keys["PseudonymKey"], "lethe/1 pseudonyms")
    other = wrap.derive(aws.kms, aws.kms_keys["MessageIdKey"], "lethe/1 pseudonyms")
    assert len(first) == 32
    assert first == again != other


def test_queue_messages_are_read_as_they_were_written(aws: AwsStores) -> None:
    holder = PurgeHolder(RequestId("0" * 32), HolderId(os.urandom(16)), "2026-03", 4, verify=True)
    message = PurgeMessage(MessageId("ab" * 16))
    aws.purge_queue.send([holder, message] * 6)
    bodies = _received(aws, "PurgeQueue")
    assert len(bodies) == 12
    assert {queues.load_work(body) for body in bodies} == {holder, message}
    aws.purge_queue.send([message], timedelta(seconds=900))
    with pytest.raises(ValueError, match="15 minutes"):
        aws.purge_queue.send([message], timedelta(seconds=901))
    aws.erase_queue.send([RequestId("0" * 32)])
    assert queues.load_request(_received(aws, "EraseQueue")[0]) == "0" * 32
    aws.day_requests.ask("support", DAY, END)
    assert queues.load_day(_received(aws, "DaysQueue")[0]) == ("support", DAY, END)


def _received(aws: AwsStores, queue: str) -> list[str]:
    bodies: list[str] = []
    while True:
        answer = aws.sqs.receive_message(QueueUrl=aws.queues[queue], MaxNumberOfMessages=10)
        if "Messages" not in answer:
            return bodies
        bodies += [message["Body"] for message in answer["Messages"]]


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"type":"holder"}', '{"type":"message","message":"canary"}']
)
@pytest.mark.parametrize("load", [queues.load_work, queues.load_request, queues.load_day])
def test_what_is_no_work_is_refused_without_quoting_it(
    load: Callable[[str], object], body: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        load(body)
    assert "canary" not in str(caught.value)


# ---- objects --------------------------------------------------------------------------------


def _chunks(size: int, chunk: int = 64 * 1024) -> Iterator[bytes]:
    for start in range(0, size, chunk):
        yield bytes([start // chunk % 251]) * min(chunk, size - start)


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_a_large_object_goes_in_parts(aws: AwsStores, extra: int) -> None:
    faults = Faults()
    faults.watch(aws.s3)
    size = 2 * objects.PART_SIZE + extra
    aws.objects.put("a/body", _chunks(size), keep_until=END)
    parts = 2 if extra < 1 else 3
    assert faults.counts == {
        "CreateMultipartUpload": 1,
        "UploadPart": parts,
        "CompleteMultipartUpload": 1,
    }
    assert b"".join(aws.objects.get("a/body", keep=True)) == b"".join(_chunks(size))


def test_an_object_of_one_part_is_put_at_once(aws: AwsStores) -> None:
    faults = Faults()
    faults.watch(aws.s3)
    aws.objects.put("a/body", _chunks(objects.PART_SIZE), keep_until=None)
    assert faults.counts == {"PutObject": 1}


def test_L89_what_a_law_keeps_is_locked_until_its_end(aws: AwsStores) -> None:
    faults = Faults()
    faults.watch(aws.s3)
    aws.objects.put("a/short", [b"x"], keep_until=END)
    aws.objects.put("a/long", _chunks(objects.PART_SIZE + 10), keep_until=END)
    asked = dict(faults.calls)
    for operation in ("PutObject", "CreateMultipartUpload"):
        assert asked[operation]["ObjectLockMode"] == "COMPLIANCE"
        assert asked[operation]["ObjectLockRetainUntilDate"] == datetime(2027, 3, 10, tzinfo=UTC)
    lock = aws.s3.head_object(Bucket=aws.buckets["KeepBucket"], Key="a/short")
    assert lock["ObjectLockRetainUntilDate"] == datetime(2027, 3, 10, tzinfo=UTC)


def test_L48_an_upload_that_fails_leaves_nothing(aws: AwsStores) -> None:
    def broken() -> Iterator[bytes]:
        yield from _chunks(2 * objects.PART_SIZE + 1)
        raise InvalidInputError("The uploaded bytes are not those described.")

    with pytest.raises(InvalidInputError):
        aws.objects.put("a/body", broken(), keep_until=None)
    bucket = aws.buckets["ObjectsBucket"]
    assert "Uploads" not in aws.s3.list_multipart_uploads(Bucket=bucket)
    assert aws.objects.delete_prefix("a/", keep=False) == 0


@pytest.mark.parametrize("versioning", ["Enabled", "Suspended", "unversioned"])
def test_L48_a_prefix_is_deleted_with_all_versions(aws: AwsStores, versioning: str) -> None:
    bucket = aws.buckets["ObjectsBucket"]
    if versioning == "unversioned":
        bucket = "lethe-unversioned"
        aws.s3.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
    store = objects.S3Objects(aws.s3, objects=bucket, keep=bucket)
    for name in ("a/1/x", "a/1/x", "a/1/y", "a/2/x"):
        store.put(name, [name.encode()], keep_until=None)
    if versioning == "Enabled":
        aws.s3.delete_object(Bucket=bucket, Key="a/1/y")
    if versioning == "Suspended":
        aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
        store.put("a/1/x", [b"null version"], keep_until=None)
    aws.s3.create_multipart_upload(Bucket=bucket, Key="a/1/unfinished")
    assert store.delete_prefix("a/1/", keep=False) >= 2
    left = aws.s3.list_object_versions(Bucket=bucket)
    assert [version["Key"] for version in left["Versions"]] == ["a/2/x"]
    assert "DeleteMarkers" not in left
    assert "Uploads" not in aws.s3.list_multipart_uploads(Bucket=bucket)
    assert store.delete_prefix("a/1/", keep=False) == 0


def test_L48_more_versions_than_a_page_go_too(aws: AwsStores) -> None:
    for _ in range(1005):
        aws.s3.put_object(Bucket=aws.buckets["ObjectsBucket"], Key="a/x", Body=b"")
    assert aws.objects.delete_prefix("a/", keep=False) == 1005


def test_what_is_locked_is_not_reported_gone(aws: AwsStores) -> None:
    aws.objects.put("a/x", [b"x"], keep_until=datetime.now(UTC).date() + timedelta(days=2))
    with pytest.raises(UnavailableError):
        aws.objects.delete_prefix("a/", keep=True)


def test_urls_are_signed_for_a_while(aws: AwsStores) -> None:
    read = aws.objects.presign("a/x", keep=True, lifetime=timedelta(minutes=5))
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in read
    assert "X-Amz-Expires=300" in read
    written = aws.staging.presign("u1", size=5, lifetime=timedelta(minutes=15))
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in written
    assert "X-Amz-SignedHeaders=content-length%3Bhost" in written


# ---- failures -------------------------------------------------------------------------------


def answering(client: Any, *answers: dict[str, Any] | Exception) -> list[str]:
    """Let the next calls of a client answer this instead; what comes after them is real."""
    real, waiting, asked = client._make_api_call, list(answers), list[str]()

    def answer(operation: str, arguments: dict[str, Any]) -> object:
        asked.append(operation)
        if not waiting:
            return real(operation, arguments)
        if isinstance(first := waiting.pop(0), Exception):
            raise first
        return first

    client._make_api_call = answer
    return asked


def failure(code: str, status: int = 400, **fields: object) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "canary"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **fields,
    }
    return ClientError(response, "Operation")


def cancelled(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    return failure("TransactionCanceledException", CancellationReasons=reasons)


@pytest.mark.parametrize(
    "error",
    [
        failure("ProvisionedThroughputExceededException"),
        failure("ThrottlingException"),
        failure("InternalServerError", 500),
        failure("ServiceUnavailable", 503),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
        ConnectTimeoutError(endpoint_url="https://dynamodb"),
        cancelled("ThrottlingError", "None"),
    ],
)
def test_what_may_be_retried_is_unavailable(aws: AwsStores, error: Exception) -> None:
    answering(aws.dynamodb, error)
    with pytest.raises(UnavailableError) as caught:
        aws.register.item(ANNA)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "error", [failure("AccessDeniedException"), cancelled("ValidationError", "None")]
)
def test_what_is_unknown_stays_unknown(aws: AwsStores, error: ClientError) -> None:
    answering(aws.dynamodb, error)
    with pytest.raises(ClientError):
        aws.register.item(ANNA)


def test_keys_left_out_of_a_batch_are_asked_for_again(aws: AwsStores) -> None:
    entry = a_person(aws)
    key = {"pk": {"S": f"h#{entry.holder_id.hex()}"}}
    left = {"KeysTable": {"Keys": [key], "ConsistentRead": True}}
    asked = answering(
        aws.dynamodb,
        {"Responses": {"KeysTable": [{"pk": {"S": "first"}}]}, "UnprocessedKeys": left},
        {"Responses": {}, "UnprocessedKeys": left},
    )
    found = read_batch(
        aws.dynamodb, [("KeysTable", {"pk": {"S": "first"}}), ("KeysTable", key)], {}
    )
    assert len(found["KeysTable"]) == 2
    assert asked == ["BatchGetItem"] * 3
    answering(aws.dynamodb, *({"Responses": {}, "UnprocessedKeys": left} for _ in range(8)))
    with pytest.raises(UnavailableError):
        read_batch(aws.dynamodb, [("KeysTable", key)], {})


def test_a_conflict_of_transactions_is_tried_again_and_then_lost(aws: AwsStores) -> None:
    conflict = cancelled("TransactionConflict", "None")
    holder = PublicHolder(HolderId(os.urandom(16)), 1, b"public")
    entry, key = RegisterEntry(holder.id, holder, "2026-03"), NewPersonKey(b"w", b"a")
    answering(aws.dynamodb, conflict, conflict)
    aws.register.create(RegisterItem(ANNA), "support", entry, key)
    answering(aws.dynamodb, *[conflict] * 4)
    with pytest.raises(RaceLostError):
        aws.register.create(RegisterItem(Pseudonym("b" * 43)), "support", entry, key)
    answering(aws.dynamodb, failure("TransactionConflictException"))
    with pytest.raises(RaceLostError):
        aws.register.set_own(ANNA, [])


def test_a_queue_that_takes_half_is_unavailable(aws: AwsStores) -> None:
    answering(aws.sqs, {"Successful": [], "Failed": [{"Id": "0", "Code": "x"}]})
    with pytest.raises(UnavailableError):
        aws.erase_queue.send([RequestId("0" * 32)])


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("crash", [False, True])
def test_a_shred_that_fails_anywhere_is_finished_by_a_retry(
    aws: AwsStores,
    after: bool,  # noqa: FBT001 - a parameter of the test
    crash: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    faults = Faults()
    faults.watch(*aws.clients)
    for call in range(1, 20):
        pseudonym = Pseudonym(f"{call:043d}")
        entry = a_person(aws, pseudonym)
        shred = replace(a_shred(entry), pseudonym=pseudonym, receipt=f"r#{call}")
        faults.plan(call, after=after, crash=crash)
        try:
            aws.register.shred(shred, 0)
        except (UnavailableError, CrashError):
            assert faults.failed
        faults.fail_at = None
        new = None if aws.register.shredded_at(shred.receipt) is None else a_person(aws, pseudonym)
        again = aws.register.shred(replace(shred, at=AT + timedelta(hours=1)), 0)
        assert again in {AT, AT + timedelta(hours=1)}
        assert not aws.keys.living([entry.holder_id])
        assert aws.register.item(pseudonym).entries == ({"support": new} if new else {})
        if not faults.failed:
            assert call == 4, "two reads and the transaction"
            return
    raise AssertionError("the shred never ran through")


def test_the_ledger_document_is_compact_json(aws: AwsStores) -> None:
    aws.ledger.put("days/support", {"b": 1, "a": None}, timedelta(days=1))
    body = aws.s3.get_object(Bucket=aws.buckets["LedgerBucket"], Key="days/support")["Body"]
    assert json.loads(body.read()) == {"a": None, "b": 1}
