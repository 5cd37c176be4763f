"""What follows from a no: which consents ended, and which classes lost their only basis (L7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lethe.domain import consent_fold
from lethe.domain.classification import LegalBasis
from lethe.domain.consent import EVERY, ConsentState, EventId
from lethe.domain.policy import OnErasure, Policy


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


def solely_on_consent(policy: Policy, purpose: str) -> tuple[str, ...]:
    """Name the classes whose messages are processed for this purpose alone, on consent alone.

    A class that the rules also reach for another purpose, or for whatever a sender declares, is
    none; nor is one that a law keeps.
    """
    known = policy.purposes.get(purpose)
    if known is None or known.legal_basis is not LegalBasis.CONSENT:
        return ()
    reached: dict[str, set[str]] = {policy.default_class: set(policy.purposes)}
    for rule in policy.rules:
        purposes = {rule.purpose} if rule.purpose else set(rule.when.purpose or policy.purposes)
        reached.setdefault(rule.cls, set()).update(purposes)
    return tuple(
        cls
        for cls, purposes in reached.items()
        if purposes == {purpose} and policy.classes[cls].on_erasure is not OnErasure.KEEP
    )
