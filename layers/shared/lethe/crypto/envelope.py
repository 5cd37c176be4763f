"""The envelope "lethe/1": a message is readable only while every key that it depends on exists.

The content key is the XOR of two halves. The period half is sealed to the day of the class, the
party half lies in the blocks of those whom the erasure rule names. `docs/message-format.md` is
the specification; names and steps here are the same.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lethe.crypto.encoding import FORMAT, compress, decompress, joined, pad, unpad
from lethe.crypto.holders import open_with, seal_to
from lethe.domain.envelope import Header, Sealed, Slot
from lethe.domain.errors import SealError
from lethe.domain.holders import HolderId, PublicHolder
from lethe.domain.rules import Flag, Rule

__all__ = [
    "ContentKeys",
    "Header",
    "OpenedBlock",
    "Party",
    "Sealed",
    "Slot",
    "open_block",
    "open_content",
    "open_with_content_key",
    "original_key",
    "seal",
]

_BODY = b"body"  # other parts of a message, sealed on their own, will bear other names
_KEY = 32
_ATTEMPT = 12
_MESSAGE_ID = 16
_FINGERPRINT = 16
_HOLDER_ID = 16
_NO_DIGEST = bytes(32)
_NONCE = bytes(12)  # each key seals one plaintext only
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_HAS_SHARE, _HAS_ORIGINAL_SHARE = 1, 2


@dataclass(frozen=True, slots=True)
class Party:
    """A participant to seal for; `holder` is None for one without a key, who gets no block."""

    holder: PublicHolder | None
    holder_id: HolderId
    flags: Flag
    identity: bytes = b""


@dataclass(frozen=True, slots=True, repr=False)
class ContentKeys:
    """The content key, and what is derived from it for the parts that lie beside the content."""

    content_key: bytes
    original_key: bytes | None
    context: bytes

    def part_key(self, part: str) -> bytes:
        """Derive the key of one part, `attachment/1` for example; it seals one stream only."""
        return _part_key(self.content_key, self.context, part)


@dataclass(frozen=True, slots=True, repr=False)
class OpenedBlock:
    """One person's part: who it is, and the shares that this person holds."""

    identity: bytes
    share: bytes | None
    original_share: bytes | None


def seal(
    header: Header,
    content: bytes,
    period: PublicHolder,
    parties: Sequence[Party],
    *,
    original: bool = False,
) -> tuple[Sealed, tuple[bytes, ...], ContentKeys]:
    """Seal a content; the blocks come in the order of the parties, empty for one without a key."""
    _check(header.rule, parties)
    context = _context(header)
    keyed = [index for index, party in enumerate(parties) if party.holder]
    sharers = [index for index, party in enumerate(parties) if Flag.SHARE in party.flags]

    content_key = os.urandom(_KEY)
    shares, period_half = _split(header.rule, content_key, sharers)
    original_secret = os.urandom(_KEY) if original and keyed else b""
    original_shares: dict[int, bytes] = {}
    period_original = b""
    if original_secret:
        original_shares, period_original = _split(Rule.ANY_PARTY, original_secret, keyed)

    period_seal = seal_to(period, period_half + period_original, _period_info(context, header))
    blocks = tuple(
        _seal_block(context, party, shares.get(index, b""), original_shares.get(index, b""))
        for index, party in enumerate(parties)
    )
    slots = tuple(
        Slot(party.holder_id, party.flags, sha256(block).digest() if block else b"")
        for party, block in zip(parties, blocks, strict=True)
    )

    original_key = None
    if original:
        original_key = _part_key(original_secret or content_key, context, "original")
    aad = _aad(context, header, period.kem, period_seal, slots, has_original=original)
    key, commitment = _sealing_key(content_key, context)
    ciphertext = commitment + AESGCM(key).encrypt(_NONCE, compress(content), aad)
    sealed = Sealed(header, period_seal, ciphertext, slots, original, period.kem)
    return sealed, blocks, ContentKeys(content_key, original_key, context)


