"""What follows from a no: which consents ended, and which classes lost their only basis (L7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lethe.domain import consent_fold
from lethe.domain.classification import LegalBasis
from lethe.domain.consent import EVERY, ConsentState, EventId
from lethe.domain.policy import OnErasure, Policy
from lethe.domain.purposes import EventGrant


@dataclass(frozen=True, slots=True)
class EndedGrant:
    """A consent that was given once and is not in force any more."""

    purpose: str
    channel: str
    event_id: EventId


def ended_grants(
    state: ConsentState, purpose: str, channel: str, own: str, now: datetime
) -> Iterator[EndedGrant]:
    """Yield the grants that a no about this purpose, channel and own address has ended.

    Each of the three may be EVERY. It is asked of the state as it stands after the no, so a
    repetition gets the same answer.
    """
    for about, on in state.lines:
        if purpose not in {about, EVERY} or (EVERY not in {channel, on} and channel != on):
            continue
        here = channel if on == EVERY else on
        line = consent_fold.standing(state, about, here)
        if line.event_id is None or line.given_at is None:
            continue
        if not consent_fold.consents(state, about, here, own, now):
            yield EndedGrant(about, here, line.event_id)


def without_basis(
    policy: Policy, state: ConsentState, purpose: str, now: datetime
) -> tuple[str, ...]:
    """Name the classes that this person's messages of a purpose are in, now that it has ended.

    Only where the messages rested on consent alone: whatever else leads to the class is a consent
    that is not in force either, or an event, such as a sale, that never began for this person. A
    class that a law keeps is none of them.
    """
    if not _has_ended(policy, state, purpose, now):
        return ()
    return tuple(
        cls
        for cls, leading in _reached(policy).items()
        if purpose in leading
        and policy.classes[cls].on_erasure is not OnErasure.KEEP
        and all(_never_else(policy, state, other, now) for other in leading)
    )


def _reached(policy: Policy) -> dict[str, set[str]]:
    """The purposes by which the rules may lead to each class; a sender may declare any."""
    reached: dict[str, set[str]] = {policy.default_class: set(policy.purposes)}
    for rule in policy.rules:
        named = {rule.purpose} if rule.purpose else set(rule.when.purpose or policy.purposes)
        reached.setdefault(rule.cls, set()).update(named)
    return reached


def _has_ended(policy: Policy, state: ConsentState, purpose: str, now: datetime) -> bool:
    known = policy.purposes.get(purpose)
    if known is None or known.legal_basis is not LegalBasis.CONSENT:
        return False
    channels = (on for about, on in state.lines if about == purpose)
    # A stop at one own address counts: whether another may still write is for the human to weigh.
    return not any(consent_fold.consents(state, purpose, on, EVERY, now) for on in channels)


def _never_else(policy: Policy, state: ConsentState, purpose: str, now: datetime) -> bool:
    known = policy.purposes[purpose]
    if known.legal_basis is LegalBasis.CONSENT:
        return _has_ended(policy, state, purpose, now)
    grant = known.granted_by
    span = state.bases.get(grant.event) if isinstance(grant, EventGrant) else None
    return isinstance(grant, EventGrant) and (span is None or span.begun_at is None)
