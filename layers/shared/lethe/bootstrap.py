"""The one place that wires: settings, clients and clock become use cases, once per process.

Nothing happens at import time, and each factory imports what it uses alone: a cold start pays.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

from lethe import settings
from lethe.settings import load

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from lethe.api.intake import Intake
    from lethe.domain.addresses import Address
    from lethe.domain.messages import MessageId
    from lethe.domain.register import Pseudonym
    from lethe.usecases.access import Access
    from lethe.usecases.deletion import Deletion
    from lethe.usecases.erasure import Erasure
    from lethe.usecases.govern import Govern
    from lethe.usecases.purge import Purge
    from lethe.usecases.sweep import Sweep

_NOT_HERE = ""
"""The name of a table that the function has no right to and never asks for."""

_LEDGER_MARGIN = timedelta(days=1)
"""The ledger outlives by this much the last backup that could bring a key back."""


_REQUESTS_KEPT = timedelta(days=3 * 365 + 1)
"""How long a request stays after its final answer; the policy's record `requests` says so too."""


def _now() -> datetime:
    return datetime.now(UTC)


@cache
def _session() -> Any:  # noqa: ANN401 - botocore has no types of its own
    from botocore.session import get_session

    return get_session()


def _client(service: str) -> Any:  # noqa: ANN401 - one of many classes
    """Make a client; botocore alone loads faster than boto3, and its clients are the same."""
    from lethe.store.clients import config, s3_config

    wanted = s3_config() if service == "s3" else config()
    return _session().create_client(service, config=wanted)


class _Later:
    """A client that is made when first used: most processes never need one for S3 or SQS."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - one of many classes
        return self._make()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the client has
        return getattr(self._client, name)


@dataclass(frozen=True)
class World:
    """What lies outside of the process: AWS and the clock. Tests put another one in place."""

    client: Callable[[str], Any] = _client
    clock: Callable[[], datetime] = _now

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return cast("DynamoDBClient", self.client("dynamodb"))

    @cached_property
    def s3(self) -> S3Client:
        return cast("S3Client", _Later(lambda: self.client("s3")))

    @cached_property
    def kms(self) -> KMSClient:
        return cast("KMSClient", _Later(lambda: self.client("kms")))

    @cached_property
    def sqs(self) -> SQSClient:
        return cast("SQSClient", _Later(lambda: self.client("sqs")))


@dataclass
class _Place:
    world: World = field(default_factory=World)


_place = _Place()


def use(world: World) -> None:
    """Put another world in place; every factory builds anew."""
    _place.world = world
    _session.cache_clear()
    for factory in (ingest, access, erase, purge, retention_sweep, govern):
        factory.cache_clear()


class KeyedHashes:
    """The hashes that a function may compute; their keys are derived by KMS when first needed."""

    def __init__(self, kms: KMSClient, *, pseudonym_key_id: str, message_id_key_id: str) -> None:
        self._kms = kms
        self._pseudonym_key_id = pseudonym_key_id
        self._message_id_key_id = message_id_key_id

    @cached_property
    def _pseudonym_key(self) -> bytes:
        from lethe.crypto.keyed import PSEUDONYM_LABEL
        from lethe.store.wrap import derive

        return derive(self._kms, self._pseudonym_key_id, PSEUDONYM_LABEL.decode())

    @cached_property
    def _message_id_key(self) -> bytes:
        from lethe.crypto.keyed import MESSAGE_ID_LABEL
        from lethe.store.wrap import derive

        return derive(self._kms, self._message_id_key_id, MESSAGE_ID_LABEL.decode())

    def pseudonym(self, address: Address) -> Pseudonym:
        """Return the pseudonym of an address."""
        from lethe.crypto import keyed

        return keyed.pseudonym(self._pseudonym_key, address)

    def message_id(self, channel: str, external_id: str) -> MessageId:
        """Return the message id of a channel's external id."""
        from lethe.crypto import keyed

        return keyed.message_id(self._message_id_key, channel, external_id)

    def fingerprint(self, message_id: MessageId, content: bytes) -> bytes:
        """Return what tells a duplicate from a conflict."""
        from lethe.crypto import keyed

        return keyed.fingerprint(self._message_id_key, message_id, content)


@dataclass(frozen=True, slots=True)
class Erase:
    """What the function erase does."""

    erasure: Erasure
    deletion: Deletion


