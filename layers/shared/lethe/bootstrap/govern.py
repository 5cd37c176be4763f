"""Wires what keeps the policy and the list of own addresses."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import TYPE_CHECKING

from lethe import settings
from lethe.bootstrap.world import NOT_HERE, pseudonyms, wired
from lethe.bootstrap.world import world as current
from lethe.settings import load

if TYPE_CHECKING:
    from lethe.usecases.govern import Govern


@wired
def govern() -> Govern:
    """Wire what keeps the policy and the list of own addresses."""
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.policies import DynamoPolicies
    from lethe.store.register import DynamoRegister
    from lethe.usecases.govern import Govern

    world, env = current(), load(settings.GovernSettings)
    return Govern(
        register=DynamoRegister(
            world.dynamodb,
            register=env.register_table,
            keys=NOT_HERE,
            messages=NOT_HERE,
            policy=env.policy_table,
        ),
        policies=DynamoPolicies(world.dynamodb, policy=env.policy_table),
        audit=DynamoAuditTrail(world.dynamodb, audit=env.audit_table),
        hashes=pseudonyms(world, env.pseudonym_key_id),
        clock=world.clock,
    )
