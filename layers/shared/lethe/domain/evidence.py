"""Evidence of consent: how, by whom, when, with which text; and what is none (Art. 4(11), 7, 8, 9).

The model takes what a caller states; `problems_of` says what is missing or wrong for the act that
it is to prove, and names the field. There is no field for an IP address or a device: what the
person did, and the text that the person saw, prove a consent; where from does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, StringConstraints

from lethe.domain.addresses import Address
from lethe.domain.channel_settings import Locale
from lethe.domain.children import needs_guardian, of_age_on
from lethe.domain.consent import EventType
from lethe.domain.consent_fold import GRANTS
from lethe.domain.errors import FieldProblem
from lethe.domain.purposes import Purpose
from lethe.domain.reviews import STRICT, Text
from lethe.domain.vendors import Country

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far ahead of ours the caller's clock may be."""
FRESH: Final = timedelta(hours=24)
"""How old an act may be when it is recorded; only an import may bring older ones."""

ConsentText = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class Method(StrEnum):
    """How the person's will reached the controller."""

    WEB_FORM = "web_form"
    APP = "app"
    MESSAGE = "message"
    LINK = "link"
    """The link in a message that withdraws."""
    KEYWORD = "keyword"
    CALL = "call"
    PAPER = "paper"
    IN_PERSON = "in_person"
    SYSTEM = "system"
    """Nobody acted: an expiry, an erasure, a vendor's answer, a contract that began."""


class Action(StrEnum):
    """What the person did. The last four are no consent (recital 32)."""

    TICKED_BOX = "ticked_box"
    PRESSED_BUTTON = "pressed_button"
    TYPED = "typed"
    REPLIED = "replied"
    SPOKE = "spoke"
    SIGNED = "signed"
    PRE_TICKED = "pre_ticked"
    SILENCE = "silence"
    INACTIVITY = "inactivity"
    CONTINUED_USE = "continued_use"


_NO_ACTION: Final = frozenset(
    {Action.PRE_TICKED, Action.SILENCE, Action.INACTIVITY, Action.CONTINUED_USE}
)


_TELLING: Final = 6
"""A shorter identifier stands in a text by chance."""
_NO_DIGIT: Final = re.compile(r"\D")
_NOT_CLEAR: Final = (
    "A consent is a clear act: no pre-ticked box, silence, inactivity or continued use"
    " (Art. 4(11), recital 32)."
)
_BUNDLED: Final = "A consent bundled with terms or with other purposes is none (Art. 7(2))."
_NO_AGE: Final = (
    "Say `of_age`, or country and day of birth: this is a service for children (Art. 8)."
)
_NO_GUARDIAN: Final = (
    "Below the age of the country a holder of parental responsibility consents (Art. 8(1))."
)
_CONDITION: Final = "A consent that a service is made to depend on is not free (Art. 7(4))."
_SPECIAL: Final = "Special categories need an express statement (Art. 9(2)(a))."


class Guardian(BaseModel):
    """The record of a holder of parental responsibility (Art. 8(1), (2))."""

    model_config = STRICT

    relation: Text
    verified_by: Text
    """How reasonable efforts were made to verify it."""
    at: AwareDatetime


class Child(BaseModel):
    """What decides on the age of digital consent, and who agreed in the child's place."""

    model_config = STRICT

    country: Country
    born: date
    guardian: Guardian | None = None


class Evidence(BaseModel):
    """What proves an act of the person; sealed to the person's ledger, opened for a proof alone."""

    model_config = STRICT

    method: Method
    at: AwareDatetime | None = None
    """When the person acted; a consent without it is refused."""
    text: ConsentText | None = None
    """The exact text that was shown or read out; the same for everybody, without personal data."""
    language: Locale | None = None
    text_version: Text | None = None
    action: Action | None = None
    separate: bool | None = None
    """Whether this was accepted by itself, apart from terms and from other purposes."""
    condition_of_service: bool = False
    """Whether a service was made to depend on it without needing it (Art. 7(4))."""
    explicit: bool = False
    """An express statement, as special categories need (Art. 9(2)(a))."""
    of_age: bool | None = None
    """A service offered to children: whether the person stated to be of age."""
    child: Child | None = None
    collected_by: Text | None = None
    """The role or system that took it, never a person's name."""
    reference: Text | None = None
    """Where the original lies: a form's number, a message id, a contract's number."""
    note: Text | None = None