@cache
def ingest() -> Intake:
    """Wire what captures."""
    from lethe.api.intake import Intake
    from lethe.crypto.holders import Kem
    from lethe.store.archive import DynamoArchive
    from lethe.store.counts import DynamoCounts
    from lethe.store.days import DynamoDays
    from lethe.store.keys import DynamoKeys
    from lethe.store.objects import S3Objects
    from lethe.store.policies import DynamoPolicies
    from lethe.store.queues import SqsDayRequests
    from lethe.store.register import DynamoRegister
    from lethe.store.staging import S3Staging
    from lethe.store.wrap import KmsKeyWrap
    from lethe.usecases.capture import Capture
    from lethe.usecases.uploads import Uploads

    world, env = _place.world, load(settings.IngestSettings)
    capture = Capture(
        register=DynamoRegister(
            world.dynamodb,
            register=env.register_table,
            keys=env.keys_table,
            messages=env.messages_table,
            policy=env.policy_table,
        ),
        keys=DynamoKeys(world.dynamodb, keys=env.keys_table, day_keys=env.day_keys_table),
        days=DynamoDays(world.dynamodb, day_keys=env.day_keys_table, register=env.register_table),
        day_requests=SqsDayRequests(world.sqs, days_queue=env.days_queue_url),
        archive=DynamoArchive(
            world.dynamodb, messages=env.messages_table, entries=env.entries_table
        ),
        objects=S3Objects(world.s3, objects=env.objects_bucket, keep=env.keep_bucket),
        wrap=KmsKeyWrap(world.kms, holders_key=env.holders_key_id),
        counts=DynamoCounts(world.dynamodb, counts=env.counts_table),
        policies=DynamoPolicies(world.dynamodb, policy=env.policy_table),
        hashes=KeyedHashes(
            world.kms,
            pseudonym_key_id=env.pseudonym_key_id,
            message_id_key_id=env.message_id_key_id,
        ),
        clock=world.clock,
        kem=Kem[env.kem],
    )
    staging = S3Staging(world.s3, staging=env.staging_bucket)
    return Intake(capture, Uploads(staging=staging, clock=world.clock))


@cache
def access() -> Access:
    """Wire what reads."""
    from lethe.store.archive import DynamoArchive
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.keys import DynamoKeys
    from lethe.store.objects import S3Objects
    from lethe.store.policies import DynamoPolicies
    from lethe.store.register import DynamoRegister
    from lethe.store.wrap import KmsKeyWrap
    from lethe.usecases.access import Access
    from lethe.usecases.opening import Opening

    world, env = _place.world, load(settings.AccessSettings)
    archive = DynamoArchive(world.dynamodb, messages=env.messages_table, entries=env.entries_table)
    objects = S3Objects(world.s3, objects=env.objects_bucket, keep=env.keep_bucket)
    return Access(
        register=DynamoRegister(
            world.dynamodb,
            register=env.register_table,
            keys=env.keys_table,
            messages=env.messages_table,
            policy=env.policy_table,
        ),
        archive=archive,
        objects=objects,
        policies=DynamoPolicies(world.dynamodb, policy=env.policy_table),
        audit=DynamoAuditTrail(world.dynamodb, audit=env.audit_table),
        hashes=_pseudonyms(world, env.pseudonym_key_id),
        opening=Opening(
            archive=archive,
            keys=DynamoKeys(world.dynamodb, keys=env.keys_table, day_keys=env.day_keys_table),
            objects=objects,
            wrap=KmsKeyWrap(world.kms, holders_key=env.holders_key_id),
            clock=world.clock,
        ),
        clock=world.clock,
    )


@cache
def erase() -> Erase:
    """Wire what ends persons' keys and single messages."""
    from lethe.store.archive import DynamoArchive
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.keys import DynamoKeys
    from lethe.store.ledger import S3Ledger
    from lethe.store.policies import DynamoPolicies
    from lethe.store.queues import SqsEraseQueue, SqsPurgeQueue
    from lethe.store.register import DynamoRegister
    from lethe.store.requests import DynamoRequests
    from lethe.usecases.deletion import Deletion
    from lethe.usecases.erasure import Erasure

    world, env = _place.world, load(settings.EraseSettings)
    register = DynamoRegister(
        world.dynamodb,
        register=env.register_table,
        keys=env.keys_table,
        messages=env.messages_table,
        policy=env.policy_table,
    )
    policies = DynamoPolicies(world.dynamodb, policy=env.policy_table)
    audit = DynamoAuditTrail(world.dynamodb, audit=env.audit_table)
    ledger = S3Ledger(world.s3, ledger=env.ledger_bucket, now=world.clock)
    purge_queue = SqsPurgeQueue(world.sqs, purge_queue=env.purge_queue_url)
    hashes = _pseudonyms(world, env.pseudonym_key_id)
    ledger_period = _ledger_period(env.key_backup_days)
    erasure = Erasure(
        register=register,
        requests=DynamoRequests(world.dynamodb, requests=env.requests_table, period=_REQUESTS_KEPT),
        policies=policies,
        audit=audit,
        ledger=ledger,
        purge_queue=purge_queue,
        erase_queue=SqsEraseQueue(world.sqs, erase_queue=env.erase_queue_url),
        hashes=hashes,
        clock=world.clock,
        longest_capture=env.longest_capture,
        ledger_period=ledger_period,
    )
    deletion = Deletion(
        register=register,
        keys=DynamoKeys(world.dynamodb, keys=env.keys_table, day_keys=_NOT_HERE),
        archive=DynamoArchive(world.dynamodb, messages=env.messages_table, entries=_NOT_HERE),
        policies=policies,
        audit=audit,
        ledger=ledger,
        purge_queue=purge_queue,
        hashes=hashes,
        clock=world.clock,
        longest_capture=env.longest_capture,
        ledger_period=ledger_period,
    )
    return Erase(erasure, deletion)


