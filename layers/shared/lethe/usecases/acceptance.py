"""Accept what channels deliver: capture it, hear what it says, and only then acknowledge it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lethe.domain.channel_settings import Gate
from lethe.domain.errors import UnavailableError
from lethe.domain.messages import Direction, Message
from lethe.domain.policy import Policy
from lethe.domain.ports import Policies
from lethe.usecases.capture import Capture, Captured, CaptureStatus, Outcome
from lethe.usecases.reception import Reception

if TYPE_CHECKING:  # most processes observe nothing: a cold start pays
    from lethe.usecases.observing import Observing


@dataclass(frozen=True)
class Acceptance:
    """The use case."""

    capture: Capture
    policies: Policies
    reception: Reception
    observing: Callable[[], Observing]

    def accept(
        self, messages: Sequence[Message], *, may_state_time: bool, api_url: str
    ) -> list[Outcome]:
        """Capture messages, each for itself: an outcome or a refusal per message, in order.

        One that was captured is acknowledged once what it says of further messages is recorded.
        """
        outcomes = self.capture.capture(messages, may_state_time=may_state_time)
        captured = [
            (message, outcome)
            for message, outcome in zip(messages, outcomes, strict=True)
            if isinstance(outcome, Captured)
        ]
        if not captured:
            return outcomes
        in_force = captured[-1][1].in_force
        policy = self.policies.at(in_force.version)
        unheard = self.reception.hear(
            [(message, outcome.message_id) for message, outcome in captured],
            policy,
            notice=in_force.notice,
            api_url=api_url,
        )
        new = [m for m, outcome in captured if outcome.status is CaptureStatus.CAPTURED]
        if observed := [message for message in new if _is_observed(message, policy)]:
            self.observing().look_over(observed, policy)
        return [
            _unheard() if isinstance(each, Captured) and each.message_id in unheard else each
            for each in outcomes
        ]


def _is_observed(message: Message, policy: Policy) -> bool:
    """Whether the gate would only have observed it, and was not asked before it left."""
    settings = policy.channels.get(message.channel)
    outbound = message.direction is Direction.OUTBOUND and not message.authorisations
    return outbound and settings is not None and settings.gate is Gate.OBSERVED


def _unheard() -> UnavailableError:
    return UnavailableError("The message is captured, but not all that it says; repeat the call.")
