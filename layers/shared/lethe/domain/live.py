"""What the stack itself decides and a notice states: read from the deployment, never typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lethe.domain.archive import TTL_BEHIND_END
from lethe.domain.statements import Count, Unit

_RATE: Final = re.compile(r"rate\(([1-9][0-9]{0,3}) (minute|hour|day)s?\)")

REGIONS: Final = {
    "af-south-1": "ZA",
    "ap-east-1": "HK",
    "ap-northeast-1": "JP",
    "ap-northeast-2": "KR",
    "ap-northeast-3": "JP",
    "ap-south-1": "IN",
    "ap-south-2": "IN",
    "ap-southeast-1": "SG",
    "ap-southeast-2": "AU",
    "ap-southeast-3": "ID",
    "ap-southeast-4": "AU",
    "ap-southeast-5": "MY",
    "ap-southeast-7": "TH",
    "ca-central-1": "CA",
    "ca-west-1": "CA",
    "eu-central-1": "DE",
    "eu-central-2": "CH",
    "eu-north-1": "SE",
    "eu-south-1": "IT",
    "eu-south-2": "ES",
    "eu-west-1": "IE",
    "eu-west-2": "GB",
    "eu-west-3": "FR",
    "eusc-de-east-1": "DE",
    "il-central-1": "IL",
    "me-central-1": "AE",
    "me-south-1": "BH",
    "mx-central-1": "MX",
    "sa-east-1": "BR",
    "us-east-1": "US",
    "us-east-2": "US",
    "us-west-1": "US",
    "us-west-2": "US",
}
"""The country in which each region of AWS lies."""


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """What a notice says of this deployment and the policy does not know."""

    region: str
    api_url: str
    key_backup_days: int
    message_backup_days: int
    log_retention_days: int
    longest_capture_seconds: int
    kem: str
    sweep_schedule: str
    """As EventBridge writes it: `rate(1 hour)`, or `cron(…)`."""
    removed_after_days: int = TTL_BEHIND_END.days
    """How long what a period's end left unreadable stays, at least."""
    upload_days: int = 1
    """How long an upload that nobody named stays; the staging bucket's lifecycle."""

    @property
    def country(self) -> str | None:
        """Where the data lie; None for a region that is not known here."""
        return REGIONS.get(self.region)

    @property
    def sweep_every(self) -> Count | None:
        """How often ended days are looked for; None where the schedule is a calendar's."""
        found = _RATE.fullmatch(self.sweep_schedule)
        return Count(int(found[1]), Unit(found[2])) if found else None
