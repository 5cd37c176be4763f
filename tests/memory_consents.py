"""Consents and texts in memory: the twins of store/consents.py and store/texts.py."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lethe.domain import consent_fold
from lethe.domain.consent import ConsentEvent, ConsentState, EventId, LedgerId
from lethe.domain.errors import ConflictError, RaceLostError
from lethe.domain.holders import HolderId
from lethe.domain.ports import WrappedKey
from lethe.domain.ports_sending import NewConsentKey
from lethe.domain.register import Pseudonym


@dataclass
class MemoryConsents:
    """The three tables; a test may look at them and change them."""

    rows: dict[tuple[LedgerId, int], ConsentEvent] = field(default_factory=dict)
    ids: dict[EventId, tuple[LedgerId, int]] = field(default_factory=dict)
    folds: dict[Pseudonym, ConsentState] = field(default_factory=dict)
    keys: dict[HolderId, WrappedKey] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def states(self, pseudonyms: Collection[Pseudonym]) -> Mapping[Pseudonym, ConsentState]:
        with self.lock:
            return {p: self.folds.get(p, ConsentState(p)) for p in pseudonyms}

    def append(
        self,
        events: Sequence[ConsentEvent],
        before: ConsentState,
        after: ConsentState,
        key: NewConsentKey | None,
    ) -> None:
        with self.lock:
            stands = self._seen(before)
            if any(event.id in self.ids for event in events):
                raise ConflictError("id")
            if any((event.ledger, event.sequence) in self.rows for event in events):
                raise RaceLostError("sequence")
            self.rows |= {(event.ledger, event.sequence): event for event in events}
            self.ids |= {event.id: (event.ledger, event.sequence) for event in events}
            if key is not None:
                self.keys[key.holder_id] = WrappedKey(key.holder_id, key.kem, key.wrapped)
            self._put(after, stands)

    def recorded(self, event_ids: Collection[EventId]) -> Mapping[EventId, ConsentEvent]:
        with self.lock:
            places = {i: self.ids[i] for i in event_ids if i in self.ids}
            return {i: self.rows[place] for i, place in places.items() if place in self.rows}

    def events(self, ledger: LedgerId) -> Iterator[ConsentEvent]:
        with self.lock:
            return iter([self.rows[key] for key in sorted(self.rows) if key[0] == ledger])

    def mark_inbound(self, pseudonym: Pseudonym, channel: str, own: str, at: datetime) -> None:
        with self.lock:
            stands = self.folds.get(pseudonym, ConsentState(pseudonym))
            key = (channel, own)
            inbound = {**stands.inbound, key: max(at, stands.inbound.get(key, at))}
            self.folds[pseudonym] = replace(stands, inbound=inbound)

    def mark_notified(self, pseudonym: Pseudonym, version: int, at: datetime) -> None:
        with self.lock:
            stands = self.folds.get(pseudonym, ConsentState(pseudonym))
            if stands.notified <= version:
                self.folds[pseudonym] = replace(stands, notified=version, notified_at=at)

    def due(self, now: datetime) -> Iterator[Pseudonym]:
        with self.lock:
            waiting = [(s.due, s.pseudonym) for s in self.folds.values() if s.due is not None]
        return (pseudonym for due, pseudonym in sorted(waiting) if due <= now)

    def end_evidence(self, state: ConsentState) -> None:
        with self.lock:
            stands = self._seen(state)
            if state.holder is not None:
                self.keys.pop(state.holder.id, None)
            self._put(consent_fold.ended(state), stands)

    def key(self, holder_id: HolderId) -> WrappedKey | None:
        with self.lock:
            return self.keys.get(holder_id)

    def _seen(self, before: ConsentState) -> ConsentState:
        stands = self.folds.get(before.pseudonym, ConsentState(before.pseudonym))
        if stands.revision != before.revision:
            raise RaceLostError("revision")
        return stands

    def _put(self, after: ConsentState, stands: ConsentState) -> None:
        self.folds[after.pseudonym] = replace(
            after,
            revision=stands.revision + 1,
            inbound=stands.inbound,
            notified=stands.notified,
            notified_at=stands.notified_at,
        )


@dataclass
class MemoryTexts:
    """The texts that people were shown."""

    texts: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def put(self, sha256: str, document: Mapping[str, str]) -> None:
        self.texts.setdefault(sha256, dict(document))

    def get(self, sha256: str) -> Mapping[str, str] | None:
        return self.texts.get(sha256)


class MemorySigner:
    """A key of the test's own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
