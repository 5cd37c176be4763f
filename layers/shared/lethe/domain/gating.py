"""The gate's rule: nothing may go but what stands on a basis, for this person, here and now (L1).

Pure: from what was read to a decision. Where two facts have the same time, the no counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from lethe.domain.channel_settings import ChannelSettings, Gate
from lethe.domain.classification import LegalBasis
from lethe.domain.gate import Basis, Decision, Evidence, Flag, Known, Question, Reason, Subject
from lethe.domain.gate_facts import Facts, gather, told, vendor_standing
from lethe.domain.own_addresses import AddressKind, kind_at
from lethe.domain.policy import Policy
from lethe.domain.purposes import EventGrant, InboundGrant, OnFailure, Purpose
from lethe.domain.vendors import MaySend

_INTERESTS: Final = frozenset({LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.SOFT_OPT_IN})
"""What a STOP ends, and an objection."""
_OBJECTABLE: Final = _INTERESTS | {LegalBasis.PUBLIC_TASK}
"""What Art. 21(1) reaches."""
_DUTIES: Final = frozenset({LegalBasis.LEGAL_OBLIGATION, LegalBasis.VITAL_INTERESTS})
"""What goes on under a restriction (Art. 18(2): important public interest, others' rights)."""


def decide(
    question: Question, known: Known, subject: Subject, *, explain: bool = False
) -> Decision:
    """Return whether a message may go to one recipient: on what, or why not."""
    purpose, gate = known.policy.purposes.get(question.purpose), gate_of(question, known.policy)
    if purpose is None:
        return Decision(allowed=False, reason=Reason.PURPOSE, gate=gate)
    if gate is Gate.OFF:
        return _allowed(question, purpose, Evidence.GATE_OFF, gate=gate)
    facts = gather(question, purpose, known, subject)
    decision = _decided(question, known, subject, facts)
    if explain:
        decision = replace(decision, explanation=told(facts, question, known, subject))
    return watched(decision, question, known.policy)


def on_failure(question: Question, policy: Policy | None) -> Decision:
    """Return the answer where the gate could not know: no, unless the policy marks the purpose.

    The policy may be one that was read before; without any, nothing is marked.
    """
    unknown = Decision(allowed=False, reason=Reason.UNAVAILABLE)
    purpose = policy.purposes.get(question.purpose) if policy else None
    if purpose is None or purpose.on_failure is OnFailure.DENY:
        return unknown
    allowed = _allowed(question, purpose, Evidence.ON_FAILURE, {Flag.ON_FAILURE})
    return replace(allowed, reason=Reason.UNAVAILABLE)


def watched(decision: Decision, question: Question, policy: Policy) -> Decision:
    """Let a no pass where the gate only observes, with its reason and a flag."""
    gate = gate_of(question, policy)
    decision = replace(decision, gate=gate)
    purpose = policy.purposes.get(question.purpose)
    if decision.allowed or gate is not Gate.OBSERVED or purpose is None:
        return decision
    passed = _allowed(question, purpose, Evidence.OBSERVED, {Flag.OBSERVED}, gate=gate)
    return replace(passed, reason=decision.reason, explanation=decision.explanation)


def together(decisions: Sequence[Decision]) -> list[Decision]:
    """Return the decisions on a message that goes to all of them or to nobody."""
    if all(decision.allowed for decision in decisions):
        return list(decisions)
    return [denied(each, Reason.ANOTHER_RECIPIENT) for each in decisions]


def denied(decision: Decision, reason: Reason) -> Decision:
    """Return the same with a no for another reason; an earlier no keeps its own."""
    if not decision.allowed:
        return decision
    return replace(decision, allowed=False, reason=reason, basis=None, flags=frozenset())


def figures(decisions: Iterable[Decision]) -> Counter[str]:
    """Return how often the gate said what, in coded words, for the channel's figures of the day."""
    counted: Counter[str] = Counter()
    for decision in decisions:
        if decision.reason is None:
            counted["gate.allowed"] += 1
        else:
            said = "let_pass" if decision.allowed else "denied"
            counted[f"gate.{said}.{decision.reason}"] += 1
        counted.update(f"gate.flag.{flag}" for flag in decision.flags)
    return counted


def gate_of(question: Question, policy: Policy) -> Gate:
    """Return what the gate does on a channel; one that the policy does not name is enforced."""
    settings = policy.channels.get(question.channel)
    return settings.gate if settings else Gate.ENFORCED


def _decided(question: Question, known: Known, subject: Subject, facts: Facts) -> Decision:
    today = known.now.astimezone(UTC).date()
    settings = known.policy.channels.get(question.channel)
    if kind_at(known.sender.own, today) is AddressKind.EXTERNAL:
        return Decision(allowed=False, reason=Reason.SENDER)
    vendor = vendor_standing(question, known).may_send
    if vendor is MaySend.BLOCKED:
        return Decision(allowed=False, reason=Reason.VENDOR)
    flags = {Flag.VENDOR_WARNED} if vendor is MaySend.WARNED else set()
    if kind_at(subject.register.own, today) is AddressKind.FUNCTION:
        return _allowed(question, facts.purpose, Evidence.FUNCTION_ADDRESS, flags)
    found = judged(facts, settings, known.now)
    if isinstance(found, Reason):
        return Decision(allowed=False, reason=found)
    if facts.vendor_blocked_at is not None:
        flags.add(Flag.VENDOR_BLOCKED)
    if facts.notice_version < known.notice_version:
        flags.add(Flag.NOTICE_OUTDATED)
    return _allowed(question, facts.purpose, found, flags)


def judged(facts: Facts, settings: ChannelSettings | None, now: datetime) -> str | Reason:
    """Return what the message stands on, or why on nothing."""
    purpose = facts.purpose
    if purpose.legal_basis is LegalBasis.CONSENT:
        return _consent(facts, now)
    if opposed := _opposed(facts, now):
        return opposed
    granted = _granted(facts, now)
    if isinstance(granted, Reason):
        return granted
    evidence, since = granted
    if _is_restricted(facts, since):
        return Reason.RESTRICTED
    if purpose.legal_basis is LegalBasis.SOFT_OPT_IN and not _offers_opt_out(facts, settings):
        return Reason.OPT_OUT_NOT_OFFERED
    return evidence


def _consent(facts: Facts, now: datetime) -> str | Reason:
    """Return the event of a consent that is in force, or what stands in its way."""
    line, noes = facts.consent, _noes(facts)
    if line.given_at is None:
        said = [no for no in noes if no[1] is not Reason.ERASED]
        return said[-1][1] if said else Reason.NO_CONSENT
    if noes and line.given_at <= noes[-1][0]:
        return noes[-1][1]
    if line.event_id is None or now < line.given_at:
        return Reason.NO_CONSENT
    if line.until is not None and line.until <= now:
        return Reason.CONSENT_EXPIRED
    return line.event_id


def _noes(facts: Facts) -> list[tuple[datetime, Reason]]:
    """Return what ends every consent that is not later, the latest last."""
    said = (
        (facts.consent.refused_at, Reason.CONSENT_REFUSED),
        (facts.consent.withdrawn_at, Reason.CONSENT_WITHDRAWN),
        (facts.stopped_at, Reason.STOPPED),
        (facts.objected_at, Reason.OBJECTED),
        (facts.restricted_at, Reason.RESTRICTED),
        (facts.erased_at, Reason.ERASED),
    )
    return sorted(((at, why) for at, why in said if at is not None), key=lambda no: no[0])


def _opposed(facts: Facts, now: datetime) -> Reason | None:
    """Return what the person said against a purpose that does not rest on consent.

    A STOP ends what rests on an interest until a later consent to the purpose. An objection to
    marketing is absolute (Art. 21(3)); another one holds until the balancing overrules it
    (Art. 18(1)(d), 21(1)).
    """
    basis, stopped = facts.purpose.legal_basis, facts.stopped_at is not None
    if stopped and basis in _INTERESTS and isinstance(_consent(facts, now), Reason):
        return Reason.STOPPED
    if facts.pending and basis in _OBJECTABLE:
        marketing = facts.purpose.direct_marketing
        return Reason.OBJECTED if marketing else Reason.OBJECTION_PENDING
    return None


def _granted(facts: Facts, now: datetime) -> tuple[str, datetime | None] | Reason:
    """Return the evidence of a basis other than consent and since when it stands, or what lacks."""
    match facts.purpose.granted_by:
        case EventGrant():
            return _begun(facts, now)
        case InboundGrant(inbound_within=period):
            at = facts.inbound_at
            if at is None or period.over(at.astimezone(UTC).date()) <= now.astimezone(UTC).date():
                return Reason.NO_INBOUND
            return Reason.ERASED if _is_void(facts, at) else (Evidence.INBOUND, at)
        case _:
            return Evidence.STANDING, None


def _begun(facts: Facts, now: datetime) -> tuple[str, datetime] | Reason:
    span = facts.span
    if span is None or span.begun_at is None or span.event_id is None or now < span.begun_at:
        return Reason.NO_EVENT
    if span.ended_at is not None and span.begun_at <= span.ended_at:
        return Reason.EVENT_ENDED
    return Reason.ERASED if _is_void(facts, span.begun_at) else (span.event_id, span.begun_at)


def _is_void(facts: Facts, since: datetime) -> bool:
    """Whether an erasure came later than what a basis stands on."""
    return facts.erased_at is not None and since <= facts.erased_at


def _is_restricted(facts: Facts, since: datetime | None) -> bool:
    """Whether a restriction (Art. 18) stands against a basis other than consent.

    A legal obligation and vital interests go on. So does what the person began later than the
    restriction, a contract or a conversation; marketing does not, and nothing that just stands.
    """
    if facts.restricted_at is None or facts.purpose.legal_basis in _DUTIES:
        return False
    return facts.purpose.direct_marketing or since is None or since <= facts.restricted_at


def _offers_opt_out(facts: Facts, settings: ChannelSettings | None) -> bool:
    """Whether opting out was offered at the sale, and is in each message (Art. 13(2) ePrivacy)."""
    at_sale = facts.span is not None and facts.span.opt_out_offered
    return at_sale and settings is not None and bool(settings.withdrawal_line)


def _allowed(
    question: Question,
    purpose: Purpose,
    evidence: str,
    flags: set[Flag] | frozenset[Flag] = frozenset(),
    *,
    gate: Gate = Gate.ENFORCED,
) -> Decision:
    basis = Basis(question.purpose, purpose.legal_basis, evidence)
    return Decision(allowed=True, basis=basis, flags=frozenset(flags), gate=gate)
