"""Names and fingerprints that only the holder of a key can compute: HMAC-SHA-256.

The keys are what KMS answers to `GenerateMac` over a fixed label, made at cold start. Every
input begins with the format and its use, and every field with its length, so that no two uses
and no two inputs meet.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

from lethe.crypto.encoding import FORMAT, joined
from lethe.domain.messages import MessageId
from lethe.domain.register import Pseudonym

PSEUDONYM_LABEL = FORMAT + b" pseudonyms"
"""What `GenerateMac` of the pseudonym key is called with."""
MESSAGE_ID_LABEL = FORMAT + b" message ids"
"""What `GenerateMac` of the message id key is called with."""
AUTHORISATION_LABEL = FORMAT + b" authorisations"
"""What `GenerateMac` of the authorisation key is called with, for `crypto/authorisation.py`."""


def pseudonym(key: bytes, address: str) -> Pseudonym:
    """Name an address without showing it: base64url of 32 bytes, without padding."""
    mac = _mac(key, b"pseudonym", address.encode())
    return Pseudonym(urlsafe_b64encode(mac).rstrip(b"=").decode())


def message_id(key: bytes, channel: str, external_id: str) -> MessageId:
    """Name a message so that a duplicate delivery meets its twin."""
    # External ids come from outside and may hold what UTF-8 refuses.
    external = external_id.encode("utf-8", "surrogatepass")
    return MessageId(_mac(key, b"message id", channel.encode(), external)[:16].hex())


def fingerprint(key: bytes, message_id: MessageId, content: bytes) -> bytes:
    """Tell a duplicate from a conflict without reading what was stored."""
    return _mac(key, b"fingerprint", bytes.fromhex(message_id), content)[:16]


def _mac(key: bytes, use: bytes, *fields: bytes) -> bytes:
    return hmac.digest(key, joined(FORMAT, use, *fields), "sha256")
