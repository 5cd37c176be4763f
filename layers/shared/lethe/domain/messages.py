"""A message and who took part in it, as capture receives them from a channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from lethe.domain.addresses import Address

MessageId = NewType("MessageId", str)
"""32 lower-case hexadecimal digits: HMAC-SHA-256 of channel and external id, cut to 128 bits."""


class Role(StrEnum):
    """The part that an address plays in a message."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    CC = "cc"
    BCC = "bcc"


class Direction(StrEnum):
    """Seen from the controller."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class Participant:
    """An address in a role, with the display name and the header fields that show it."""

    address: Address
    role: Role
    name: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Source(Protocol):
    """Bytes that are read once, in pieces, so that memory stays constant."""

    def __iter__(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message; `sha256` is the hash of its plaintext, `size` in bytes."""

    name: str
    media_type: str
    size: int
    sha256: bytes
    source: Source


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel delivered, before it is classified and sealed.

    `external_id` names it on its channel. `time` is the vendor's signed time or, by the import
    scope alone, the original time; None means the time of arrival. `headers` hold no address and
    no name; `further_headers` are what else a mail carries, kept only where the policy names it: an
    empty value stands for one that holds an address. `content_identified` says that the external id
    covers the content, so that copies with further participants are versions of one message
    (e-mail); other channels refuse such a copy. `own_address` is the mailbox or number that the
    caller vouches for as the controller's, listed or not. `authorisations` are tokens by which the
    gate allowed it, by recipient; `stamps` are headers of Lethe's own, sealed with the others and
    no part of what tells a duplicate.
    """

    channel: str
    external_id: str
    direction: Direction
    participants: tuple[Participant, ...]
    body: str
    html: str = ""
    subject: str = ""
    thread: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    further_headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    purpose: str = ""
    time: datetime | None = None
    edit: bool = False
    original: bytes | None = None
    content_identified: bool = False
    own_address: Address | None = None
    authorisations: tuple[tuple[Address, str], ...] = ()
    stamps: tuple[tuple[str, str], ...] = ()
