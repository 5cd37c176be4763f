"""What AWS asks at us-east-1 list prices, and the arithmetic that makes dollars of counts.

Free tiers are left out, and what leaves AWS over the internet: both depend on the account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

MILLION: Final = 1_000_000
GB: Final = 10**9
MONTHS_A_YEAR: Final = 12
HOURS_A_MONTH: Final = 730

REST_API: Final = 3.50 / MILLION
LAMBDA_REQUEST: Final = 0.20 / MILLION
GB_SECOND: Final = 0.0000133334
WRITE_UNIT: Final = 0.625 / MILLION
READ_UNIT: Final = 0.125 / MILLION
KMS_REQUEST: Final = 0.03 / 10_000
S3_PUT: Final = 0.005 / 1_000
S3_GET: Final = 0.0004 / 1_000
SQS_REQUEST: Final = 0.40 / MILLION
LOG_BYTE: Final = 0.50 / GB

KMS_KEY_MONTH: Final = 1.00
ALARM_MONTH: Final = 0.10
METRIC_MONTH: Final = 0.30
TABLE_GB_MONTH: Final = 0.25
RECOVERY_GB_MONTH: Final = 0.20
BUCKET_GB_MONTH: Final = 0.023
LOG_GB_MONTH: Final = 0.03
TOKEN: Final = 2.25 / 1_000
FIREWALL_MONTH: Final = 5.00
FIREWALL_RULE_MONTH: Final = 1.00
FIREWALL_REQUEST: Final = 0.60 / MILLION

ITEM_OVERHEAD: Final = 100
"""Bytes that DynamoDB adds to each item it stores, beside what the item holds."""

LOG_EVENT_OVERHEAD: Final = 26
"""Bytes that CloudWatch adds to each log line it takes in."""

PRICES: Final[Mapping[str, float]] = {
    "api_requests": REST_API,
    "lambda_requests": LAMBDA_REQUEST,
    "gb_seconds": GB_SECOND,
    "write_units": WRITE_UNIT,
    "read_units": READ_UNIT,
    "log_bytes": LOG_BYTE,
    "kms_requests": KMS_REQUEST,
    "s3_puts": S3_PUT,
    "s3_gets": S3_GET,
    "sqs_requests": SQS_REQUEST,
}
"""What one of each counted thing costs; to list objects costs what a PUT does."""


@dataclass(frozen=True)
class Work:
    """What an act takes of AWS, counted: one call of the API, one message, one person."""

    api_requests: float = 0
    lambda_requests: float = 0
    gb_seconds: float = 0
    write_units: float = 0
    read_units: float = 0
    log_bytes: float = 0
    kms_requests: float = 0
    s3_puts: float = 0
    s3_gets: float = 0
    sqs_requests: float = 0

    def shared_by(self, number: int) -> Work:
        """What falls to one of so many that the act was done for at once."""
        return Work(**{each.name: getattr(self, each.name) / number for each in fields(self)})

    def without(self, other: Work) -> Work:
        """What this takes more than another act; nothing where it takes less."""
        return Work(
            **{
                each.name: max(0.0, getattr(self, each.name) - getattr(other, each.name))
                for each in fields(self)
            }
        )


def terms(work: Work) -> dict[str, float]:
    """Return the dollars for a million such acts, term by term."""
    return {name: MILLION * price * getattr(work, name) for name, price in PRICES.items()}


def dollars_per_million(work: Work) -> float:
    """Return the dollars for a million such acts."""
    return sum(terms(work).values())


def gb_seconds(milliseconds: float, memory_mb: int) -> float:
    """Return what a run of a function of this size counts as."""
    return milliseconds / 1_000 * memory_mb / 1_024


@dataclass(frozen=True)
class Stored:
    """What lies there of one message: bytes of its items, how many they are, bytes of objects."""

    item_bytes: float
    items: float
    object_bytes: float = 0

    def table_gb_of_a_million(self) -> float:
        """Return the gigabytes that a million of them take in tables."""
        return MILLION * (self.item_bytes + ITEM_OVERHEAD * self.items) / GB

    def bucket_gb_of_a_million(self) -> float:
        """Return the gigabytes that a million of them take in buckets."""
        return MILLION * self.object_bytes / GB


def storing_a_million(stored: Stored, years: int) -> dict[str, float]:
    """Return the dollars for a million messages kept for so many years, each for all of them."""
    months = years * MONTHS_A_YEAR
    tables, buckets = stored.table_gb_of_a_million(), stored.bucket_gb_of_a_million()
    return {
        "tables": months * tables * TABLE_GB_MONTH,
        "recovery": months * tables * RECOVERY_GB_MONTH,
        "buckets": months * buckets * BUCKET_GB_MONTH,
    }
