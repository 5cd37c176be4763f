"""Evidence of consent: what is enough, and which field is named where it is not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from lethe.domain.consent import EventType
from lethe.domain.errors import FieldProblem
from lethe.domain.evidence import (
    Action,
    Child,
    Evidence,
    Guardian,
    Method,
    guardians_until,
    problems_of,
)
from lethe.domain.policy import Policy
from lethe.domain.validation import invalid
from pydantic import ValidationError

from tests.consent_scene import given, policy

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def rules() -> Policy:
    return policy()


def problems(
    evidence: Evidence | None,
    rules: Policy,
    *,
    act: EventType = EventType.GIVEN,
    purpose: str = "newsletter",
    importing: bool = False,
) -> tuple[FieldProblem, ...]:
    return problems_of(act, evidence, rules.purposes[purpose], NOW, importing=importing)


def pointers(*args: Any, **options: Any) -> list[str]:
    return [problem.pointer for problem in problems(*args, **options)]


def test_what_is_enough_has_no_problem(rules: Policy) -> None:
    for act in (EventType.GIVEN, EventType.RENEWED):
        assert problems(given(NOW), rules, act=act) == ()


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"action": Action.PRE_TICKED}, "action", "recital 32"),
        ({"action": Action.SILENCE}, "action", "recital 32"),
        ({"action": Action.INACTIVITY}, "action", "recital 32"),
        ({"action": Action.CONTINUED_USE}, "action", "recital 32"),
        ({"action": None}, "action", "silence"),
        ({"method": Method.SYSTEM}, "method", "an act"),
        ({"at": None}, "at", "when"),
        ({"text": None}, "text", "exact text"),
        ({"text": " \n"}, "text", "exact text"),
        ({"language": None}, "language", "ISO 639-1"),
    ],
)
def test_L9_preticked_silent_undated_or_textless_evidence_is_none(
    changes: dict[str, Any], field: str, reason: str, rules: Policy
) -> None:
    found = problems(given(NOW, **changes), rules)
    assert [problem.pointer for problem in found] == [f"/evidence/{field}"]
    assert reason in found[0].detail


def test_L9_a_consent_without_any_evidence_is_none(rules: Policy) -> None:
    assert pointers(None, rules) == ["/evidence"]
    everything = Evidence(method=Method.PAPER)
    assert pointers(everything, rules, importing=True) == [
        f"/evidence/{field}" for field in ("at", "text", "language", "action", "separate")
    ]


@pytest.mark.parametrize(
    ("changes", "field", "article"),
    [
        ({"separate": False}, "separate", "7(2)"),
        ({"separate": None}, "separate", "apart from terms"),
        ({"condition_of_service": True}, "condition_of_service", "7(4)"),
    ],
)
def test_L10_a_bundled_consent_is_none(
    changes: dict[str, Any], field: str, article: str, rules: Policy
) -> None:
    found = problems(given(NOW, **changes), rules)
    assert [problem.pointer for problem in found] == [f"/evidence/{field}"]
    assert article in found[0].detail


def test_special_categories_need_an_express_statement(rules: Policy) -> None:
    assert pointers(given(NOW), rules, purpose="health") == ["/evidence/explicit"]
    assert pointers(given(NOW, explicit=True), rules, purpose="health") == []


BORN = date(2011, 3, 11)
"""Fifteen on the eve of that day's birthday, in 2026."""


def child(**changes: Any) -> Child:
    return Child(**({"country": "DE", "born": BORN} | changes))


def guardian() -> Guardian:
    return Guardian(relation="mother", verified_by="a payment of one cent", at=NOW)


def test_L11_a_child_below_the_age_of_its_country_does_not_consent_alone(rules: Policy) -> None:
    def found(**changes: Any) -> list[str]:
        return pointers(given(NOW, **changes), rules, purpose="game")

    assert found() == ["/evidence/child"]
    assert found(of_age=False) == ["/evidence/child"]
    assert found(of_age=True) == []
    assert found(child=child()) == ["/evidence/child/guardian"]
    assert found(child=child(), of_age=True) == ["/evidence/child/guardian"]
    assert found(child=child(guardian=guardian())) == []
    assert found(child=child(country="AT")) == []
    assert found(child=child(born=date(2010, 3, 10))) == []
    assert pointers(given(NOW, child=child()), rules) == []


def test_a_guardian_consents_until_the_child_is_of_age(rules: Policy) -> None:
    evidence = given(NOW, child=child(guardian=guardian()))
    assert guardians_until(evidence, rules.purposes["game"]) == date(2027, 3, 11)
    assert guardians_until(evidence, rules.purposes["newsletter"]) is None
    older = given(NOW, child=child(born=date(2000, 1, 1)))
    assert guardians_until(older, rules.purposes["game"]) is None
    assert guardians_until(given(NOW), rules.purposes["game"]) is None
    assert guardians_until(None, rules.purposes["game"]) is None


def test_only_an_import_brings_what_is_older_than_a_day(rules: Policy) -> None:
    old, ahead = NOW - timedelta(hours=24, seconds=1), NOW + timedelta(minutes=5, seconds=1)
    assert pointers(given(old), rules) == ["/evidence/at"]
    assert pointers(given(old), rules, importing=True) == []
    assert pointers(given(old), rules, act=EventType.REFUSED) == ["/evidence/at"]
    assert pointers(given(NOW + timedelta(minutes=5)), rules) == []
    for importing in (False, True):
        assert pointers(given(ahead), rules, importing=importing) == ["/evidence/at"]


def test_whoever_says_no_needs_no_proof(rules: Policy) -> None:
    for act in set(EventType) - {EventType.GIVEN, EventType.RENEWED}:
        assert problems(None, rules, act=act) == ()
        assert problems(Evidence(method=Method.CALL), rules, act=act) == ()


@pytest.mark.parametrize("field", ["ip", "ip_address", "user_agent", "device"])
def test_there_is_no_place_for_an_ip_address(field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Evidence.model_validate({"method": Method.APP, field: "203.0.113.7"})
    error = invalid(caught.value, "no", "/evidence")
    assert [problem.pointer for problem in error.fields] == [f"/evidence/{field}"]
    assert "203.0.113.7" not in repr(error.fields)


def test_a_time_without_its_offset_is_none() -> None:
    with pytest.raises(ValidationError):
        given(datetime(2026, 3, 10, 12))  # noqa: DTZ001 - what is refused
