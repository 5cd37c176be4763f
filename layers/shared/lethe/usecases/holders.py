"""Give every party of a message a holder: found in the register, or made at first contact."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import dataclass, replace

from lethe.crypto.holders import Kem, generate, seal_address
from lethe.domain.archive import month
from lethe.domain.errors import RestrictedError
from lethe.domain.holders import HolderId, PublicHolder
from lethe.domain.own_addresses import AddressKind
from lethe.domain.ports import KeyWrap, NewPersonKey, Register
from lethe.domain.register import Pseudonym, RegisterEntry, RegisterItem
from lethe.usecases.plan import Party, Plan


@dataclass(frozen=True)
class Holders:
    """Finds or makes the register entries of a plan's parties.

    RaceLostError if another writer changed an address in between: read again and plan anew.
    """

    register: Register
    wrap: KeyWrap
    kem: Kem
    function_shards: int

    def ensure(
        self, plan: Plan, items: MutableMapping[Pseudonym, RegisterItem]
    ) -> tuple[RegisterEntry, ...]:
        """The entry of each party in order; `items` is brought up to date with what was made."""
        return tuple(self._entry(party, plan, items) for party in plan.parties)

    def _entry(
        self, party: Party, plan: Plan, items: MutableMapping[Pseudonym, RegisterItem]
    ) -> RegisterEntry:
        seen = items[party.pseudonym]
        since = month(plan.time)
        if restricted := seen.restricted_at(plan.cls, plan.time):
            if since < restricted.since:
                raise RestrictedError("A participant is restricted; nothing older is added.")
            return restricted
        needs_key = party.needs_key and not plan.kept
        entry = seen.entries.get(plan.cls)
        if entry is None or (needs_key and entry.holder is None):
            made = self._create(seen, party, plan.cls, needs_key=needs_key, since=since)
        elif since < entry.since:
            self.register.lower_since(seen, plan.cls, since)
            made = replace(entry, since=since)
        else:
            return entry
        items[party.pseudonym] = replace(
            seen, entries={**seen.entries, plan.cls: made}, revision=seen.revision + 1
        )
        return made

    def _create(
        self, seen: RegisterItem, party: Party, cls: str, *, needs_key: bool, since: str
    ) -> RegisterEntry:
        present = seen.entries.get(cls)
        holder: PublicHolder | None = None
        key: NewPersonKey | None = None
        holder_id = present.holder_id if present else HolderId(os.urandom(16))
        if needs_key:
            made, private = generate(self.kem)
            holder = replace(made, id=holder_id)
            key = NewPersonKey(
                wrapped=self.wrap.wrap(private, holder_id),
                sealed_address=seal_address(holder, party.participant.address),
            )
        entry = RegisterEntry(
            holder_id=holder_id,
            holder=holder,
            since=min(since, present.since) if present else since,
            shards=present.shards if present else self._shards(party),
        )
        self.register.create(seen, cls, entry, key)
        return entry

    def _shards(self, party: Party) -> int:
        return self.function_shards if party.kind is AddressKind.FUNCTION else 0
