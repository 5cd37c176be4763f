"""Wires what keeps the policy and the list of own addresses."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import TYPE_CHECKING

from lethe import settings
from lethe.bootstrap.world import NOT_HERE, REQUESTS_KEPT, pseudonyms, wired
from lethe.bootstrap.world import world as current
from lethe.settings import load

if TYPE_CHECKING:
    from lethe.bootstrap.world import World
    from lethe.domain.live import LiveSettings
    from lethe.settings import GovernSettings
    from lethe.store.policies import DynamoPolicies
    from lethe.store.register import DynamoRegister
    from lethe.store.reviews import DynamoReviews
    from lethe.usecases.daily_report import DailyReports
    from lethe.usecases.doctor import Doctor
    from lethe.usecases.govern import Govern
    from lethe.usecases.notices import Notices
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
        notices=notices(),
        audit=DynamoAuditTrail(world.dynamodb, audit=env.audit_table),
        key=pseudonyms(world, env.pseudonym_key_id),
        clock=world.clock,
    )


@wired
def notices() -> Notices:
    """Wire what makes notices."""
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.notices import DynamoNotices
    from lethe.usecases.notices import Notices

    world, env = current(), load(settings.GovernSettings)
    return Notices(
        policies=_policies(world, env),
        published=DynamoNotices(world.dynamodb, notices=env.notices_table),
        live=_live(world, env),
        audit=DynamoAuditTrail(world.dynamodb, audit=env.audit_table),
        clock=world.clock,
    )


@wired
def doctor() -> Doctor:
    """Wire what looks for what is missing or overdue."""
    from lethe.store.activity import DynamoActivity
    from lethe.store.proposals import DynamoProposals
    from lethe.usecases.doctor import Doctor

    world, env = current(), load(settings.GovernSettings)
    return Doctor(
        policies=_policies(world, env),
        proposals=DynamoProposals(world.dynamodb, policy=env.policy_table),
        activity=DynamoActivity(world.dynamodb, counts=env.counts_table),
        reviews=_reviews(world, env),
        notices=notices(),
        live=_live(world, env),
        clock=world.clock,
    )


@wired
def reports() -> DailyReports:
    """Wire what reports each day."""
    from lethe.store.activity import DynamoActivity
    from lethe.store.reports import DynamoReportLog, SnsReportTopic
    from lethe.usecases.daily_report import DailyReports

    world, env = current(), load(settings.GovernSettings)
    return DailyReports(
        policies=_policies(world, env),
        activity=DynamoActivity(world.dynamodb, counts=env.counts_table),
        reviews=_reviews(world, env),
        notices=notices(),
        log=DynamoReportLog(world.dynamodb, counts=env.counts_table),
        topic=SnsReportTopic(world.sns, topic=env.reports_topic_arn),
        clock=world.clock,
    )


def _live(world: World, env: GovernSettings) -> LiveSettings:
    from lethe.domain.live import LiveSettings

    return LiveSettings(
        region=world.dynamodb.meta.region_name,
        api_url=env.public_url,
        key_backup_days=env.key_backup_days,
        message_backup_days=env.message_backup_days,
        log_retention_days=env.log_retention_days,
        longest_capture_seconds=env.longest_capture_seconds,
        kem=env.kem,
        sweep_schedule=env.sweep_schedule,
    )


def _reviews(world: World, env: GovernSettings) -> DynamoReviews:
    from lethe.store.reviews import DynamoReviews

    return DynamoReviews(world.dynamodb, reviews=env.reviews_table, period=REQUESTS_KEPT)


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
