"""Who may do what: every right of every function, and nothing else.

`GetItem(pk cls)` reads those attributes alone, `GetItem[holds]` that item alone. Left out are a
function's own log group, which it may write to, and StorageKey, which it uses through services. The
template is held to this table in both directions, and `docs/threat-model.md` shows it.
"""

CLEAR = "(pk sk m h s x e)"
"""The attributes of a message's item that stand in clear."""

DELETES_OBJECTS = (
    "AbortMultipartUpload DeleteObject DeleteObjectVersion "
    "ListBucketMultipartUploads ListBucketVersions"
)
CONSUMES = "DeleteMessage GetQueueAttributes ReceiveMessage"

MATRIX: dict[str, dict[str, str]] = {
    "ingest": {
        "RegisterTable": "BatchGetItem ConditionCheckItem GetItem PutItem UpdateItem",
        "KeysTable": "GetItem(pk parts whole) PutItem",
        "DayKeysTable": "GetItem(pk sk h public kem ended)",
        "MessagesTable": (
            f"BatchGetItem{CLEAR} ConditionCheckItem GetItem{CLEAR} PutItem Query{CLEAR}"
        ),
        "EntriesTable": "PutItem",
        "PolicyTable": "BatchGetItem GetItem",
        "CountsTable": "UpdateItem",
        "AuditTable": "PutItem",
        "ObjectsBucket": "AbortMultipartUpload PutObject",
        "KeepBucket": "AbortMultipartUpload PutObject PutObjectRetention",
        "StagingBucket": "DeleteObject GetObject ListBucket PutObject",
        "DaysQueue": "SendMessage",
        "HoldersKey": "Encrypt",
        "PseudonymKey": "GenerateMac",
        "MessageIdKey": "GenerateMac",
    },
    "access": {
        "RegisterTable": "GetItem",
        "KeysTable": "BatchGetItem GetItem",
        "DayKeysTable": "BatchGetItem GetItem",
        "MessagesTable": "BatchGetItem GetItem Query",
        "EntriesTable": "BatchGetItem GetItem Query",
        "PolicyTable": "GetItem",
        "AuditTable": "PutItem",
        "ObjectsBucket": "GetObject ListBucket",
        "KeepBucket": "GetObject ListBucket",
        "HoldersKey": "Decrypt",
        "PseudonymKey": "GenerateMac",
    },
    "erase": {
        "RegisterTable": "ConditionCheckItem GetItem UpdateItem",
        "KeysTable": "DeleteItem GetItem(pk at cls parts restricted whole) PutItem UpdateItem",
        "MessagesTable": f"GetItem{CLEAR} Query{CLEAR}",
        "RequestsTable": "GetItem PutItem UpdateItem",
        "PolicyTable": "GetItem",
        "AuditTable": "PutItem",
        "LedgerBucket": "PutObject PutObjectRetention",
        "PurgeQueue": "SendMessage",
        "EraseQueue": f"{CONSUMES} SendMessage",
        "PseudonymKey": "GenerateMac",
    },
    "purge": {
        "KeysTable": "BatchGetItem(pk cls parts whole) GetItem(pk cls parts whole)",
        "DayKeysTable": "GetItem(pk sk ended)",
        "MessagesTable": f"DeleteItem GetItem{CLEAR} PutItem Query{CLEAR} UpdateItem",
        "EntriesTable": "DeleteItem GetItem Query",
        "RequestsTable": "GetItem UpdateItem",
        "AuditTable": "PutItem",
        "ObjectsBucket": DELETES_OBJECTS,
        "KeepBucket": DELETES_OBJECTS,
        "PurgeQueue": f"{CONSUMES} SendMessage",
    },
    "retention_sweep": {
        "RegisterTable": "ConditionCheckItem[holds] GetItem[holds]",
        "DayKeysTable": "PutItem Scan(pk sk keep ended cleared) UpdateItem",
        "RequestsTable": "GetItem",
        "RequestsTable index/open": "Query",
        "PolicyTable": "GetItem",
        "CountsTable": "Query",
        "AuditTable": "PutItem",
        "ObjectsBucket": DELETES_OBJECTS,
        "KeepBucket": DELETES_OBJECTS,
        "KeepBucket keys/*": "PutObject PutObjectRetention",
        "LedgerBucket": "PutObject PutObjectRetention",
        "DaysQueue": CONSUMES,
        "EraseQueue": "SendMessage",
        "HoldersKey": "Encrypt",
    },
    "govern": {
        "RegisterTable": "GetItem UpdateItem",
        "PolicyTable": "GetItem PutItem Query",
        "AuditTable": "PutItem",
        "PseudonymKey": "GenerateMac",
    },
}
