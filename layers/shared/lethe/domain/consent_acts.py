"""Acts as callers state them: which are refused, at what time they count, when they are over."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from lethe.domain.addresses import Address
from lethe.domain.classification import LegalBasis
from lethe.domain.consent import EVERY, ConsentEvent, ConsentState, EventId, EventType
from lethe.domain.consent_fold import GRANTS, covers, latest
from lethe.domain.errors import ConflictError, FieldProblem, InvalidInputError
from lethe.domain.evidence import CLOCK_SKEW, Evidence, guardians_until, names, problems_of
from lethe.domain.periods import Period
from lethe.domain.policy import Policy
from lethe.domain.purposes import EventGrant, Purpose

MOST_ACTS: Final = 40
"""As many fit into one transaction, with the marks of their ids."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}|\*")
_OWN: Final = re.compile(r"[A-Za-z0-9_-]{43}|\*")
_ID: Final = re.compile(r"[0-9a-f]{32}")
_ARRIVAL: Final = frozenset({EventType.WITHDRAWN, EventType.OBJECTED, EventType.STOPPED})
"""Acts that count from arrival, and never as earlier than the grant that they are about."""
_BY_EVIDENCE: Final = GRANTS | {EventType.REFUSED}
_BY_OWN: Final = frozenset(
    {EventType.STOPPED, EventType.VENDOR_BLOCKED, EventType.VENDOR_UNBLOCKED}
)
_BASES: Final = frozenset({EventType.BASIS_BEGUN, EventType.BASIS_ENDED})


@dataclass(frozen=True, slots=True)
class Act:
    """What happened, as a caller states it; what is left out is filled in when it is recorded.

    `time` counts for VOIDED (of the erasure), EXPIRED (the `until`), BASIS_… and VENDOR_… alone. A
    grant or refusal has that of its evidence; a withdrawal, objection or stop counts from arrival,
    and never as earlier than the grant that it is about. Nothing counts as later than now.
    """

    type: EventType
    purpose: str = EVERY
    """Of BASIS_…: the name of the event."""
    channel: str = EVERY
    own: str = EVERY
    """The pseudonym of an own address; STOPPED and VENDOR_… have one."""
    time: datetime | None = None
    until: datetime | None = None
    """Of a grant: an earlier end than the purpose's validity gives it."""
    evidence: Evidence | None = None
    event_id: EventId | None = None
    """Where a retry may repeat the act: an id that is the same each time (`event_id`)."""
    notice_version: int = 0
    """The published notice that the person was shown."""
    opt_out_offered: bool = False
    about: EventId | None = None
    """Of OBJECTION_OVERRULED: the event of the objection."""
    pointer: str = ""
    """Where it stands in the caller's input: the beginning of each JSON Pointer of a problem."""


def check(
    acts: Collection[Act],
    address: Address | None,
    policy: Policy,
    now: datetime,
    *,
    importing: bool = False,
) -> None:
    """Refuse acts that may not be recorded, with every reason at once."""
    if len(acts) > MOST_ACTS:
        raise InvalidInputError(f"One call records {MOST_ACTS} acts of a person at most.")
    ids = [act.event_id for act in acts if act.event_id is not None]
    if len(ids) != len(set(ids)):
        raise InvalidInputError("Two acts of one call have the same event id.")
    found = dict.fromkeys(
        (act.pointer + problem.pointer, problem.detail)
        for act in acts
        for problem in (
            *_problems(act, policy, now, importing=importing),
            *_of_text(act.evidence, address),
        )
    )
    if found:  # of evidence that several acts share, once
        fields = tuple(FieldProblem(*each) for each in found)
        raise InvalidInputError("This is not recorded as it stands.", fields)


def time_of(act: Act, state: ConsentState, now: datetime) -> datetime:
    """Return the time that the fold compares; in whole milliseconds."""
    if act.type in _ARRIVAL:
        about = (
            line.given_at
            for key, line in state.lines.items()
            if covers((act.purpose, act.channel), key)
        )
        return latest(now, *about) or now
    stated = act.time
    if act.type in _BY_EVIDENCE:
        stated = act.evidence.at if act.evidence is not None else None
    return min(whole_ms(stated), now) if stated is not None else now


