"""Who may live: what the register says of an address, and what capture reads in one look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from lethe.domain.archive import Head, Tombstone
from lethe.domain.holders import HolderId, PublicHolder
from lethe.domain.in_force import InForce
from lethe.domain.messages import MessageId
from lethe.domain.own_addresses import OwnSpan

Pseudonym = NewType("Pseudonym", str)
"""base64url of HMAC-SHA-256 of an address."""

EVERY_CLASS = "*"
"""The key under which an erasure counts for every class that erases, known at the time or not."""


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """What an address has in one retention class.

    `holder` is None where no key is needed (a class kept by law, a function address). `since` is
    the earliest month (`YYYY-MM`) that may have index entries; `shards` is 0 for a person's index
    and the number of partitions a month for a function address's.
    """

    holder_id: HolderId
    holder: PublicHolder | None
    since: str
    shards: int = 0


@dataclass(frozen=True, slots=True)
class RestrictedEntry:
    """What an erasure left under review or kept by law: messages up to `at` belong to it."""

    cls: str
    entry: RegisterEntry
    at: datetime


@dataclass(frozen=True, slots=True)
class RegisterItem:
    """One address in the register: living and restricted entries, times of erasure, own spans.

    A message after an erasure is new processing: it gets a new entry beside a restricted one.
    `revision` grows with every change; writers are conditioned on the one they saw.
    """

    pseudonym: Pseudonym
    entries: Mapping[str, RegisterEntry] = field(default_factory=dict)
    erased: Mapping[str, datetime] = field(default_factory=dict)
    own: tuple[OwnSpan, ...] = ()
    restricted: tuple[RestrictedEntry, ...] = ()
    revision: int = 0

    def restricted_at(self, cls: str, time: datetime) -> RegisterEntry | None:
        """The restricted entry that a message of this time belongs to."""
        return next((r.entry for r in self.restricted if r.cls == cls and time <= r.at), None)


@dataclass(frozen=True, slots=True)
class Holds:
    """The legal holds in force, and the version that every shred is conditioned on."""

    version: int = 0
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """What capture reads before it seals: strongly consistent, fresh each time."""

    persons: Mapping[Pseudonym, RegisterItem]
    holds: Holds
    in_force: InForce
    firsts: Mapping[MessageId, Head | Tombstone]
