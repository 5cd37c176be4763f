"""Tables, buckets, queues and keys: what stays, what is encrypted, what can be restored."""

import pytest

from tests.template.expanded import Resource, arn, expanded, of_type, ref, source

TABLES = {
    "RegisterTable": "pk",
    "KeysTable": "pk",
    "DayKeysTable": "pk sk",
    "HoldKeysTable": "pk",
    "MessagesTable": "pk sk",
    "EntriesTable": "pk sk",
    "RequestsTable": "pk",
    "AuditTable": "pk sk",
    "PolicyTable": "pk",
    "CountsTable": "pk sk",
    "ConsentTable": "pk sk",
    "ConsentStatesTable": "pk",
    "ConsentKeysTable": "pk",
    "NoticesTable": "pk sk",
    "ReviewsTable": "pk",
    "OutboxTable": "pk sk",
}
TABLES_OF_KEYS = {"KeysTable", "DayKeysTable", "HoldKeysTable", "ConsentKeysTable"}
TABLES_WITH_TTL = {
    "MessagesTable",
    "EntriesTable",
    "RequestsTable",
    "CountsTable",
    "ConsentTable",
    "ConsentStatesTable",
    "ReviewsTable",
    "OutboxTable",
}
RETAINED = (
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::KMS::Key",
    "AWS::Cognito::UserPool",
    "AWS::SecretsManager::Secret",
)
BUCKETS = {"ObjectsBucket", "KeepBucket", "LedgerBucket", "StagingBucket"}
every_table = pytest.mark.parametrize("table", TABLES)
every_bucket = pytest.mark.parametrize("bucket", sorted(BUCKETS))


def properties(logical_id: str) -> Resource:
    found: Resource = source()["Resources"][logical_id]["Properties"]
    return found


def test_the_tables_are_these() -> None:
    assert of_type("AWS::DynamoDB::Table").keys() == TABLES.keys()
    assert of_type("AWS::S3::Bucket").keys() == BUCKETS


@every_table
def test_a_table_has_its_keys(table: str) -> None:
    schema = [key["AttributeName"] for key in properties(table)["KeySchema"]]
    assert schema == TABLES[table].split()
    definitions = properties(table)["AttributeDefinitions"]
    assert {d["AttributeType"] for d in definitions if d["AttributeName"] in schema} == {"S"}


@every_table
def test_a_table_is_encrypted_protected_and_paid_by_use(table: str) -> None:
    assert properties(table)["SSESpecification"] == {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": arn("StorageKey"),
    }
    assert properties(table)["DeletionProtectionEnabled"] is True
    assert properties(table)["BillingMode"] == "PAY_PER_REQUEST"


@every_table
def test_nothing_copies_a_table(table: str) -> None:
    assert (
        not {
            "StreamSpecification",
            "KinesisStreamSpecification",
            "ImportSourceSpecification",
            "ResourcePolicy",
        }
        & properties(table).keys()
    )


@every_table
def test_keys_can_be_restored_for_key_backup_days_and_the_rest_for_35(table: str) -> None:
    backup = properties(table)["PointInTimeRecoverySpecification"]
    if table in TABLES_OF_KEYS:
        assert backup == {
            "PointInTimeRecoveryEnabled": {"Fn::If": ["HasKeyBackups", True, False]},
            "RecoveryPeriodInDays": {
                "Fn::If": ["HasKeyBackups", ref("KeyBackupDays"), ref("AWS::NoValue")]
            },
        }
    else:
        assert backup == {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 35}


def test_no_days_of_backup_are_no_backup() -> None:
    assert source()["Conditions"]["HasKeyBackups"] == {
        "Fn::Not": [{"Fn::Equals": [ref("KeyBackupDays"), 0]}]
    }
    parameter = source()["Parameters"]["KeyBackupDays"]
    assert (parameter["MinValue"], parameter["Default"], parameter["MaxValue"]) == (0, 7, 35)


