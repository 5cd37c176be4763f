"""Holders' keys: HPKE as RFC 9180 describes it, and nothing but it."""

from __future__ import annotations

import hmac
import struct
from hashlib import sha3_256

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from lethe.crypto.holders import Kem, generate, open_address, open_with, seal_address, seal_to
from lethe.domain.errors import SealError
from lethe.domain.holders import HolderId, PublicHolder

both_kems = pytest.mark.parametrize("kem", Kem)


@both_kems
@settings(max_examples=30, deadline=None)
@given(plaintext=st.binary(max_size=200), info=st.binary(max_size=200))
def test_what_is_sealed_opens_with_that_key_and_info(
    kem: Kem, plaintext: bytes, info: bytes
) -> None:
    holder, private = generate(kem)
    _, other = generate(kem)
    sealed = seal_to(holder, plaintext, info)
    assert open_with(kem, private, sealed, info) == plaintext
    for key, text, about in (
        (other, sealed, info),
        (private, sealed, info + b"x"),
        (private, sealed[:-1], info),
        (private, b"", info),
        (private, sealed[:31], info),
        (private[:-1], sealed, info),
    ):
        with pytest.raises(SealError):
            open_with(kem, key, text, about)


@both_kems
def test_an_address_is_sealed_to_its_own_key(kem: Kem) -> None:
    holder, private = generate(kem)
    sealed = seal_address(holder, "mailto:jürgen@example.org")
    assert open_address(holder.id, kem, private, sealed) == "mailto:jürgen@example.org"
    with pytest.raises(SealError):
        open_address(HolderId(bytes(16)), kem, private, sealed)


@both_kems
def test_sealed_addresses_hide_their_length(kem: Kem) -> None:
    holder, _ = generate(kem)
    sizes = {len(seal_address(holder, f"tel:+{'1' * digits}")) for digits in range(7, 16)}
    assert len(sizes) == 1


def test_sizes_are_as_documented() -> None:
    for kem, private_size, public_size, overhead in (
        (Kem.X25519, 32, 32, 48),
        (Kem.MLKEM768_X25519, 96, 1216, 1136),
    ):
        holder, private = generate(kem)
        assert (len(private), len(holder.public), len(holder.id)) == (private_size, public_size, 16)
        assert len(seal_to(holder, b"", b"")) == overhead


@pytest.mark.parametrize("public", [b"", bytes(32), bytes(31), bytes(1216)])
@both_kems
def test_a_key_that_is_none_is_refused(kem: Kem, public: bytes) -> None:
    with pytest.raises(SealError):
        seal_to(PublicHolder(HolderId(bytes(16)), kem, public), b"", b"")


def test_an_unknown_kem_is_refused() -> None:
    holder, private = generate(Kem.X25519)
    with pytest.raises(SealError):
        seal_to(PublicHolder(holder.id, 3, holder.public), b"", b"")
    with pytest.raises(SealError):
        open_with(3, private, seal_to(holder, b"", b""), b"")


def extract(suite: bytes, salt: bytes, label: bytes, key: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + key, "sha256")


def expand(suite: bytes, prk: bytes, label: bytes, context: bytes, size: int) -> bytes:
    info = struct.pack(">H", size) + b"HPKE-v1" + suite + label + context
    return hmac.digest(prk, info + b"\1", "sha256")[:size]


def open_by_schedule(kem: int, shared: bytes, ciphertext: bytes) -> bytes:
    """RFC 9180, section 5.1, base mode with the info `info`."""
    suite = b"HPKE" + struct.pack(">HHH", kem, 0x0001, 0x0002)
    ids = extract(suite, b"", b"psk_id_hash", b""), extract(suite, b"", b"info_hash", b"info")
    context = b"\0" + b"".join(ids)
    secret = extract(suite, shared, b"secret", b"")
    key = expand(suite, secret, b"key", context, 32)
    nonce = expand(suite, secret, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, ciphertext, b"")


def test_what_is_sealed_opens_by_the_rfc_s_own_steps() -> None:
    """DHKEM(X25519, HKDF-SHA256): sections 4.1 and 7."""
    holder, private = generate(Kem.X25519)
    sealed = seal_to(holder, b"plaintext", b"info")
    enc, ciphertext = sealed[:32], sealed[32:]
    dh = X25519PrivateKey.from_private_bytes(private).exchange(
        X25519PublicKey.from_public_bytes(enc)
    )
    suite = b"KEM" + struct.pack(">H", 0x0020)
    prk = extract(suite, b"", b"eae_prk", dh)
    shared = expand(suite, prk, b"shared_secret", enc + holder.public, 32)
    assert open_by_schedule(0x0020, shared, ciphertext) == b"plaintext"


def test_what_is_sealed_to_the_hybrid_opens_by_the_draft_s_own_steps() -> None:
    """MLKEM768-X25519 of draft-ietf-hpke-pq."""
    holder, private = generate(Kem.MLKEM768_X25519)
    sealed = seal_to(holder, b"plaintext", b"info")
    mlkem, ephemeral, ciphertext = sealed[:1088], sealed[1088:1120], sealed[1120:]
    one = MLKEM768PrivateKey.from_seed_bytes(private[:64]).decapsulate(mlkem)
    two = X25519PrivateKey.from_private_bytes(private[64:]).exchange(
        X25519PublicKey.from_public_bytes(ephemeral)
    )
    label = bytes.fromhex("5c2e2f2f5e5c")
    shared = sha3_256(one + two + ephemeral + holder.public[1184:] + label).digest()
    assert open_by_schedule(0x647A, shared, ciphertext) == b"plaintext"
