"""What is sealed of a consent event: the evidence, the record, and of whom it is.

The person is named outside by a commitment: SHA-256 over a random salt and the address. The salt
is sealed with the address, so that nobody can try addresses, and a proof can show both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal

from lethe.crypto.encoding import FORMAT, compress, decompress, joined
from lethe.crypto.holders import PublicHolder, open_with, seal_to
from lethe.crypto.jws import canonical

FORMAT_NAME: Final = "lethe/consent/1"
SALT: Final = 32


@dataclass(frozen=True, slots=True)
class Subject:
    """Of whom an event is: by the address, or by the pseudonym where only that was at hand."""

    kind: Literal["address", "pseudonym"]
    value: str

    def commitment(self, salt: bytes) -> str:
        """Name the person to whoever knows salt and value, and to nobody else; hexadecimal."""
        parts = joined(FORMAT, b"principal", salt, self.kind.encode(), self.value.encode())
        return sha256(parts).hexdigest()


def encode(contents: Mapping[str, Any]) -> bytes:
    """Give the bytes that are sealed, and whose SHA-256 the receipt names."""
    return canonical({"format": FORMAT_NAME, **contents})


def seal(holder: PublicHolder, contents: bytes, info: bytes) -> bytes:
    """Seal to the ledger's holder."""
    return seal_to(holder, compress(contents), info)


def unseal(kem: int, private: bytes, sealed: bytes, info: bytes) -> bytes:
    """Open what `seal` sealed with the same info; SealError."""
    return decompress(open_with(kem, private, sealed, info))
