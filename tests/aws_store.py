"""The store on AWS as moto plays it, with all that template.yaml declares below it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml
from botocore.session import get_session
from lethe.store.activity import DynamoActivity
from lethe.store.archive import DynamoArchive
from lethe.store.audit import DynamoAuditTrail
from lethe.store.clients import config, s3_config
from lethe.store.consents import DynamoConsents
from lethe.store.counts import DynamoCounts
from lethe.store.days import DynamoDays
from lethe.store.keys import DynamoKeys
from lethe.store.ledger import S3Ledger
from lethe.store.notices import DynamoNotices
from lethe.store.objects import S3Objects
from lethe.store.outbox import DynamoOutbox
from lethe.store.policies import DynamoPolicies
from lethe.store.proposals import DynamoProposals
from lethe.store.queues import (
    SqsConsentQueue,
    SqsDayRequests,
    SqsEraseQueue,
    SqsPurgeQueue,
    SqsSendQueue,
    SqsSentQueue,
)
from lethe.store.register import DynamoRegister
from lethe.store.reports import DynamoReportLog, SnsReportTopic
from lethe.store.requests import DynamoRequests
from lethe.store.reviews import DynamoReviews
from lethe.store.signer import KmsSigner
from lethe.store.staging import S3Staging
from lethe.store.texts import DynamoTexts
from lethe.store.transit import KmsTransitKeys
from lethe.store.wrap import KmsKeyWrap
from moto import mock_aws

TEMPLATE = Path(__file__).parents[1] / "template.yaml"
REGION = "eu-central-1"
PERIOD = timedelta(days=3 * 365)


class _Loader(yaml.SafeLoader):
    """Reads the intrinsic functions of CloudFormation as their arguments."""


def _intrinsic(loader: _Loader, _: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node)


_Loader.add_multi_constructor("!", _intrinsic)


@cache
def declared(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of a type, by logical id."""
    resources = yaml.load(TEMPLATE.read_text("utf-8"), _Loader)["Resources"]  # noqa: S506 - is safe
    return {
        name: resource.get("Properties", {})
        for name, resource in resources.items()
        if resource["Type"] == kind
    }


@contextmanager
def on_aws() -> Iterator[AwsStores]:
    """An account with everything in it, empty."""
    with mock_aws():
        yield AwsStores()


