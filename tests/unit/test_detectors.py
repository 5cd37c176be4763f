"""What detectors find in a text, how surely, and that no text holds them up."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lethe.domain import candidates
from lethe.domain.channel_settings import Detector
from lethe.domain.detectors import ORDER, Found, find, resolved
from lethe.domain.html_text import Html

from tests.labelled import KNOWN, UNSEEN, Score, labelled_texts, scores, table
from tools.local_aws import ROOT

# What each finds rightly, wrongly, and misses: docs/minimisation.md says the same.
EXPECTED = {
    KNOWN: {
        Detector.EMAIL: Score(21, 0, 3),
        Detector.IBAN: Score(29, 0, 0),
        Detector.CARD: Score(21, 0, 0),
        Detector.NATIONAL_ID: Score(65, 0, 3),
        Detector.PHONE: Score(60, 0, 0),
        Detector.SPECIAL: Score(95, 0, 7),
    },
    UNSEEN: {
        Detector.EMAIL: Score(4, 0, 0),
        Detector.IBAN: Score(5, 0, 0),
        Detector.CARD: Score(1, 0, 0),
        Detector.NATIONAL_ID: Score(1, 0, 2),
        Detector.PHONE: Score(13, 2, 0),
        Detector.SPECIAL: Score(6, 7, 16),
    },
}


def shown(text: str, *detectors: Detector) -> list[str]:
    return [text[one.start : one.end] for one in find(text, detectors or ORDER)]


# How well


def test_the_labelled_texts_are_many_and_speak_three_languages() -> None:
    texts = labelled_texts()
    assert len({one.text for one in texts}) >= 400
    for language in ("en", "de", "fr"):
        spoken = [one for one in texts if one.language == language]
        assert len(spoken) > 100
        assert {label.detector for one in spoken for label in one.labels} == set(Detector)
        assert sum(not one.labels for one in spoken) > 30


@pytest.mark.parametrize("file", [KNOWN, UNSEEN])
def test_each_detector_finds_what_is_written_down(file: str) -> None:
    assert scores(file=file) == EXPECTED[file]


def test_what_is_masked_by_its_number_is_found_and_nothing_else() -> None:
    scored = scores()
    for detector in Detector:
        assert scored[detector].precision >= 0.98, detector
        assert scored[detector].recall >= 0.85, detector
    for detector in (Detector.IBAN, Detector.CARD, Detector.PHONE):
        assert scored[detector].recall >= 0.98, detector


def test_the_document_says_how_well() -> None:
    assert table() in (ROOT / "docs" / "minimisation.md").read_text("utf-8"), table()


# What


@pytest.mark.parametrize(
    ("text", "found"),
    {
        "from 030 23125 123 0151 23456789 on": ["030 23125 123", "0151 23456789"],
        "Tel. 0151 23456789, 07.12.34.56.78": ["0151 23456789", "07.12.34.56.78"],
        "4111 1111 1111 1111 123": ["4111 1111 1111 1111"],
        "DE89 3704 0044 0532 0130 00 bitte": ["DE89 3704 0044 0532 0130 00"],
        "(de89370400440532013000)": ["de89370400440532013000"],
        "4915112345678@s.example.net": ["4915112345678@s.example.net"],
        "mail a.b@example.com.": ["a.b@example.com"],
        "a@b": [],
        "INV-4111111111111111": [],
        "x4111111111111111": [],
        "**** **** **** 1111": [],
        "Order no. 0151 23456789": [],
        "1237 010180, 1238 010180": ["1237 010180"],
        "BSN 123456782": ["123456782"],
        "123456782 (BSN)": ["123456782"],
        "DNA-Test, dna tests, DNA": ["DNA-Test", "dna tests"],
        "Ver.di, je suis se\u0301ropositif, seropositif": [
            "Ver.di",
            "se\u0301ropositif",
            "seropositif",
        ],
        "AIDS and hearing aids": ["AIDS"],
        "schwül, schwul, JÜDISCH, juedisch": ["schwul", "JÜDISCH", "juedisch"],
    }.items(),
)
def test_what_is_found(text: str, found: list[str]) -> None:
    assert shown(text) == found


def test_a_word_names_a_number_only_if_nothing_found_stands_between() -> None:
    assert shown("BSN 123456782") == ["123456782"]
    assert shown("BSN a@example.com 123456782") == ["a@example.com"]
    assert shown("BSN *** 123456782") == []


def test_one_detector_alone_takes_no_iban_for_a_telephone_number() -> None:
    text = "DE89 0151 2345 6789 0130 00 and DE89 3704 0044 0532 0130 00"
    assert shown(text, Detector.PHONE) == []
    assert shown("gay@example.com is gay", Detector.SPECIAL) == ["gay"]


def test_of_overlapping_findings_the_longest_stays_and_then_the_first_in_order() -> None:
    iban, phone = Found(0, 22, Detector.IBAN), Found(4, 18, Detector.PHONE)
    card, other = Found(30, 46, Detector.CARD), Found(30, 46, Detector.PHONE)
    assert resolved([phone, other, card, iban, Found(5, 5, Detector.EMAIL)]) == (iban, card)
    assert resolved([Found(0, 5, Detector.CARD), Found(3, 30, Detector.PHONE)]) == (
        Found(3, 30, Detector.PHONE),
    )


def test_a_deployment_adds_a_detector_of_its_own() -> None:
    class Names:
        def find(self, text: str) -> Iterable[Found]:
            at = text.find("Mara")
            return [Found(at, at + 4, Detector.SPECIAL)] if at >= 0 else []

    text = "Mara has 4111 1111 1111 1111"
    found = find(text, [Detector.SPECIAL, Detector.CARD], [Names()])
    assert [text[one.start : one.end] for one in found] == ["Mara", "4111 1111 1111 1111"]


def test_beyond_so_many_checks_what_looks_like_one_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MAX_CHECKS", 3)
    assert shown("a@b.c1 a@b.c2 a@b.c3 a@b.c4") == ["a@b.c4"]


# No text holds them up


SHAPES = (
    *("1 ", "12 ", "01 ", "1.", "1-", "+", "(0)", "0151 234 567 8 ", "Tel 1 ", "BSN 123456789 "),
    *(
        "a@",
        "a.a.",
        "a@b.c ",
        "@",
        "AA11 ",
        "DE11 1111 ",
        "4111 ",
        "ABCDEF12A",
        "X1234567",
        "a" * 9,
    ),
    *("schwanger ", "an ", "ver.", "suffer from ", "\x00", "*** ", "é", "\u0301", "\u00a0"),
)
TAGS = ("<", "<a", "<a b=", '<a b="', "<!--", "<script>", "&", "&#1", "&amp;", "</", "<p>x")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_long_text_of_any_shape_takes_time_in_line_with_its_length(shape: str) -> None:
    """No time is measured: with a quadratic step, this would not end."""
    text = (shape * 200_000)[:200_000]
    for one in find(text, ORDER):
        assert 0 <= one.start < one.end <= len(text)


@pytest.mark.parametrize("shape", TAGS)
def test_html_of_any_shape_is_read_in_line_with_its_length(shape: str) -> None:
    html = (shape * 1_000_000)[:1_000_000]
    document = Html(html)
    assert document.source() == html
    assert sum(len(view.text()) for view in document.views()) < 2_000_000


@given(st.text("0123456789 -./+()@:*\x00abDEX\n\u00a0éß", max_size=80))
def test_findings_lie_in_the_text_in_order_and_apart(text: str) -> None:
    end = 0
    for one in find(text, ORDER):
        assert end <= one.start < one.end <= len(text)
        end = one.end
