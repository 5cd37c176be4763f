"""Wires what ends persons' keys and single messages."""
# ruff: noqa: PLC0415

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lethe import settings
from lethe.bootstrap.world import NOT_HERE, REQUESTS_KEPT, ledger_period, pseudonyms, wired
from lethe.bootstrap.world import world as current
from lethe.settings import load

if TYPE_CHECKING:
    from lethe.usecases.deletion import Deletion
    from lethe.usecases.erasure import Erasure


@dataclass(frozen=True, slots=True)
class Erase:
    """What the function erase does."""

    erasure: Erasure
    deletion: Deletion


@wired
def erase() -> Erase:
    """Wire what ends persons' keys and single messages."""
    from lethe.store.archive import DynamoArchive
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.keys import DynamoKeys
    from lethe.store.ledger import S3Ledger
    from lethe.store.policies import DynamoPolicies
    from lethe.store.queues import SqsConsentQueue, SqsEraseQueue, SqsPurgeQueue
    from lethe.store.register import DynamoRegister
    from lethe.store.requests import DynamoRequests
    from lethe.usecases.deletion import Deletion
    from lethe.usecases.erasure import Erasure

    world, env = current(), load(settings.EraseSettings)
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
    hashes = pseudonyms(world, env.pseudonym_key_id)
    kept = ledger_period(env.key_backup_days)
    erasure = Erasure(
        register=register,
        requests=DynamoRequests(world.dynamodb, requests=env.requests_table, period=REQUESTS_KEPT),
        policies=policies,
        audit=audit,
        ledger=ledger,
        purge_queue=purge_queue,
        erase_queue=SqsEraseQueue(world.sqs, erase_queue=env.erase_queue_url),
        consent_queue=SqsConsentQueue(world.sqs, consent_queue=env.consent_queue_url),
        hashes=hashes,
        clock=world.clock,
        longest_capture=env.longest_capture,
        ledger_period=kept,
    )
    deletion = Deletion(
        register=register,
        keys=DynamoKeys(world.dynamodb, keys=env.keys_table, day_keys=NOT_HERE),
        archive=DynamoArchive(world.dynamodb, messages=env.messages_table, entries=NOT_HERE),
        policies=policies,
        audit=audit,
        ledger=ledger,
        purge_queue=purge_queue,
        hashes=hashes,
        clock=world.clock,
        longest_capture=env.longest_capture,
        ledger_period=kept,
    )
    return Erase(erasure, deletion)
