"""What is sealed: the content, in which participants are numbers, and each one's identity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lethe.domain.addresses import Address
from lethe.domain.messages import Message, Participant, Role


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a participant is: address, display name and the header fields that show them."""

    address: Address
    name: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AttachmentNote:
    """What the content says of an attachment; its bytes are an object of their own."""

    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, repr=False)
class PartGrant:
    """What opens one part: a URL of its ciphertext, and that part's own key.

    `note` describes an attachment; an original is not described.
    """

    url: str
    expires_at: datetime
    key: str
    part: str
    note: AttachmentNote | None


@dataclass(frozen=True, slots=True)
class Content:
    """The plaintext of a message item.

    `roles` has one role per participant; `identities` holds those that are sealed with the content:
    of function addresses, and of everybody in a class kept by law.
    """

    body: str
    html: str
    subject: str
    thread: str
    headers: tuple[tuple[str, str], ...]
    roles: tuple[Role, ...]
    identities: Mapping[int, Identity]
    attachments: tuple[AttachmentNote, ...]
    purpose: str
    legal_basis: str


def identity_of(participant: Participant) -> Identity:
    """The part of a participant that is personal."""
    return Identity(participant.address, participant.name, participant.headers)


def notes_of(message: Message) -> tuple[AttachmentNote, ...]:
    """The attachments of a message without their bytes."""
    return tuple(
        AttachmentNote(a.name, a.media_type, a.size, a.sha256.hex()) for a in message.attachments
    )


def encode_identity(identity: Identity) -> bytes:
    """Compact JSON: `a` address, `n` name, `h` headers; empty members are left out."""
    return _compact({"a": identity.address, "n": identity.name, "h": identity.headers})


def decode_identity(data: bytes) -> Identity:
    """The reverse of `encode_identity`."""
    return _identity(json.loads(data))


def encode(content: Content) -> bytes:
    """Compact JSON; the members are listed in docs/message-format.md; empty ones are left out."""
    return _compact(
        {
            "b": content.body,
            "x": content.html,
            "s": content.subject,
            "t": content.thread,
            "h": content.headers,
            "r": "".join(_ROLE_LETTERS[role] for role in content.roles),
            "i": {
                str(number): {"a": i.address, "n": i.name, "h": i.headers}
                for number, i in content.identities.items()
            },
            "f": [[a.name, a.media_type, a.size, a.sha256] for a in content.attachments],
            "p": content.purpose,
            "l": content.legal_basis,
        }
    )


def decode(data: bytes) -> Content:
    """The reverse of `encode`."""
    raw = json.loads(data)
    return Content(
        body=raw.get("b", ""),
        html=raw.get("x", ""),
        subject=raw.get("s", ""),
        thread=raw.get("t", ""),
        headers=_pairs(raw.get("h", ())),
        roles=tuple(_LETTER_ROLES[letter] for letter in raw.get("r", "")),
        identities={int(number): _identity(i) for number, i in raw.get("i", {}).items()},
        attachments=tuple(AttachmentNote(*note) for note in raw.get("f", ())),
        purpose=raw.get("p", ""),
        legal_basis=raw.get("l", ""),
    )


def comparable(message: Message) -> bytes:
    """What two deliveries of one message have in common: everything but who took part.

    Channels whose ids cover the content (e-mail) deliver copies with other participants; for the
    others the roles count too.
    """
    roles = (
        ""
        if message.content_identified
        else "".join(sorted(_ROLE_LETTERS[p.role] for p in message.participants))
    )
    files = sorted([a.name, a.media_type, a.size, a.sha256.hex()] for a in message.attachments)
    parts = [message.body, message.html, message.subject, message.thread, roles, files]
    if not message.content_identified:
        parts.append(message.headers)
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


_ROLE_LETTERS = {Role.SENDER: "s", Role.RECIPIENT: "r", Role.CC: "c", Role.BCC: "b"}
_LETTER_ROLES = {letter: role for role, letter in _ROLE_LETTERS.items()}


def _identity(raw: Mapping[str, Any]) -> Identity:
    return Identity(Address(raw["a"]), raw.get("n", ""), _pairs(raw.get("h", ())))


def _pairs(raw: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in raw)


def _drop_empty(value: object) -> object:
    if isinstance(value, dict):
        return {key: _drop_empty(member) for key, member in value.items() if member}
    return value


def _compact(document: Mapping[str, Any]) -> bytes:
    return json.dumps(_drop_empty(document), ensure_ascii=False, separators=(",", ":")).encode()
