"""Purposes: why a message may be sent, and on what basis, held by what (Art. 6, 7)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, Field, ValidatorFunctionWrapHandler, WrapValidator, model_validator

from lethe.domain.classification import LegalBasis, Name
from lethe.domain.periods import Period, PeriodField
from lethe.domain.reviews import STRICT, LongText, Review, Text
from lethe.domain.validation import wrong, wrong_at

_TWO_YEARS: Final = Period(years=2)
_HALF_A_YEAR: Final = Period(months=6)
_INTERESTS: Final = frozenset({LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.SOFT_OPT_IN})
_VITAL: Final = frozenset({LegalBasis.LEGAL_OBLIGATION, LegalBasis.VITAL_INTERESTS})
_REQUIRED: Final = frozenset({LegalBasis.CONTRACT, LegalBasis.LEGAL_OBLIGATION})
"""Bases with which the notice says whether data must be given (Art. 13(2)(e))."""
_Place = tuple[tuple[str | int, ...], str]


class EventGrant(BaseModel):
    """The basis holds from an event of this name to its end: a contract, a sale, an enrolment."""

    model_config = STRICT

    event: Name


class InboundGrant(BaseModel):
    """The basis holds for a while after the person wrote on the channel to the own address."""

    model_config = STRICT

    inbound_within: PeriodField


def _grant(value: object, validated: ValidatorFunctionWrapHandler) -> object:
    """Choose by the shape, so that a problem points into the document and not into a union."""
    if isinstance(value, dict):
        grant = EventGrant if "event" in value else InboundGrant
        return grant.model_validate(value)
    if value != "standing" and not isinstance(value, EventGrant | InboundGrant):
        raise wrong("Write standing, {event: <name>} or {inbound_within: <period>}.")
    return validated(value)


Grant = Literal["standing"] | EventGrant | InboundGrant
"""What makes a basis other than consent hold for one person."""


class OnFailure(StrEnum):
    """What the gate answers where it cannot know."""

    DENY = "deny"
    ALLOW_AND_FLAG = "allow_and_flag"


class ConsentTerms(BaseModel):
    """How long a consent is valid, and when one who refused or withdrew may be asked again."""

    model_config = STRICT

    validity: PeriodField = _TWO_YEARS
    ask_again_after: PeriodField = _HALF_A_YEAR


class Purpose(BaseModel):
    """Why messages are processed, in words for the notice, with the legal basis."""

    model_config = STRICT

    description: Text
    legal_basis: LegalBasis
    legitimate_interest: Text | None = None
    assessment: LongText | None = None
    """The balancing of a legitimate interest, or where it can be found."""
    granted_by: Annotated[Grant, Field(union_mode="left_to_right"), WrapValidator(_grant)] = (
        "standing"
    )
    consent: ConsentTerms = Field(default_factory=ConsentTerms)
    direct_marketing: bool = False
    special_categories: bool = False
    """Data of Art. 9: a consent must be explicit, any other basis needs a ground."""
    special_ground: Text | None = None
    """The letter of Art. 9(2), where it is not the explicit consent of (a)."""
    children: bool = False
    """An online service offered directly to children (Art. 8)."""
    on_failure: OnFailure = OnFailure.DENY
    data_categories: tuple[Text, ...] = Field(default=(), max_length=50)
    recipients: tuple[Text, ...] = Field(default=(), max_length=50)
    """Categories of recipients besides the vendors of the channels (Art. 13(1)(e))."""
    requirement: Text | None = None
    """Whether the data must be given, by law or contract, and what follows if not (13(2)(e))."""
    review: Review | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        wrong = [*_interest_problems(self), *_basis_problems(self)]
        if wrong:
            raise wrong_at(wrong, "Purpose")
        return self

    @property
    def balanced(self) -> bool:
        """Say whether it rests on Art. 6(1)(f), so that everybody may object (Art. 21(1))."""
        return self.legal_basis in _INTERESTS


def open_facts(purpose: Purpose) -> tuple[str, ...]:
    """Name the fields that notice and record of processing want of a purpose and that are empty."""
    wanted = {
        "assessment": purpose.balanced and purpose.assessment is None,
        "data_categories": not purpose.data_categories,
        "requirement": purpose.legal_basis in _REQUIRED and purpose.requirement is None,
        "review": purpose.review is None,
    }
    return tuple(field for field, is_open in wanted.items() if is_open)


def _interest_problems(purpose: Purpose) -> Iterator[_Place]:
    if purpose.balanced is (purpose.legitimate_interest is None):
        yield ("legitimate_interest",), "Name the interest exactly where the basis is Art. 6(1)(f)."
    if purpose.assessment is not None and not purpose.balanced:
        yield ("assessment",), "Only a legitimate interest is balanced."


def _basis_problems(purpose: Purpose) -> Iterator[_Place]:
    basis = purpose.legal_basis
    consent = basis is LegalBasis.CONSENT
    if consent and purpose.granted_by != "standing":
        yield ("granted_by",), "Consent is granted by the person: leave this out."
    if basis is LegalBasis.SOFT_OPT_IN and not isinstance(purpose.granted_by, EventGrant):
        yield ("granted_by",), "The soft opt-in is granted by a sale: name that event."
    if basis is LegalBasis.SOFT_OPT_IN and not purpose.direct_marketing:
        yield ("direct_marketing",), "The soft opt-in is for direct marketing alone."
    if purpose.direct_marketing and not (consent or purpose.balanced):
        yield ("direct_marketing",), "Direct marketing needs consent or a legitimate interest."
    if purpose.children and not consent:
        yield ("children",), "Art. 8 speaks of consent alone."
    needs_ground = purpose.special_categories and not consent
    if needs_ground is (purpose.special_ground is None):
        expected = "Name it exactly where special categories rest on another basis than consent."
        yield ("special_ground",), expected
    if purpose.on_failure is OnFailure.ALLOW_AND_FLAG and basis not in _VITAL:
        expected = "Only a legal obligation or vital interests may go out on a failure."
        yield ("on_failure",), expected
