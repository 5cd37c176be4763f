"""What starts a scheduled run, and what it tells: figures as metrics, a log line, the answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from lethe.observability import LogMessage, Metric, count, logger

if TYPE_CHECKING:
    from lethe.usecases.consent_upkeep import UpkeepReport
    from lethe.usecases.sweep import SweepReport


def is_dry_run(event: dict[str, Any]) -> bool:
    """Say whether a run is only to report; the schedule never asks for that."""
    return event.get("dry_run") is True


def reported(report: SweepReport) -> dict[str, Any]:
    """Publish a run's figures; a dry run changes none of them."""
    if not report.dry_run:
        count(Metric.MESSAGES_EXPIRED, report.messages_expired)
        overdue = report.oldest_overdue_seconds
        count(Metric.OLDEST_OVERDUE_SECONDS, overdue, MetricUnit.Seconds)
        count(Metric.UNHANDLED_ERRORS, report.days_stuck)
    logger.info(LogMessage.SWEPT, extra={"dry_run": report.dry_run})
    return asdict(report)


def looked_after(report: UpkeepReport) -> dict[str, Any]:
    """Publish what a run did for consents; who failed was counted as it happened."""
    count(Metric.CONSENTS_EXPIRED, report.expired)
    count(Metric.EVIDENCE_ENDED, report.evidence_ended)
    count(Metric.REVIEWS_OVERDUE, report.reviews_overdue)
    logger.info(LogMessage.CONSENTS_LOOKED_AFTER)
    return asdict(report)
