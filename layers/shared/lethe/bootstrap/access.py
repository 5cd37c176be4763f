"""Wires what reads, and what proves consents."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import TYPE_CHECKING

from lethe import settings
from lethe.bootstrap.world import pseudonyms, wired
from lethe.bootstrap.world import world as current
from lethe.settings import load

if TYPE_CHECKING:
    from lethe.usecases.access import Access
    from lethe.usecases.consent_proof import ConsentProof


@wired
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

    world, env = current(), load(settings.AccessSettings)
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
        hashes=pseudonyms(world, env.pseudonym_key_id),
        opening=Opening(
            archive=archive,
            keys=DynamoKeys(world.dynamodb, keys=env.keys_table, day_keys=env.day_keys_table),
            objects=objects,
            wrap=KmsKeyWrap(world.kms, holders_key=env.holders_key_id),
            clock=world.clock,
        ),
        clock=world.clock,
    )


@wired
def consent_proof() -> ConsentProof:
    """Wire what proves consents."""
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.consents import DynamoConsents
    from lethe.store.policies import DynamoPolicies
    from lethe.store.signer import KmsSigner
    from lethe.store.texts import DynamoTexts
    from lethe.store.wrap import KmsKeyWrap
    from lethe.usecases.consent_proof import ConsentProof

    world, env = current(), load(settings.AccessSettings)
    return ConsentProof(
        consents=DynamoConsents(
            world.dynamodb,
            consents=env.consent_table,
            states=env.consent_states_table,
            keys=env.consent_keys_table,
        ),
        texts=DynamoTexts(world.dynamodb, notices=env.notices_table),
        signer=KmsSigner(world.kms, key_id=env.receipts_key_id),
        wrap=KmsKeyWrap(world.kms, holders_key=env.holders_key_id),
        policies=DynamoPolicies(world.dynamodb, policy=env.policy_table),
        audit=DynamoAuditTrail(world.dynamodb, audit=env.audit_table),
        hashes=pseudonyms(world, env.pseudonym_key_id),
        clock=world.clock,
    )
