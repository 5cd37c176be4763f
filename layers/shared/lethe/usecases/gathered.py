"""Figures that wait a moment for others: a busy process writes them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from lethe.domain.ports_sending import ActivityLog

_EVERY: Final = timedelta(seconds=30)


@dataclass
class Gathered:
    """Figures that are written at once if none were lately, else together with later ones.

    They are figures and no proof: a process that ends may take half a minute's of them along.
    """

    log: ActivityLog
    clock: Callable[[], datetime]
    _waiting: dict[tuple[str, date], Counter[str]] = field(default_factory=dict)
    _written_at: datetime | None = None

    def add(self, channel: str, day: date, figures: Mapping[str, int]) -> None:
        """Add to the figures of a channel's day, now or with the next ones."""
        self._waiting.setdefault((channel, day), Counter()).update(figures)
        now = self.clock()
        if self._written_at is not None and now - self._written_at < _EVERY:
            return
        self._written_at, waiting, self._waiting = now, self._waiting, {}
        for (of, when), counted in waiting.items():
            self.log.add(of, when, counted)

    def read(self, day: date, channels: Collection[str]) -> Mapping[str, Mapping[str, int]]:
        """The figures that were written."""
        return self.log.read(day, channels)
