"""The register of vendors: who processes for the controller, and may they (Art. 28, 44)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from lethe.domain.classification import Name
from lethe.domain.countries import EEA
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


_ASSESSED: Final = frozenset({Safeguard.STANDARD_CLAUSES, Safeguard.BINDING_RULES})
"""Safeguards that hold only where the law of the country was looked at (CJEU C-311/18)."""


class VendorProblem(StrEnum):
    """What a vendor lacks, in coded words."""

    NOT_APPROVED = "not_approved"
    NO_PROCESSING_AGREEMENT = "no_processing_agreement"
    SUB_PROCESSORS_UNKNOWN = "sub_processors_unknown"
    NOT_ENCRYPTED_IN_TRANSIT = "not_encrypted_in_transit"
    NOT_ENCRYPTED_AT_REST = "not_encrypted_at_rest"
    TRANSFER_WITHOUT_SAFEGUARD = "transfer_without_safeguard"
    TRANSFER_NOT_ASSESSED = "transfer_not_assessed"
    NO_SCREENING = "no_screening"
    NO_ASSESSMENT = "no_assessment"
    """The screening asks for an impact assessment, and there is none."""
    NO_REVIEW = "no_review"
    REVIEW_OVERDUE = "review_overdue"
    PURPOSE_NOT_AGREED = "purpose_not_agreed"
    """The vendor processes for other purposes alone (Art. 28(3)(a))."""


class MaySend(StrEnum):
    """Whether a message may go through a vendor."""

    ALLOWED = "allowed"
    WARNED = "warned"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a vendor may do today, and why not more."""

    may_send: MaySend
    problems: tuple[VendorProblem, ...] = ()


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
    """Where the impact assessment is found, if the answers ask for one."""

    @property
    def asks_for_assessment(self) -> bool:
        """Say whether an impact assessment is due: Art. 35(3) names three cases, each suffices.

        The other two answers are criteria of the authorities (WP 248), of which two together do.
        """
        named = (
            self.systematic_evaluation
            or self.special_categories_at_large
            or self.monitoring_of_public_space
        )
        return named or (self.vulnerable_persons and self.new_technology)


class Vendor(BaseModel):
    """One vendor; what is missing stops or warns every message through it."""

    model_config = STRICT

    name: Text
    service: Text
    country: Country
    region: Text
    """Where the data lies, as the vendor calls it."""
    locations: tuple[Country, ...] = Field(default=(), max_length=50)
    """Countries where data lies or is read from, besides the vendor's own."""
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

    @property
    def third_countries(self) -> tuple[str, ...]:
        """Name the countries outside the EEA that its data reaches, sub-processors included."""
        reached = {self.country, *self.locations}
        reached.update(sub.country for sub in self.sub_processors or ())
        return tuple(sorted(reached - EEA))


def standing(vendor: Vendor, purpose: str, today: date) -> Standing:
    """Say whether a message for a purpose may go through a vendor (Art. 28, 44).

    What a vendor lacks blocks or warns, as the policy says of it; a purpose that was not agreed
    with it is blocked always.
    """
    found = problems(vendor, today)
    if vendor.purposes and purpose not in vendor.purposes:
        return Standing(MaySend.BLOCKED, (VendorProblem.PURPOSE_NOT_AGREED, *found))
    if not found:
        return Standing(MaySend.ALLOWED)
    return Standing(MaySend.WARNED if vendor.on_problem == "warn" else MaySend.BLOCKED, found)


def problems(vendor: Vendor, today: date) -> tuple[VendorProblem, ...]:
    """Return everything that a vendor lacks today, in the order of VendorProblem.

    What is dated after today has not happened yet.
    """
    agreed = vendor.processing_agreement is not None and vendor.processing_agreement.signed <= today
    lacking = {
        VendorProblem.NOT_APPROVED: not vendor.approved,
        VendorProblem.NO_PROCESSING_AGREEMENT: not agreed,
        VendorProblem.SUB_PROCESSORS_UNKNOWN: vendor.sub_processors is None,
        VendorProblem.NOT_ENCRYPTED_IN_TRANSIT: not vendor.encrypted_in_transit,
        VendorProblem.NOT_ENCRYPTED_AT_REST: not vendor.encrypted_at_rest,
        VendorProblem.NO_REVIEW: vendor.review is None,
        VendorProblem.REVIEW_OVERDUE: vendor.review is not None and vendor.review.overdue(today),
    }
    found = {problem for problem, lacks in lacking.items() if lacks}
    found.update(_of_transfers(vendor, today), screening_problems(vendor.screening, today))
    return tuple(problem for problem in VendorProblem if problem in found)


def screening_problems(screening: ImpactScreening | None, today: date) -> tuple[VendorProblem, ...]:
    """Return what a screening lacks, of a vendor or of a channel (Art. 35)."""
    if screening is None or screening.answered > today:
        return (VendorProblem.NO_SCREENING,)
    if screening.asks_for_assessment and screening.assessment is None:
        return (VendorProblem.NO_ASSESSMENT,)
    return ()


def _of_transfers(vendor: Vendor, today: date) -> set[VendorProblem]:
    found = set()
    for country in vendor.third_countries:
        transfers = [t for t in vendor.transfers if t.country == country]
        if not transfers:
            found.add(VendorProblem.TRANSFER_WITHOUT_SAFEGUARD)
        elif not any(_holds(transfer, today) for transfer in transfers):
            found.add(VendorProblem.TRANSFER_NOT_ASSESSED)
    return found


def _holds(transfer: Transfer, today: date) -> bool:
    if transfer.safeguard not in _ASSESSED:
        return True
    return transfer.assessed is not None and transfer.assessed <= today
