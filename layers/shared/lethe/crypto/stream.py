"""Sealing of bytes that do not fit in memory: STREAM over AES-256-GCM.

Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance" (CRYPTO 2015). A nonce is an 11-byte counter and a byte that is 1 in the last
chunk, so that a stream cannot be cut, reordered or continued. A key seals one stream only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lethe.domain.errors import SealError

CHUNK = 2**20
"""Bytes of plaintext in every chunk but the last."""
TAG = 16


def seal_stream(key: bytes, chunks: Iterable[bytes], aad: bytes = b"") -> Iterator[bytes]:
    """Seal pieces of any size; memory stays at a few chunks."""
    aead = AESGCM(key)
    for counter, (chunk, last) in enumerate(_cut(chunks, CHUNK)):
        yield aead.encrypt(_nonce(counter, last=last), chunk, aad)


def open_stream(key: bytes, chunks: Iterable[bytes], aad: bytes = b"") -> Iterator[bytes]:
    """Open pieces of any size; what was yielded counts only once the iterator has ended."""
    aead = AESGCM(key)
    for counter, (chunk, last) in enumerate(_cut(chunks, CHUNK + TAG)):
        try:
            plaintext = aead.decrypt(_nonce(counter, last=last), chunk, aad)
        except (InvalidTag, ValueError):
            raise SealError from None
        if not plaintext and counter:
            raise SealError  # only an empty stream has an empty chunk
        yield plaintext


def sealed_size(size: int) -> int:
    """Give the size of a sealed stream."""
    return size + TAG * max(-(-size // CHUNK), 1)


def _cut(pieces: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Cut into chunks of one size; the last one, marked, is shorter or full, empty if all is."""
    kept = bytearray()
    for piece in pieces:
        rest = memoryview(piece)
        while len(kept) + len(rest) > size:
            take = size - len(kept)
            kept += rest[:take]
            rest = rest[take:]
            yield bytes(kept), False
            kept.clear()
        kept += rest
    yield bytes(kept), True


def _nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11) + bytes([last])
