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
from functools import reduce
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lethe.crypto import binding
from lethe.crypto.binding import KEY
from lethe.crypto.encoding import compress, decompress, pad, unpad
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

_HOLDER_ID = 16
_NONCE = bytes(12)  # each key seals one plaintext only
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
    _bound: bytes

    def part_key(self, part: str) -> bytes:
        """The key of one part, `attachment-1` for example; it seals one stream only."""
        return binding.part_key(self.content_key, self._bound, part)


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
    bound = binding.context(header)
    keyed = [index for index, party in enumerate(parties) if party.holder]
    sharers = [index for index, party in enumerate(parties) if Flag.SHARE in party.flags]

    content_key = os.urandom(KEY)
    shares, halves = _split(header.rule, content_key, sharers)
    original_secret, original_shares = content_key, dict[int, bytes]()
    if original and keyed:
        original_secret = os.urandom(KEY)
        original_shares, original_half = _split(Rule.ANY_PARTY, original_secret, keyed)
        halves += original_half

    period_seal = seal_to(period, halves, binding.period_info(bound, header))
    blocks = tuple(
        _seal_block(bound, party, shares.get(index, b""), original_shares.get(index, b""))
        for index, party in enumerate(parties)
    )
    slots = tuple(
        Slot(party.holder_id, party.flags, sha256(block).digest() if block else b"")
        for party, block in zip(parties, blocks, strict=True)
    )
    aad = binding.aad(bound, header, period.kem, period_seal, slots, has_original=original)
    key, commitment = binding.sealing_key(content_key, bound)
    ciphertext = commitment + AESGCM(key).encrypt(_NONCE, compress(content), aad)

    original_key = binding.part_key(original_secret, bound, "original") if original else None
    sealed = Sealed(header, period_seal, ciphertext, slots, original, period.kem)
    return sealed, blocks, ContentKeys(content_key, original_key, bound)


def open_block(header: Header, slot: Slot, block: bytes, kem: int, private: bytes) -> OpenedBlock:
    """Open one person's block, if it is the very one that the item names."""
    if slot.holder_id is None or not hmac.compare_digest(sha256(block).digest(), slot.digest):
        raise SealError
    info = binding.block_info(_context(header), slot.holder_id)
    plaintext = unpad(open_with(kem, private, block, info))
    has = plaintext[0] if plaintext else ~0
    has_share, has_original_share = bool(has & _HAS_SHARE), bool(has & _HAS_ORIGINAL_SHARE)
    first = 1 + KEY * has_share
    second = first + KEY * has_original_share
    if (
        has & ~(_HAS_SHARE | _HAS_ORIGINAL_SHARE)
        or has_share != (Flag.SHARE in slot.flags)
        or len(plaintext) < second
    ):
        raise SealError
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
    if bool(wanted) != bool(sharers) or bool(sharers) == (sealed.header.rule is Rule.PERIOD):
        raise SealError
    return open_with_content_key(sealed, _combined(period_half, wanted, shares))


def open_with_content_key(sealed: Sealed, content_key: bytes) -> tuple[bytes, ContentKeys]:
    """Open the content with its key, as a legal hold keeps it."""
    bound = _context(sealed.header)
    try:
        aad = binding.aad(
            bound,
            sealed.header,
            sealed.kem,
            sealed.period_seal,
            sealed.slots,
            has_original=sealed.has_original,
        )
        key, commitment = binding.sealing_key(content_key, bound)
        if not hmac.compare_digest(commitment, sealed.ciphertext[:KEY]):
            raise SealError
        padded = AESGCM(key).decrypt(_NONCE, sealed.ciphertext[KEY:], aad)
    except (InvalidTag, OverflowError, ValueError):
        raise SealError from None
    original_key = None
    if sealed.has_original and not _keyed(sealed):
        original_key = binding.part_key(content_key, bound, "original")
    return decompress(padded), ContentKeys(content_key, original_key, bound)


def original_key(
    sealed: Sealed, period_kem: int, period_private: bytes, original_shares: Mapping[int, bytes]
) -> bytes:
    """The raw original's key: it takes the period's key and every person's original share.

    Without persons that have keys, in a class kept by law, it follows the content.
    """
    if not sealed.has_original:
        raise SealError
    content_half, original_half = _open_period(sealed, period_kem, period_private)
    secret = _combined(original_half or content_half, _keyed(sealed), original_shares)
    return binding.part_key(secret, _context(sealed.header), "original")


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


def _seal_block(bound: bytes, party: Party, share: bytes, original_share: bytes) -> bytes:
    if party.holder is None:
        return b""
    has = _HAS_SHARE * bool(share) | _HAS_ORIGINAL_SHARE * bool(original_share)
    plaintext = pad(bytes([has]) + share + original_share + party.identity)
    return seal_to(party.holder, plaintext, binding.block_info(bound, party.holder_id))


def _split(rule: Rule, key: bytes, sharers: Sequence[int]) -> tuple[dict[int, bytes], bytes]:
    """Shares and the period's half: the XOR of those that the rule asks for is the key."""
    match rule:
        case Rule.PERIOD:
            return {}, key
        case Rule.AUTHOR:
            party_half = os.urandom(KEY)
            return dict.fromkeys(sharers, party_half), _xor(key, party_half)
        case Rule.ANY_PARTY:
            shares = {index: os.urandom(KEY) for index in sharers}
            return shares, reduce(_xor, shares.values(), key)


def _combined(half: bytes, wanted: Sequence[int], shares: Mapping[int, bytes]) -> bytes:
    try:
        return reduce(_xor, [shares[index] for index in wanted], half)
    except (KeyError, OverflowError):
        raise SealError from None


def _open_period(sealed: Sealed, kem: int, private: bytes) -> tuple[bytes, bytes]:
    """The period's half of the content key and, where there is one, of the original's."""
    info = binding.period_info(_context(sealed.header), sealed.header)
    opened = open_with(kem, private, sealed.period_seal, info)
    split_original = sealed.has_original and bool(_keyed(sealed))
    if len(opened) != (2 * KEY if split_original else KEY):
        raise SealError
    return opened[:KEY], opened[KEY:]


def _keyed(sealed: Sealed) -> list[int]:
    """The slots that have a block, cut out or not."""
    return [index for index, slot in enumerate(sealed.slots) if slot.digest]


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(KEY)


def _context(header: Header) -> bytes:
    """As `binding.context`, of a header that was read from a store."""
    try:
        return binding.context(header)
    except (OverflowError, ValueError):
        raise SealError from None
