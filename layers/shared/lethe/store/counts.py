"""CountsTable: how many messages each day of a class holds; figures, never proof.

| attribute | content |
|---|---|
| `pk`, `sk` | class, day and end date; one of a few shards, so that no partition runs hot |
| `n` | messages |
| `ttl` | 30 days after the end date |
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from lethe.store.dynamo import Table, fields, n, names, number, s, ttl
from lethe.store.parallel import each

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SHARDS = 8


class DynamoCounts:
    """The table of counts."""

    def __init__(self, client: DynamoDBClient, *, counts: str) -> None:
        self._table = Table(client, counts)

    def add(self, cls: str, day: date, end: date, messages: int) -> None:
        """Count captured messages."""
        shard = random.randrange(_SHARDS)  # noqa: S311 - spreads load, guards nothing
        self._table.update(
            {"pk": s(_day(cls, day, end)), "sk": s(str(shard))},
            "SET #ttl = :ttl ADD #n :n",
            ExpressionAttributeNames=names("n", "ttl"),
            ExpressionAttributeValues={":n": n(messages), ":ttl": ttl(end)},
        )

    def total(self, cls: str, day: date, end: date) -> int:
        """How many were counted."""
        shards = self._table.query("pk = :pk", {":pk": s(_day(cls, day, end))}, **fields(("n",)))
        return sum(number(shard, "n") for shard in shards)

    def totals(self, days: Sequence[tuple[str, date, date]]) -> list[int]:
        """How many were counted on each of these days, in their order."""
        return each(lambda day: self.total(*day), days)


def _day(cls: str, day: date, end: date) -> str:
    return f"{cls}#{day.isoformat()}#{end.isoformat()}"