def open_block(header: Header, slot: Slot, block: bytes, kem: int, private: bytes) -> OpenedBlock:
    """Open one person's block, if it is the very one that the item names."""
    if slot.holder_id is None or not hmac.compare_digest(sha256(block).digest(), slot.digest):
        raise SealError
    info = _block_info(_trusted_context(header), slot.holder_id)
    plaintext = unpad(open_with(kem, private, block, info))
    has = plaintext[0] if plaintext else ~0
    sizes = [_KEY * bool(has & _HAS_SHARE), _KEY * bool(has & _HAS_ORIGINAL_SHARE)]
    shared = bool(has & _HAS_SHARE) == (Flag.SHARE in slot.flags)
    if has & ~(_HAS_SHARE | _HAS_ORIGINAL_SHARE) or not shared or len(plaintext) <= sum(sizes):
        raise SealError
    first, second = 1 + sizes[0], 1 + sum(sizes)
    share, original_share = plaintext[1:first], plaintext[first:second]
    return OpenedBlock(plaintext[second:], share or None, original_share or None)


def open_content(
    sealed: Sealed, period_kem: int, period_private: bytes, shares: Mapping[int, bytes]
) -> tuple[bytes, ContentKeys]:
    """Open the content with the period's key and the shares, by slot, that the rule asks for."""
    period_half, _ = _open_period(sealed, period_kem, period_private)
    sharers = [index for index, slot in enumerate(sealed.slots) if Flag.SHARE in slot.flags]
    match sealed.header.rule:
        case Rule.PERIOD:
            wanted: list[int] = []
        case Rule.ANY_PARTY:
            wanted = sharers
        case Rule.AUTHOR:
            wanted = [index for index in sharers if index in shares][:1]
    if bool(sharers) != bool(wanted):
        raise SealError
    return open_with_content_key(sealed, _combined(period_half, wanted, shares))


def open_with_content_key(sealed: Sealed, content_key: bytes) -> tuple[bytes, ContentKeys]:
    """Open the content with its key, as a legal hold keeps it."""
    header = sealed.header
    context = _trusted_context(header)
    try:
        aad = _aad(
            context,
            header,
            sealed.kem,
            sealed.period_seal,
            sealed.slots,
            has_original=sealed.has_original,
        )
        key, commitment = _sealing_key(content_key, context)
        if not hmac.compare_digest(commitment, sealed.ciphertext[:_KEY]):
            raise SealError
        padded = AESGCM(key).decrypt(_NONCE, sealed.ciphertext[_KEY:], aad)
    except (InvalidTag, OverflowError, ValueError):
        raise SealError from None
    original_key = None
    if sealed.has_original and not _keyed(sealed):
        original_key = _part_key(content_key, context, "original")
    return decompress(padded), ContentKeys(content_key, original_key, context)


def original_key(
    sealed: Sealed, period_kem: int, period_private: bytes, original_shares: Mapping[int, bytes]
) -> bytes:
    """Give the raw original's key: it takes the period's key and every person's original share."""
    if not sealed.has_original:
        raise SealError
    period_half, period_original = _open_period(sealed, period_kem, period_private)
    secret = _combined(period_original or period_half, _keyed(sealed), original_shares)
    return _part_key(secret, _trusted_context(sealed.header), "original")


def _check(rule: Rule, parties: Sequence[Party]) -> None:
    for party in parties:
        if party.holder is None and (party.identity or Flag.SHARE in party.flags):
            raise ValueError("a party without a holder has neither identity nor share")
        if party.holder is not None and party.holder.id != party.holder_id:
            raise ValueError("a party's holder_id is not its holder's id")
        if len(party.holder_id) != _HOLDER_ID:
            raise ValueError("a holder id has 16 bytes")
    if any(Flag.SHARE in party.flags for party in parties) == (rule is Rule.PERIOD):
        raise ValueError("rule period means no share; every other rule needs one")


def _seal_block(context: bytes, party: Party, share: bytes, original_share: bytes) -> bytes:
    if party.holder is None:
        return b""
    has = _HAS_SHARE * bool(share) | _HAS_ORIGINAL_SHARE * bool(original_share)
    plaintext = pad(bytes([has]) + share + original_share + party.identity)
    return seal_to(party.holder, plaintext, _block_info(context, party.holder_id))


