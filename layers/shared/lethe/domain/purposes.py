"""Purposes: why a message may be sent, and on what basis, held by what (Art. 6, 7)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, Field, model_validator

from lethe.domain.classification import LegalBasis, Name
from lethe.domain.periods import Period, PeriodField
from lethe.domain.reviews import STRICT, LongText, Review, Text
from lethe.domain.validation import wrong_at

_TWO_YEARS: Final = Period(years=2)
_HALF_A_YEAR: Final = Period(months=6)


class EventGrant(BaseModel):
    """The basis holds from an event of this name to its end: a contract, a sale, an enrolment."""

    model_config = STRICT

    event: Name


class InboundGrant(BaseModel):
    """The basis holds for a while after the person wrote on the channel to the own address."""

    model_config = STRICT

    inbound_within: PeriodField


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
    granted_by: Annotated[Grant, Field(union_mode="left_to_right")] = "standing"
    consent: ConsentTerms = Field(default_factory=ConsentTerms)
    direct_marketing: bool = False
    special_categories: bool = False
    """Data of Art. 9: consent must be explicit."""
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
        wrong = []
        interest = self.legal_basis in {LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.SOFT_OPT_IN}
        if interest is (self.legitimate_interest is None):
            expected = "Name the interest exactly where the basis is Art. 6(1)(f)."
            wrong.append((("legitimate_interest",), expected))
        if self.assessment is not None and not interest:
            wrong.append((("assessment",), "Only a legitimate interest is balanced."))
        if self.legal_basis is LegalBasis.CONSENT and self.granted_by != "standing":
            wrong.append((("granted_by",), "Consent is granted by the person: leave this out."))
        if self.legal_basis is LegalBasis.SOFT_OPT_IN:
            if not isinstance(self.granted_by, EventGrant):
                expected = "The soft opt-in is granted by a sale: name that event."
                wrong.append((("granted_by",), expected))
            if not self.direct_marketing:
                expected = "The soft opt-in is for direct marketing alone."
                wrong.append((("direct_marketing",), expected))
        vital = {LegalBasis.LEGAL_OBLIGATION, LegalBasis.VITAL_INTERESTS}
        if self.on_failure is OnFailure.ALLOW_AND_FLAG and self.legal_basis not in vital:
            expected = "Only a legal obligation or vital interests may go out on a failure."
            wrong.append((("on_failure",), expected))
        if wrong:
            raise wrong_at(wrong, "Purpose")
        return self
