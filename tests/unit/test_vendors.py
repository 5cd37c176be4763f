"""The register of vendors and the screening of channels (Art. 28, 35, 44)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lethe.domain.channel_settings import ChannelSettings, missing
from lethe.domain.policy import load_default
from lethe.domain.reviews import Review
from lethe.domain.vendors import (
    ImpactScreening,
    MaySend,
    ProcessingAgreement,
    Safeguard,
    SubProcessor,
    Transfer,
    Vendor,
    VendorProblem,
    problems,
    standing,
)

TODAY = date(2026, 11, 24)
LATER = TODAY + timedelta(days=1)
ANSWERS = {
    "systematic_evaluation": False,
    "special_categories_at_large": False,
    "monitoring_of_public_space": False,
    "vulnerable_persons": False,
    "new_technology": False,
}
SCREENED = ImpactScreening(answered=TODAY, **ANSWERS)


def vendor(**changes: Any) -> Vendor:
    """Return a vendor that lacks nothing, changed."""
    complete: dict[str, Any] = {
        "name": "Example Mail SA",
        "service": "Sending e-mail.",
        "country": "FR",
        "region": "Paris",
        "approved": True,
        "processing_agreement": ProcessingAgreement(reference="DPA 7", signed=TODAY),
        "sub_processors": (),
        "encrypted_in_transit": True,
        "encrypted_at_rest": True,
        "screening": SCREENED,
        "review": Review(owner="privacy-officer", due=TODAY),
    }
    return Vendor(**(complete | changes))


def in_third_country(*transfers: Transfer, **changes: Any) -> Vendor:
    return vendor(country="US", transfers=transfers, **changes)


def screening(**answers: Any) -> ImpactScreening:
    return ImpactScreening(answered=TODAY, **(ANSWERS | answers))


LACKS: dict[VendorProblem, dict[str, Any]] = {
    VendorProblem.NOT_APPROVED: {"approved": False},
    VendorProblem.NO_PROCESSING_AGREEMENT: {"processing_agreement": None},
    VendorProblem.SUB_PROCESSORS_UNKNOWN: {"sub_processors": None},
    VendorProblem.NOT_ENCRYPTED_IN_TRANSIT: {"encrypted_in_transit": False},
    VendorProblem.NOT_ENCRYPTED_AT_REST: {"encrypted_at_rest": False},
    VendorProblem.TRANSFER_WITHOUT_SAFEGUARD: {"country": "US"},
    VendorProblem.TRANSFER_NOT_ASSESSED: {
        "country": "IN",
        "transfers": (Transfer(country="IN", safeguard=Safeguard.STANDARD_CLAUSES),),
    },
    VendorProblem.NO_SCREENING: {"screening": None},
    VendorProblem.NO_ASSESSMENT: {"screening": screening(systematic_evaluation=True)},
    VendorProblem.NO_REVIEW: {"review": None},
    VendorProblem.REVIEW_OVERDUE: {
        "review": Review(owner="privacy-officer", due=TODAY - timedelta(days=1))
    },
}
"""What makes a vendor lack each thing, and nothing else."""


def test_L82_a_vendor_that_lacks_nothing_may_send() -> None:
    assert problems(vendor(), TODAY) == ()
    assert standing(vendor(), "service", TODAY).may_send is MaySend.ALLOWED


def test_every_problem_has_its_example() -> None:
    assert {*LACKS, VendorProblem.PURPOSE_NOT_AGREED} == set(VendorProblem)


@pytest.mark.parametrize("problem", LACKS)
def test_L82_what_a_vendor_lacks_is_named_and_blocks_or_warns(problem: VendorProblem) -> None:
    lacking = vendor(**LACKS[problem])
    assert problems(lacking, TODAY) == (problem,)
    blocked = standing(lacking, "service", TODAY)
    assert (blocked.may_send, blocked.problems) == (MaySend.BLOCKED, (problem,))
    warned = standing(vendor(on_problem="warn", **LACKS[problem]), "service", TODAY)
    assert (warned.may_send, warned.problems) == (MaySend.WARNED, (problem,))


@given(st.sets(st.sampled_from(sorted(set(LACKS) - {VendorProblem.TRANSFER_NOT_ASSESSED}))))
def test_L82_everything_that_is_lacking_is_named(lacking: set[VendorProblem]) -> None:
    clash = {VendorProblem.NO_SCREENING, VendorProblem.NO_ASSESSMENT}
    reviews = {VendorProblem.NO_REVIEW, VendorProblem.REVIEW_OVERDUE}
    for pair in (clash, reviews):
        lacking -= {max(pair)} if pair <= lacking else set()
    changes: dict[str, Any] = {}
    for problem in lacking:
        changes |= LACKS[problem]
    assert set(problems(vendor(**changes), TODAY)) == lacking


def test_L82_a_purpose_that_was_not_agreed_is_blocked_even_where_problems_only_warn() -> None:
    bound = vendor(purposes=("service",), on_problem="warn")
    assert standing(bound, "service", TODAY).may_send is MaySend.ALLOWED
    other = standing(bound, "marketing", TODAY)
    assert other.may_send is MaySend.BLOCKED
    assert other.problems == (VendorProblem.PURPOSE_NOT_AGREED,)


def test_L82_a_review_is_in_time_on_its_last_day() -> None:
    assert problems(vendor(), TODAY) == ()
    assert problems(vendor(), LATER) == (VendorProblem.REVIEW_OVERDUE,)


def test_L82_what_is_dated_tomorrow_has_not_happened_yet() -> None:
    signed = vendor(processing_agreement=ProcessingAgreement(reference="DPA 7", signed=LATER))
    assert problems(signed, TODAY) == (VendorProblem.NO_PROCESSING_AGREEMENT,)
    screened = vendor(screening=ImpactScreening(answered=LATER, **ANSWERS))
    assert problems(screened, TODAY) == (VendorProblem.NO_SCREENING,)
    clauses = Transfer(country="US", safeguard=Safeguard.STANDARD_CLAUSES, assessed=LATER)
    assert problems(in_third_country(clauses), TODAY) == (VendorProblem.TRANSFER_NOT_ASSESSED,)


@pytest.mark.parametrize(
    "reached",
    [
        {"country": "GB"},
        {"locations": ("DE", "GB")},
        {"sub_processors": (SubProcessor(name="Sub Ltd", country="GB", service="Support"),)},
    ],
)
def test_L82_a_country_outside_the_eea_needs_a_safeguard(reached: dict[str, Any]) -> None:
    reaching = vendor(**reached)
    assert reaching.third_countries == ("GB",)
    assert problems(reaching, TODAY) == (VendorProblem.TRANSFER_WITHOUT_SAFEGUARD,)
    safe = Transfer(country="GB", safeguard=Safeguard.ADEQUACY)
    assert problems(vendor(transfers=(safe,), **reached), TODAY) == ()
    elsewhere = Transfer(country="US", safeguard=Safeguard.ADEQUACY)
    assert problems(vendor(transfers=(elsewhere,), **reached), TODAY) == (
        VendorProblem.TRANSFER_WITHOUT_SAFEGUARD,
    )


@pytest.mark.parametrize("country", ["DE", "IS", "LI", "NO"])
def test_L82_inside_the_eea_nothing_is_transferred(country: str) -> None:
    assert vendor(country=country).third_countries == ()


@pytest.mark.parametrize("safeguard", Safeguard)
def test_L82_clauses_and_rules_hold_only_where_the_country_was_looked_at(
    safeguard: Safeguard,
) -> None:
    unassessed = problems(in_third_country(Transfer(country="US", safeguard=safeguard)), TODAY)
    needs_it = safeguard in {Safeguard.STANDARD_CLAUSES, Safeguard.BINDING_RULES}
    assert unassessed == ((VendorProblem.TRANSFER_NOT_ASSESSED,) if needs_it else ())
    assessed = Transfer(country="US", safeguard=safeguard, assessed=TODAY)
    assert problems(in_third_country(assessed), TODAY) == ()


def test_L82_one_safeguard_that_holds_is_enough() -> None:
    clauses = Transfer(country="US", safeguard=Safeguard.STANDARD_CLAUSES)
    adequacy = Transfer(country="US", safeguard=Safeguard.ADEQUACY)
    assert problems(in_third_country(clauses, adequacy), TODAY) == ()


@pytest.mark.parametrize(
    ("yes", "due"),
    [
        ((), False),
        (("systematic_evaluation",), True),
        (("special_categories_at_large",), True),
        (("monitoring_of_public_space",), True),
        (("vulnerable_persons",), False),
        (("new_technology",), False),
        (("vulnerable_persons", "new_technology"), True),
    ],
)
def test_L83_the_answers_say_whether_an_assessment_is_due(yes: tuple[str, ...], due: bool) -> None:  # noqa: FBT001 - an example
    answers = dict.fromkeys(yes, True)
    assert screening(**answers).asks_for_assessment is due
    lacking = (VendorProblem.NO_ASSESSMENT,) if due else ()
    assert problems(vendor(screening=screening(**answers)), TODAY) == lacking
    made = screening(assessment="DPIA 12, in the register of assessments", **answers)
    assert problems(vendor(screening=made), TODAY) == ()


def test_L83_a_channel_needs_its_answers_before_it_captures_or_sends() -> None:
    assert missing(ChannelSettings(description="SMS"), TODAY) == (VendorProblem.NO_SCREENING,)
    asked = ChannelSettings(
        description="SMS", screening=screening(special_categories_at_large=True)
    )
    assert missing(asked, TODAY) == (VendorProblem.NO_ASSESSMENT,)
    assert missing(ChannelSettings(description="SMS", screening=SCREENED), TODAY) == ()


def test_L82_L83_nothing_is_lacking_in_the_policy_that_ships() -> None:
    default = load_default()
    assert [name for name, each in default.vendors.items() if problems(each, TODAY)] == []
    assert [name for name, each in default.channels.items() if missing(each, TODAY)] == []
    named = [each.vendor for each in default.channels.values() if each.vendor]
    for purpose in default.purposes:
        for name in named:
            assert standing(default.vendors[name], purpose, TODAY).may_send is MaySend.ALLOWED
