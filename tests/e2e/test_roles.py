"""Each role does on the deployed stack what the matrix says, and is refused everything else.

The local AWS does not see, and leaves to `tests/template`: the attributes of a batch, the items
that a right names (one of the register that the sweep reads, the texts among the notices), from
whom mail is sent, and StorageKey.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.archive import ANN, TABLES_OF_KEYS, Archive, message, somebody, someone
from tests.e2e.speaking import Speaking
from tests.e2e.touching import (
    NOWHERE,
    Calls,
    allowed,
    bucket_calls,
    is_allowed,
    key_calls,
    mail_calls,
    queue_calls,
    secret_calls,
    table_calls,
    topic_calls,
)
from tests.template.matrix import MATRIX
from tools.fake_vendors import FakeVendors
from tools.stack import Role, Stack

RIGHT = re.compile(r"(?P<action>\w+)(?:\((?P<attributes>[^)]*)\)|\[[^]]+\])?")
BUCKETS = ["ObjectsBucket", "KeepBucket", "LedgerBucket", "StagingBucket"]
KEYS = [
    *("HoldersKey", "PseudonymKey", "MessageIdKey"),
    *("AuthorisationKey", "ReceiptsKey", "TransitKey"),
]
INDEXES = {
    "RequestsTable index/open": "open",
    "ReviewsTable index/open": "open",
    "ConsentStatesTable index/due": "dm",
}
"""Each index by the attribute that it is asked by."""
SES = ["every identity of SES", "every configuration-set of SES"]

Table = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def ciphertexts(stack: Stack) -> dict[str, bytes]:
    """Something encrypted under each key that encrypts."""
    kms = stack.client("kms")
    return {
        key: kms.encrypt(KeyId=stack.resources[key], Plaintext=b"secret")["CiphertextBlob"]
        for key in ("HoldersKey", "TransitKey")
    }


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
        if logical_id in TABLES_OF_KEYS:
            calls = table_calls(dynamodb, name, key, "pk private")
            assert not allowed(calls) & {"GetItem", "Query", "Scan"}, logical_id


@pytest.mark.parametrize("index", INDEXES)
def test_indexes(stack: Stack, function: str, role: Role, index: str) -> None:
    table, _, name = index.partition(" index/")
    query = {
        "TableName": stack.resources[table],
        "IndexName": name,
        "KeyConditionExpression": "#key = :key",
        "ExpressionAttributeNames": {"#key": INDEXES[index]},
        "ExpressionAttributeValues": {":key": {"S": NOWHERE}},
    }
    dynamodb = role.client("dynamodb")
    calls: Calls = {"Query": lambda: dynamodb.query(**query)}
    assert allowed(calls) == actions(function, index)


@pytest.mark.parametrize("bucket", BUCKETS)
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


@pytest.mark.parametrize("key", KEYS)
def test_keys(
    stack: Stack, function: str, role: Role, ciphertexts: dict[str, bytes], key: str
) -> None:
    ciphertext = ciphertexts.get(key, ciphertexts["HoldersKey"])
    calls = key_calls(role.client("kms"), stack.resources[key], ciphertext)
    assert allowed(calls) == actions(function, key)


def test_the_vendors_secret(stack: Stack, function: str, role: Role) -> None:
    calls = secret_calls(role.client("secretsmanager"), stack.resources["VendorSecret"])
    assert allowed(calls) == actions(function, "VendorSecret")


@pytest.fixture(scope="module")
def topic(stack: Stack) -> str:
    """ReportsTopic without SNS's own policy, by which all roles of the account publish.

    On AWS, the template's policy takes its place; that one asks for TLS, which is not here.
    """
    topic: str = stack.resources["ReportsTopic"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    stack.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=policy
    )
    return topic


def test_the_topic_of_reports(function: str, role: Role, topic: str) -> None:
    assert allowed(topic_calls(role.client("sns"), topic)) == actions(function, "ReportsTopic")


def test_mail(function: str, role: Role) -> None:
    assert allowed(mail_calls(role)) == actions(function, *SES)


def test_everything_that_the_matrix_names_is_tried(tables: list[Table], stack: Stack) -> None:
    tried = {logical_id for logical_id, _, _ in tables} | {*BUCKETS, *KEYS, *INDEXES, *SES}
    tried |= {logical_id for logical_id in stack.resources if logical_id.endswith("Queue")}
    tried |= {"KeepBucket keys/*", "VendorSecret", "ReportsTopic"}
    assert {resource for rights in MATRIX.values() for resource in rights} <= tried


@pytest.mark.parametrize("table", ["KeysTable", "DayKeysTable", "ConsentKeysTable"])
def test_only_access_opens_a_stored_key(
    archive: Archive, vendors: FakeVendors, function: str, role: Role, table: str
) -> None:
    """A person's, a day's and that of evidence, as they lie there, with their true context."""
    archive.capture(message(someone("mara"), ANN))
    Speaking(archive, vendors).agree(somebody(), "newsletter", "sms")
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
