"""Each role does on the deployed stack what the matrix says, and is refused everything else.

Every call is made so that it changes nothing where it is allowed: on keys that are not there, under
conditions that do not hold. The local AWS does not see, and leaves to `tests/template`, the
attributes of a batch, the one item of the register that the sweep reads, and StorageKey.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.archive import ANN, Archive, message, someone
from tests.template.matrix import MATRIX
from tools.stack import Role, Stack

RIGHT = re.compile(r"(?P<action>\w+)(?:\((?P<attributes>[^)]*)\)|\[\w+\])?")
REFUSALS = {"AccessDenied", "AccessDeniedException"}
NOWHERE = f"nowhere-{secrets.token_hex(8)}"
NEVER = {"ConditionExpression": "attribute_exists(nowhere)"}

Calls = dict[str, Callable[[], Any]]
Table = tuple[str, str, dict[str, Any]]


def table_calls(dynamodb: Any, table: str, key: dict[str, Any], attributes: str = "") -> Calls:
    """Every way to touch a table; reads ask for these attributes, or for all."""
    names = {f"#{name}": name for name in attributes.split()}
    projected = (
        {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
        if names
        else {}
    )
    by_key = {
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": NOWHERE}},
    }
    check = {"TableName": table, "Key": key, **NEVER}
    return {
        "GetItem": lambda: dynamodb.get_item(TableName=table, Key=key, **projected),
        "BatchGetItem": lambda: dynamodb.batch_get_item(
            RequestItems={table: {"Keys": [key], **projected}}
        ),
        "Query": lambda: dynamodb.query(TableName=table, **by_key, **projected),
        "Scan": lambda: dynamodb.scan(TableName=table, Limit=1, **projected),
        "PutItem": lambda: dynamodb.put_item(TableName=table, Item=key, **NEVER),
        "UpdateItem": lambda: dynamodb.update_item(TableName=table, Key=key, **NEVER),
        "DeleteItem": lambda: dynamodb.delete_item(TableName=table, Key=key, **NEVER),
        "ConditionCheckItem": lambda: dynamodb.transact_write_items(
            TransactItems=[{"ConditionCheck": check}]
        ),
    }


def bucket_calls(s3: Any, bucket: str, prefix: str = "") -> Calls:
    place = {"Bucket": bucket, "Key": f"{prefix}{NOWHERE}"}
    return {
        "GetObject": lambda: s3.get_object(**place),
        "PutObject": lambda: s3.create_multipart_upload(**place),
        "DeleteObjectVersion": lambda: s3.delete_object(**place, VersionId=NOWHERE),
        "ListBucket": lambda: s3.list_objects_v2(Bucket=bucket, Prefix=NOWHERE),
        "ListBucketVersions": lambda: s3.list_object_versions(Bucket=bucket, Prefix=NOWHERE),
        "ListBucketMultipartUploads": lambda: s3.list_multipart_uploads(
            Bucket=bucket, Prefix=NOWHERE
        ),
        "AbortMultipartUpload": lambda: s3.abort_multipart_upload(**place, UploadId=NOWHERE),
        "PutObjectLegalHold": lambda: s3.put_object_legal_hold(**place, LegalHold={"Status": "ON"}),
    }


def queue_calls(sqs: Any, queue: str) -> Calls:
    return {
        "SendMessage": lambda: sqs.send_message(QueueUrl=queue, MessageBody="\0"),
        "ReceiveMessage": lambda: sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0),
        "DeleteMessage": lambda: sqs.delete_message(QueueUrl=queue, ReceiptHandle=NOWHERE),
        "GetQueueAttributes": lambda: sqs.get_queue_attributes(
            QueueUrl=queue, AttributeNames=["QueueArn"]
        ),
        "PurgeQueue": lambda: sqs.purge_queue(QueueUrl=queue),
    }


def key_calls(kms: Any, key: str, ciphertext: bytes) -> Calls:
    return {
        "Encrypt": lambda: kms.encrypt(KeyId=key, Plaintext=b"nothing"),
        "Decrypt": lambda: kms.decrypt(KeyId=key, CiphertextBlob=ciphertext),
        "GenerateDataKey": lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
        "GenerateMac": lambda: kms.generate_mac(
            KeyId=key, Message=b"nothing", MacAlgorithm="HMAC_SHA_256"
        ),
        "ScheduleKeyDeletion": lambda: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=31),
    }


def is_allowed(call: Callable[[], Any]) -> bool:
    """Whether a call got past the roles, whatever became of it there."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] not in REFUSALS
    return True


