"""Languages: files that say the same, whose sentences hold no number of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from string import Formatter
from typing import Any

import pytest
from lethe.domain.errors import NotFoundError
from lethe.domain.languages import available, language, text_of
from lethe.domain.periods import Period
from lethe.domain.statements import Count, Literal, Own, Page, Statement, Unit, Value, Word

CITATIONS = {
    "en": r"Articles? \d+(\(\w+\))*(( and|,) (\(\d\)|\d+))*|Directive \d+/\d+/EC",
    "de": r"Art\. \d+( Abs\. \d+( und \d+)?)?( lit\. \w)?|Richtlinie \d+/\d+/EG",
    "fr": r"article \d+(, paragraphes? \d+( et \d+)?)?(, point \w\))?|directive \d+/\d+/CE",
}
NAMES = r"X25519|ML-KEM-768"
LONGEST_SENTENCE = 45
"""Words; the longest ones quote the law."""


def leaves(node: Any, at: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, f"{at}/{key}")
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from leaves(value, f"{at}/{place}")
    else:
        yield at, str(node)


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def said(code: str, value: Value, form: str = "") -> str:
    spoken = language(code)
    return text_of(spoken.fill("{x:" + form + "}" if form else "{x}", {"x": value}))


ENGLISH = dict(leaves(language("en").words))


def test_there_are_three_and_who_asks_for_another_one_is_told() -> None:
    assert set(available()) >= {"de", "en", "fr"}
    with pytest.raises(NotFoundError, match="de, en, fr"):
        language("xx")


@pytest.mark.parametrize("code", available())
def test_every_file_has_the_same_keys_and_placeholders(code: str) -> None:
    here = {at: text for at, text in leaves(language(code).words) if "/dative/" not in at}

    assert here.keys() == ENGLISH.keys()
    assert {at: placeholders(t) for at, t in here.items()} == {
        at: placeholders(t) for at, t in ENGLISH.items()
    }


@pytest.mark.parametrize("code", available())
def test_L19_no_number_stands_in_a_sentence(code: str) -> None:
    for at, text in leaves(language(code).words):
        if at != "/date_first":  # French has a word for the first of a month
            rest = re.sub(rf"{CITATIONS[code]}|{NAMES}", "", text)
            assert not re.search(r"\d", rest), at


@pytest.mark.parametrize("code", available())
def test_L21_sentences_are_short_enough_to_be_read(code: str) -> None:
    for at, text in leaves(language(code).words["texts"]):
        for sentence in re.split(r"(?<=[.?!;:]) ", re.sub(r"\([^)]*\)", "", text)):
            assert len(sentence.split()) <= LONGEST_SENTENCE, at


@pytest.mark.parametrize("code", available())
def test_every_form_that_a_placeholder_names_is_in_the_file(code: str) -> None:
    words = language(code).words
    forms = {
        form
        for _, text in leaves(words["texts"])
        for _, _, form, _ in Formatter().parse(text)
        if form
    }

    assert forms <= words["units"].keys()
    assert all(set(table) == set(Unit) for table in words["units"].values())


@pytest.mark.parametrize(
    ("value", "form", "en", "de", "fr"),
    [
        (Period(years=1), "", "1 year", "1 Jahr", "1 an"),
        (Period(months=6), "", "6 months", "6 Monate", "6 mois"),
        (Period(1, 6, 1), "", "1 year, 6 months and 1 day", "1 Jahr, 6 Monate und 1 Tag", None),
        (Period(), "", "0 days", "0 Tage", "0 jours"),
        (Count(30, Unit.DAY), "", "30 days", "30 Tage", "30 jours"),
        (date(2026, 3, 1), "", "1 March 2026", "1. März 2026", "1er mars 2026"),
        (date(2026, 3, 2), "", "2 March 2026", "2. März 2026", "2 mars 2026"),
        (Word("countries", "DE"), "", "Germany", "Deutschland", "Allemagne"),
        (Word("countries", "QQ"), "", "QQ", "QQ", "QQ"),
        (Page("https://x/{language}"), "", "https://x/en", "https://x/de", "https://x/fr"),
        ((Literal("a"), Literal("b")), "", "a, b", "a, b", "a, b"),
        ((Literal("a, b"), Literal("c")), "", "a, b; c", "a, b; c", "a, b; c"),
    ],
)
def test_values_are_written_as_each_language_writes_them(
    value: Value, form: str, en: str, de: str, fr: str | None
) -> None:
    for code, expected in (("en", en), ("de", de), ("fr", fr)):
        if expected is not None:
            assert said(code, value, form).replace("\N{NO-BREAK SPACE}", " ") == expected


def test_german_bends_its_counts() -> None:
    assert said("de", Period(days=30), "dative") == "30\N{NO-BREAK SPACE}Tagen"
    assert said("de", Period(years=1), "dative") == "1\N{NO-BREAK SPACE}Jahr"


def test_the_company_s_words_appear_as_written_or_as_translated() -> None:
    own = Own("Answering questions.", "/purposes/service/description")
    told = Statement("x", "verbatim", {"text": own})
    translated = language("de").of("en", {"de": {own.at: "Fragen beantworten."}})

    assert language("en").of("en", {}).text(told) == ["Answering questions."]
    assert translated.text(told) == ["Fragen beantworten."]
    assert language("fr").of("en", {}).text(told) == [["Answering questions.", "en"]]


def test_braces_in_the_company_s_words_fill_nothing() -> None:
    own = Own("{text} {0} {x.__class__} %s", "/controller/name")

    assert said("en", own) == own.text
