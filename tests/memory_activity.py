"""The figures of channels in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date

from lethe.store.activity import is_name


class MemoryActivity:
    def __init__(self) -> None:
        self.figures: dict[tuple[str, date], Counter[str]] = {}

    def add(self, channel: str, day: date, figures: Mapping[str, int]) -> None:
        if not all(map(is_name, figures)):
            raise ValueError
        counted = {name: figure for name, figure in figures.items() if figure}
        if counted:
            self.figures.setdefault((channel, day), Counter()).update(counted)

    def read(self, day: date, channels: Collection[str]) -> Mapping[str, Mapping[str, int]]:
        return {channel: dict(self.figures.get((channel, day), {})) for channel in channels}
