"""What the gate knows of a person for one purpose and place: times, gathered, then judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lethe.domain import consent_fold, vendors
from lethe.domain.classification import LegalBasis
from lethe.domain.consent import EVERY, BasisSpan, ConsentLine, Objection
from lethe.domain.consent_fold import latest, stopped_at, vendor_blocked_at
from lethe.domain.gate import Known, Question, Subject
from lethe.domain.own_addresses import kind_at
from lethe.domain.policy import Policy
from lethe.domain.purposes import EventGrant, InboundGrant, Purpose
from lethe.domain.times import iso
from lethe.domain.vendors import MaySend, Standing


@dataclass(frozen=True, slots=True)
class Facts:
    """What one person said and did about what is to be sent; None: never.

    `objected_at` is the latest objection that reaches it, `pending` whether one of them stands. A
    marketing objection always stands. `inbound_at` is when the person last wrote on the channel.
    """

    purpose: Purpose
    consent: ConsentLine
    stopped_at: datetime | None
    objected_at: datetime | None
    pending: bool
    span: BasisSpan | None
    inbound_at: datetime | None
    erased_at: datetime | None
    restricted_at: datetime | None
    vendor_blocked_at: datetime | None
    notice_version: int
    """The newest notice that the person is known to have seen."""


def gather(question: Question, purpose: Purpose, known: Known, subject: Subject) -> Facts:
    """Return the facts of one person."""
    state, register = subject.state, subject.register
    line = consent_fold.standing(state, question.purpose, question.channel)
    objections = list(_objections(question, purpose, known.policy, subject))
    grant, own = purpose.granted_by, known.sender.pseudonym
    return Facts(
        purpose=purpose,
        consent=line,
        stopped_at=stopped_at(state, question.channel, own),
        objected_at=latest(*(one.at for one in objections)),
        pending=any(purpose.direct_marketing or one.overruled_at is None for one in objections),
        span=state.bases.get(grant.event) if isinstance(grant, EventGrant) else None,
        inbound_at=latest(*(at for (on, _), at in state.inbound.items() if on == question.channel)),
        erased_at=latest(state.voided_at, *register.erased.values()),
        restricted_at=latest(*(entry.at for entry in register.restricted)),
        vendor_blocked_at=vendor_blocked_at(state, question.channel, own),
        notice_version=max(state.notified, line.notice_version),
    )


def vendor_standing(question: Question, known: Known) -> Standing:
    """Return what the vendor may do; a message without one goes by the company's own means."""
    settings = known.policy.channels.get(question.channel)
    name = question.vendor or (settings.vendor if settings else None)
    if name is None:
        return Standing(MaySend.ALLOWED)
    vendor = known.policy.vendors.get(name)
    if vendor is None:
        return Standing(MaySend.BLOCKED)
    return vendors.standing(vendor, question.purpose, known.now.astimezone(UTC).date())


def told(facts: Facts, question: Question, known: Known, subject: Subject) -> dict[str, str]:
    """Return the facts as coded words and times, for who asks why."""
    today, vendor = known.now.astimezone(UTC).date(), vendor_standing(question, known)
    words = {
        "legal_basis": facts.purpose.legal_basis.value,
        "granted_by": _granted_by(facts.purpose),
        "sender": kind_at(known.sender.own, today).value,
        "recipient": kind_at(subject.register.own, today).value,
        "vendor": " ".join((vendor.may_send, *vendor.problems)),
        "policy_version": str(known.policy_version),
        "notice_version": str(known.notice_version),
        "notice_seen": str(facts.notice_version),
    }
    span = facts.span or BasisSpan()
    times = {
        "given_at": facts.consent.given_at,
        "valid_until": facts.consent.until,
        "refused_at": facts.consent.refused_at,
        "withdrawn_at": facts.consent.withdrawn_at,
        "stopped_at": facts.stopped_at,
        "objected_at": facts.objected_at,
        "begun_at": span.begun_at,
        "ended_at": span.ended_at,
        "inbound_at": facts.inbound_at,
        "erased_at": facts.erased_at,
        "restricted_at": facts.restricted_at,
        "vendor_blocked_at": facts.vendor_blocked_at,
    }
    return words | {name: iso(at) for name, at in times.items() if at is not None}


def _objections(
    question: Question, purpose: Purpose, policy: Policy, subject: Subject
) -> Iterator[Objection]:
    for (about, on), objection in subject.state.objections.items():
        if _is_about(about, question, purpose, policy) and (
            purpose.direct_marketing or on in {question.channel, EVERY}
        ):
            yield objection


def _is_about(about: str, question: Question, purpose: Purpose, policy: Policy) -> bool:
    """Whether an objection is to this purpose.

    One to any marketing ends all marketing that stands on an interest of the company's; another
    purpose's consent is a declaration of its own and stands.
    """
    if about in {question.purpose, EVERY}:
        return True
    if not purpose.direct_marketing or purpose.legal_basis is LegalBasis.CONSENT:
        return False
    objected = policy.purposes.get(about)
    return objected is not None and objected.direct_marketing


def _granted_by(purpose: Purpose) -> str:
    match purpose.granted_by:
        case EventGrant(event=event):
            return f"event {event}"
        case InboundGrant(inbound_within=period):
            return f"inbound within {period.iso()}"
        case _:
            return "consent" if purpose.legal_basis is LegalBasis.CONSENT else "standing"
