"""How fields become bytes that mean one thing only, and how lengths are hidden."""

from __future__ import annotations

import zlib
from pathlib import Path

from lethe.domain.errors import SealError, TooLargeError

FORMAT = b"lethe/1"
MAX_CONTENT = 16 * 2**20
"""The most bytes that a content may have before compression."""

DICTIONARY = Path(__file__).with_name("lethe-1.dictionary").read_bytes()
"""Words that messages are made of: part of the format, never to be changed."""

# A primed deflater is copied for each content. The small one is enough for most and spares the
# allocator: with the full window, clearing memory would take ten times as long as deflating.
_SMALL = 2**13
_SMALL_DEFLATER = zlib.compressobj(6, zlib.DEFLATED, -13, 6, 0, DICTIONARY)
_DEFLATER = zlib.compressobj(6, zlib.DEFLATED, -15, 8, 0, DICTIONARY)

_BLOCK = 64
_LINEAR_UP_TO = 1024
_MARK = b"\x80"


def joined(*fields: bytes) -> bytes:
    """Concatenate the fields, each behind its length in four bytes, big-endian."""
    return b"".join([part for field in fields for part in (len(field).to_bytes(4), field)])


def padded_size(size: int) -> int:
    """Give the length to pad to: the next multiple of 64 up to 1 KiB, beyond it Padmé's."""
    if size <= _LINEAR_UP_TO:
        return -(-size // _BLOCK) * _BLOCK
    exponent = size.bit_length() - 1
    unit = 1 << (exponent - exponent.bit_length())
    return -(-size // unit) * unit


def pad(plaintext: bytes) -> bytes:
    """Append 0x80 and as many zero bytes as the padded size asks for."""
    marked = plaintext + _MARK
    return marked.ljust(padded_size(len(marked)), b"\0")


def unpad(padded: bytes) -> bytes:
    """Undo `pad`; anything that `pad` would not have made is refused."""
    plaintext, mark, rest = padded.rpartition(_MARK)
    if not mark or rest.strip(b"\0") or len(padded) != padded_size(len(plaintext) + 1):
        raise SealError
    return plaintext


def compress(content: bytes) -> bytes:
    """Deflate (RFC 1951) with the dictionary; fill up with zero bytes to the padded size."""
    if len(content) > MAX_CONTENT:
        raise TooLargeError(f"A content may have {MAX_CONTENT} bytes; send the rest as attachment.")
    deflater = (_SMALL_DEFLATER if len(content) <= _SMALL else _DEFLATER).copy()
    stream = deflater.compress(content) + deflater.flush()
    return stream.ljust(padded_size(len(stream)), b"\0")


def decompress(padded: bytes) -> bytes:
    """Undo `compress`, within `MAX_CONTENT`; anything else behind the stream is refused."""
    inflater = zlib.decompressobj(-15, DICTIONARY)
    try:
        content = inflater.decompress(padded, MAX_CONTENT)
        # A last call finds the end of a stream that fills the limit to the byte.
        if not inflater.eof and inflater.decompress(inflater.unconsumed_tail, 1):
            raise SealError
    except zlib.error:
        raise SealError from None
    rest = inflater.unused_data
    if not inflater.eof or rest.strip(b"\0"):
        raise SealError
    if len(padded) != padded_size(len(padded) - len(rest)):
        raise SealError
    return content
