"""Signed JSON in compact form: what verifies, what does not, and the key's own name."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lethe.crypto import jws
from lethe.domain.errors import SealError
from lethe.store.signer import raw

from tests.memory_consents import MemorySigner

# The public key and signature of RFC 7515, appendix A.3.
RFC_X = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
RFC_Y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
RFC_TOKEN = (
    "eyJhbGciOiJFUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)


def der_of(x: str, y: str) -> bytes:
    first, second = (int.from_bytes(urlsafe_b64decode(value + "=")) for value in (x, y))
    key = ec.EllipticCurvePublicNumbers(first, second, ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module")
def signer() -> MemorySigner:
    return MemorySigner()


def token(signer: MemorySigner, **payload: object) -> str:
    kid = jws.thumbprint(signer.public_key())
    return jws.sign(payload, kid=kid, typ="test+jwt", signature=signer.sign)


def test_the_example_of_the_standard_verifies() -> None:
    payload = jws.verify(RFC_TOKEN, der_of(RFC_X, RFC_Y))
    assert payload["iss"] == "joe"


def test_a_key_is_named_by_its_thumbprint() -> None:
    """RFC 7638 has no EC example; this is SHA-256 over the members in their order."""
    members = f'{{"crv":"P-256","kty":"EC","x":"{RFC_X}","y":"{RFC_Y}"}}'
    expected = urlsafe_b64encode(sha256(members.encode()).digest()).rstrip(b"=").decode()
    assert jws.thumbprint(der_of(RFC_X, RFC_Y)) == expected
    assert jws.jwk(der_of(RFC_X, RFC_Y)) == {
        "kty": "EC",
        "crv": "P-256",
        "x": RFC_X,
        "y": RFC_Y,
        "kid": expected,
        "use": "sig",
        "alg": "ES256",
    }


def test_what_is_signed_comes_back(signer: MemorySigner) -> None:
    made = token(signer, name="Zoë", number=1)
    assert jws.verify(made, signer.public_key()) == {"name": "Zoë", "number": 1}
    assert jws.unverified(made) == {"name": "Zoë", "number": 1}


def test_anything_else_does_not_verify(signer: MemorySigner) -> None:
    made, public = token(signer, a=1), signer.public_key()
    head, payload, signature = made.split(".")
    other = urlsafe_b64encode(b'{"a":2}').rstrip(b"=").decode()
    none = urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    wrong = [
        f"{head}.{other}.{signature}",
        f"{none}.{payload}.{signature}",
        f"{none}.{payload}.",
        f"{head}.{payload}.{signature[:-4]}",
        f"{head}.{payload}.{'A' * 86}",
        f"{head}.{payload}",
        f"{made}.{signature}",
        f"{head}.{payload}.*{signature}",
        "",
        "..",
        "[].[].[]",
    ]
    for one in wrong:
        with pytest.raises(SealError):
            jws.verify(one, public)
    with pytest.raises(SealError):
        jws.verify(made, MemorySigner().public_key())
    for one in ("", "..", "a"):
        with pytest.raises(SealError):
            jws.unverified(one)


def test_another_curve_signs_nothing_here(signer: MemorySigner) -> None:
    keys = (
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        ed25519.Ed25519PrivateKey.generate().public_key(),
    )
    for key in keys:
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(SealError):
            jws.verify(token(signer, a=1), der)


def test_a_signature_of_kms_has_its_full_length_whatever_its_numbers() -> None:
    short = bytes.fromhex("3006020101020102")
    assert raw(short) == bytes(31) + b"\x01" + bytes(31) + b"\x02"
    for wrong in (short + b"\0", short[:-1], b"\x31" + short[1:], b"\x30\x00"):
        with pytest.raises((ValueError, IndexError)):
            raw(wrong)
