"""Every way to touch a resource: tried with the rights of a role, it changes nothing.

Keys are not there, conditions do not hold, parts are missing: a call that is allowed fails as well.
"""

import secrets
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tools.stack import Role

REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
NOWHERE = f"nowhere-{secrets.token_hex(8)}"
NEVER = {"ConditionExpression": "attribute_exists(nowhere)"}

Calls = dict[str, Callable[[], Any]]


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
        "Sign": lambda: kms.sign(KeyId=key, Message=b"nothing", SigningAlgorithm="ECDSA_SHA_256"),
        "GetPublicKey": lambda: kms.get_public_key(KeyId=key),
        "ScheduleKeyDeletion": lambda: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=31),
    }


def secret_calls(secrets_manager: Any, secret: str) -> Calls:
    return {
        "GetSecretValue": lambda: secrets_manager.get_secret_value(
            SecretId=secret, VersionStage=NOWHERE
        ),
        "PutSecretValue": lambda: secrets_manager.put_secret_value(SecretId=secret),
        "DeleteSecret": lambda: secrets_manager.delete_secret(
            SecretId=secret, RecoveryWindowInDays=1
        ),
    }


def topic_calls(sns: Any, topic: str) -> Calls:
    return {
        "Publish": lambda: sns.publish(TopicArn=topic, Message=""),
        "Subscribe": lambda: sns.subscribe(TopicArn=topic, Protocol=NOWHERE),
        "SetTopicAttributes": lambda: sns.set_topic_attributes(
            TopicArn=topic, AttributeName=NOWHERE, AttributeValue=""
        ),
    }


def mail_calls(role: Role) -> Calls:
    """Mail of a domain that the company has not proven; SES asks for the right to the old call."""
    ses, sesv2 = role.client("ses"), role.client("sesv2")
    sender, raw = f"{NOWHERE}@{NOWHERE}.example", {"Data": b"Subject: x\r\n\r\n"}
    return {
        "SendEmail": lambda: sesv2.send_email(
            FromEmailAddress=sender, Destination={"ToAddresses": [sender]}, Content={"Raw": raw}
        ),
        "SendRawEmail": lambda: ses.send_raw_email(
            Source=sender, Destinations=[sender], RawMessage=raw
        ),
        "DeleteEmailIdentity": lambda: sesv2.delete_email_identity(EmailIdentity=sender),
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
