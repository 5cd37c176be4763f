"""Wires what captures."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import TYPE_CHECKING

from lethe import settings
from lethe.bootstrap.world import KeyedHashes, wired
from lethe.bootstrap.world import world as current
from lethe.settings import load

if TYPE_CHECKING:
    from lethe.api.intake import Intake


@wired
def ingest() -> Intake:
    """Wire what captures."""
    from lethe.api.intake import Intake
    from lethe.crypto.holders import Kem
    from lethe.store.activity import DynamoActivity
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
    from lethe.usecases.activity import Activity
    from lethe.usecases.capture import Capture
    from lethe.usecases.uploads import Uploads

    world, env = current(), load(settings.IngestSettings)
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
        activity=Activity(DynamoActivity(world.dynamodb, counts=env.counts_table), world.clock),
        clock=world.clock,
        kem=Kem[env.kem],
    )
    staging = S3Staging(world.s3, staging=env.staging_bucket)
    return Intake(capture, Uploads(staging=staging, clock=world.clock))