def until_of(act: Act, policy: Policy, at: datetime) -> datetime | None:
    """Return the first moment at which a grant does not hold any more."""
    if act.type not in GRANTS:
        return None
    purpose = policy.purposes[act.purpose]
    ends = [_midnight(purpose.consent.validity.over(at.date()))]
    if (day := guardians_until(act.evidence, purpose)) is not None:
        ends.append(_midnight(day))  # from then on the child is asked
    if act.until is not None:
        ends.append(whole_ms(act.until))
    return min(ends)


def expires_of(act: Act, at: datetime, until: datetime | None, period: Period) -> date:
    """Return from which day the evidence of an act is not needed; date.max: not known yet."""
    if act.type is EventType.BASIS_BEGUN:
        return date.max
    return period.over((until or at).date())


def about(act: Act, state: ConsentState) -> datetime | None:
    """Return the time of the objection that a balancing decided on.

    ConflictError if it is not the latest one for its purpose and channel.
    """
    if act.type is not EventType.OBJECTION_OVERRULED:
        return None
    objection = state.objections.get((act.purpose, act.channel))
    if objection is None or objection.event_id != act.about:
        raise ConflictError("There is no such objection, or a later one; read the state again.")
    return objection.at


def is_of(event: ConsentEvent, act: Act) -> bool:
    """Say whether an event was recorded of this act, whenever it arrived."""
    names = ("type", "purpose", "channel", "own", "notice_version", "opt_out_offered")
    return all(getattr(event, name) == getattr(act, name) for name in names)


def whole_ms(at: datetime) -> datetime:
    """Return a time in UTC, in whole milliseconds: the precision of every stored time."""
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _problems(
    act: Act, policy: Policy, now: datetime, *, importing: bool
) -> Iterator[FieldProblem]:
    purpose = policy.purposes.get(act.purpose)
    yield from _of_scope(act)
    if act.type in GRANTS:
        yield from _of_grant(act, purpose, now)
    if act.type is EventType.BASIS_BEGUN and not _grants_something(act.purpose, policy):
        yield FieldProblem("/name", "No purpose is granted by an event of this name.")
    if act.type is EventType.OBJECTION_OVERRULED:
        if purpose is not None and purpose.direct_marketing:
            expected = "An objection to direct marketing is absolute (Art. 21(3))."
            yield FieldProblem("/purpose", expected)
        if act.about is None:
            yield FieldProblem("/about", "Name the objection that was balanced.")
    if act.time is not None and act.time > now + CLOCK_SKEW:
        yield FieldProblem("/time", "This time is in the future.")
    yield from problems_of(act.type, act.evidence, purpose, now, importing=importing)


def _of_grant(act: Act, purpose: Purpose | None, now: datetime) -> Iterator[FieldProblem]:
    if purpose is None:
        yield FieldProblem("/purpose", "The policy has no purpose of this name.")
    elif purpose.legal_basis is not LegalBasis.CONSENT:
        yield FieldProblem("/purpose", "This purpose has another basis: no consent is asked for.")
    if act.channel == EVERY:
        yield FieldProblem("/channel", "Name the channel: a consent is specific.")
    if act.until is not None and act.until <= now:
        yield FieldProblem("/until", "This has passed; leave it out for the purpose's validity.")


def _of_text(evidence: Evidence | None, address: Address | None) -> Iterator[FieldProblem]:
    if evidence is None or address is None:
        return
    kept = {"text": evidence.text, "text_version": evidence.text_version}
    for field, text in kept.items():
        if text and names(text, address):
            expected = "Give this without the person's address: it is kept once for everybody."
            yield FieldProblem(f"/evidence/{field}", expected)


def _of_scope(act: Act) -> Iterator[FieldProblem]:
    name = "/name" if act.type in _BASES else "/purpose"
    if not _NAME.fullmatch(act.purpose):
        yield FieldProblem(name, "Give the name that the policy has.")
    if not _NAME.fullmatch(act.channel):
        yield FieldProblem("/channel", "Give the name of a channel.")
    if not _OWN.fullmatch(act.own):
        yield FieldProblem("/own_address", "Give an own address.")
    if act.event_id is not None and not _ID.fullmatch(act.event_id):
        yield FieldProblem("/event_id", "An id has 32 lower-case hexadecimal digits.")
    if act.type in _BY_OWN and act.purpose != EVERY:
        yield FieldProblem("/purpose", "This concerns a channel, whatever the purpose.")


def _grants_something(event: str, policy: Policy) -> bool:
    grants = (purpose.granted_by for purpose in policy.purposes.values())
    return any(isinstance(grant, EventGrant) and grant.event == event for grant in grants)
