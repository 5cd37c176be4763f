"""Prove one person's consents (Art. 7(1)): every event, text and receipt, and the chain of them.

What comes out is verified without us: `tools/verify_proof.py` needs the document and the public
key alone. The key that opens evidence is unwrapped here and nowhere else.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from lethe.crypto import consent_chain, consent_contents, jws
from lethe.crypto.consent_chain import Break, Damage
from lethe.crypto.consent_contents import Subject
from lethe.domain.addresses import Address
from lethe.domain.audit import AuditEvent
from lethe.domain.callers import Caller
from lethe.domain.consent import ConsentEvent, ConsentState
from lethe.domain.errors import ErasedError, NotFoundError, SealError
from lethe.domain.ports import AuditTrail, KeyWrap, Policies, PseudonymHash, WrappedKey
from lethe.domain.ports_sending import Consents, Signer, Texts
from lethe.domain.register import Pseudonym
from lethe.domain.times import iso

FORMAT: Final = "lethe/consent-proof/1"
_NEVER: Final = "Nothing was ever recorded of this address."
_ENDED: Final = "The evidence has ended, as long after the processing as the policy says."


@dataclass(frozen=True, slots=True)
class Proof:
    """The document, and what is wrong in it; nothing, if the chain holds."""

    document: dict[str, Any]
    breaks: tuple[Break, ...]


@dataclass(frozen=True)
class ConsentProof:
    """The use case; the look is audited before it happens."""

    consents: Consents
    texts: Texts
    signer: Signer
    wrap: KeyWrap
    policies: Policies
    audit: AuditTrail
    hashes: PseudonymHash
    clock: Callable[[], datetime]

    def proof(self, address: Address, *, reason: str, caller: Caller) -> Proof:
        """Everything on record of an address; 404 never was, 410 the evidence has ended."""
        now = self.clock()
        pseudonym = self.hashes.pseudonym(address)
        state = self.consents.states([pseudonym])[pseudonym]
        facts = {"reason": reason}
        target = state.ledger or "none"
        version, _ = self.policies.current()
        self.audit.put(AuditEvent(now, "consent_proved", caller.actor, target, version, facts))
        if state.ledger is None or state.holder is None:
            raise ErasedError(_ENDED) if state.revision else NotFoundError(_NEVER)
        key = self.consents.key(state.holder.id)
        if key is None:
            raise ErasedError(_ENDED)
        private = self.wrap.unwrap(key.wrapped, key.holder_id)
        events = list(self.consents.events(state.ledger))
        shown = [_Shown(event, _open(event, key, private)) for event in events]
        texts = self._texts(shown)
        public = self.signer.public_key()
        breaks = (
            *consent_chain.breaks(events, state, now.date()),
            *_breaks(shown, texts, {address, pseudonym}, public),
        )
        return Proof(_document(address, state, shown, texts, public, breaks, now), breaks)

    def _texts(self, shown: list[_Shown]) -> dict[str, Mapping[str, str]]:
        wanted = {one.text_sha256 for one in shown} - {""}
        found = {digest: self.texts.get(digest) for digest in sorted(wanted)}
        return {digest: text for digest, text in found.items() if text is not None}


@dataclass(frozen=True, slots=True)
class _Shown:
    """An event with what was sealed in it; empty where that does not open."""

    event: ConsentEvent
    contents: bytes

    @property
    def opened(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.contents or b"{}")
        return found

    @property
    def text_sha256(self) -> str:
        evidence = self.opened.get("evidence") or {}
        digest: str = evidence.get("text_sha256", "")
        return digest


def _open(event: ConsentEvent, key: WrappedKey, private: bytes) -> bytes:
    info = consent_chain.info(event.id, event.ledger, event.sequence)
    try:
        return consent_contents.unseal(key.kem, private, event.sealed, info)
    except SealError:
        return b""


def _breaks(
    shown: list[_Shown],
    texts: Mapping[str, Mapping[str, str]],
    persons: set[Address | Pseudonym],
    public: bytes,
) -> Iterator[Break]:
    for one in shown:
        place = one.event.sequence
        subject, salt = one.opened.get("subject", {}), one.opened.get("salt", "")
        if subject.get("value") not in persons:
            yield Break(place, Damage.UNREADABLE)
            continue
        named = Subject(subject["kind"], subject["value"]).commitment(bytes.fromhex(salt))
        if not _receipt_holds(one, named, public):
            yield Break(place, Damage.RECEIPT)
        if (digest := one.text_sha256) and _sha256(texts.get(digest)) != digest:
            yield Break(place, Damage.TEXT)


def _receipt_holds(one: _Shown, principal: str, public: bytes) -> bool:
    try:
        told = jws.verify(one.event.receipt, public)
    except SealError:
        return False
    expected = {
        "record_id": one.event.id,
        "pii_principal_id": principal,
        "event_sha256": consent_chain.digest(one.event).hex(),
        "contents_sha256": sha256(one.contents).hexdigest(),
    }
    return all(told.get(name) == value for name, value in expected.items())


def _document(  # noqa: PLR0913, PLR0917  all that a proof is made of
    address: Address,
    state: ConsentState,
    shown: list[_Shown],
    texts: Mapping[str, Mapping[str, str]],
    public: bytes,
    breaks: tuple[Break, ...],
    now: datetime,
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "made_at": iso(now),
        "address": address,
        "ledger": state.ledger,
        "head": {
            "sequence": state.sequence,
            "sha256": state.head.hex(),
            "expires": state.expires.isoformat(),
        },
        "chain": {
            "holds": not breaks,
            "breaks": [{"sequence": one.sequence, "damage": one.damage.value} for one in breaks],
        },
        "events": [_event(one) for one in shown],
        "texts": {digest: dict(text) for digest, text in texts.items()},
        "public_key": jws.jwk(public),
    }


def _event(one: _Shown) -> dict[str, Any]:
    event = one.event
    return {
        "id": event.id,
        "sequence": event.sequence,
        "type": event.type.value,
        "purpose": event.purpose,
        "channel": event.channel,
        "own": event.own,
        "time": iso(event.time),
        "until": _moment(event.until),
        "about": _moment(event.about),
        "opt_out_offered": event.opt_out_offered,
        "policy_version": event.policy_version,
        "notice_version": event.notice_version,
        "expires": event.expires.isoformat() if event.expires else None,
        "previous_expires": event.previous_expires.isoformat() if event.previous_expires else None,
        "previous": event.previous.hex(),
        "sealed": urlsafe_b64encode(event.sealed).rstrip(b"=").decode(),
        "contents": one.contents.decode() or None,
        "receipt": event.receipt,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def _sha256(text: Mapping[str, str] | None) -> str:
    return sha256(text["text"].encode()).hexdigest() if text else ""