@cache
def purge() -> Purge:
    """Wire what deletes ciphertext."""
    from lethe.store.archive import DynamoArchive
    from lethe.store.keys import DynamoKeys
    from lethe.store.objects import S3Objects
    from lethe.store.queues import SqsPurgeQueue
    from lethe.store.requests import DynamoRequests
    from lethe.usecases.purge import Purge

    world, env = _place.world, load(settings.PurgeSettings)
    return Purge(
        keys=DynamoKeys(world.dynamodb, keys=env.keys_table, day_keys=env.day_keys_table),
        archive=DynamoArchive(
            world.dynamodb, messages=env.messages_table, entries=env.entries_table
        ),
        objects=S3Objects(world.s3, objects=env.objects_bucket, keep=env.keep_bucket),
        requests=DynamoRequests(world.dynamodb, requests=env.requests_table, period=_REQUESTS_KEPT),
        purge_queue=SqsPurgeQueue(world.sqs, purge_queue=env.purge_queue_url),
        clock=world.clock,
        longest_capture=env.longest_capture,
    )


@cache
def retention_sweep() -> Sweep:
    """Wire what ends days."""
    from lethe.crypto.holders import Kem
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.counts import DynamoCounts
    from lethe.store.days import DynamoDays
    from lethe.store.ledger import S3Ledger
    from lethe.store.objects import S3Objects
    from lethe.store.policies import DynamoPolicies
    from lethe.store.queues import SqsEraseQueue
    from lethe.store.register import DynamoRegister
    from lethe.store.requests import DynamoRequests
    from lethe.store.wrap import KmsKeyWrap
    from lethe.usecases.sweep import Sweep

    world, env = _place.world, load(settings.RetentionSweepSettings)
    return Sweep(
        register=DynamoRegister(
            world.dynamodb,
            register=env.register_table,
            keys=_NOT_HERE,
            messages=_NOT_HERE,
            policy=env.policy_table,
        ),
        days=DynamoDays(world.dynamodb, day_keys=env.day_keys_table, register=env.register_table),
        objects=S3Objects(world.s3, objects=env.objects_bucket, keep=env.keep_bucket),
        requests=DynamoRequests(world.dynamodb, requests=env.requests_table, period=_REQUESTS_KEPT),
        policies=DynamoPolicies(world.dynamodb, policy=env.policy_table),
        counts=DynamoCounts(world.dynamodb, counts=env.counts_table),
        audit=DynamoAuditTrail(world.dynamodb, audit=env.audit_table),
        ledger=S3Ledger(world.s3, ledger=env.ledger_bucket, now=world.clock),
        erase_queue=SqsEraseQueue(world.sqs, erase_queue=env.erase_queue_url),
        wrap=KmsKeyWrap(world.kms, holders_key=env.holders_key_id),
        clock=world.clock,
        kem=Kem[env.kem],
        ledger_period=_ledger_period(env.key_backup_days),
    )


@cache
def govern() -> Govern:
    """Wire what keeps the policy and the list of own addresses."""
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.policies import DynamoPolicies
    from lethe.store.register import DynamoRegister
    from lethe.usecases.govern import Govern

    world, env = _place.world, load(settings.GovernSettings)
    return Govern(
        register=DynamoRegister(
            world.dynamodb,
            register=env.register_table,
            keys=_NOT_HERE,
            messages=_NOT_HERE,
            policy=env.policy_table,
        ),
        policies=DynamoPolicies(world.dynamodb, policy=env.policy_table),
        audit=DynamoAuditTrail(world.dynamodb, audit=env.audit_table),
        hashes=_pseudonyms(world, env.pseudonym_key_id),
        clock=world.clock,
    )


def _pseudonyms(world: World, key_id: str) -> KeyedHashes:
    return KeyedHashes(world.kms, pseudonym_key_id=key_id, message_id_key_id=_NOT_HERE)


def _ledger_period(key_backup_days: int) -> timedelta:
    return timedelta(days=key_backup_days) + _LEDGER_MARGIN
