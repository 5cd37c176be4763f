"""CountsTable again: what happened on a channel in a day, in figures that speak of nobody.

| attribute | content |
|---|---|
| `pk`, `sk` | `a#<channel>#<day>`; one of a few shards, so that no partition runs hot |
| a name, such as `gate.denied.no_consent` | how often it happened |
| `ttl` | 400 days after the day |
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from lethe.store.dynamo import Table, n, s
from lethe.store.parallel import each

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT: Final = timedelta(days=400)
_SHARDS: Final = 8
_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,99}")
_OTHERS: Final = frozenset({"pk", "sk", "ttl"})
_NAMES_A_CALL: Final = 50
"""An update's expression is bounded."""


class DynamoActivity:
    """The figures of channels."""

    def __init__(self, client: DynamoDBClient, *, counts: str) -> None:
        self._table = Table(client, counts)

    def add(self, channel: str, day: date, figures: Mapping[str, int]) -> None:
        """Add to the figures of a channel's day; nothing is written of what is nothing."""
        counted = sorted((name, figure) for name, figure in figures.items() if figure)
        if wrong := [name for name, _ in counted if not is_name(name)]:
            raise ValueError(f"{len(wrong)} figures have no coded word as their name")
        for start in range(0, len(counted), _NAMES_A_CALL):
            self._add(channel, day, counted[start : start + _NAMES_A_CALL])

    def read(self, day: date, channels: Collection[str]) -> Mapping[str, Mapping[str, int]]:
        """Read the figures of a day by channel; a channel without any has none."""
        listed = sorted(set(channels))
        found = each(lambda channel: self._read(channel, day), listed)
        return dict(zip(listed, found, strict=True))

    def _add(self, channel: str, day: date, figures: Collection[tuple[str, int]]) -> None:
        shard = random.randrange(_SHARDS)  # noqa: S311 - spreads load, guards nothing
        named = {f"#f{at}": name for at, (name, _) in enumerate(figures)}
        values = {f":f{at}": n(figure) for at, (_, figure) in enumerate(figures)}
        added = ", ".join(f"#f{at} :f{at}" for at in range(len(figures)))
        self._table.update(
            {"pk": s(_day(channel, day)), "sk": s(str(shard))},
            f"SET #ttl = :ttl ADD {added}",
            ExpressionAttributeNames={"#ttl": "ttl", **named},
            ExpressionAttributeValues={":ttl": n(_over(day)), **values},
        )

    def _read(self, channel: str, day: date) -> Mapping[str, int]:
        total: Counter[str] = Counter()
        for shard in self._table.query("pk = :pk", {":pk": s(_day(channel, day))}):
            for name in shard.keys() - _OTHERS:
                total[name] += int(shard[name]["N"])
        return dict(total)


def is_name(name: str) -> bool:
    """Say whether a figure may have this name."""
    return name not in _OTHERS and _NAME.fullmatch(name) is not None


def _day(channel: str, day: date) -> str:
    return f"a#{channel}#{day.isoformat()}"


def _over(day: date) -> int:
    return int((datetime(day.year, day.month, day.day, tzinfo=UTC) + KEPT).timestamp())
