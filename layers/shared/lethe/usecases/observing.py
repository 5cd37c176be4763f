"""Hand-written mail and chat: what the gate would have said is counted, and stops nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from lethe.domain.addresses import Address
from lethe.domain.errors import LetheError
from lethe.domain.gate import Question
from lethe.domain.messages import Message, Role
from lethe.domain.policy import Policy
from lethe.domain.ports_sending import ActivityLog
from lethe.usecases.gate import Gate

_EVERY: Final = timedelta(seconds=30)
_ACTOR: Final = "capture"


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


@dataclass(frozen=True)
class Observing:
    """The use case; no failure of it reaches the capture that it looks over the shoulder of."""

    gate: Gate

    def look_over(self, messages: Sequence[Message], policy: Policy) -> None:
        """Count what the gate would have said to outbound messages of observed channels.

        Messages of one sender, channel and purpose are asked about together; whom several of
        them go to is counted once.
        """
        asked: dict[Question, list[Address]] = {}
        for message in messages:
            settings = policy.channels[message.channel]
            senders = [p.address for p in message.participants if p.role is Role.SENDER]
            recipients = [p.address for p in message.participants if p.role is not Role.SENDER]
            purpose = message.purpose or settings.default_purpose or policy.default_purpose
            sender = message.own_address or senders[0]
            question = Question(purpose, message.channel, sender, settings.vendor)
            asked.setdefault(question, []).extend(recipients)
        for question, recipients in asked.items():
            with suppress(LetheError):
                self.gate.decide(question, recipients, actor=_ACTOR)
