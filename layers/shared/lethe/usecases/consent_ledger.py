"""Record what people said about being written to: sealed evidence, a signed receipt, one fold.

Whoever records, at the API, by an inbound keyword or by a vendor's answer, comes this way. What
was recorded under an event id once is not recorded again: the answer is its receipt.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

from lethe.crypto import consent_chain, consent_contents, jws
from lethe.crypto.consent_contents import SALT, Subject
from lethe.crypto.encoding import FORMAT, joined
from lethe.crypto.holders import Kem, generate
from lethe.domain import consent_acts, consent_fold, consent_receipt, consent_record
from lethe.domain.addresses import Address
from lethe.domain.audit import AuditEvent
from lethe.domain.callers import Caller
from lethe.domain.consent import ConsentEvent, ConsentState, EventId, LedgerId
from lethe.domain.consent_acts import Act, whole_ms
from lethe.domain.consent_fold import GRANTS
from lethe.domain.errors import ConflictError, RaceLostError
from lethe.domain.evidence import Evidence
from lethe.domain.holders import PublicHolder
from lethe.domain.policy import Policy
from lethe.domain.ports import AuditTrail, KeyWrap, Policies, PseudonymHash, Register
from lethe.domain.ports_sending import Consents, NewConsentKey, Signer, Texts
from lethe.domain.register import Pseudonym
from lethe.domain.times import iso

__all__ = ["Act", "ConsentLedger", "Recorded", "SuppressedError", "event_id"]

_ATTEMPTS: Final = 8
_HERE: Final = "the controller's own AWS account"
_TAKEN: Final = "This event id was used for something else; send the act under an id of its own."
_SUPPRESSED: Final = (
    "An import does not bring back the consent of one who withdrew, objected, stopped messages or"
    " was erased; such a person consents anew."
)


@dataclass
class SuppressedError(ConflictError):
    """An import would bring back a consent that the person, or an erasure, ended."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event as the caller is told of it; `duplicate` if it had been recorded before."""

    event: ConsentEvent
    record: dict[str, Any]
    """ISO/IEC TS 27560; the person is named by a commitment."""
    receipt: str
    """JWS compact, ES256."""
    text: str
    """The receipt for the channel itself, in the language of the evidence."""
    duplicate: bool = False

    @property
    def event_id(self) -> EventId:
        """The id of the event, which is that of the record."""
        return self.event.id


@dataclass(frozen=True, slots=True)
class _Call:
    """What one attempt knows: of whom, by whom, under which policy, when."""

    subject: Subject
    caller: Caller
    policy: Policy
    policy_version: int
    now: datetime


@dataclass(frozen=True, slots=True)
class _Ledger:
    """Where a person's events go, and the key of it if it is new."""

    id: LedgerId
    holder: PublicHolder
    key: NewConsentKey | None = None


