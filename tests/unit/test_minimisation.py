"""Masks, flags and refusals in what leaves, in plain text and in HTML; minimised once is enough."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lethe.domain.channel_settings import Action, Detector
from lethe.domain.minimisation import Minimised, minimise_html, minimise_text

IBAN = "DE89 3704 0044 0532 0130 00"
MASK = dict.fromkeys(Detector, Action.MASK)


@pytest.mark.parametrize(
    ("text", "masked"),
    {
        f"Pay to {IBAN}!": "Pay to DE** **** 3000!",
        "gb33bukb20201555555555": "GB** **** 5555",
        "Card 4111-1111-1111-1111, 378282246310005": (
            "Card **** **** **** 1111, **** **** **** 0005"
        ),
        "Steuer-ID 36574261809": "Steuer-ID *** *** ***",
        "call +49 (0)30 1234567 or 0171 3920006": "call +** *** *** or +** *** ***",
        "mara@example.org, o'neil+x@example.co.uk": "***@***, ***@***",
        "Ich bin schwanger und in der IG Metall.": "Ich bin *** und in der ***.",
        "Nothing to see, order 4711.": "Nothing to see, order 4711.",
        "": "",
    }.items(),
)
def test_a_mask_says_what_stood_there_and_no_more(text: str, masked: str) -> None:
    assert minimise_text(text, MASK).text == masked
    assert minimise_html(text, MASK).text == masked


def test_each_detector_has_its_own_action() -> None:
    actions = {
        Detector.IBAN: Action.FLAG,
        Detector.CARD: Action.REFUSE,
        Detector.EMAIL: Action.MASK,
        Detector.PHONE: Action.ALLOW,
    }
    text = f"{IBAN}, {IBAN}, 4111111111111111, a@example.com, +49 30 1234567, gay"

    assert minimise_text(text, actions) == Minimised(
        text.replace("a@example.com", "***@***"),
        masked={Detector.EMAIL: 1},
        flagged={Detector.IBAN: 2},
        refused={Detector.CARD: 1},
    )
    assert minimise_text(text, {}) == Minimised(text)
    assert minimise_text(text, dict.fromkeys(Detector, Action.ALLOW)) == Minimised(text)


@pytest.mark.parametrize(
    ("html", "masked"),
    {
        "<p>DE89&nbsp;<b>3704</b>&#32;0044 0532 0130 00<br>x": ("<p>DE** **** 3000<b></b><br>x"),
        '<a href="mailto:a@example.com?x=1">a<i>@</i>example.com</a>': (
            '<a href="mailto:***@***?x=1">***@***<i></i></a>'
        ),
        "<a href='tel:+49301234567' title=call>call</a>": (
            "<a href='tel:+** *** ***' title=call>call</a>"
        ),
        "<td>0151</td><td>23456789</td>": "<td>0151</td><td>23456789</td>",
        "a&#64;example.com &amp; co &lt;b@example.com&gt;": "***@*** &amp; co &lt;***@***&gt;",
        "<!-- a@example.com --><style>/* a@example.com */</style>": (
            "<!-- ***@*** --><style>/* ***@*** */</style>"
        ),
        "1 < 2 a@example.com <": "1 < 2 ***@*** <",
        '<img alt="a@example.com" src=x': '<img alt="***@***" src=x',
        "trade <b>union</b> fees": "***<b></b> fees",
    }.items(),
)
def test_html_is_masked_in_text_and_attributes_and_its_tags_stay(html: str, masked: str) -> None:
    assert minimise_html(html, MASK).text == masked


_PIECES = (
    *(IBAN, "de89370400440532013000", "GB82WEST12345698765432", "4111 1111 1111 1111"),
    *("378282246310005", "0151 23456789", "+49 (0)30 1234567", "030/1234567", "612 345 678"),
    *("01 42 68 53 00", "Tel. ", "BSN ", "123456782", "36574261809", "44051401359", "PESEL"),
    *("RSSMRA85T10A562S", "85.07.30-033.28", "1237 010180", "12345678Z", "max@example.com", "a@b"),
    *("schwanger", " order ", "trade union", "tropic of cancer", "x", "1", "0", "00 ", "+", "-"),
    *("/", " ", ".", ":", "\n", "****", "**** ", "***", "DE", "\u00a0", "(", ")", "@", "_", "ä"),
    *("3000", "<b>", "</b>", "<p>", "&amp;", "&#64;", "'", '"', '<a href="', '">'),
)
_TEXTS = st.lists(
    st.sampled_from(_PIECES) | st.text("0123456789 -./+()@ab*DE", max_size=6), max_size=14
).map("".join)
_ACTIONS = st.dictionaries(
    st.sampled_from(list(Detector)), st.sampled_from(list(Action)), min_size=1
)


@settings(max_examples=300)
@given(_TEXTS, _ACTIONS | st.just(MASK))
def test_a_minimised_text_minimises_to_itself(text: str, actions: dict[Detector, Action]) -> None:
    for minimise in (minimise_text, minimise_html):
        once = minimise(text, actions)
        twice = minimise(once.text, actions)
        assert twice.text == once.text
        assert not twice.masked


_NEIGHBOURS = (
    *(IBAN, "GB82WEST12345698765432", "4111 1111 1111 1111", "0151 23456789", "+49 30 1234567"),
    *("(030) 1234567", "36574261809", "X1234567L", "BSN 123456782", "a@example.com", "schwanger"),
    *("tropic of cancer", "order", "17"),
)
_BETWEEN = ("", " ", "-", "/", ".", "+", "(", " - ", ", ", "\n", "_", "*", "** ", "-+", "/ ")


@pytest.mark.parametrize("between", _BETWEEN)
def test_whatever_stands_beside_whatever_once_is_enough(between: str) -> None:
    for left in _NEIGHBOURS:
        for right in _NEIGHBOURS:
            once = minimise_text(f"{left}{between}{right}", MASK)
            assert minimise_text(once.text, MASK) == Minimised(once.text), (left, right)


_MARKUP = re.compile(r"<[a-zA-Z/!][a-zA-Z0-9]*")


@given(_TEXTS)
def test_no_tag_comes_or_goes(html: str) -> None:
    masked = minimise_html(html, MASK).text
    assert _MARKUP.findall(masked) == _MARKUP.findall(html)
    assert masked.count(">") == html.count(">")
