"""Holders: what owns one key pair, known outside the register by a random id alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

HolderId = NewType("HolderId", bytes)
"""16 random bytes."""


@dataclass(frozen=True, slots=True)
class PublicHolder:
    """The public side of a holder's key pair; `kem` is a `crypto.holders.Kem`."""

    id: HolderId
    kem: int
    public: bytes