def problems_of(
    act: EventType,
    evidence: Evidence | None,
    purpose: Purpose | None,
    now: datetime,
    *,
    importing: bool = False,
) -> tuple[FieldProblem, ...]:
    """Return what is wrong with evidence of an act; pointers begin at the act (`/evidence/…`)."""
    if act not in GRANTS:
        found = iter(()) if evidence is None else _time(evidence, now, importing=importing)
        return tuple(found)
    if evidence is None:
        expected = "Say how, when, in which language and with which text the person agreed."
        return (FieldProblem("/evidence", expected),)
    return tuple(_of_grant(evidence, purpose, now, importing=importing))


def _of_grant(
    evidence: Evidence, purpose: Purpose | None, now: datetime, *, importing: bool
) -> Iterator[FieldProblem]:
    yield from _time(evidence, now, importing=importing)
    special = purpose is not None and purpose.special_categories
    checks = (
        (evidence.method is Method.SYSTEM, "method", "Say how the person agreed: it is an act."),
        (evidence.at is None, "at", "Say when the person agreed, with the offset from UTC."),
        (not (evidence.text or "").strip(), "text", "Give the exact text that was agreed to."),
        (evidence.language is None, "language", "Say in which language the text was (ISO 639-1)."),
        (evidence.action is None, "action", "Say what the person did; silence is no consent."),
        (evidence.action in _NO_ACTION, "action", _NOT_CLEAR),
        (evidence.separate is None, "separate", "Say whether it was accepted apart from terms."),
        (evidence.separate is False, "separate", _BUNDLED),
        (evidence.condition_of_service, "condition_of_service", _CONDITION),
        (special and not evidence.explicit, "explicit", _SPECIAL),
        (_misses_age(evidence, purpose), "child", _NO_AGE),
        (_misses_guardian(evidence, purpose), "child/guardian", _NO_GUARDIAN),
    )
    for is_wrong, field, expected in checks:
        if is_wrong:
            yield _wrong(field, expected)


def guardians_until(evidence: Evidence | None, purpose: Purpose) -> date | None:
    """Return the day on which the child consents alone, where a guardian does until then."""
    child = evidence.child if evidence is not None else None
    if evidence is None or child is None or evidence.at is None or not purpose.children:
        return None
    if not needs_guardian(child.country, child.born, evidence.at.astimezone(UTC).date()):
        return None
    return of_age_on(child.country, child.born)


def names(text: str, address: Address) -> bool:
    """Say whether a text that is kept once for everybody shows this person's address."""
    scheme, _, identifier = address.partition(":")
    if len(identifier) < _TELLING:
        return False
    if scheme == "tel":
        return identifier.lstrip("+") in _NO_DIGIT.sub("", text)
    return identifier.casefold() in text.casefold()


def _misses_age(evidence: Evidence, purpose: Purpose | None) -> bool:
    if purpose is None or not purpose.children:
        return False
    return evidence.child is None and not evidence.of_age


def _misses_guardian(evidence: Evidence, purpose: Purpose | None) -> bool:
    if purpose is None or guardians_until(evidence, purpose) is None:
        return False
    return evidence.child is None or evidence.child.guardian is None


def _time(evidence: Evidence, now: datetime, *, importing: bool) -> Iterator[FieldProblem]:
    if evidence.at is None:
        return
    if evidence.at > now + CLOCK_SKEW:
        yield _wrong("at", "This time is in the future; send the time with its offset from UTC.")
    elif not importing and evidence.at < now - FRESH:
        expected = "This is older than 24 hours: bring it with POST /consents/import."
        yield _wrong("at", expected)


def _wrong(field: str, expected: str) -> FieldProblem:
    return FieldProblem(f"/evidence/{field}", expected)
