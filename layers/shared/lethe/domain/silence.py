"""Which channels are silent: for longer without a message than the policy expects."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Protocol

from lethe.domain.figures import was_seen
from lethe.domain.policy import Policy

LONGEST: Final = timedelta(days=400)
"""Figures are kept for so long."""


class Figures(Protocol):
    """What reads the figures of a day."""

    def read(self, day: date, channels: Collection[str]) -> Mapping[str, Mapping[str, int]]:
        """The figures of a day by channel."""
        ...


@dataclass(frozen=True, slots=True)
class SilentChannel:
    """A channel without a message since the first day of its `silent_after`."""

    channel: str
    silent_after: str
    since: date


def silent(policy: Policy, log: Figures, today: date) -> tuple[SilentChannel, ...]:
    """The channels that are expected to speak and did not, by name."""
    first = dict(_first_days(policy, today))
    left, day = set(first), today
    while left and day >= min(first[name] for name in left):
        asked = [name for name in left if day >= first[name]]
        seen = log.read(day, asked)
        left -= {name for name in asked if was_seen(seen[name])}
        day -= timedelta(days=1)
    return tuple(_silent(policy, name, first[name]) for name in sorted(left))


def _first_days(policy: Policy, today: date) -> Iterator[tuple[str, date]]:
    """The first day on which a message would have been enough, channel by channel."""
    for name, channel in policy.channels.items():
        if channel.silent_after is not None:
            back = channel.silent_after.last_day(today) - today
            yield name, today - min(back, LONGEST)


def _silent(policy: Policy, name: str, since: date) -> SilentChannel:
    after = policy.channels[name].silent_after
    return SilentChannel(name, after.iso() if after else "", since)
