"""All that an account of moto's holds, kept and put back: a fresh world in a millisecond."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from tests.aws_store import REGION, AwsStores


def tables() -> dict[str, Any]:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables


def buckets() -> dict[str, Any]:
    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets


def queue(name: str) -> list[Any]:
    """The messages of a queue, delayed ones too."""
    messages: list[Any] = sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues[name]._messages
    return messages


@dataclass(frozen=True)
class Snapshot:
    """Tables, buckets and queues as they were; keys of KMS are not made anew."""

    items: bytes
    objects: dict[str, dict[str, list[Any]]]
    messages: dict[str, list[Any]]

    @classmethod
    def of(cls, stores: AwsStores) -> Snapshot:
        return cls(
            pickle.dumps({name: table.items for name, table in tables().items()}),
            {
                name: {key: list(bucket.keys.getlist(key)) for key in bucket.keys}
                for name, bucket in buckets().items()
            },
            {name: list(queue(name)) for name in stores.queues},
        )

    def restore(self) -> None:
        """Put it back; what was locked since goes too."""
        for name, items in pickle.loads(self.items).items():  # noqa: S301 - our own
            tables()[name].items = items
        for name, objects in self.objects.items():
            bucket = buckets()[name]
            dict.clear(bucket.keys)
            bucket.multiparts.clear()
            for key, versions in objects.items():
                dict.__setitem__(bucket.keys, key, list(versions))
        for name, messages in self.messages.items():
            queue(name)[:] = messages


def items(table: str) -> list[dict[str, Any]]:
    """Every item of a table, as it is stored."""
    found: list[dict[str, Any]] = []
    for one in tables()[table].items.values():
        ranges = one.values() if isinstance(one, dict) else [one]
        found.extend(item.to_json()["Attributes"] for item in ranges)
    return found


def objects(bucket: str) -> list[str]:
    """The name of every object version in a bucket, delete markers included."""
    keys = buckets()[bucket].keys
    return sorted(name for name in keys for _ in keys.getlist(name))
