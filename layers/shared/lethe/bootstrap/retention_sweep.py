"""Wires what ends days."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import TYPE_CHECKING

from lethe import settings
from lethe.bootstrap.world import NOT_HERE, REQUESTS_KEPT, ledger_period, wired
from lethe.bootstrap.world import world as current
from lethe.settings import load

if TYPE_CHECKING:
    from lethe.usecases.sweep import Sweep


@wired
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

    world, env = current(), load(settings.RetentionSweepSettings)
    return Sweep(
        register=DynamoRegister(
            world.dynamodb,
            register=env.register_table,
            keys=NOT_HERE,
            messages=NOT_HERE,
            policy=env.policy_table,
        ),
        days=DynamoDays(world.dynamodb, day_keys=env.day_keys_table, register=env.register_table),
        objects=S3Objects(world.s3, objects=env.objects_bucket, keep=env.keep_bucket),
        requests=DynamoRequests(world.dynamodb, requests=env.requests_table, period=REQUESTS_KEPT),
        policies=DynamoPolicies(world.dynamodb, policy=env.policy_table),
        counts=DynamoCounts(world.dynamodb, counts=env.counts_table),
        audit=DynamoAuditTrail(world.dynamodb, audit=env.audit_table),
        ledger=S3Ledger(world.s3, ledger=env.ledger_bucket, now=world.clock),
        erase_queue=SqsEraseQueue(world.sqs, erase_queue=env.erase_queue_url),
        wrap=KmsKeyWrap(world.kms, holders_key=env.holders_key_id),
        clock=world.clock,
        kem=Kem[env.kem],
        ledger_period=ledger_period(env.key_backup_days),
    )
