"""Signed JSON in the compact form of RFC 7515 with ES256 (RFC 7518), and its key as a JWK.

The signature itself is made elsewhere, by a key that never leaves KMS; anybody can verify it.
"""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from lethe.domain.errors import SealError

ALGORITHM: Final = "ES256"
_COORDINATE: Final = 32
_PARTS: Final = 3


def sign(
    payload: Mapping[str, Any], *, kid: str, typ: str, signature: Callable[[bytes], bytes]
) -> str:
    """Give the compact form; `signature` answers r and s of 32 bytes each."""
    header = {"alg": ALGORITHM, "kid": kid, "typ": typ}
    signed = f"{_b64(canonical(header))}.{_b64(canonical(payload))}"
    return f"{signed}.{_b64(signature(signed.encode()))}"


def verify(token: str, public_key: bytes) -> dict[str, Any]:
    """Give the payload of a token that this key (DER) signed; else SealError."""
    try:
        parts = token.split(".")
        header, payload, signature = (_unb64(part) for part in parts)
        if json.loads(header).get("alg") != ALGORITHM or len(signature) != 2 * _COORDINATE:
            raise SealError
        r, s = signature[:_COORDINATE], signature[_COORDINATE:]
        encoded = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
        signed = ".".join(parts[: _PARTS - 1]).encode()
        _public(public_key).verify(encoded, signed, ec.ECDSA(SHA256()))
        found: dict[str, Any] = json.loads(payload)
    except (InvalidSignature, ValueError, AttributeError, Base64Error):
        raise SealError("A signature does not hold.") from None
    return found


def unverified(token: str) -> dict[str, Any]:
    """Give the payload of a token of our own, from our own table."""
    try:
        found: dict[str, Any] = json.loads(_unb64(token.split(".")[1]))
    except (ValueError, IndexError):
        raise SealError("A receipt is not one.") from None
    return found


def jwk(public_key: bytes) -> dict[str, str]:
    """Give the public key (DER) as a JWK (RFC 7517), named by its thumbprint."""
    numbers = _public(public_key).public_numbers()
    required = {
        "crv": "P-256",
        "kty": "EC",
        "x": _b64(numbers.x.to_bytes(_COORDINATE)),
        "y": _b64(numbers.y.to_bytes(_COORDINATE)),
    }
    named = {"kid": _thumbprint(required), "use": "sig", "alg": ALGORITHM}
    return required | named


def thumbprint(public_key: bytes) -> str:
    """Give the key's thumbprint (RFC 7638, SHA-256): its `kid`."""
    return jwk(public_key)["kid"]


def canonical(value: Mapping[str, Any]) -> bytes:
    """Give one JSON form of a value: sorted names, no white space, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _thumbprint(required: Mapping[str, str]) -> str:
    return _b64(sha256(canonical(required)).digest())


def _public(public_key: bytes) -> ec.EllipticCurvePublicKey:
    key = load_der_public_key(public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SealError("The key that signs is not on the curve P-256.")
    return key


def _b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
