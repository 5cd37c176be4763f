"""Wires what keeps the policy and the list of own addresses."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import TYPE_CHECKING

from lethe import settings
from lethe.bootstrap.world import NOT_HERE, pseudonyms, wired
from lethe.bootstrap.world import world as current
from lethe.settings import load

if TYPE_CHECKING:
    from datetime import datetime

    from lethe.bootstrap.world import World
    from lethe.domain.in_force import InForce
    from lethe.domain.policy import Policy
    from lethe.domain.previews import NextNotice
    from lethe.settings import GovernSettings
    from lethe.store.policies import DynamoPolicies
    from lethe.store.register import DynamoRegister
    from lethe.usecases.govern import Govern
    from lethe.usecases.policy_changes import PolicyChanges


@wired
def govern() -> Govern:
    """Wire what keeps the policy and the list of own addresses."""
    from lethe.store.audit import DynamoAuditTrail
    from lethe.usecases.govern import Govern

    world, env = current(), load(settings.GovernSettings)
    return Govern(
        register=_register(world, env),
        policies=_policies(world, env),
        audit=DynamoAuditTrail(world.dynamodb, audit=env.audit_table),
        hashes=pseudonyms(world, env.pseudonym_key_id),
        clock=world.clock,
    )


@wired
def changes() -> PolicyChanges:
    """Wire what changes the policy."""
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.counts import DynamoCounts
    from lethe.store.days import DynamoDays
    from lethe.store.proposals import DynamoProposals
    from lethe.usecases.policy_changes import PolicyChanges

    world, env = current(), load(settings.GovernSettings)
    return PolicyChanges(
        policies=_policies(world, env),
        proposals=DynamoProposals(world.dynamodb, policy=env.policy_table),
        register=_register(world, env),
        days=DynamoDays(world.dynamodb, day_keys=env.day_keys_table, register=NOT_HERE),
        counts=DynamoCounts(world.dynamodb, counts=env.counts_table),
        notices=_NoNotices(),
        audit=DynamoAuditTrail(world.dynamodb, audit=env.audit_table),
        key=pseudonyms(world, env.pseudonym_key_id),
        clock=world.clock,
    )


class _NoNotices:
    """No notice was published, so none follows."""

    def next(self, policy: Policy, in_force: InForce, at: datetime) -> tuple[NextNotice, ...]:
        del policy, in_force, at
        return ()


def _register(world: World, env: GovernSettings) -> DynamoRegister:
    from lethe.store.register import DynamoRegister

    return DynamoRegister(
        world.dynamodb,
        register=env.register_table,
        keys=NOT_HERE,
        messages=NOT_HERE,
        policy=env.policy_table,
    )


def _policies(world: World, env: GovernSettings) -> DynamoPolicies:
    from lethe.store.policies import DynamoPolicies

    return DynamoPolicies(world.dynamodb, policy=env.policy_table, notices=env.notices_table)
