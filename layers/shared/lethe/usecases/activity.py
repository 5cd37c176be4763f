"""Figures of channels: what was left out of their messages, which live, and who sends unlisted.

A process notes at most once in `_EVERY` that a channel lives: capture must not cost more for it,
and `doctor` asks whether it does and not how much. What was left out or found is counted exactly,
with one update a channel and call. The figures are no proof of anything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from lethe.domain.errors import LetheError
from lethe.domain.figures import (
    SEEN_INBOUND,
    SEEN_OUTBOUND,
    UNKNOWN_CHANNELS,
    UNLISTED_SENDER,
    unknown_channel,
)
from lethe.domain.messages import Direction, Message, Role
from lethe.domain.own_addresses import AddressKind, kind_at
from lethe.domain.policy import Policy
from lethe.domain.ports_sending import ActivityLog
from lethe.domain.register import RegisterItem

_EVERY: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Seen:
    """A captured message, what the register says of its participants, and what it counts for."""

    message: Message
    items: Sequence[RegisterItem]
    figures: Mapping[str, int]


@dataclass(frozen=True)
class Activity:
    """What capture notes of the messages that it took."""

    log: ActivityLog
    clock: Callable[[], datetime]
    _noted: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def note(self, seen: Iterable[Seen], policy: Policy) -> None:
        """Count what was left out and found, and note which channels live, if not done lately.

        Messages of another day say nothing of who lives today.
        """
        now = self.clock()
        figures: dict[str, Counter[str]] = defaultdict(Counter)
        for one in seen:
            if one.figures:
                figures[one.message.channel].update(one.figures)
            if one.message.time is None or one.message.time.date() == now.date():
                for channel, figure in _figures(one.message, one.items, policy, now):
                    if self._is_due((channel, figure), now):
                        self._noted[channel, figure] = now
                        figures[channel][figure] = 1
        for channel, counted in figures.items():
            with suppress(LetheError):  # a figure is not worth a message
                self.log.add(channel, now.date(), counted)

    def _is_due(self, place: tuple[str, str], now: datetime) -> bool:
        last = self._noted.get(place)
        return last is None or now - last >= _EVERY or now.date() != last.date()


def _figures(
    message: Message, items: Sequence[RegisterItem], policy: Policy, now: datetime
) -> Iterator[tuple[str, str]]:
    outbound = message.direction is Direction.OUTBOUND
    yield message.channel, SEEN_OUTBOUND if outbound else SEEN_INBOUND
    if message.channel not in policy.channels:
        yield UNKNOWN_CHANNELS, unknown_channel(message.channel)
    if outbound and not _is_sender_listed(message, items, now):
        yield message.channel, UNLISTED_SENDER


def _is_sender_listed(message: Message, items: Sequence[RegisterItem], now: datetime) -> bool:
    return any(
        participant.role is Role.SENDER
        and kind_at(item.own, now.date()) is not AddressKind.EXTERNAL
        for participant, item in zip(message.participants, items, strict=True)
    )
