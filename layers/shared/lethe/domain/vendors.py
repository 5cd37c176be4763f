"""The register of vendors: who processes for the controller, and may they (Art. 28, 44)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from lethe.domain.classification import Name
from lethe.domain.reviews import STRICT, LongText, Review, Text

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""


class Adapter(StrEnum):
    """How Lethe itself sends through a vendor."""

    SES = "ses"
    TWILIO = "twilio"
    WHATSAPP = "whatsapp"


class Safeguard(StrEnum):
    """What allows a transfer to a third country (Art. 45 to 49)."""

    ADEQUACY = "adequacy decision (Art. 45)"
    STANDARD_CLAUSES = "standard contractual clauses (Art. 46(2)(c))"
    BINDING_RULES = "binding corporate rules (Art. 47)"
    DEROGATION = "derogation (Art. 49)"


class ProcessingAgreement(BaseModel):
    """The contract of Art. 28(3)."""

    model_config = STRICT

    reference: Text
    signed: date


class Transfer(BaseModel):
    """A transfer to a third country with its safeguard."""

    model_config = STRICT

    country: Country
    safeguard: Safeguard
    assessed: date | None = None
    """When the transfer impact assessment was made."""


class SubProcessor(BaseModel):
    """A processor of the processor (Art. 28(2), (4))."""

    model_config = STRICT

    name: Text
    country: Country
    service: Text


class ImpactScreening(BaseModel):
    """The answers that must exist before a channel captures or a vendor sends (Art. 35)."""

    model_config = STRICT

    answered: date
    systematic_evaluation: bool
    special_categories_at_large: bool
    monitoring_of_public_space: bool
    vulnerable_persons: bool
    new_technology: bool
    assessment: LongText | None = None
    """Where the impact assessment is found; needed where two or more answers are yes."""


class Vendor(BaseModel):
    """One vendor; what is missing stops or warns every message through it."""

    model_config = STRICT

    name: Text
    service: Text
    country: Country
    region: Text
    """Where the data lies."""
    adapter: Adapter | None = None
    approved: bool = False
    processing_agreement: ProcessingAgreement | None = None
    transfers: tuple[Transfer, ...] = Field(default=(), max_length=50)
    sub_processors: tuple[SubProcessor, ...] | None = Field(default=None, max_length=200)
    """None: not known. An empty list: none."""
    encrypted_in_transit: bool = False
    encrypted_at_rest: bool = False
    screening: ImpactScreening | None = None
    review: Review | None = None
    on_problem: Literal["block", "warn"] = "block"
    purposes: tuple[Name, ...] = Field(default=(), max_length=100)
    """What it may be used for; empty means every purpose."""
