"""What lies outside of the process, the keyed hashes, and the register of factories.

Nothing happens at import time, and each factory imports what it uses alone: a cold start pays.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from lethe.domain.addresses import Address
    from lethe.domain.messages import MessageId
    from lethe.domain.register import Pseudonym

NOT_HERE: Final = ""
"""The name of a table that the function has no right to and never asks for."""

REQUESTS_KEPT: Final = timedelta(days=3 * 365 + 1)
"""How long a request stays after its final answer; the policy's record `requests` says so too."""

_LEDGER_MARGIN: Final = timedelta(days=1)
"""The ledger outlives by this much the last backup that could bring a key back."""


def _now() -> datetime:
    return datetime.now(UTC)


@cache
def _session() -> Any:  # noqa: ANN401 - botocore has no types of its own
    from botocore.session import get_session

    return get_session()


def _client(service: str) -> Any:  # noqa: ANN401 - one of many classes
    """Make a client; botocore alone loads faster than boto3, and its clients are the same."""
    from lethe.store.clients import config, s3_config, ses_config

    wanted = {"s3": s3_config, "sesv2": ses_config}.get(service, config)()
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

    @cached_property
    def secrets(self) -> SecretsManagerClient:
        return cast("SecretsManagerClient", _Later(lambda: self.client("secretsmanager")))

    @cached_property
    def ses(self) -> SESV2Client:
        return cast("SESV2Client", _Later(lambda: self.client("sesv2")))

    @cached_property
    def sns(self) -> SNSClient:
        return cast("SNSClient", _Later(lambda: self.client("sns")))


@dataclass
class _Place:
    world: World = field(default_factory=World)
    factories: list[Callable[[], None]] = field(default_factory=list)


_place = _Place()
F = TypeVar("F")


def world() -> World:
    """Return the world that is in place."""
    return _place.world


def use(world: World) -> None:
    """Put another world in place; every factory builds anew."""
    _place.world = world
    _session.cache_clear()
    for forget in _place.factories:
        forget()


def wired(factory: Callable[[], F]) -> Callable[[], F]:
    """Build once per process, and anew in another world."""
    cached = cache(factory)
    _place.factories.append(cached.cache_clear)
    return cached


class KeyedHashes:
    """The hashes that a function may compute; their keys are derived by KMS when first needed."""

    def __init__(
        self,
        kms: KMSClient,
        *,
        pseudonym_key_id: str,
        message_id_key_id: str = NOT_HERE,
        authorisation_key_id: str = NOT_HERE,
    ) -> None:
        self._kms = kms
        self._pseudonym_key_id = pseudonym_key_id
        self._message_id_key_id = message_id_key_id
        self._authorisation_key_id = authorisation_key_id

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

    @cached_property
    def _authorisation_key(self) -> bytes:
        from lethe.crypto.keyed import AUTHORISATION_LABEL
        from lethe.store.wrap import derive

        return derive(self._kms, self._authorisation_key_id, AUTHORISATION_LABEL.decode())

    def authorisation_key(self) -> bytes:
        """Return the key of authorisations."""
        return self._authorisation_key

    def preview_key(self) -> bytes:
        """Return the key of tokens of previews."""
        from lethe.crypto.preview_tokens import PREVIEW_LABEL
        from lethe.store.wrap import derive

        return derive(self._kms, self._pseudonym_key_id, PREVIEW_LABEL.decode())

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


def pseudonyms(world: World, key_id: str) -> KeyedHashes:
    """Hashes of a function that names addresses and no message."""
    return KeyedHashes(world.kms, pseudonym_key_id=key_id)


def ledger_period(key_backup_days: int) -> timedelta:
    """How long the ledger keeps a tombstone locked."""
    return timedelta(days=key_backup_days) + _LEDGER_MARGIN
