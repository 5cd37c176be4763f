"""The policy: what is kept, how long, what ends it, and how a message gets its class."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lethe.domain.addresses import Address
from lethe.domain.channel_settings import Action, ChannelSettings, Detector, Gate, Keywords
from lethe.domain.classification import Conditions, Facts, LegalBasis
from lethe.domain.controller import Controller, NoticeFacts, ProcessorRole
from lethe.domain.earlier_periods import EarlierPeriod, Reclassification, Starts
from lethe.domain.errors import InvalidInputError
from lethe.domain.messages import Direction
from lethe.domain.own_addresses import AddressKind, OwnAddressIn
from lethe.domain.periods import Period
from lethe.domain.policy import (
    DeletableBy,
    ErasureRule,
    OnErasure,
    OwnRecord,
    Policy,
    RetentionClass,
    load_default,
)
from lethe.domain.purposes import (
    ConsentTerms,
    EventGrant,
    InboundGrant,
    OnFailure,
    Purpose,
)
from lethe.domain.reviews import Review
from lethe.domain.validation import problems
from lethe.domain.vendors import (
    Adapter,
    ImpactScreening,
    MaySend,
    ProcessingAgreement,
    Safeguard,
    SubProcessor,
    Transfer,
    Vendor,
    VendorProblem,
)
from pydantic import BaseModel, ValidationError

from tests.policies import A_CLASS, KEPT, policy, refused

CLAIMS = Address("mailto:claims@example.com")


def facts(**changes: Any) -> Facts:
    given_facts: dict[str, Any] = {
        "channel": "email",
        "own_addresses": frozenset({CLAIMS}),
        "own_kinds": frozenset({AddressKind.FUNCTION}),
        "direction": Direction.INBOUND,
    }
    return Facts(**(given_facts | changes))


MODELS: list[type[BaseModel]] = [
    Policy,
    RetentionClass,
    Purpose,
    EventGrant,
    InboundGrant,
    ConsentTerms,
    Controller,
    OwnRecord,
    Conditions,
    OwnAddressIn,
    ChannelSettings,
    Keywords,
    Vendor,
    ProcessingAgreement,
    Transfer,
    SubProcessor,
    ImpactScreening,
    NoticeFacts,
    ProcessorRole,
    Review,
    Reclassification,
    EarlierPeriod,
]
ENUMS: tuple[type[StrEnum], ...] = (
    Starts,
    ErasureRule,
    DeletableBy,
    OnErasure,
    OnFailure,
    Gate,
    Detector,
    Action,
    Adapter,
    Safeguard,
    VendorProblem,
    MaySend,
)


class TestDefault:
    def test_it_has_every_way_to_end_a_message(self) -> None:
        classes = load_default().classes.values()
        assert {c.on_erasure for c in classes} == set(OnErasure)
        assert {c.erasure_rule for c in classes} == set(ErasureRule)
        assert {c.deletable_by for c in classes} == set(DeletableBy)

    def test_it_survives_json(self) -> None:
        default = load_default()
        assert Policy.model_validate_json(default.model_dump_json()) == default

    def test_originals_are_kept_where_the_law_keeps(self) -> None:
        for retention in load_default().classes.values():
            assert retention.keep_original is retention.keeps

    @pytest.mark.parametrize(
        ("changes", "cls", "purpose", "basis"),
        [
            ({}, "support", "service", LegalBasis.CONTRACT),
            ({"purpose": "claims"}, "claims", "claims", LegalBasis.LEGITIMATE_INTERESTS),
            ({"purpose": "accounting"}, "invoices", "accounting", LegalBasis.LEGAL_OBLIGATION),
            ({"purpose": "trading"}, "trading", "trading", LegalBasis.LEGAL_OBLIGATION),
            ({"purpose": "marketing"}, "marketing", "marketing", LegalBasis.CONSENT),
            ({"external": False}, "staff", "employment", LegalBasis.LEGITIMATE_INTERESTS),
            ({"channel": "voice"}, "calls", "correspondence", LegalBasis.LEGITIMATE_INTERESTS),
            (
                {"own_kinds": frozenset({AddressKind.PERSON})},
                "correspondence",
                "correspondence",
                LegalBasis.LEGITIMATE_INTERESTS,
            ),
        ],
    )
    def test_its_rules(
        self, changes: dict[str, Any], cls: str, purpose: str, basis: LegalBasis
    ) -> None:
        found = load_default().classify(facts(**changes))
        assert (found.cls, found.purpose, found.legal_basis) == (cls, purpose, basis)


class TestDocument:
    TEXT = (Path(__file__).parents[2] / "docs/policy.md").read_text("utf-8")

    @pytest.mark.parametrize("model", MODELS)
    def test_it_explains_every_field(self, model: type[BaseModel]) -> None:
        assert [name for name in model.model_fields if name not in self.TEXT] == []

    def test_it_explains_every_value(self) -> None:
        assert [value for enum in ENUMS for value in enum if f"`{value}`" not in self.TEXT] == []


class TestPeriods:
    @pytest.mark.parametrize(
        ("day", "period", "over"),
        [
            ("2026-03-15", "P0D", "2026-03-16"),
            ("2026-03-15", "P30D", "2026-04-15"),
            ("2026-03-15", "P1Y", "2027-03-16"),
            ("2026-01-31", "P1M", "2026-03-01"),  # last day 28 February
            ("2024-01-31", "P1M", "2024-03-01"),  # last day 29 February
            ("2024-02-29", "P1Y", "2025-03-01"),  # last day 28 February
            ("2024-02-29", "P4Y", "2028-03-01"),  # last day 29 February
            ("2023-02-28", "P1Y", "2024-02-29"),  # last day 28 February
            ("2026-12-31", "P1D", "2027-01-02"),
            ("2026-11-30", "P3M", "2027-03-01"),
            ("2026-01-15", "P1Y2M3D", "2027-03-19"),
        ],
    )
    def test_the_first_day_on_which_it_is_over(self, day: str, period: str, over: str) -> None:
        end = Period.parse(period).over(date.fromisoformat(day))
        assert end == date.fromisoformat(over)

    @pytest.mark.parametrize("day", ["2026-01-01", "2026-12-31"])
    def test_end_of_year_counts_from_31_december_of_the_message(self, day: str) -> None:
        end = policy().classes["invoices"].end_date(date.fromisoformat(day))
        assert end == date(2035, 1, 1)

    def test_deletion_is_possible_until_the_last_day_of_the_window(self) -> None:
        classes = policy().classes
        assert classes["general"].deletable_until(date(2026, 3, 1)) == date(2026, 3, 31)
        assert classes["invoices"].deletable_until(date(2026, 3, 1)) == date(2026, 3, 1)

    @pytest.mark.parametrize(
        "text",
        ["", "P", "P1", "1Y", "PT1H", "P1W", "P-1D", "P1.5Y", "P1000Y", "p1y", "P1D1Y", "P1Y\n"],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        assert refused(classes={"general": A_CLASS | {"period": text}}) >= {
            "/classes/general/period"
        }

    def test_a_number_is_no_period(self) -> None:
        assert refused(classes={"general": A_CLASS | {"period": 30}}) >= {"/classes/general/period"}

    @given(st.builds(Period, st.integers(0, 999), st.integers(0, 9999), st.integers(0, 99999)))
    def test_iso_and_back(self, period: Period) -> None:
        assert Period.parse(period.iso()) == period

    @given(
        st.dates(date(1970, 1, 1), date(2100, 1, 1)),
        st.integers(0, 900),
        st.builds(Period, st.integers(0, 99), st.integers(0, 99), st.integers(0, 999)),
    )
    def test_a_later_message_never_ends_earlier(
        self, day: date, later: int, period: Period
    ) -> None:
        assert day < period.over(day) <= period.over(day + timedelta(days=later))


class TestEffectiveEnd:
    RECORDED = date(2028, 3, 16)
    DAY = date(2026, 3, 15)

    def test_L71_a_shorter_period_ends_what_exists_earlier(self) -> None:
        shorter = policy(classes={"general": A_CLASS | {"period": "P1M"}})
        assert shorter.effective_end("general", self.DAY, self.RECORDED) == date(2026, 4, 16)

    def test_L71_a_longer_period_lengthens_nothing(self) -> None:
        longer = policy(classes={"general": A_CLASS | {"period": "P9Y"}})
        assert longer.effective_end("general", self.DAY, self.RECORDED) == self.RECORDED

    def test_a_class_that_the_policy_forgot_stands_as_recorded(self) -> None:
        assert policy().effective_end("gone", self.DAY, self.RECORDED) == self.RECORDED

    def test_L88_a_class_that_keeps_is_never_shortened(self) -> None:
        kept = {"general": A_CLASS, "invoices": KEPT | {"period": "P1D"}}
        end = date(2035, 1, 1)
        assert policy(classes=kept).effective_end("invoices", self.DAY, end) == end

    @given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 9999))
    def test_it_never_lies_behind_what_was_recorded(self, day: date, kept_days: int) -> None:
        end = day + timedelta(days=kept_days)
        assert policy().effective_end("general", day, end) <= end

    def test_no_class_that_messages_were_sealed_under_may_change_what_ends_them(self) -> None:
        previous = policy()
        changed = policy(
            default_class="other",
            classes={
                "other": A_CLASS,
                "general": A_CLASS | {"erasure_rule": "any_party"},
                "invoices": A_CLASS,
            },
        )
        assert [problem.pointer for problem in changed.refused_changes(previous)] == [
            "/classes/general/erasure_rule",
            "/classes/invoices/on_erasure",
        ]
        assert previous.refused_changes(previous) == ()
        assert policy(classes={"general": A_CLASS}).refused_changes(previous) == ()


class TestClassification:
    RULES = (
        {
            "when": {"own_address": "mailto:Claims@example.com", "direction": "inbound"},
            "class": "invoices",
        },
        {"when": {"channel": ["sms", "whatsapp"]}, "class": "general"},
        {"when": {"purpose": "service"}, "class": "invoices", "purpose": "service"},
    )

    def test_the_first_match_decides(self) -> None:
        rules = [{"class": "general"}, {"class": "invoices"}]
        found = policy(rules=rules).classify(facts())
        assert (found.cls, found.rule_index) == ("general", 0)

    def test_L68_no_match_means_a_finite_default(self) -> None:
        found = policy(rules=[self.RULES[1]]).classify(facts())
        assert (found.cls, found.rule_index, found.purpose) == ("general", None, "service")

    def test_L68_a_default_that_keeps_is_refused(self) -> None:
        assert refused(default_class="invoices") == {"/default_class"}

    def test_an_own_address_in_a_rule_is_canonical(self) -> None:
        found = policy(rules=self.RULES).classify(facts())
        assert (found.cls, found.rule_index) == ("invoices", 0)

    def test_a_list_means_any_of_them(self) -> None:
        found = policy(rules=self.RULES).classify(facts(channel="sms", own_addresses=frozenset()))
        assert found.rule_index == 1

    def test_an_unknown_declared_purpose_is_refused(self) -> None:
        with pytest.raises(InvalidInputError) as error:
            policy().classify(facts(purpose="canary"))
        assert [problem.pointer for problem in error.value.fields] == ["/purpose"]
        assert "canary" not in repr(error.value)

    def test_the_explanation_names_what_failed_and_what_decided(self) -> None:
        explained = policy(rules=self.RULES).explain(
            facts(direction=Direction.OUTBOUND, own_addresses=frozenset(), purpose="service")
        )
        assert [result.failed for result in explained] == [
            ("own_address", "direction"),
            ("channel",),
            (),
        ]
        assert [result.decided for result in explained] == [False, False, True]

    CONDITIONS = st.fixed_dictionaries(
        {},
        optional={
            "channel": st.sampled_from(["email", "sms", ["email", "voice"]]),
            "own_address": st.sampled_from([CLAIMS, "tel:+4915112345678"]),
            "own_kind": st.sampled_from(["person", "function", ["person", "function"]]),
            "direction": st.sampled_from(["inbound", "outbound"]),
            "purpose": st.just("service"),
            "external": st.booleans(),
        },
    )
    FACTS = st.builds(
        Facts,
        channel=st.sampled_from(["email", "sms", "voice"]),
        own_addresses=st.frozensets(st.sampled_from([CLAIMS, Address("tel:+4915112345678")])),
        own_kinds=st.frozensets(st.sampled_from([AddressKind.PERSON, AddressKind.FUNCTION])),
        direction=st.sampled_from(Direction),
        purpose=st.sampled_from(["", "service"]),
        external=st.booleans(),
    )

    @given(st.lists(CONDITIONS, max_size=4), FACTS)
    def test_what_decides_is_the_first_rule_without_a_failed_condition(
        self, conditions: list[dict[str, Any]], message: Facts
    ) -> None:
        ruled = policy(rules=[{"when": when, "class": "invoices"} for when in conditions])
        found, explained = ruled.classify(message), ruled.explain(message)
        first = next((result.index for result in explained if not result.failed), None)
        assert found.rule_index == first
        assert found.cls == ("general" if first is None else "invoices")
        assert [result.index for result in explained if result.decided] == (
            [] if first is None else [first]
        )


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"keep_article": None}, "keep_article"),
            ({"deletable_by": "external", "deletion_window": "P1D"}, "deletable_by"),
            ({"erasure_rule": "any_party"}, "erasure_rule"),
            ({"on_erasure": "erase"}, "keep_article"),
            ({"deletion_window": "P1D"}, "deletion_window"),
            ({"on_erasure": "canary"}, "on_erasure"),
            ({"canary": "canary"}, "canary"),
        ],
    )
    def test_in_a_class_that_keeps(self, changes: dict[str, Any], field: str) -> None:
        with pytest.raises(ValidationError) as error:
            policy(classes={"general": A_CLASS, "invoices": KEPT | changes})
        assert {p.pointer for p in problems(error.value)} == {f"/classes/invoices/{field}"}

    def test_a_deletable_class_needs_a_window(self) -> None:
        without = {k: v for k, v in A_CLASS.items() if k != "deletion_window"}
        assert refused(classes={"general": without}) == {"/classes/general/deletion_window"}

    def test_names_that_exist_nowhere(self) -> None:
        rules = [{"when": {"purpose": "canary"}, "class": "canary", "purpose": "canary"}]
        assert refused(rules=rules, default_class="canary", default_purpose="canary") == {
            "/default_class",
            "/default_purpose",
            "/rules/0/class",
            "/rules/0/purpose",
            "/rules/0/when/purpose",
        }

    def test_values_in_rules(self) -> None:
        rules = [{"when": {"own_address": "canary", "direction": ["canary"]}, "class": "general"}]
        assert refused(rules=rules) == {
            "/rules/0/when/own_address/0",
            "/rules/0/when/direction/0",
        }

    def test_names_that_might_be_data_end_the_pointer(self) -> None:
        assert refused(classes={"general": A_CLASS, "canary@example.com": A_CLASS}) == {"/classes"}

    def test_types_and_versions(self) -> None:
        assert refused(schema_version=2, function_shards="4", controller="canary") == {
            "/schema_version",
            "/function_shards",
            "/controller",
        }

    def test_an_interest_goes_with_its_basis_alone(self) -> None:
        service = {"description": "Service.", "legal_basis": "Art. 6(1)(f)"}
        assert refused(purposes={"service": service}) == {"/purposes/service/legitimate_interest"}

    def test_what_is_no_json(self) -> None:
        with pytest.raises(ValidationError) as error:
            Policy.model_validate_json("canary")
        assert "canary" not in repr(problems(error.value))
