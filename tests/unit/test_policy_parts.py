"""Purposes, channels and vendors of the policy: what they may say and what they may not."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from lethe.domain.channel_settings import ChannelSettings, Gate
from lethe.domain.policy import Policy
from lethe.domain.purposes import open_facts

from tests.policies import policy, refused

PURPOSE: dict[str, Any] = {"description": "Service.", "legal_basis": "Art. 6(1)(b)"}
INTEREST = {"legal_basis": "Art. 6(1)(f)", "legitimate_interest": "Selling."}
SOFT = {
    "legal_basis": "Art. 6(1)(f) with Art. 13(2) ePrivacy",
    "legitimate_interest": "Selling.",
    "direct_marketing": True,
    "granted_by": {"event": "sale"},
}
CONSENT = {"legal_basis": "Art. 6(1)(a)"}


class TestPurposes:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            (CONSENT | {"granted_by": {"event": "sale"}}, "granted_by"),
            (CONSENT | {"granted_by": {"inbound_within": "P1D"}}, "granted_by"),
            (SOFT | {"granted_by": "standing"}, "granted_by"),
            (SOFT | {"granted_by": {"inbound_within": "P1D"}}, "granted_by"),
            (SOFT | {"direct_marketing": False}, "direct_marketing"),
            ({"direct_marketing": True}, "direct_marketing"),
            ({"children": True}, "children"),
            ({"assessment": "Balanced."}, "assessment"),
            ({"special_categories": True}, "special_ground"),
            ({"special_ground": "Art. 9(2)(h)"}, "special_ground"),
            (CONSENT | {"special_categories": True, "special_ground": "x"}, "special_ground"),
            ({"on_failure": "allow_and_flag"}, "on_failure"),
            (CONSENT | {"on_failure": "allow_and_flag"}, "on_failure"),
            ({"granted_by": "canary"}, "granted_by"),
            ({"granted_by": 7}, "granted_by"),
            ({"granted_by": {"event": "Canary Sale"}}, "granted_by/event"),
            ({"granted_by": {"inbound_within": "canary"}}, "granted_by/inbound_within"),
            ({"granted_by": {"event": "sale", "other": 1}}, "granted_by/other"),
            ({"granted_by": {}}, "granted_by/inbound_within"),
            ({"review": {"owner": "Ann Canary", "due": "2027-01-01"}}, "review/owner"),
            ({"review": {"owner": "officer", "due": "canary"}}, "review/due"),
        ],
    )
    def test_what_is_refused(self, changes: dict[str, Any], field: str) -> None:
        assert refused(purposes={"service": PURPOSE | changes}) == {f"/purposes/service/{field}"}

    @pytest.mark.parametrize(
        "changes",
        [
            CONSENT | {"direct_marketing": True, "children": True, "special_categories": True},
            INTEREST | {"direct_marketing": True, "assessment": "Balanced."},
            SOFT,
            {"granted_by": {"event": "contract"}},
            {"granted_by": {"inbound_within": "P30D"}},
            {"legal_basis": "Art. 6(1)(c)", "on_failure": "allow_and_flag"},
            {"legal_basis": "Art. 6(1)(d)", "on_failure": "allow_and_flag"},
            {"special_categories": True, "special_ground": "Art. 9(2)(h)"},
        ],
    )
    def test_what_is_taken_survives_json(self, changes: dict[str, Any]) -> None:
        taken = policy(purposes={"service": PURPOSE | changes})
        assert Policy.model_validate_json(taken.model_dump_json()) == taken
        assert Policy.model_validate(taken.model_dump()) == taken

    def test_L12_special_categories_need_their_ground(self) -> None:
        """A legitimate interest or a contract alone opens nothing of Art. 9."""
        bases = [PURPOSE, PURPOSE | INTEREST, PURPOSE | {"legal_basis": "Art. 6(1)(c)"}]
        for basis in bases:
            assert refused(purposes={"service": basis | {"special_categories": True}}) == {
                "/purposes/service/special_ground"
            }
        policy(purposes={"service": PURPOSE | CONSENT | {"special_categories": True}})

    @pytest.mark.parametrize(
        ("changes", "facts"),
        [
            ({}, ("data_categories", "requirement", "review")),
            (INTEREST, ("assessment", "data_categories", "review")),
            (CONSENT | {"data_categories": ["address"]}, ("review",)),
        ],
    )
    def test_L19_what_a_notice_wants_of_a_purpose_is_named(
        self, changes: dict[str, Any], facts: tuple[str, ...]
    ) -> None:
        assert open_facts(policy(purposes={"service": PURPOSE | changes}).purposes["service"]) == (
            facts
        )


class TestChannelsAndVendors:
    VENDOR: ClassVar = {"name": "V", "service": "S", "country": "DE", "region": "here"}

    def refused_channel(self, **changes: object) -> set[str]:
        return refused(channels={"sms": {"description": "SMS"} | changes})

    def test_names_that_exist_nowhere(self) -> None:
        assert self.refused_channel(vendor="canary", default_purpose="canary") == {
            "/channels/sms/vendor",
            "/channels/sms/default_purpose",
        }
        vendors = {"v": self.VENDOR | {"purposes": ["service", "canary"]}}
        assert refused(vendors=vendors) == {"/vendors/v/purposes/1"}

    def test_what_exists_is_taken(self) -> None:
        channel = {"description": "SMS", "vendor": "v", "default_purpose": "service"}
        taken = policy(channels={"sms": channel}, vendors={"v": self.VENDOR})
        assert taken.channels["sms"].gate is Gate.ENFORCED

    def test_L72_headers_beyond_the_default_ones_need_a_purpose(self) -> None:
        headers = ["date", "x-originating-ip"]
        assert self.refused_channel(headers=headers) == {"/channels/sms/header_purpose"}
        with_purpose = {"description": "SMS", "headers": headers, "header_purpose": "Fraud."}
        assert policy(channels={"sms": with_purpose}).channels["sms"].further_headers == (
            "x-originating-ip",
        )
        policy(channels={"sms": {"description": "SMS", "headers": ["date"]}})
        policy(channels={"sms": {"description": "SMS", "headers": []}})

    def test_L72_what_is_kept_by_default_says_nothing_of_devices_and_routes(self) -> None:
        kept = ChannelSettings(description="E-mail").headers
        assert not {"received", "x-originating-ip", "user-agent", "x-mailer"} & set(kept)

    @pytest.mark.parametrize(
        ("line", "taken"),
        [
            ("Reply STOP to unsubscribe.", True),
            ("Désabonnement : répondez arrêt", True),
            ("Unsubscribe: {url}", True),
            ("Antworten Sie mit WEG", False),
            ("Write to us.", False),
            ("{link}", False),
            ("STOP {name}", False),
            ("STOP {url", False),
        ],
    )
    def test_L5_a_withdrawal_line_says_how(self, line: str, taken: bool) -> None:  # noqa: FBT001 - an example
        channel = {"description": "SMS", "withdrawal_line": {"en": line}}
        if taken:
            policy(channels={"sms": channel})
        else:
            assert refused(channels={"sms": channel}) == {"/channels/sms/withdrawal_line/en"}

    def test_L5_a_line_may_name_a_word_of_the_channel(self) -> None:
        line = {"withdrawal_line": {"de": "Antworten Sie mit WEG"}, "keywords": {"stop": ["weg"]}}
        policy(channels={"sms": {"description": "SMS"} | line})

    def test_L13_first_contact_needs_its_text_with_the_address_of_the_notice(self) -> None:
        assert self.refused_channel(first_contact=True) == {"/channels/sms/first_contact_text"}
        assert self.refused_channel(first_contact_text={"en": "Hello", "de": "{url} {x}"}) == {
            "/channels/sms/first_contact_text/en",
            "/channels/sms/first_contact_text/de",
        }

    @pytest.mark.parametrize(
        ("keywords", "at"),
        [
            ({"stop": ["ok", "?!"]}, "stop/1"),
            ({"start": ["🛑"]}, "start/0"),
            ({"start": ["go", "Stop!"]}, "start/1"),
            ({"stop": ["weg"], "start": ["WEG."]}, "start/0"),
            ({"stop": [""]}, "stop/0"),
        ],
    )
    def test_L8_a_keyword_means_one_thing(self, keywords: dict[str, list[str]], at: str) -> None:
        assert self.refused_channel(keywords=keywords) == {f"/channels/sms/keywords/{at}"}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("gate", "canary"),
            ("outbound", {"pets": "mask"}),
            ("drop", ["canary"]),
            ("headers", ["Canary Header"]),
            ("withdrawal_line", {"english": "STOP"}),
        ],
    )
    def test_values(self, field: str, value: object) -> None:
        assert {at.split("/")[3] for at in self.refused_channel(**{field: value})} == {field}

    def test_L83_a_screening_answers_every_question(self) -> None:
        answers = {"answered": "2026-01-01", "systematic_evaluation": False}
        assert self.refused_channel(screening=answers) == {
            f"/channels/sms/screening/{field}"
            for field in (
                "special_categories_at_large",
                "monitoring_of_public_space",
                "vulnerable_persons",
                "new_technology",
            )
        }
