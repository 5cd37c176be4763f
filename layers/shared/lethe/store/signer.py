"""KMS: the key that signs receipts; its private side never leaves KMS."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from lethe.store.errors import calling

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_COORDINATE: Final = 32
_MOST_RAW: Final = 4096
_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02


class KmsSigner:
    """ECDSA over P-256 with SHA-256."""

    def __init__(self, client: KMSClient, *, key_id: str) -> None:
        self._client = client
        self._key = key_id
        self._public = b""

    def sign(self, data: bytes) -> bytes:
        """Sign: r and s, 32 bytes each (RFC 7518, section 3.4)."""
        short = len(data) <= _MOST_RAW  # KMS hashes these itself, longer ones we do
        with calling():
            answer = self._client.sign(
                KeyId=self._key,
                Message=data if short else sha256(data).digest(),
                MessageType="RAW" if short else "DIGEST",
                SigningAlgorithm="ECDSA_SHA_256",
            )
        return raw(answer["Signature"])

    def public_key(self) -> bytes:
        """The public key, DER-encoded SubjectPublicKeyInfo; asked for once in a process."""
        if not self._public:
            with calling():
                self._public = self._client.get_public_key(KeyId=self._key)["PublicKey"]
        return self._public


def raw(der: bytes) -> bytes:
    """Return r and s of a DER-encoded signature (RFC 3279) at their full length."""
    content, rest = _value(der, _SEQUENCE)
    r, content = _value(content, _INTEGER)
    s, content = _value(content, _INTEGER)
    if rest or content:
        raise ValueError("a signature is longer than it says")
    return int.from_bytes(r).to_bytes(_COORDINATE) + int.from_bytes(s).to_bytes(_COORDINATE)


def _value(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content behind a tag, and what follows; lengths of P-256 fit into one byte."""
    size = der[1]
    if der[0] != tag or len(der) < size + 2:
        raise ValueError("a signature is not one")
    return der[2 : size + 2], der[size + 2 :]
