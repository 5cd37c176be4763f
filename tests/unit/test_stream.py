"""Streams: any cut of the input, any size; and no stream but the sealed one opens."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from lethe.crypto import stream
from lethe.crypto.stream import CHUNK, TAG, open_stream, seal_stream, sealed_size
from lethe.domain.errors import SealError

KEY = bytes(range(32))
SMALL = 8


@pytest.fixture(autouse=True, scope="module")
def small_chunks() -> Iterator[None]:
    """Chunks of a few bytes, so that short examples have many."""
    with patch.object(stream, "CHUNK", SMALL):
        yield


def cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[a:b] for a, b in pairwise(edges)]


@given(st.binary(max_size=5 * SMALL), st.lists(st.integers(0, 50)), st.lists(st.integers(0, 150)))
def test_what_is_sealed_opens_however_it_comes(
    data: bytes, at: list[int], sealed_at: list[int]
) -> None:
    sealed = b"".join(seal_stream(KEY, cut(data, at), b"part"))
    assert len(sealed) == sealed_size(len(data))
    assert b"".join(open_stream(KEY, cut(sealed, sealed_at), b"part")) == data


@given(st.binary(max_size=5 * SMALL), st.data())
def test_no_other_stream_opens(data: bytes, draw: st.DataObject) -> None:
    chunks = list(seal_stream(KEY, [data], b"part"))
    other = list(seal_stream(bytes(32), [data], b"part"))
    mixed = draw.draw(st.lists(st.sampled_from(chunks + other), max_size=len(chunks) + 2))
    if b"".join(mixed) != b"".join(chunks):
        with pytest.raises(SealError):
            list(open_stream(KEY, mixed, b"part"))
    with pytest.raises(SealError):
        list(open_stream(KEY, chunks, b"other part"))


@given(st.binary(max_size=3 * SMALL), st.data())
def test_a_changed_or_cut_stream_does_not_open(data: bytes, draw: st.DataObject) -> None:
    sealed = b"".join(seal_stream(KEY, [data]))
    length = draw.draw(st.integers(0, len(sealed) - 1))
    bit = draw.draw(st.integers(0, 8 * len(sealed) - 1))
    flipped = (int.from_bytes(sealed) ^ 1 << bit).to_bytes(len(sealed))
    for broken in (sealed[:length], flipped, sealed + b"\0"):
        with pytest.raises(SealError):
            list(open_stream(KEY, [broken]))


def test_an_empty_last_chunk_is_refused_although_it_is_authentic() -> None:
    first = AESGCM(KEY).encrypt(bytes(12), bytes(SMALL), b"")
    empty = AESGCM(KEY).encrypt(bytes(10) + b"\1\1", b"", b"")
    with pytest.raises(SealError):
        list(open_stream(KEY, [first, empty]))


def test_memory_stays_at_a_few_chunks() -> None:
    piece = bytes(CHUNK // 2 + 1)
    with patch.object(stream, "CHUNK", CHUNK):
        tracemalloc.start()
        total = sum(map(len, open_stream(KEY, seal_stream(KEY, (piece for _ in range(64))))))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert total == 64 * len(piece)
    assert peak < 10 * (CHUNK + TAG)
