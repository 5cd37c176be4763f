"""What is on its way out: AES-256-GCM under the data key of its dispatch, bound to its place.

    sealed = nonce (12) || AES-256-GCM(data key, nonce, what, AAD = format, use, dispatch, number)

A data key seals the items of one dispatch and their vendors' ids, two thousand seals at most, so
that random nonces do not meet.
"""

from __future__ import annotations

import json
import os
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lethe.crypto.encoding import FORMAT, compress, decompress, joined, pad, unpad
from lethe.domain.addresses import Address
from lethe.domain.errors import SealError
from lethe.domain.messages import Role
from lethe.domain.outbox import DispatchId, OutMessage, OutRecipient

_NONCE: Final = 12
_MESSAGE: Final = b"outbox message"
_VENDOR_ID: Final = b"outbox vendor id"


def seal_message(key: bytes, message: OutMessage, dispatch: DispatchId, number: int) -> bytes:
    """Seal what is to be sent; the length of the text is hidden."""
    return _seal(key, compress(_encode(message)), _aad(_MESSAGE, dispatch, number))


def open_message(key: bytes, sealed: bytes, dispatch: DispatchId, number: int) -> OutMessage:
    """Undo `seal_message`; SealError if it is not this dispatch's item of this number."""
    return _decode(decompress(_open(key, sealed, _aad(_MESSAGE, dispatch, number))))


def seal_vendor_id(key: bytes, vendor_id: str, dispatch: DispatchId, number: int) -> bytes:
    """Seal what the vendor calls it; some vendors write the number into it."""
    return _seal(key, pad(vendor_id.encode()), _aad(_VENDOR_ID, dispatch, number))


def open_vendor_id(key: bytes, sealed: bytes, dispatch: DispatchId, number: int) -> str:
    """Undo `seal_vendor_id`; SealError."""
    return unpad(_open(key, sealed, _aad(_VENDOR_ID, dispatch, number))).decode()


def _seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def _open(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], aad)
    except (InvalidTag, ValueError):
        raise SealError from None


def _aad(use: bytes, dispatch: DispatchId, number: int) -> bytes:
    return joined(FORMAT, use, dispatch.encode(), number.to_bytes(4))


def _encode(message: OutMessage) -> bytes:
    """Compact JSON; empty members are left out."""
    members: dict[str, object] = {
        "p": message.purpose,
        "c": message.channel,
        "v": message.vendor,
        "f": message.sender,
        "r": [[r.number, r.address, r.role, r.name] for r in message.recipients],
        "b": message.text,
        "s": message.subject,
        "x": message.html,
        "l": message.locale,
        "t": message.template,
        "i": message.is_notice,
        "n": message.notice_version,
        "u": message.withdrawal_url,
    }
    present = {name: member for name, member in members.items() if member}
    return json.dumps(present, ensure_ascii=False, separators=(",", ":")).encode()


def _decode(data: bytes) -> OutMessage:
    raw: dict[str, Any] = json.loads(data)
    return OutMessage(
        purpose=raw["p"],
        channel=raw["c"],
        vendor=raw["v"],
        sender=Address(raw["f"]),
        recipients=tuple(
            OutRecipient(number, Address(address), Role(role), name)
            for number, address, role, name in raw["r"]
        ),
        text=raw.get("b", ""),
        subject=raw.get("s", ""),
        html=raw.get("x", ""),
        locale=raw.get("l", ""),
        template=raw.get("t", ""),
        is_notice=raw.get("i", False),
        notice_version=raw.get("n", 0),
        withdrawal_url=raw.get("u", ""),
    )
