"""What is bound to what: the bytes of every `info` and of the AAD, and the derived keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lethe.crypto.encoding import FORMAT, joined
from lethe.domain.envelope import Header, Slot
from lethe.domain.holders import HolderId

KEY = 32
_NO_DIGEST = bytes(32)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def context(header: Header) -> bytes:
    """What every key and every seal of one envelope is bound to."""
    message_id = bytes.fromhex(header.message_id)
    if message_id.hex() != header.message_id or len(message_id) != 16:  # noqa: PLR2004
        raise ValueError("message_id is not 32 lower-case hexadecimal digits")
    if len(header.attempt) != 12 or len(header.fingerprint) != 16:  # noqa: PLR2004
        raise ValueError("attempt has 12 bytes, fingerprint 16")
    version, part = header.version.to_bytes(4), header.part.encode()
    return joined(FORMAT, message_id, version, header.attempt, part)


def period_info(bound: bytes, header: Header) -> bytes:
    """HPKE's info of the period seal: the day's holder is named by class, day and end date."""
    return bound + joined(b"period", joined(*_period(header)))


def block_info(bound: bytes, holder_id: HolderId) -> bytes:
    """HPKE's info of a block."""
    return bound + joined(b"block", holder_id)


def aad(  # noqa: PLR0913  all that is fixed at capture
    bound: bytes,
    header: Header,
    kem: int,
    period_seal: bytes,
    slots: Sequence[Slot],
    *,
    has_original: bool,
) -> bytes:
    """What the content's seal authenticates: everything but the holder ids, which may go."""
    time, rest = divmod(header.time - _EPOCH, _MILLISECOND)
    if rest or header.time.utcoffset():
        raise ValueError("time is not UTC in whole milliseconds")
    return bound + joined(
        *_period(header),
        time.to_bytes(8, signed=True),
        header.rule.encode(),
        header.channel.encode(),
        header.direction.encode(),
        header.fingerprint,
        bytes([kem, has_original]),
        period_seal,
        b"".join([bytes([slot.flags]) + (slot.digest or _NO_DIGEST) for slot in slots]),
    )


def sealing_key(content_key: bytes, bound: bytes) -> tuple[bytes, bytes]:
    """The key that seals the content, and what commits the ciphertext to it."""
    # AES-GCM alone could be made to open under two keys; whoever opens is to read the same.
    both = _derived(content_key, bound + joined(b"content"), 2 * KEY)
    return both[:KEY], both[KEY:]


def part_key(key: bytes, bound: bytes, part: str) -> bytes:
    """The key of a part that lies beside the content."""
    return _derived(key, bound + joined(b"part", part.encode()), KEY)


def _derived(key: bytes, info: bytes, size: int) -> bytes:
    return HKDF(SHA256(), size, salt=None, info=info).derive(key)


def _period(header: Header) -> tuple[bytes, bytes, bytes]:
    # `date.isoformat`, so that a datetime gives its date too.
    day, end = date.isoformat(header.day), date.isoformat(header.end)
    return header.cls.encode(), day.encode(), end.encode()
