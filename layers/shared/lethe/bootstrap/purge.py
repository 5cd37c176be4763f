"""Wires what deletes ciphertext."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import TYPE_CHECKING

from lethe import settings
from lethe.bootstrap.world import NOT_HERE, REQUESTS_KEPT, wired
from lethe.bootstrap.world import world as current
from lethe.settings import load

if TYPE_CHECKING:
    from lethe.usecases.purge import Purge


@wired
def purge() -> Purge:
    """Wire what deletes ciphertext."""
    from lethe.store.archive import DynamoArchive
    from lethe.store.keys import DynamoKeys
    from lethe.store.objects import S3Objects
    from lethe.store.queues import SqsPurgeQueue
    from lethe.store.requests import DynamoRequests
    from lethe.usecases.purge import Purge

    world, env = current(), load(settings.PurgeSettings)
    return Purge(
        keys=DynamoKeys(world.dynamodb, keys=env.keys_table, day_keys=NOT_HERE),
        archive=DynamoArchive(
            world.dynamodb, messages=env.messages_table, entries=env.entries_table
        ),
        objects=S3Objects(world.s3, objects=env.objects_bucket, keep=env.keep_bucket),
        requests=DynamoRequests(world.dynamodb, requests=env.requests_table, period=REQUESTS_KEPT),
        purge_queue=SqsPurgeQueue(world.sqs, purge_queue=env.purge_queue_url),
        clock=world.clock,
        longest_capture=env.longest_capture,
    )
