"""Capture what left: what a vendor took, or may have taken, is in the archive once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from lethe.crypto.transit import open_message, open_vendor_id
from lethe.domain.errors import ErasedError, InvalidInputError
from lethe.domain.messages import Direction, Message, Participant, Role
from lethe.domain.outbox import DispatchId, OutItem, OutMessage, SendState
from lethe.domain.ports_sending import Outbox, TransitKeys
from lethe.usecases.capture import Capture, Captured, Outcome
from lethe.usecases.stamping import BASIS_HEADER

SENDING_HEADER: Final = "x-lethe-sending"
UNCERTAIN: Final = "uncertain"
ERASED: Final = "erased"
"""Why what left is not in the archive: its recipient was erased meanwhile."""


@dataclass(frozen=True)
class SentCapture:
    """The use case; a redelivery finds a duplicate, or nothing left to do."""

    outbox: Outbox
    transit: TransitKeys
    capture: Capture

    def handle(self, dispatch: DispatchId, number: int) -> None:
        """Capture one item as outbound, with what the vendor calls it as its external id.

        Raises what capture refuses for now, and what nobody foresaw, so that the queue repeats it.
        """
        item = self.outbox.item(dispatch, number)
        if item is None or not item.sealed or item.state not in _LEFT:
            return
        key = self.transit.open(item.wrapped_key, dispatch)
        sent = open_message(key, item.sealed, dispatch, number)
        outcome = self._captured(_message(item, sent, _external_id(item, key)))
        if isinstance(outcome, Captured):
            self.outbox.settle(item)
        elif isinstance(outcome, ErasedError):
            self.outbox.settle(item, item.reason or ERASED)
        else:
            raise outcome

    def _captured(self, message: Message) -> Outcome:
        [outcome] = self.capture.capture([message], may_state_time=True)
        if isinstance(outcome, InvalidInputError) and message.purpose:
            # The policy has dropped the purpose since; what left is captured all the same.
            return self._captured(replace(message, purpose=""))
        return outcome


_LEFT: Final = frozenset({SendState.SENT, SendState.UNCERTAIN})


def _external_id(item: OutItem, key: bytes) -> str:
    if item.state is SendState.UNCERTAIN:
        return f"{UNCERTAIN}-{item.dispatch}-{item.number}"
    return open_vendor_id(key, item.vendor_sealed, item.dispatch, item.number)


def _message(item: OutItem, sent: OutMessage, external_id: str) -> Message:
    """What left, at the time at which it was claimed: by our own clock, so it may be stated."""
    participants = {sent.sender: Participant(sent.sender, Role.SENDER)}
    for recipient in sent.recipients:
        one = Participant(recipient.address, recipient.role, recipient.name)
        participants.setdefault(recipient.address, one)
    stamps = [(BASIS_HEADER, line) for line in item.basis.splitlines()]
    if item.state is SendState.UNCERTAIN:
        stamps.append((SENDING_HEADER, UNCERTAIN))
    return Message(
        channel=sent.channel,
        external_id=external_id,
        direction=Direction.OUTBOUND,
        participants=tuple(participants.values()),
        body=sent.text,
        html=sent.html,
        subject=sent.subject,
        purpose=sent.purpose,
        time=item.claimed_at,
        own_address=sent.sender,
        stamps=tuple(stamps),
    )
