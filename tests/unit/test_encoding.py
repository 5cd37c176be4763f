"""Bytes that mean one thing only, and lengths that say little."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lethe.crypto.encoding import compress, decompress, joined, pad, padded_size, unpad
from lethe.crypto.keyed import fingerprint, message_id, pseudonym
from lethe.domain.errors import SealError
from lethe.domain.messages import MessageId

fields = st.lists(st.binary(max_size=5), max_size=4)


@given(fields, fields)
def test_no_two_lists_of_fields_are_joined_to_the_same(one: list[bytes], two: list[bytes]) -> None:
    assert (joined(*one) == joined(*two)) == (one == two)


@given(st.integers(0, 2**40))
def test_padding_grows_little_and_hides_much(size: int) -> None:
    padded = padded_size(size)
    assert size <= padded <= max(size + 63, size * 1.12)
    assert padded % 64 == 0
    assert padded_size(padded) == padded


def test_padded_sizes_never_shrink() -> None:
    sizes = [padded_size(size) for size in range(10_000)]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) < 80


@given(st.binary(max_size=300))
def test_padding_is_undone(plaintext: bytes) -> None:
    assert unpad(pad(plaintext)) == plaintext


@given(st.binary(max_size=200))
def test_nothing_else_is_taken_for_padding(padded: bytes) -> None:
    with suppress(SealError):
        assert pad(unpad(padded)) == padded


@given(st.binary(max_size=20_000))
def test_contents_are_decompressed(content: bytes) -> None:
    assert decompress(compress(content)) == content


@pytest.mark.parametrize("content", [b"a" * 8192, b"a" * 8193, bytes(range(256)) * 1000])
def test_long_contents_are_decompressed(content: bytes) -> None:
    assert decompress(compress(content)) == content


@given(st.binary(max_size=200))
def test_nothing_else_is_decompressed_without_end(padded: bytes) -> None:
    with suppress(SealError):
        decompress(padded)


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_message_ids_differ_where_channel_or_id_does(c1: str, e1: str, c2: str, e2: str) -> None:
    key = bytes(32)
    same = (c1, e1) == (c2, e2)
    assert (message_id(key, c1, e1) == message_id(key, c2, e2)) == same


def test_uses_of_one_key_do_not_meet() -> None:
    key = bytes(32)
    named = message_id(key, "", "")
    assert len(named) == 32
    assert len(pseudonym(key, "")) == 43
    assert fingerprint(key, MessageId(""), b"").hex() != named
    assert len(fingerprint(key, named, b"")) == 16
    assert fingerprint(key, named, b"a") != fingerprint(key, named, b"b")


def test_external_ids_may_hold_what_utf_8_refuses() -> None:
    assert message_id(bytes(32), "email", "\udcff") != message_id(bytes(32), "email", "\udcfe")