def _split(rule: Rule, key: bytes, sharers: Sequence[int]) -> tuple[dict[int, bytes], bytes]:
    """Split a key into shares and the period's half: their XOR is the key."""
    match rule:
        case Rule.PERIOD:
            return {}, key
        case Rule.AUTHOR:
            party_half = os.urandom(_KEY)
            return dict.fromkeys(sharers, party_half), _xor(key, party_half)
        case Rule.ANY_PARTY:
            shares = {index: os.urandom(_KEY) for index in sharers}
            return shares, reduce(_xor, shares.values(), key)


def _combined(half: bytes, wanted: Sequence[int], shares: Mapping[int, bytes]) -> bytes:
    try:
        return reduce(_xor, [shares[index] for index in wanted], half)
    except (KeyError, OverflowError):
        raise SealError from None


def _open_period(sealed: Sealed, kem: int, private: bytes) -> tuple[bytes, bytes]:
    """Give the period's half of the content key and, where there is one, of the original's."""
    info = _period_info(_trusted_context(sealed.header), sealed.header)
    opened = open_with(kem, private, sealed.period_seal, info)
    split_original = sealed.has_original and bool(_keyed(sealed))
    if len(opened) != (2 * _KEY if split_original else _KEY):
        raise SealError
    return opened[:_KEY], opened[_KEY:]


def _keyed(sealed: Sealed) -> list[int]:
    """List the slots that have a block, cut out or not."""
    return [index for index, slot in enumerate(sealed.slots) if slot.digest]


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(_KEY)


def _part_key(key: bytes, context: bytes, part: str) -> bytes:
    return _derived(key, context + joined(b"part", part.encode()), _KEY)


def _sealing_key(content_key: bytes, context: bytes) -> tuple[bytes, bytes]:
    """Derive the key of the content, and what commits the ciphertext to it."""
    # AES-GCM alone could be made to open under two keys; whoever opens is to read the same.
    both = _derived(content_key, context + joined(b"content"), 2 * _KEY)
    return both[:_KEY], both[_KEY:]


def _derived(key: bytes, info: bytes, size: int) -> bytes:
    return HKDF(SHA256(), size, salt=None, info=info).derive(key)


def _context(header: Header) -> bytes:
    """Name what every key and every seal is bound to."""
    message_id = bytes.fromhex(header.message_id)
    if message_id.hex() != header.message_id or len(message_id) != _MESSAGE_ID:
        raise ValueError("message_id is not 32 lower-case hexadecimal digits")
    if len(header.attempt) != _ATTEMPT or len(header.fingerprint) != _FINGERPRINT:
        raise ValueError("attempt has 12 bytes, fingerprint 16")
    return joined(FORMAT, message_id, header.version.to_bytes(4), header.attempt, _BODY)


def _trusted_context(header: Header) -> bytes:
    """As `_context`, for a header that was read from a store."""
    try:
        return _context(header)
    except (OverflowError, ValueError):
        raise SealError from None


def _period_info(context: bytes, header: Header) -> bytes:
    return context + joined(b"period", joined(*_period_name(header)))


def _block_info(context: bytes, holder_id: HolderId) -> bytes:
    return context + joined(b"block", holder_id)


def _period_name(header: Header) -> tuple[bytes, bytes, bytes]:
    # `date.isoformat`, so that a datetime gives its date too.
    day, end = date.isoformat(header.day), date.isoformat(header.end)
    return header.cls.encode(), day.encode(), end.encode()


def _aad(  # noqa: PLR0913  all that is fixed at capture
    context: bytes,
    header: Header,
    kem: int,
    period_seal: bytes,
    slots: Sequence[Slot],
    *,
    has_original: bool,
) -> bytes:
    time, rest = divmod(header.time - _EPOCH, _MILLISECOND)
    if rest or header.time.utcoffset():
        raise ValueError("time is not UTC in whole milliseconds")
    return context + joined(
        *_period_name(header),
        time.to_bytes(8, signed=True),
        header.rule.encode(),
        header.channel.encode(),
        header.direction.encode(),
        header.fingerprint,
        bytes([kem, has_original]),
        period_seal,
        b"".join([bytes([slot.flags]) + (slot.digest or _NO_DIGEST) for slot in slots]),
    )