@every_table
def test_items_end_by_ttl_where_they_are_to_end(table: str) -> None:
    ttl = properties(table).get("TimeToLiveSpecification")
    assert ttl == ({"AttributeName": "ttl", "Enabled": True} if table in TABLES_WITH_TTL else None)


def test_open_requests_are_found_by_an_index_of_keys_alone() -> None:
    (index,) = properties("RequestsTable")["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "open"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["open", "received"]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


@pytest.mark.parametrize("kind", RETAINED)
def test_what_holds_data_outlives_the_stack(kind: str) -> None:
    for resource in [*of_type(kind).values(), expanded()["ApiAccessLogGroup"]]:
        assert resource["DeletionPolicy"] == "Retain"
        assert resource["UpdateReplacePolicy"] == "Retain"


@every_bucket
def test_a_bucket_is_encrypted_private_and_of_one_owner(bucket: str) -> None:
    (rule,) = properties(bucket)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == arn("StorageKey")
    assert all(properties(bucket)["PublicAccessBlockConfiguration"].values())
    assert properties(bucket)["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }


@every_bucket
def test_a_bucket_speaks_tls_alone(bucket: str) -> None:
    policy = expanded()[f"{bucket}Policy"]
    assert policy["Condition"] == "IsOnAws"
    tls, others = policy["Properties"]["PolicyDocument"]["Statement"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert others["Condition"].keys() == {"ArnNotEquals"}


@every_bucket
def test_a_bucket_keeps_versions_and_locks_where_the_design_says_so(bucket: str) -> None:
    versioned = properties(bucket).get("VersioningConfiguration") == {"Status": "Enabled"}
    locked = properties(bucket).get("ObjectLockEnabled", False)
    assert versioned == (bucket != "StagingBucket")
    assert locked == (bucket in {"KeepBucket", "LedgerBucket"})


def test_L89_locks_are_set_by_the_writer_for_each_object() -> None:
    for bucket in ("KeepBucket", "LedgerBucket"):
        assert "Rule" not in properties(bucket)["ObjectLockConfiguration"]


@every_bucket
def test_what_was_begun_and_never_finished_ends_within_a_day(bucket: str) -> None:
    (rule,) = properties(bucket)["LifecycleConfiguration"]["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_an_upload_stays_a_day_at_most() -> None:
    (rule,) = properties("StagingBucket")["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 1
    assert "CorsConfiguration" not in properties("StagingBucket")


def test_the_ledger_outlives_every_backup() -> None:
    (rule,) = properties("LedgerBucket")["LifecycleConfiguration"]["Rules"]
    longest = max(
        properties(table)["PointInTimeRecoverySpecification"]["RecoveryPeriodInDays"]
        for table in TABLES.keys() - TABLES_OF_KEYS
    )
    assert rule["ExpirationInDays"] > longest


def test_queues_are_encrypted_and_speak_tls_alone() -> None:
    for queue in of_type("AWS::SQS::Queue").values():
        assert queue["Properties"]["KmsMasterKeyId"] == ref("StorageKey")
    (policy,) = of_type("AWS::SQS::QueuePolicy").values()
    assert policy["Properties"]["Queues"] == [ref(queue) for queue in of_type("AWS::SQS::Queue")]


def test_keys_are_of_their_kinds() -> None:
    kinds = {
        name: key["Properties"].get("KeySpec", "SYMMETRIC_DEFAULT")
        for name, key in of_type("AWS::KMS::Key").items()
    }
    assert kinds == {
        "HoldersKey": "SYMMETRIC_DEFAULT",
        "StorageKey": "SYMMETRIC_DEFAULT",
        "PseudonymKey": "HMAC_256",
        "MessageIdKey": "HMAC_256",
        "AuthorisationKey": "HMAC_256",
        "ReceiptsKey": "ECC_NIST_P256",
        "TransitKey": "SYMMETRIC_DEFAULT",
    }
