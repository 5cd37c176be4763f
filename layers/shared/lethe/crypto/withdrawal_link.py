"""Withdrawal links: what a link withdraws, sealed so that its token shows nothing of the person.

    token = base64url(salt || AES-256-GCM(key, nonce = 0, pad(what), AAD = label))
    key   = HKDF-SHA-256(derived, info = label with the salt)
    what  = pseudonym, own address's pseudonym, purpose, channel

Each token has a key of its own, so their number is not limited by the nonce, and two links of one
person have nothing in common. A link does not expire: to withdraw must stay easy (Art. 7(3)).
"""

from __future__ import annotations

import os
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lethe.crypto.encoding import FORMAT, joined, pad, unpad
from lethe.domain.errors import SealError
from lethe.domain.register import Pseudonym

WITHDRAWAL_LABEL: Final = FORMAT + b" withdrawal links"
"""What `GenerateMac` of the authorisation key is called with."""

MAX_TOKEN: Final = 1024
"""Characters; none that we make is as long."""

_SALT: Final = 16
_KEY: Final = 32
_NONCE: Final = bytes(12)
_LENGTH: Final = 4
_FIELDS: Final = 4


@dataclass(frozen=True, slots=True)
class WithdrawalLink:
    """What a link withdraws: one purpose on one channel; `own` is who would have sent it."""

    pseudonym: Pseudonym
    purpose: str
    channel: str
    own: str


def seal_link(key: bytes, link: WithdrawalLink) -> str:
    """Return the token of a link: the last part of its path."""
    what = joined(
        link.pseudonym.encode(), link.own.encode(), link.purpose.encode(), link.channel.encode()
    )
    salt = os.urandom(_SALT)
    sealed = AESGCM(_key_of(key, salt)).encrypt(_NONCE, pad(what), WITHDRAWAL_LABEL)
    return urlsafe_b64encode(salt + sealed).rstrip(b"=").decode()


def open_link(key: bytes, token: str) -> WithdrawalLink:
    """Return what a token withdraws; SealError if it is none of ours."""
    if len(token) > MAX_TOKEN:
        raise SealError
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        raw = b64decode(padded, altchars=b"-_", validate=True)
        sealing = AESGCM(_key_of(key, raw[:_SALT]))
        what = unpad(sealing.decrypt(_NONCE, raw[_SALT:], WITHDRAWAL_LABEL))
    except (Base64Error, InvalidTag, UnicodeEncodeError, ValueError):
        raise SealError from None
    pseudonym, own, purpose, channel = _split(what)
    return WithdrawalLink(Pseudonym(pseudonym), purpose, channel, own)


def _key_of(key: bytes, salt: bytes) -> bytes:
    return HKDF(SHA256(), _KEY, salt=None, info=joined(WITHDRAWAL_LABEL, salt)).derive(key)


def _split(what: bytes) -> tuple[str, ...]:
    """Undo `joined` for what was sealed by us, so that its shape is known."""
    fields, at = [], 0
    for _ in range(_FIELDS):
        size = int.from_bytes(what[at : at + _LENGTH])
        at += _LENGTH
        fields.append(what[at : at + size].decode())
        at += size
    return tuple(fields)