def allowed(calls: Calls) -> set[str]:
    return {action for action, call in calls.items() if is_allowed(call)}


@pytest.fixture(scope="module")
def ciphertext(stack: Stack) -> bytes:
    """Something encrypted under HoldersKey, which only `access` may decrypt."""
    key = stack.resources["HoldersKey"]
    blob: bytes = stack.client("kms").encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    return blob


@pytest.fixture(scope="module", params=MATRIX)
def function(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def role(stack: Stack, function: str) -> Role:
    return stack.assume(f"{''.join(word.title() for word in function.split('_'))}Function")


def rights(function: str, resource: str) -> Iterator[tuple[str, str]]:
    """Each right of a cell: the action, and the attributes that it reads alone."""
    for found in RIGHT.finditer(MATRIX[function].get(resource, "")):
        yield found["action"], found["attributes"] or ""


def actions(function: str, *resources: str) -> set[str]:
    return {action for resource in resources for action, _ in rights(function, resource)}


@pytest.fixture(scope="module")
def tables(stack: Stack) -> list[Table]:
    """Each table's logical and physical id and a key that is not there."""
    dynamodb, found = stack.client("dynamodb"), []
    for logical_id, name in stack.resources.items():
        if logical_id.endswith("Table"):
            schema = dynamodb.describe_table(TableName=name)["Table"]["KeySchema"]
            found.append((logical_id, name, {k["AttributeName"]: {"S": NOWHERE} for k in schema}))
    return found


@pytest.fixture(scope="module", autouse=True)
def _nothing_stays(stack: Stack) -> Iterator[None]:
    """End the uploads that a role was allowed to begin."""
    yield
    s3 = stack.client("s3")
    for logical_id, bucket in stack.resources.items():
        if logical_id.endswith("Bucket"):
            for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
                if upload["Key"].endswith(NOWHERE):
                    s3.abort_multipart_upload(
                        Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )


def test_tables(tables: list[Table], function: str, role: Role) -> None:
    dynamodb = role.client("dynamodb")
    for logical_id, name, key in tables:
        limited = dict(rights(function, logical_id))
        whole = {action for action, attributes in limited.items() if not attributes}
        batches = {"BatchGetItem"} & limited.keys()  # the local AWS does not see their attributes
        assert allowed(table_calls(dynamodb, name, key)) == whole | batches, logical_id

        for attributes in set(limited.values()) - {""}:
            expected = {a for a, limit in limited.items() if limit in {"", attributes}}
            found = allowed(table_calls(dynamodb, name, key, attributes))
            assert found == expected | batches, (logical_id, attributes)


def test_no_private_side(tables: list[Table], function: str, role: Role) -> None:
    if function == "access":
        pytest.skip("the one that may")
    dynamodb = role.client("dynamodb")
    for logical_id, name, key in tables:
        if logical_id in {"KeysTable", "DayKeysTable", "HoldKeysTable"}:
            calls = table_calls(dynamodb, name, key, "pk private")
            assert not allowed(calls) & {"GetItem", "Query", "Scan"}, logical_id


def test_the_index_of_open_requests(stack: Stack, function: str, role: Role) -> None:
    query = {
        "IndexName": "open",
        "KeyConditionExpression": "#open = :open",
        "ExpressionAttributeNames": {"#open": "open"},
        "ExpressionAttributeValues": {":open": {"S": NOWHERE}},
    }
    dynamodb, table = role.client("dynamodb"), stack.resources["RequestsTable"]
    calls: Calls = {"Query": lambda: dynamodb.query(TableName=table, **query)}
    assert allowed(calls) == actions(function, "RequestsTable index/open")


@pytest.mark.parametrize("bucket", ["ObjectsBucket", "KeepBucket", "LedgerBucket", "StagingBucket"])
def test_buckets(stack: Stack, function: str, role: Role, bucket: str) -> None:
    calls = bucket_calls(role.client("s3"), stack.resources[bucket])
    assert allowed(calls) == actions(function, bucket) & calls.keys()


def test_day_keys_beside_what_a_law_keeps(stack: Stack, function: str, role: Role) -> None:
    calls = bucket_calls(role.client("s3"), stack.resources["KeepBucket"], "keys/")
    expected = actions(function, "KeepBucket", "KeepBucket keys/*")
    assert allowed(calls) == expected & calls.keys()


def test_queues(stack: Stack, function: str, role: Role) -> None:
    sqs = role.client("sqs")
    for logical_id, url in stack.resources.items():
        if logical_id.endswith("Queue"):
            assert allowed(queue_calls(sqs, url)) == actions(function, logical_id), logical_id


@pytest.mark.parametrize("key", ["HoldersKey", "PseudonymKey", "MessageIdKey"])
def test_keys(stack: Stack, function: str, role: Role, ciphertext: bytes, key: str) -> None:
    calls = key_calls(role.client("kms"), stack.resources[key], ciphertext)
    assert allowed(calls) == actions(function, key)


@pytest.mark.parametrize("table", ["KeysTable", "DayKeysTable"])
def test_only_access_opens_a_stored_key(
    archive: Archive, function: str, role: Role, table: str
) -> None:
    """A person's and a day's, as they lie there, with their true context."""
    archive.capture(message(someone("mara"), ANN))
    wrapped = next(item for item in archive.items(table) if "private" in item)
    holder = wrapped["h"]["B"].hex() if "h" in wrapped else wrapped["pk"]["S"].removeprefix("h#")
    place = {
        "CiphertextBlob": wrapped["private"]["B"],
        "EncryptionContext": {"holder": holder},
    }
    kms = role.client("kms")

    assert is_allowed(lambda: kms.decrypt(**place)) == (function == "access")
    if function == "access":
        assert kms.decrypt(**place)["Plaintext"]
        place["EncryptionContext"] = {"holder": "0" * 32}
        with pytest.raises(ClientError, match="InvalidCiphertext"):
            kms.decrypt(**place)


def test_a_captured_message_is_changed_by_purge_alone(
    archive: Archive, function: str, role: Role
) -> None:
    """Under conditions that do not hold, so that it stays for the next role."""
    message_id = archive.capture(message(someone("mara"), ANN))
    ((item,), entries) = archive.versions(message_id), archive.entries({message_id})
    dynamodb, tables = role.client("dynamodb"), archive.tables
    changes = {"UpdateItem", "DeleteItem"}
    for table, stored in [("MessagesTable", item), *(("EntriesTable", e) for e in entries)]:
        key = {"pk": stored["pk"], "sk": stored["sk"]}
        found = allowed(table_calls(dynamodb, tables[table], key)) & changes
        assert found == actions(function, table) & changes, table
        assert not found or function == "purge"
    (event, *_) = archive.items("AuditTable")
    key = {"pk": event["pk"], "sk": event["sk"]}
    assert not allowed(table_calls(dynamodb, tables["AuditTable"], key)) & changes


def test_L74_without_its_key_capture_stores_nothing(archive: Archive) -> None:
    said = message(someone("mara"), someone("jonas"), ANN)
    key, kms = archive.stack.resources["HoldersKey"], archive.stack.client("kms")
    token, before = archive.stack.callers.machine("capture"), archive.size()
    kms.disable_key(KeyId=key)
    try:
        answer = archive.stack.call("POST", "/messages", said, token=token)
    finally:
        kms.enable_key(KeyId=key)

    assert answer.status >= 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert archive.size() == before
    assert archive.send(said).status == 201
