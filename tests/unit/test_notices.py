"""The notice: everything that Art. 13, 14 and 88 ask for, computed, in every language."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lethe.domain.errors import InvalidInputError
from lethe.domain.in_force import Audience
from lethe.domain.languages import available, language, text_of
from lethe.domain.live import REGIONS, LiveSettings
from lethe.domain.notice_address import address, first_contact_text
from lethe.domain.notice_checks import problems
from lethe.domain.notice_documents import NoticeDocument, differences, draft
from lethe.domain.policy import Policy, load_default
from lethe.domain.processing_records import COLUMNS, View, activities, record
from lethe.domain.statements import Document, changes

from tests.aws_store import declared
from tests.notice_scenes import LIVE, document, notice, policy

LANGUAGES = available()
AUDIENCES = [*Audience]
EXTERNAL = Audience.EXTERNAL
STARTERS = sorted((Path(__file__).parents[2] / "docs/starters").glob("*.yaml"))


def texts(made: NoticeDocument, code: str, section: str = "") -> list[str]:
    """Everything a notice says in a language, or in a section of it."""
    told = made.words[code]["sections"]
    return [*_texts({section: told[section]} if section else told)]


def _texts(told: Document) -> Iterator[str]:
    for section in told.values():
        yield section["title"]
        for holder in (section, *section["entries"].values()):
            yield text_of(holder["title"]) if isinstance(holder["title"], list) else ""
            for statement in holder["statements"].values():
                yield f"{statement['label']} {text_of(statement['text'])}"


def changed(**at: Any) -> Policy:
    """The policy with other values; `classes__support__period` is a place in it."""
    made = document()
    for place, value in at.items():
        holder, path = made, place.split("__")
        for step in path[:-1]:
            holder = holder[step]
        if value is None:
            del holder[path[-1]]
        else:
            holder[path[-1]] = value
    return policy(made)


lives = st.builds(
    LiveSettings,
    region=st.sampled_from([*REGIONS, "xx-new-1"]),
    api_url=st.sampled_from(["https://a.example", "https://b.example"]),
    key_backup_days=st.integers(0, 35),
    message_backup_days=st.integers(0, 35),
    log_retention_days=st.sampled_from([1, 30, 90, 365]),
    longest_capture_seconds=st.integers(5, 900),
    kem=st.sampled_from(["X25519", "MLKEM768_X25519"]),
    sweep_schedule=st.sampled_from(["rate(1 hour)", "rate(60 minutes)", "cron(0 * * * ? *)"]),
    removed_after_days=st.integers(1, 60),
    upload_days=st.integers(1, 7),
)
SAFE = deepcopy(document())
SAFE["vendors"]["twilio"]["transfers"] = [
    {"country": code, "safeguard": "adequacy decision (Art. 45)"}
    for code in sorted({*REGIONS.values()} - {"DE", "SE", "IT", "ES", "IE", "FR"})
]


@given(lives, lives, st.sampled_from(LANGUAGES), st.sampled_from(AUDIENCES))
@settings(max_examples=60, deadline=None)
def test_L19_two_different_settings_never_give_the_same_text(
    one: LiveSettings, other: LiveSettings, code: str, audience: Audience
) -> None:
    told = [texts(draft(policy(SAFE), live, audience), code) for live in (one, other)]

    assert (told[0] == told[1]) is (one == other)


@pytest.mark.parametrize(
    "change",
    [
        {"region": "eu-west-1"},
        {"api_url": "https://other.example"},
        {"key_backup_days": 0},
        {"key_backup_days": 8},
        {"message_backup_days": 34},
        {"message_backup_days": 0},
        {"log_retention_days": 30},
        {"longest_capture_seconds": 61},
        {"kem": "MLKEM768_X25519"},
        {"sweep_schedule": "rate(1 hour)"},
        {"sweep_schedule": "cron(0 3 * * ? *)"},
        {"removed_after_days": 31},
        {"upload_days": 2},
    ],
    ids=str,
)
def test_L19_each_setting_of_the_stack_changes_one_statement(change: dict[str, Any]) -> None:
    before, after = notice(), notice(live=replace(LIVE, **change))

    assert len(changes(before.model, after.model)) == 1
    for code in LANGUAGES:
        assert (
            sum(a != b for a, b in zip(texts(before, code), texts(after, code), strict=True)) == 1
        )


def test_L19_the_settings_that_no_variable_carries_are_those_of_the_template() -> None:
    lifecycle = declared("AWS::S3::Bucket")["StagingBucket"]["LifecycleConfiguration"]

    assert lifecycle["Rules"][0]["ExpirationInDays"] == LIVE.upload_days


@pytest.mark.parametrize(
    ("place", "value", "pointer"),
    [
        ("classes__support__period", "P180D", "/retention/entries/support/statements/period"),
        ("classes__support__starts", "end_of_year", "/retention/entries/support/statements/period"),
        (
            "classes__support__deletion_window",
            "P14D",
            "/retention/entries/support/statements/deletion",
        ),
        ("channels__email__gate", "off", "/channels/entries/email/statements/gate"),
        ("channels__email__gate", "enforced", "/channels/entries/email/statements/gate"),
        ("channels__email__captures", False, "/channels/entries/email/statements/captured"),
        ("records__requests__period", "P4Y", "/records/entries/requests/statements/period"),
        (
            "purposes__marketing__consent",
            {"validity": "P1Y", "ask_again_after": "P6M"},
            "/purposes/entries/marketing/statements/consent",
        ),
        (
            "purposes__service__granted_by",
            {"inbound_within": "P7D"},
            "/purposes/entries/service/statements/granted",
        ),
        (
            "vendors__twilio__transfers",
            [{"country": "US", "safeguard": "adequacy decision (Art. 45)"}],
            "/transfers/statements/twilio-0",
        ),
        ("controller__contact", "New street 1", "/controller/statements/contact"),
    ],
)
@pytest.mark.parametrize("code", LANGUAGES)
def test_L18_a_change_of_the_policy_changes_the_text_where_it_belongs(
    place: str, value: object, pointer: str, code: str
) -> None:
    before, after = notice(), draft(changed(**{place: value}), LIVE, EXTERNAL)

    found = [change.pointer for change in changes(before.model, after.model)]
    assert pointer in found
    assert differences(before.words, after.words)[code]
    assert before.hash != after.hash


def test_L18_a_new_channel_and_a_new_vendor_are_told_whole() -> None:
    made = document()
    made["channels"]["chat"] = made["channels"]["sms"] | {"description": "Chat.", "vendor": "new"}
    made["vendors"]["new"] = made["vendors"]["ses"] | {"name": "New SA", "country": "FR"}
    after = draft(policy(made), LIVE, EXTERNAL)

    found = {change.pointer: change for change in changes(notice().model, after.model)}

    assert found["/channels/entries/chat/title"].before is None
    assert found["/recipients/entries/new/statements/place"].before is None
    lines = differences(notice().words, after.words)["en"]
    assert "The channels, Chat, Sent through: + New SA" in lines


def test_L18_the_difference_is_readable_in_each_language() -> None:
    after = draft(changed(classes__support__period="P180D"), LIVE, EXTERNAL)

    told = differences(notice().words, after.words)

    [line] = told["en"]
    assert line == (
        "How long we keep messages, Requests to the service desk and the answers to them, Kept:"
        " 1\xa0year from the day of the message → 180\xa0days from the day of the message"
    )
    assert "1\xa0Jahr ab dem Tag der Nachricht → 180\xa0Tage" in told["de"][0]
    assert "1\xa0an à compter du jour du message → 180\xa0jours" in told["fr"][0]


@pytest.mark.parametrize(
    "same",
    [
        {"rules": [*reversed(document()["rules"])]},
        {"function_shards": 8},
        {"vendors__unused__name": "Somebody AG"},
        {"review": {"owner": "privacy", "due": "2027-01-01"}},
    ],
    ids=lambda same: next(iter(same)),
)
def test_L18_what_a_reader_is_not_told_makes_no_new_version(same: dict[str, Any]) -> None:
    assert draft(changed(**same), LIVE, EXTERNAL).hash == notice().hash


REQUIRED: dict[str, dict[str, Any]] = {
    "/controller/data_protection_officer": {"controller__data_protection_officer": None},
    "/controller/supervisory_authority": {"controller__supervisory_authority": None},
    "/controller/representative": {"controller__country": "CH"},
    "/notice/sources": {"notice__sources": []},
    "/notice/automated_decisions": {"notice__automated_decisions": None},
    "/notice/employees": {"notice__employees": None},
    "/purposes/fraud-alert/requirement": {"notice__requirement": None},
    "/vendors/twilio/transfers": {"vendors__twilio__transfers": []},
    "/vendors/ses/transfers": {"vendors__ses__country": "JP"},
    "/notice/translations/fr": {"notice__translations": {"fr": {"/purposes/nothing": "rien"}}},
}


@pytest.mark.parametrize("pointer", REQUIRED)
def test_L19_a_missing_field_fails_and_is_named(pointer: str) -> None:
    lacking = changed(**REQUIRED[pointer])

    assert [problem.pointer for problem in problems(lacking, LIVE)] == [pointer]
    with pytest.raises(InvalidInputError) as failed:
        draft(lacking, LIVE, Audience.EMPLOYEES)
    assert [problem.pointer for problem in failed.value.fields] == [pointer]


def test_L19_a_stack_in_a_third_country_needs_a_safeguard() -> None:
    far = replace(LIVE, region="ap-northeast-1")

    assert [problem.pointer for problem in problems(policy(), far)] == ["/vendors"]


def test_L19_what_employees_are_told_is_no_matter_of_the_others() -> None:
    lacking = changed(notice__employees=None)

    assert not problems(lacking, LIVE, EXTERNAL)
    assert problems(lacking, LIVE, Audience.EMPLOYEES)


ASKED = {
    "13(1)(a) identity and contact": ("controller", "Example GmbH", "Hauptstraße 1"),
    "13(1)(b) data protection officer": ("controller", "dpo@example.com"),
    "13(1)(c) purposes and bases": ("purposes", "News for customers about similar products"),
    "13(1)(d) legitimate interests": ("purposes", "Being able to look up what was agreed."),
    "13(1)(e) recipients": ("recipients", "Twilio Ireland Ltd.", "Amazon Web Services EMEA SARL"),
    "13(1)(e) their processors": ("recipients", "Twilio Inc."),
    "13(1)(f) transfers": ("transfers", "Twilio Ireland Ltd."),
    "13(2)(a) periods": ("retention", "180\xa0", "Recorded telephone calls"),
    "13(2)(c) withdrawal": ("consent", "STOP"),
    "13(2)(d) authority": ("complaint", "Alt-Moabit 59"),
    "13(2)(e) requirement": ("requirement", "You need not give any data"),
    "13(2)(f) automated decisions": ("automated", "No decision is made by machine alone."),
    "14(2)(f) sources": ("sources", "our order system"),
    "32 measures": ("security", "yearly penetration test"),
}


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("asked", ASKED)
def test_L19_each_fact_that_the_law_asks_for_stands_in_its_section(asked: str, code: str) -> None:
    section, *facts = ASKED[asked]
    for audience in AUDIENCES:
        told = " ".join(texts(notice(audience), code, section))
        assert all(fact in told for fact in facts)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_L19_every_right_is_named(audience: Audience) -> None:
    rights = notice(audience).model["rights"]["statements"]

    assert {"access", "rectification", "erasure", "restriction", "portability"} <= rights.keys()
    assert {"withdrawal", "objection", "human"} <= rights.keys()


def test_L19_a_channel_says_whether_its_gate_is_enforced_observed_or_off() -> None:
    channels = notice().model["channels"]["entries"]

    modes = {name: c["statements"]["gate"]["values"]["text"] for name, c in channels.items()}
    assert modes == {
        "email": {"word": "gate.observed"},
        "sms": {"word": "gate.enforced"},
        "voice": {"word": "gate.off"},
    }


def test_employees_alone_are_told_of_what_concerns_them_alone() -> None:
    outside, inside = notice(), notice(Audience.EMPLOYEES)

    assert "employment" not in outside.model["purposes"]["entries"]
    assert "staff" not in outside.model["retention"]["entries"]
    assert "employees" not in outside.model
    assert "employment" in inside.model["purposes"]["entries"]
    assert "staff" in inside.model["retention"]["entries"]
    assert "works council" in " ".join(texts(inside, "en", "employees"))


def test_the_default_class_is_everybody_s() -> None:
    everything = draft(changed(default_class="staff", default_purpose="employment"), LIVE, EXTERNAL)

    assert "staff" in everything.model["retention"]["entries"]
    assert "employment" in everything.model["purposes"]["entries"]


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_L65_the_right_to_object_comes_first_and_stands_by_itself(
    audience: Audience, code: str
) -> None:
    made = notice(audience)

    assert next(iter(made.words[code]["sections"])) == "objection"
    told = made.words[code]["sections"]["objection"]
    assert [*told["statements"]] == ["general", "marketing", "how"]
    assert not told["entries"]
    general, marketing, how = (text_of(each["text"]) for each in told["statements"].values())
    assert "Ordinary business correspondence" in general
    assert "News for customers about similar products" in marketing
    assert "Information about products" in marketing
    assert "STOP" in how
    assert "privacy@example.com" in how


def test_L65_direct_marketing_is_spoken_of_even_where_there_is_none() -> None:
    none = changed(purposes__marketing__direct_marketing=False, purposes__news=None)

    told = draft(none, LIVE, EXTERNAL).model["objection"]["statements"]

    assert told["marketing"]["says"] == "objection_marketing_any"


def test_every_sentence_of_the_files_can_be_said() -> None:
    odd = document()
    odd["reclassifications"][0].pop("first_day")
    odd["vendors"]["twilio"] = odd["vendors"]["twilio"] | {"transfers": [], "sub_processors": []}
    odd["notice"]["requirement"] = None
    del odd["channels"]["email"]["headers"]
    odd["controller"]["country"] = "CH"
    odd["controller"]["representative"] = "EU-Vertreter GmbH, Wien"
    odd["purposes"]["fraud-alert"] |= {
        "special_categories": True,
        "special_ground": "Art. 9(2)(b)",
        "requirement": "The law requires it.",
    }
    del odd["purposes"]["marketing"]["direct_marketing"]
    del odd["purposes"]["news"]
    odd["earlier_periods"] = [
        {
            "of_class": "support",
            "period": "P6M",
            "last_day": "2025-06-30",
            "starts": starts,
            **first,
        }
        for starts in ("message_day", "end_of_year")
        for first in ({}, {"first_day": "2025-01-01"})
    ]
    still = replace(LIVE, key_backup_days=0, message_backup_days=0, sweep_schedule="cron(0 3)")
    odd["classes"]["calls"]["keep_original"] = True
    made = [
        draft(policy(p), live, a) for a in AUDIENCES for p, live in ((odd, still), (None, LIVE))
    ]
    used = {s["says"] for each in made for s in _statements(each.model)}
    used |= {"activity_records"}

    assert used == language("en").words["texts"].keys()
    assert {w.rpartition(".")[0] for each in made for w in _words(each.model)} | {
        "persons",
        "words",
    } == language("en").words["words"].keys()


def _statements(model: Document) -> Iterator[Document]:
    for section in model.values():
        for holder in (section, *section["entries"].values()):
            yield from holder["statements"].values()


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from [node["word"]] if isinstance(node.get("word"), str) else []
        node = [*node.values()]
    if isinstance(node, list):
        for each in node:
            yield from _words(each)


def test_a_document_comes_back_as_it_was_stored() -> None:
    made = notice()

    again = NoticeDocument.read(EXTERNAL, made.json())

    assert again.hash == made.hash
    assert json.loads(again.json()) == json.loads(made.json())


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("code", LANGUAGES)
def test_L20_each_letter_of_the_law_is_answered_in_every_row(view: View, code: str) -> None:
    letters = {View.CONTROLLER: "abcdefg", View.PROCESSOR: "abcd"}[view]
    told = record(policy(), 3, LIVE, view, code)

    articles = {column.article for column in told.columns}
    number = "30(1)" if view is View.CONTROLLER else "30(2)"
    assert {f"{number}({letter})" for letter in letters} <= articles
    assert told.rows
    for row in told.rows.values():
        assert row.keys() == COLUMNS[view].keys()
        assert all(row.values())


def test_L20_every_purpose_and_the_own_records_are_activities() -> None:
    found = {activity.id for activity in activities(policy(), LIVE, View.CONTROLLER)}

    assert found == {*document()["purposes"], "records"}


@pytest.mark.parametrize("code", LANGUAGES)
def test_L20_record_and_notice_give_the_same_periods(code: str) -> None:
    shorter = changed(classes__support__period="P123D")
    told = record(shorter, 3, LIVE, View.CONTROLLER, code)
    said = draft(shorter, LIVE, EXTERNAL).words[code]["sections"]["retention"]["entries"]["support"]
    period = text_of(said["statements"]["period"]["text"])

    assert "123" in period
    assert any(period in limit for limit in told.rows["service"]["limits"])


@pytest.mark.parametrize("path", STARTERS, ids=lambda path: path.stem)
def test_every_example_makes_both_notices_and_a_record(path: Path) -> None:
    example = Policy.model_validate_json(json.dumps(yaml.safe_load(path.read_text()), default=str))

    for audience in AUDIENCES:
        assert draft(example, LIVE, audience).words.keys() == {*LANGUAGES}
    for view, code in ((View.CONTROLLER, "de"), (View.PROCESSOR, "fr")):
        assert record(example, 1, LIVE, view, code).view is view


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_L21_the_default_policy_speaks_every_language_whole(audience: Audience, code: str) -> None:
    told = draft(load_default(), LIVE, audience).words[code]

    assert not [*_foreign(told["sections"])]


def _foreign(told: Document) -> Iterator[object]:
    for section in told.values():
        for holder in (section, *section["entries"].values()):
            runs = [*holder["title"]] if isinstance(holder["title"], list) else []
            runs += [run for each in holder["statements"].values() for run in each["text"]]
            yield from (run for run in runs if not isinstance(run, str))


def test_the_address_of_a_notice() -> None:
    assert (
        address(policy(), "https://a.example/") == "https://a.example/notices/external/{language}"
    )
    ours = changed(notice__public_url="https://example.com/{audience}?lang={language}")
    assert address(ours, "x", Audience.EMPLOYEES) == "https://example.com/employees?lang={language}"
    named = changed(notice__public_url="https://privacy.example.com")
    assert address(named, "x") == "https://privacy.example.com/notices/external/{language}"


def test_L13_first_contact_takes_the_address_of_the_notice_along() -> None:
    german = first_contact_text(policy(), "sms", "de", "https://a.example")
    assert german == (
        "So gehen wir mit Ihren Nachrichten um: https://a.example/notices/external/de"
    )
    french = first_contact_text(policy(), "sms", "fr", "https://a.example")
    assert french == "How we handle your messages: https://a.example/notices/external/en"
    assert first_contact_text(policy(), "email", "de", "https://a.example") is None
    assert first_contact_text(policy(), "nothing", "de", "https://a.example") is None
