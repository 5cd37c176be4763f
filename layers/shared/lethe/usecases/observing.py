"""Hand-written mail and chat: what the gate would have said is counted, and stops nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from lethe.domain.addresses import Address
from lethe.domain.errors import LetheError
from lethe.domain.gate import Question
from lethe.domain.messages import Message, Role
from lethe.domain.policy import Policy
from lethe.usecases.gate import Gate

_ACTOR: Final = "capture"


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
