"""Where a person stands, in words: per purpose and channel, and from when one may ask again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from lethe.domain import consent_fold
from lethe.domain.classification import LegalBasis
from lethe.domain.consent import EVERY, ConsentState
from lethe.domain.policy import Policy
from lethe.domain.purposes import Purpose


class Word(StrEnum):
    """What is to be said of one purpose on one channel."""

    GIVEN = "given"
    NEVER_ASKED = "never_asked"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    STOPPED = "stopped"
    OBJECTED = "objected"
    OBJECTION_PENDING = "objection_pending"
    ERASED = "erased"
    """An erasure came later than the consent."""
    ON_ANOTHER_BASIS = "on_another_basis"
    """The purpose does not rest on consent, and nothing was said against it."""


@dataclass(frozen=True, slots=True)
class StandingLine:
    """One purpose on one channel; `allowed` is about what the person said, not about the rest."""

    purpose: str
    channel: str
    legal_basis: LegalBasis
    allowed: bool
    word: Word
    given_at: datetime | None
    until: datetime | None
    event_id: str | None
    notice_version: int
    may_ask_again_from: date | None


def standing_lines(state: ConsentState, policy: Policy, now: datetime) -> Iterator[StandingLine]:
    """Yield every purpose of the policy, on every channel about which anything is known.

    A purpose of which nothing is known is told once, for every channel.
    """
    for name, purpose in policy.purposes.items():
        for channel in _channels(state, name):
            yield _line(state, name, purpose, channel, now)


def word(state: ConsentState, name: str, purpose: Purpose, channel: str, now: datetime) -> Word:
    """Say how a purpose stands on a channel; from EVERY own address, so a stop at one counts."""
    if purpose.legal_basis is LegalBasis.CONSENT:
        return _word_of_consent(state, name, channel, now)
    objection = consent_fold.objection(state, name, channel)
    if objection is not None and (purpose.direct_marketing or objection.overruled_at is None):
        return Word.OBJECTED if purpose.direct_marketing else Word.OBJECTION_PENDING
    if purpose.balanced and consent_fold.stopped_at(state, channel, EVERY) is not None:
        return Word.STOPPED
    return Word.ON_ANOTHER_BASIS


def _line(
    state: ConsentState, name: str, purpose: Purpose, channel: str, now: datetime
) -> StandingLine:
    line, said = (
        consent_fold.standing(state, name, channel),
        word(state, name, purpose, channel, now),
    )
    ask_again = consent_fold.ask_again_from(state, name, channel, purpose.consent)
    return StandingLine(
        purpose=name,
        channel=channel,
        legal_basis=purpose.legal_basis,
        allowed=said in {Word.GIVEN, Word.ON_ANOTHER_BASIS},
        word=said,
        given_at=line.given_at,
        until=line.until,
        event_id=line.event_id,
        notice_version=line.notice_version,
        may_ask_again_from=ask_again,
    )


def _word_of_consent(state: ConsentState, name: str, channel: str, now: datetime) -> Word:
    line = consent_fold.standing(state, name, channel)
    objection = consent_fold.objection(state, name, channel)
    said = [
        (at, said)
        for at, said in (
            (line.refused_at, Word.REFUSED),
            (line.withdrawn_at, Word.WITHDRAWN),
            (consent_fold.stopped_at(state, channel, EVERY), Word.STOPPED),
            (objection.at if objection else None, Word.OBJECTED),
            (state.voided_at, Word.ERASED),
        )
        if at is not None
    ]
    at, no = max(said, key=lambda one: one[0], default=(None, Word.NEVER_ASKED))
    if line.given_at is None or line.given_at > now:
        return Word.NEVER_ASKED if no is Word.ERASED else no
    if at is not None and line.given_at <= at:
        return no
    return Word.EXPIRED if line.until is not None and line.until <= now else Word.GIVEN


def _channels(state: ConsentState, purpose: str) -> list[str]:
    """The channels on which something was said that concerns the purpose."""
    keys = (*state.lines, *state.objections)
    known = {channel for about, channel in keys if about in {purpose, EVERY}}
    known |= {channel for channel, _ in state.stops}
    return sorted(known) or [EVERY]