@dataclass(frozen=True)
class ConsentLedger:
    """The use case; the events of one call are recorded whole or not at all."""

    consents: Consents
    texts: Texts
    signer: Signer
    wrap: KeyWrap
    policies: Policies
    register: Register
    audit: AuditTrail
    hashes: PseudonymHash
    clock: Callable[[], datetime]
    kem: Kem
    storage: str = _HERE
    """Where records say that they lie, such as `AWS eu-central-1`."""

    def record(
        self, address: Address, acts: Sequence[Act], *, caller: Caller, importing: bool = False
    ) -> list[Recorded]:
        """Record acts of one person, in their order, 40 at most; the answers have that order too.

        InvalidInputError names what is missing or wrong; ConflictError if an event id was used for
        something else; SuppressedError if an import would bring back what the person ended.
        """
        pseudonym, subject = self.hashes.pseudonym(address), Subject("address", address)
        return self._record(pseudonym, subject, acts, caller, importing=importing)

    def record_for(
        self, pseudonym: Pseudonym, acts: Sequence[Act], *, caller: Caller
    ) -> list[Recorded]:
        """Record acts of a person of whom only the pseudonym is at hand: a link, the schedule."""
        subject = Subject("pseudonym", pseudonym)
        return self._record(pseudonym, subject, acts, caller, importing=False)

    def state(self, pseudonym: Pseudonym) -> ConsentState:
        """The fold of a person's events, read strongly consistently."""
        return self.consents.states([pseudonym])[pseudonym]

    def _record(
        self,
        pseudonym: Pseudonym,
        subject: Subject,
        acts: Sequence[Act],
        caller: Caller,
        *,
        importing: bool,
    ) -> list[Recorded]:
        for _ in range(_ATTEMPTS):
            version, policy = self.policies.current()
            call = _Call(subject, caller, policy, version, whole_ms(self.clock()))
            state = self.state(pseudonym)
            known = self._known(acts, state)
            new = {place: act for place, act in enumerate(acts) if place not in known}
            if new:
                self._check(new.values(), state, call, importing=importing)
                ledger = self._ledger(state)
                made, after = self._made(new, state, ledger, call)
                try:
                    events = [recorded.event for recorded in made.values()]
                    self.consents.append(events, state, after, ledger.key)
                except (RaceLostError, ConflictError):
                    continue  # somebody wrote in between, or recorded one of these very ids
                known |= made
            answers = [known[place] for place in range(len(acts))]
            self._note(answers, call)
            return answers
        raise RaceLostError("Others write to this ledger all the time; try again.")

    def _known(self, acts: Sequence[Act], state: ConsentState) -> dict[int, Recorded]:
        """The answers to those acts that were recorded before, by their place."""
        ids = [act.event_id for act in acts if act.event_id is not None]
        events = self.consents.recorded(ids) if ids else {}
        return {
            place: self._again(act, events[act.event_id], state)
            for place, act in enumerate(acts)
            if act.event_id is not None and act.event_id in events
        }

    def _again(self, act: Act, event: ConsentEvent, state: ConsentState) -> Recorded:
        policy, told = self.policies.at(event.policy_version), jws.unverified(event.receipt)
        record = self._record_of(event, act.evidence, policy, told["pii_principal_id"])
        same = event.ledger == state.ledger and consent_acts.is_of(event, act)
        if not same or not consent_receipt.is_of(told, record):
            raise ConflictError(_TAKEN)
        text = consent_receipt.text(event, act.evidence, policy)
        return Recorded(event, record, event.receipt, text, duplicate=True)

    def _check(
        self, acts: Collection[Act], state: ConsentState, call: _Call, *, importing: bool
    ) -> None:
        address = Address(call.subject.value) if call.subject.kind == "address" else None
        consent_acts.check(acts, address, call.policy, call.now, importing=importing)
        grants = [act for act in acts if act.type in GRANTS]
        if not importing or not grants:
            return
        erased = self.register.item(state.pseudonym).erased
        if erased or any(consent_fold.suppressed(state, a.purpose, a.channel) for a in grants):
            raise SuppressedError(_SUPPRESSED)

    def _ledger(self, state: ConsentState) -> _Ledger:
        if state.ledger is not None and state.holder is not None:
            return _Ledger(state.ledger, state.holder)
        holder, private = generate(self.kem)
        key = NewConsentKey(holder.id, holder.kem, self.wrap.wrap(private, holder.id))
        return _Ledger(LedgerId(uuid4().hex), holder, key)

    def _made(
        self, acts: Mapping[int, Act], before: ConsentState, ledger: _Ledger, call: _Call
    ) -> tuple[dict[int, Recorded], ConsentState]:
        """What each act makes, and the fold after all of them."""
        state = replace(before, ledger=ledger.id, holder=ledger.holder)
        made: dict[int, Recorded] = {}
        for place, act in acts.items():
            made[place] = one = self._event(act, state, ledger, call)
            state = replace(
                consent_fold.apply(state, one.event),
                sequence=one.event.sequence,
                head=consent_chain.digest(one.event),
                expires=one.event.expires or date.max,
            )
        period = consent_record.kept_after_processing(call.policy)
        return made, consent_fold.settle(state, period, call.now)

    def _event(self, act: Act, state: ConsentState, ledger: _Ledger, call: _Call) -> Recorded:
        """An event with its evidence sealed and its receipt signed, in its place of the chain."""
        draft = _draft(act, state, ledger.id, call)
        salt, text_sha256 = os.urandom(SALT), self._text(act.evidence)
        principal = call.subject.commitment(salt)
        record = self._record_of(draft, act.evidence, call.policy, principal)
        contents = consent_contents.encode(
            {
                "id": draft.id,
                "recorded_at": iso(call.now),
                "actor": call.caller.actor,
                "subject": {"kind": call.subject.kind, "value": call.subject.value},
                "salt": salt.hex(),
                "evidence": _stated(act.evidence, text_sha256),
                "record": record,
            }
        )
        info = consent_chain.info(draft.id, draft.ledger, draft.sequence)
        event = replace(draft, sealed=consent_contents.seal(ledger.holder, contents, info))
        claims = consent_receipt.claims(
            record,
            event,
            call.policy,
            digest=consent_chain.digest(event),
            contents_sha256=sha256(contents).hexdigest(),
        )
        receipt = jws.sign(
            claims,
            kid=jws.thumbprint(self.signer.public_key()),
            typ=consent_receipt.TYP,
            signature=self.signer.sign,
        )
        text = consent_receipt.text(event, act.evidence, call.policy)
        return Recorded(replace(event, receipt=receipt), record, receipt, text)

    def _record_of(
        self, event: ConsentEvent, evidence: Evidence | None, policy: Policy, principal: str
    ) -> dict[str, Any]:
        return consent_record.record(
            event,
            evidence,
            policy,
            principal=principal,
            text_sha256=_sha256(evidence),
            storage=self.storage,
        )

    def _text(self, evidence: Evidence | None) -> str:
        """Keep the text that was shown, once for everybody; give its SHA-256."""
        digest = _sha256(evidence)
        if evidence is not None and evidence.text is not None:
            document = {
                "text": evidence.text,
                "language": evidence.language or "",
                "version": evidence.text_version or "",
            }
            self.texts.put(digest, document)
        return digest

    def _note(self, answers: Sequence[Recorded], call: _Call) -> None:
        """Audit each event. A repetition is noted too: the first may have crashed before."""
        for answer in answers:
            event = answer.event
            self.audit.put(
                AuditEvent(
                    call.now,
                    "consent_repeated" if answer.duplicate else "consent_recorded",
                    call.caller.actor,
                    event.id,
                    event.policy_version,
                    {"act": event.type.value, "purpose": event.purpose, "channel": event.channel},
                )
            )


