"""Suppression: what a person ended, for systems that decide themselves whether to send.

It is not a permission: that nobody said no does not mean that somebody said yes (`gating` says).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from lethe.domain.consent import EVERY
from lethe.domain.consent_fold import latest, standing, stopped_at
from lethe.domain.gate import Known, Question, Reason, Subject
from lethe.domain.gate_facts import gather
from lethe.domain.gating import judged
from lethe.domain.purposes import Purpose

_SUPPRESSES: Final = frozenset(
    {
        Reason.CONSENT_REFUSED,
        Reason.CONSENT_WITHDRAWN,
        Reason.ERASED,
        Reason.OBJECTED,
        Reason.OBJECTION_PENDING,
        Reason.RESTRICTED,
        Reason.STOPPED,
    }
)
"""Reasons that go back to the person; that a basis lacks or is over is none."""


def suppression(
    question: Question, purpose: Purpose, known: Known, subject: Subject
) -> Reason | None:
    """Return why a person must not be written to for a purpose, by an act of the person's."""
    settings = known.policy.channels.get(question.channel)
    found = judged(gather(question, purpose, known, subject), settings, known.now)
    return found if isinstance(found, Reason) and found in _SUPPRESSES else None


def suppression_of_all(channel: str, own: str, known: Known, subject: Subject) -> Reason | None:
    """Return what a person ended as a whole, whatever was allowed later for a single purpose.

    A stop on the channel, an objection to marketing, the withdrawal or refusal of everything, and
    a restriction or an erasure after which the person began nothing.
    """
    state, register = subject.state, subject.register
    line = standing(state, EVERY, channel)
    purposes = known.policy.purposes
    marketing = {EVERY} | {name for name, one in purposes.items() if one.direct_marketing}
    erased = latest(state.voided_at, *register.erased.values())
    began = _last_yes(subject)
    ended = {
        Reason.STOPPED: stopped_at(state, channel, own) is not None,
        Reason.OBJECTED: any(about in marketing for about, _ in state.objections),
        Reason.CONSENT_WITHDRAWN: line.withdrawn_at is not None,
        Reason.CONSENT_REFUSED: line.refused_at is not None,
        Reason.RESTRICTED: bool(register.restricted),
        Reason.ERASED: erased is not None and (began is None or began <= erased),
    }
    return next((reason for reason, is_so in ended.items() if is_so), None)


def _last_yes(subject: Subject) -> datetime | None:
    """When the person last consented to something, began something, or wrote."""
    state = subject.state
    return latest(
        *(line.given_at for line in state.lines.values()),
        *(span.begun_at for span in state.bases.values()),
        *state.inbound.values(),
    )
