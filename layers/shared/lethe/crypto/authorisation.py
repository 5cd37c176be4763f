"""Authorisations: what the gate allowed, as a token that the company's own sender hands back.

    token   = "1." base64url(claims) "." base64url(HMAC-SHA-256(key, covered))
    claims  = JSON: [purpose, legal basis, evidence, policy version, expiry in seconds since 1970]
    covered = format, use, "1", channel, sender, recipient, SHA-256 of the text, claims,
              each behind its length

What the token says in clear is no personal data; whom and which text it is for, it only proves. One
token is for one recipient and one text, and a text is the same whatever its line ends, its Unicode
form and the blanks at its end, which mail and phones change on the way.
"""

from __future__ import annotations

import hmac
import json
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from lethe.crypto.encoding import FORMAT, joined
from lethe.domain.register import Pseudonym

LIFETIME: Final = timedelta(minutes=15)
MAX_TOKEN: Final = 1024
"""Characters; none that we make is as long."""

_VERSION: Final = "1"
_USE: Final = b"authorisation"


class Verdict(StrEnum):
    """What becomes of a token that is handed back."""

    VALID = "valid"
    INVALID = "invalid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Covered:
    """What a token is for: these words, from this sender to this recipient on this channel."""

    channel: str
    sender: Pseudonym
    recipient: Pseudonym
    text: str


@dataclass(frozen=True, slots=True)
class Authorised:
    """What was allowed, and on what: the claims of a token."""

    purpose: str
    legal_basis: str
    evidence: str
    policy_version: int
    expires: datetime
    """To the second."""


def mint(key: bytes, covered: Covered, authorised: Authorised) -> str:
    """Return the token."""
    claims = json.dumps(
        [
            authorised.purpose,
            authorised.legal_basis,
            authorised.evidence,
            authorised.policy_version,
            int(authorised.expires.timestamp()),
        ],
        separators=(",", ":"),
    ).encode()
    return _token(key, covered, claims)


def check(
    key: bytes, covered: Covered, token: str, now: datetime
) -> tuple[Verdict, Authorised | None]:
    """Return whether a token allows this, and its claims unless it is none of ours for this.

    Nothing is read of the claims before the MAC holds; it is compared in constant time.
    """
    if len(token) > MAX_TOKEN:
        return Verdict.INVALID, None
    claims = _decoded(token.partition(".")[2].partition(".")[0])
    expected = _token(key, covered, claims)
    if not hmac.compare_digest(expected.encode(), token.encode("utf-8", "replace")):
        return Verdict.INVALID, None
    purpose, legal_basis, evidence, policy_version, expiry = json.loads(claims)
    expires = datetime.fromtimestamp(expiry, UTC)
    verdict = Verdict.VALID if now < expires else Verdict.EXPIRED
    return verdict, Authorised(purpose, legal_basis, evidence, policy_version, expires)


def text_digest(text: str) -> bytes:
    """Return the SHA-256 of a text in NFC, with one sort of line end and no blanks behind it."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return sha256(lines.rstrip().encode("utf-8", "surrogatepass")).digest()


def _token(key: bytes, covered: Covered, claims: bytes) -> str:
    fields = joined(
        FORMAT,
        _USE,
        _VERSION.encode(),
        covered.channel.encode(),
        covered.sender.encode(),
        covered.recipient.encode(),
        text_digest(covered.text),
        claims,
    )
    return ".".join((_VERSION, _encoded(claims), _encoded(hmac.digest(key, fields, "sha256"))))


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Return what base64url stands for; of anything else, bytes that no MAC will hold for."""
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:  # binascii.Error and UnicodeEncodeError are of its kind
        return b""
