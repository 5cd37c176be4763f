"""Key pairs of holders, and sealing to them with HPKE (RFC 9180, base mode)."""

from __future__ import annotations

import os
from enum import IntEnum
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from lethe.crypto.encoding import FORMAT, joined, pad, unpad
from lethe.domain.errors import SealError
from lethe.domain.holders import HolderId, PublicHolder

__all__ = [
    "HolderId",
    "Kem",
    "PublicHolder",
    "generate",
    "open_address",
    "open_with",
    "seal_address",
    "seal_to",
]

_MLKEM_SEED = 64
_MLKEM_PUBLIC = 1184
_KEPT = 512


class Kem(IntEnum):
    """The key encapsulation: stored beside every key, so that both read."""

    X25519 = 1
    MLKEM768_X25519 = 2


_SUITES = {
    kem.value: hpke.Suite(hpke_kem, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    for kem, hpke_kem in (
        (Kem.X25519, hpke.KEM.X25519),
        (Kem.MLKEM768_X25519, hpke.KEM.MLKEM768_X25519),
    )
}


def generate(kem: Kem) -> tuple[PublicHolder, bytes]:
    """Make a new holder; the second value is its private key, to be wrapped at once."""
    x25519 = X25519PrivateKey.generate()
    private, public = x25519.private_bytes_raw(), x25519.public_key().public_bytes_raw()
    if kem is Kem.MLKEM768_X25519:
        mlkem = MLKEM768PrivateKey.generate()
        private = mlkem.private_bytes_raw() + private
        public = mlkem.public_key().public_bytes_raw() + public
    return PublicHolder(HolderId(os.urandom(16)), kem.value, public), private


def seal_to(holder: PublicHolder, plaintext: bytes, info: bytes) -> bytes:
    """Seal to the holder; give HPKE's encapsulated key and ciphertext."""
    try:
        public = _public_key(holder.kem, holder.public)
        return _SUITES[holder.kem].encrypt(plaintext, public, info)
    except (KeyError, ValueError):
        raise SealError from None


def open_with(kem: int, private: bytes, sealed: bytes, info: bytes) -> bytes:
    """Open what was sealed to the holder of this private key with the same info."""
    try:
        return _SUITES[kem].decrypt(sealed, _private_key(kem, private), info)
    except (InvalidTag, KeyError, ValueError):
        raise SealError from None


def seal_address(holder: PublicHolder, address: str) -> bytes:
    """Seal a person's address to that person's own key."""
    return seal_to(holder, pad(address.encode()), _address_info(holder.id))


def open_address(holder_id: HolderId, kem: int, private: bytes, sealed: bytes) -> str:
    """Open an address that `seal_address` sealed."""
    try:
        return unpad(open_with(kem, private, sealed, _address_info(holder_id))).decode()
    except UnicodeDecodeError:
        raise SealError from None


def _address_info(holder_id: HolderId) -> bytes:
    return joined(FORMAT, b"address", holder_id)


# To parse a key takes half as long as to use it, and a day's key is used for every message.
@lru_cache(maxsize=_KEPT)
def _public_key(kem: int, public: bytes) -> X25519PublicKey | hpke.MLKEM768X25519PublicKey:
    if kem == Kem.X25519:
        return X25519PublicKey.from_public_bytes(public)
    return hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC]),
        X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC:]),
    )


@lru_cache(maxsize=_KEPT)
def _private_key(kem: int, private: bytes) -> X25519PrivateKey | hpke.MLKEM768X25519PrivateKey:
    if kem == Kem.X25519:
        return X25519PrivateKey.from_private_bytes(private)
    return hpke.MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(private[:_MLKEM_SEED]),
        X25519PrivateKey.from_private_bytes(private[_MLKEM_SEED:]),
    )