def event_id(*parts: str) -> EventId:
    """Return the id of an act that a retry repeats with the same parts; begin with its use.

    Where one call can make the act for several persons, their pseudonyms belong to the parts.
    """
    encoded = joined(FORMAT, b"consent event id", *(part.encode() for part in parts))
    return EventId(sha256(encoded).digest()[:16].hex())


def _draft(act: Act, state: ConsentState, ledger: LedgerId, call: _Call) -> ConsentEvent:
    at = consent_acts.time_of(act, state, call.now)
    until = consent_acts.until_of(act, call.policy, at)
    period = consent_record.kept_after_processing(call.policy)
    expires = max(state.expires, consent_acts.expires_of(act, at, until, period))
    return ConsentEvent(
        id=act.event_id or EventId(uuid4().hex),
        ledger=ledger,
        sequence=state.sequence + 1,
        type=act.type,
        purpose=act.purpose,
        channel=act.channel,
        own=act.own,
        time=at,
        until=until,
        sealed=b"",
        previous=state.head,
        policy_version=call.policy_version,
        notice_version=act.notice_version,
        expires=_known_day(expires),
        previous_expires=_known_day(state.expires),
        opt_out_offered=act.opt_out_offered,
        about=consent_acts.about(act, state),
    )


def _known_day(day: date) -> date | None:
    return None if day in {date.min, date.max} else day


def _stated(evidence: Evidence | None, text_sha256: str) -> dict[str, Any] | None:
    """The evidence as it is sealed: the text by its hash, since it is kept once for everybody."""
    if evidence is None:
        return None
    stated = evidence.model_dump(mode="json", exclude={"text"}, exclude_none=True)
    return stated | {"text_sha256": text_sha256}


def _sha256(evidence: Evidence | None) -> str:
    if evidence is None or evidence.text is None:
        return ""
    return sha256(evidence.text.encode()).hexdigest()