class AwsStores:
    """A store for every port, and the clients and names below it."""

    def __init__(self) -> None:
        self.dynamodb, self.kms, self.sqs = map(_client, ("dynamodb", "kms", "sqs"))
        self.s3 = _client("s3")
        self.clients = (self.dynamodb, self.s3, self.kms, self.sqs)
        self.secretsmanager, self.sesv2, self.sns = map(_client, ("secretsmanager", "sesv2", "sns"))
        for name, table in declared("AWS::DynamoDB::Table").items():
            _create_table(self.dynamodb, name, table)
        self.buckets = {
            name: _create_bucket(self.s3, name, bucket)
            for name, bucket in declared("AWS::S3::Bucket").items()
        }
        self.queues = {
            name: self.sqs.create_queue(QueueName=name)["QueueUrl"]
            for name in declared("AWS::SQS::Queue")
        }
        self._build()

    def _build(self) -> None:
        dynamodb, s3, sqs = self.dynamodb, self.s3, self.sqs
        objects, keep = self.buckets["ObjectsBucket"], self.buckets["KeepBucket"]
        self.register = DynamoRegister(
            dynamodb,
            register="RegisterTable",
            keys="KeysTable",
            messages="MessagesTable",
            policy="PolicyTable",
        )
        self.keys = DynamoKeys(dynamodb, keys="KeysTable", day_keys="DayKeysTable")
        self.days = DynamoDays(dynamodb, day_keys="DayKeysTable", register="RegisterTable")
        self.archive = DynamoArchive(dynamodb, messages="MessagesTable", entries="EntriesTable")
        self.objects = S3Objects(s3, objects=objects, keep=keep)
        self.staging = S3Staging(s3, staging=self.buckets["StagingBucket"])
        self.requests = DynamoRequests(dynamodb, requests="RequestsTable", period=PERIOD)
        self.audit = DynamoAuditTrail(dynamodb, audit="AuditTable")
        self.policies = DynamoPolicies(dynamodb, policy="PolicyTable", notices="NoticesTable")
        self.proposals = DynamoProposals(dynamodb, policy="PolicyTable")
        self.counts = DynamoCounts(dynamodb, counts="CountsTable")
        self.activity = DynamoActivity(dynamodb, counts="CountsTable")
        self.report_log = DynamoReportLog(dynamodb, counts="CountsTable")
        topic = self.sns.create_topic(Name="ReportsTopic")["TopicArn"]
        self.report_topic = SnsReportTopic(self.sns, topic=topic)
        self.ledger = S3Ledger(s3, ledger=self.buckets["LedgerBucket"])
        self.purge_queue = SqsPurgeQueue(sqs, purge_queue=self.queues["PurgeQueue"])
        self.erase_queue = SqsEraseQueue(sqs, erase_queue=self.queues["EraseQueue"])
        self.consent_queue = SqsConsentQueue(sqs, consent_queue=self.queues["ConsentQueue"])
        self.reviews = DynamoReviews(dynamodb, reviews="ReviewsTable", period=PERIOD)
        self.consents = DynamoConsents(
            dynamodb, consents="ConsentTable", states="ConsentStatesTable", keys="ConsentKeysTable"
        )
        self.texts = DynamoTexts(dynamodb, notices="NoticesTable")
        self.notices = DynamoNotices(dynamodb, notices="NoticesTable")
        self.day_requests = SqsDayRequests(sqs, days_queue=self.queues["DaysQueue"])
        self.outbox = DynamoOutbox(dynamodb, outbox="OutboxTable")
        self.send_queue = SqsSendQueue(sqs, send_queue=self.queues["SendQueue"])
        self.sent_queue = SqsSentQueue(sqs, sent_queue=self.queues["SentQueue"])

    def sent_secret(self, secret: dict[str, Any]) -> str:
        """Put the credentials at the vendors where the dispatcher finds them; their id."""
        made = self.secretsmanager.create_secret(Name="vendors", SecretString=json.dumps(secret))
        arn: str = made["ARN"]
        return arn

    @cached_property
    def kms_keys(self) -> dict[str, str]:
        """The key ids by logical id; made when first asked for, since moto takes its time."""
        return {name: _create_key(self.kms, key) for name, key in declared("AWS::KMS::Key").items()}

    @cached_property
    def signer(self) -> KmsSigner:
        return KmsSigner(self.kms, key_id=self.kms_keys["ReceiptsKey"])

    @cached_property
    def transit(self) -> KmsTransitKeys:
        return KmsTransitKeys(self.kms, transit_key=self.kms_keys["TransitKey"])

    @cached_property
    def wrap(self) -> KmsKeyWrap:
        return KmsKeyWrap(self.kms, holders_key=self.kms_keys["HoldersKey"])


@cache
def _session() -> Any:
    return get_session()


def _client(service: str) -> Any:
    wanted = s3_config() if service == "s3" else config()
    return _session().create_client(service, region_name=REGION, config=wanted)


def _create_table(dynamodb: Any, name: str, table: dict[str, Any]) -> None:
    taken = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    dynamodb.create_table(TableName=name, **{key: table[key] for key in taken if key in table})
    if "TimeToLiveSpecification" in table:
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification=table["TimeToLiveSpecification"]
        )


def _create_bucket(s3: Any, name: str, bucket: dict[str, Any]) -> str:
    named = f"lethe-{name.lower()}"
    s3.create_bucket(
        Bucket=named,
        CreateBucketConfiguration={"LocationConstraint": REGION},
        ObjectLockEnabledForBucket=bucket.get("ObjectLockEnabled", False),
    )
    if "VersioningConfiguration" in bucket:
        s3.put_bucket_versioning(
            Bucket=named, VersioningConfiguration=bucket["VersioningConfiguration"]
        )
    return named


def _create_key(kms: Any, key: dict[str, Any]) -> str:
    taken = {name: key[name] for name in ("KeySpec", "KeyUsage") if name in key}
    created: str = kms.create_key(**taken)["KeyMetadata"]["KeyId"]
    return created
