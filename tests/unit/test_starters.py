"""The starters of docs/starters: valid, complete, and right about an example of their trade."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lethe.domain.addresses import Address
from lethe.domain.channel_settings import Gate, missing
from lethe.domain.classification import Facts, LegalBasis
from lethe.domain.messages import Direction
from lethe.domain.own_addresses import AddressKind
from lethe.domain.policy import Policy, load_default, read_yaml
from lethe.domain.purposes import OnFailure, open_facts
from lethe.domain.vendors import problems

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "docs/starters").glob("*.yaml"))
STARTERS = {path.stem: read_yaml(path.read_text("utf-8")) for path in FILES}
EVERY = STARTERS | {"default": load_default()}
TODAY = date(2026, 11, 24)


def facts(**changes: Any) -> Facts:
    given: dict[str, Any] = {
        "channel": "email",
        "own_addresses": frozenset({Address("mailto:desk@example.com")}),
        "own_kinds": frozenset({AddressKind.FUNCTION}),
        "direction": Direction.INBOUND,
    }
    return Facts(**(given | changes))


def at(address: str) -> frozenset[Address]:
    return frozenset({Address(address)})


def test_there_is_one_for_each_trade_and_each_is_named_in_the_document() -> None:
    assert STARTERS.keys() == {"bank-mifid", "broker-sec", "consumer-support", "small-company"}
    text = (ROOT / "docs/policy.md").read_text("utf-8")
    assert [path.name for path in FILES if f"(starters/{path.name})" not in text] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_is_explained_as_it_goes(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert sum(line.lstrip().startswith("#") for line in lines) >= 15
    assert "not legal advice" in " ".join(lines)


@pytest.mark.parametrize("policy", EVERY.values(), ids=EVERY)
class TestEach:
    def test_it_survives_json(self, policy: Policy) -> None:
        assert Policy.model_validate_json(policy.model_dump_json()) == policy

    def test_L19_no_purpose_lacks_a_fact_of_its_basis(self, policy: Policy) -> None:
        lacking = {name: open_facts(each) for name, each in policy.purposes.items()}
        assert not any(lacking.values()), lacking

    def test_L19_no_fact_is_missing_that_a_notice_must_state(self, policy: Policy) -> None:
        controller, notice = policy.controller, policy.notice
        assert all((controller.data_protection_officer, controller.supervisory_authority))
        assert controller.representative or controller.country != "US"
        assert all((notice.sources, notice.automated_decisions, notice.requirement))
        assert notice.employees

    def test_L82_L83_nothing_is_lacking_in_vendors_and_channels(self, policy: Policy) -> None:
        assert [name for name, each in policy.vendors.items() if problems(each, TODAY)] == []
        assert [name for name, each in policy.channels.items() if missing(each, TODAY)] == []

    def test_L84_every_review_lies_ahead_and_has_an_owner(self, policy: Policy) -> None:
        reviews = [policy.review]
        reviews += [each.review for each in policy.purposes.values()]
        reviews += [each.review for each in policy.vendors.values()]
        assert None not in reviews
        assert all(not review.overdue(TODAY) for review in reviews if review)

    def test_every_period_has_an_end(self, policy: Policy) -> None:
        for retention in policy.classes.values():
            assert retention.end_date(TODAY) < date(2040, 1, 1)

    def test_L1_nobody_is_written_to_out_of_the_blue(self, policy: Policy) -> None:
        """Where a program sends, nothing but a legal obligation always holds."""
        standing = {
            name: each.legal_basis
            for name, each in policy.purposes.items()
            if each.granted_by == "standing"
        }
        assert LegalBasis.CONTRACT not in standing.values()
        for channel in policy.channels.values():
            if channel.gate is Gate.ENFORCED and channel.default_purpose in standing:
                assert standing[channel.default_purpose] is LegalBasis.LEGAL_OBLIGATION

    def test_L91_marketing_says_how_to_stop(self, policy: Policy) -> None:
        marketing = [name for name, each in policy.purposes.items() if each.direct_marketing]
        for channel in policy.channels.values():
            vendor = policy.vendors.get(channel.vendor or "")
            for_it = vendor is None or not vendor.purposes or {*vendor.purposes} & {*marketing}
            if marketing and channel.vendor and for_it and channel.announcement is None:
                assert channel.withdrawal_line.keys() >= {"en", "de", "fr"}


def test_the_policy_that_ships_knows_every_way() -> None:
    default = load_default()
    assert {each.legal_basis for each in default.purposes.values()} >= {
        LegalBasis.CONSENT,
        LegalBasis.CONTRACT,
        LegalBasis.LEGAL_OBLIGATION,
        LegalBasis.LEGITIMATE_INTERESTS,
        LegalBasis.SOFT_OPT_IN,
    }
    assert default.channels.keys() == {"email", "sms", "whatsapp", "chat", "voice"}
    gates = {name: channel.gate for name, channel in default.channels.items()}
    assert gates["sms"] is gates["whatsapp"] is Gate.ENFORCED
    assert gates["email"] is gates["chat"] is Gate.OBSERVED
    assert default.purposes["fraud-alert"].on_failure is OnFailure.ALLOW_AND_FLAG
    for name in ("sms", "whatsapp"):
        assert default.channels[name].first_contact_text.keys() == {"en", "de", "fr"}


@pytest.mark.parametrize(
    ("starter", "message", "cls", "purpose"),
    [
        ("consumer-support", facts(channel="whatsapp"), "support", "support"),
        (
            "consumer-support",
            facts(channel="chat", tags=frozenset({"special"})),
            "sensitive",
            "support",
        ),
        ("consumer-support", facts(purpose="newsletter"), "marketing", "newsletter"),
        (
            "consumer-support",
            facts(own_addresses=at("mailto:reclamations@example.com")),
            "disputes",
            "support",
        ),
        ("bank-mifid", facts(own_addresses=at("mailto:orders@example.com")), "orders", "orders"),
        ("bank-mifid", facts(channel="voice"), "orders", "orders"),
        ("bank-mifid", facts(), "correspondence", "correspondence"),
        ("bank-mifid", facts(purpose="fraud-alert"), "account", "fraud-alert"),
        ("bank-mifid", facts(external=False), "staff", "employment"),
        (
            "broker-sec",
            facts(own_kinds=frozenset({AddressKind.PERSON})),
            "communications",
            "books-and-records",
        ),
        (
            "broker-sec",
            facts(own_addresses=at("mailto:confirmations@example.com")),
            "books",
            "books-and-records",
        ),
        ("broker-sec", facts(channel="chat", external=False), "communications", "supervision"),
        ("broker-sec", facts(purpose="research"), "marketing", "research"),
        ("small-company", facts(), "letters", "correspondence"),
        ("small-company", facts(purpose="orders", channel="sms"), "orders", "orders"),
    ],
)
def test_an_example_of_its_trade(starter: str, message: Facts, cls: str, purpose: str) -> None:
    found = STARTERS[starter].classify(message)
    assert (found.cls, found.purpose) == (cls, purpose)


@pytest.mark.parametrize(
    ("starter", "cls", "years"),
    [
        ("bank-mifid", "orders", 5),
        ("broker-sec", "communications", 3),
        ("broker-sec", "books", 6),
        ("small-company", "invoices", 8),
    ],
)
def test_L88_what_a_law_keeps_is_kept_as_long_as_it_says(
    starter: str, cls: str, years: int
) -> None:
    kept = STARTERS[starter].classes[cls]
    assert kept.keeps
    assert kept.period.years == years
    assert kept.keep_original
