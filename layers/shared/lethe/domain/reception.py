"""Who wrote what to whom, as far as further messages to that person go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lethe.domain.addresses import Address
from lethe.domain.consent import ConsentState
from lethe.domain.keywords import Heard
from lethe.domain.messages import Message, MessageId


@dataclass(frozen=True, slots=True)
class Came:
    """An inbound message as it was captured, its external senders and the own addresses."""

    message: Message
    message_id: MessageId
    heard: Heard | None
    time: datetime
    senders: tuple[Address, ...]
    own: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Stranger:
    """Who wrote, on which channel, to which own addresses, and where that person stands."""

    address: Address
    channel: str
    own: tuple[Address, ...]
    state: ConsentState
