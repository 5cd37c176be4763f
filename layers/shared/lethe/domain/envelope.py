"""The parts of a sealed message, as `crypto` makes them and `store` keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lethe.domain.holders import HolderId
from lethe.domain.messages import Direction, MessageId
from lethe.domain.rules import Flag, Rule


@dataclass(frozen=True, slots=True)
class Header:
    """What is fixed at capture and bound to the ciphertext; `time` is UTC to the millisecond."""

    message_id: MessageId
    version: int
    attempt: bytes
    cls: str
    day: date
    end: date
    time: datetime
    rule: Rule
    channel: str
    direction: Direction
    fingerprint: bytes
    part: str = "body"


@dataclass(frozen=True, slots=True)
class Slot:
    """One participant's place: holder id, flags and the block's SHA-256.

    The holder id is None once the person was cut out; the digest is empty if there is no block.
    """

    holder_id: HolderId | None
    flags: Flag
    digest: bytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed message without its blocks; `ciphertext` is empty when it lies in an object."""

    header: Header
    period_seal: bytes
    ciphertext: bytes
    slots: tuple[Slot, ...]
    has_original: bool
    kem: int
