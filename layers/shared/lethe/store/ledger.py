"""LedgerBucket: every tombstone again, locked, so that a restore can consult it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lethe.store.errors import calling

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WORD = r"[A-Za-z0-9_-]"
_PSEUDONYM = re.compile(rf"(?<!{_WORD}){_WORD}{{43}}(?!{_WORD})")


def _now() -> datetime:
    return datetime.now(UTC)


class S3Ledger:
    """The locked bucket; `now` is the clock that the lock counts from."""

    def __init__(
        self, client: S3Client, *, ledger: str, now: Callable[[], datetime] = _now
    ) -> None:
        self._client = client
        self._bucket = ledger
        self._now = now

    def put(self, name: str, document: Mapping[str, object], keep_for: timedelta) -> None:
        """Write an entry that can't be changed for a while; writing it again is harmless."""
        if _PSEUDONYM.search(name):
            raise ValueError("The name of a ledger entry may not hold a pseudonym.")
        with calling():
            self._client.put_object(
                Bucket=self._bucket,
                Key=name,
                Body=json.dumps(document, sort_keys=True, separators=(",", ":")).encode(),
                ContentType="application/json",
                ObjectLockMode="GOVERNANCE",
                ObjectLockRetainUntilDate=self._now() + keep_for,
            )
