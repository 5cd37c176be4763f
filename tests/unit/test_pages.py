"""Pages: what comes from elsewhere is shown and does nothing, in HTML, Markdown and CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from lethe.api import answers_notices, answers_records, pages
from lethe.domain.in_force import Audience
from lethe.domain.notice_documents import PublishedWords, draft
from lethe.domain.processing_records import View, record
from markupsafe import Markup

from tests.notice_scenes import AT, LIVE, document, policy, words

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><style>*{display:none}",
    "{{ 7 * 7 }} {% raw %}",
    "javascript:alert(1)",
    "https://a.example/\"onmouseover='alert(1)'",
    "[click](javascript:alert(1)) ![x](y) `code` <b>",
    "# head\n\n- item\n> quote | cell",
    "&lt;script&gt; &amp;",
]


class Tags(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]


def poisoned(text: str) -> PublishedWords:
    """A notice in which the company's own words are hostile wherever they may stand."""
    made = document()
    made["controller"] |= {"name": text, "contact": text, "data_protection_officer": text}
    made["purposes"]["service"] |= {"description": text, "requirement": text, "recipients": [text]}
    made["classes"]["support"] |= {"description": text, "legal_basis": text}
    made["vendors"]["ses"] |= {"name": text, "service": text, "region": text}
    made["channels"]["email"] |= {"description": text}
    made["records"]["audit"] |= {"content": text, "starts": text}
    made["notice"] |= {"sources": [text], "automated_decisions": text, "language": "de"}
    told = draft(policy(made), LIVE, Audience.EXTERNAL)
    return PublishedWords(1, json.loads(json.dumps(told.words["en"])), ("en",), told.hash, AT)


def body(shown: PublishedWords, kind: str = "html", code: str = "en") -> str:
    text = answers_notices.page("external", code, shown, kind, None).body
    assert isinstance(text, str)
    return text


HARMLESS = Tags(body(words("en"))).found


@pytest.mark.parametrize("text", HOSTILE)
def test_no_word_of_the_policy_becomes_markup(text: str) -> None:
    page = Tags(body(poisoned(text)))

    assert {tag for tag, _ in page.found} <= {tag for tag, _ in HARMLESS} | {"span"}
    assert not [a for _, attrs in page.found for a in attrs if a.startswith("on")]
    targets = [str(attrs["href"]) for attrs in page.named("a")]
    assert all(t.startswith(("https://", "mailto:", "#", "?")) or len(t) == 2 for t in targets)
    assert page.text.count(text.removesuffix(".")) > 10


@pytest.mark.parametrize("text", HOSTILE)
def test_no_word_of_the_policy_marks_up_the_markdown(text: str) -> None:
    told = body(poisoned(text), "md")

    assert "<" not in told
    headings = [line for line in told.splitlines() if line.startswith("#")]
    clean = body(poisoned("x"), "md")
    assert len(headings) == sum(line.startswith("#") for line in clean.splitlines())
    assert len(told.splitlines()) == len(clean.splitlines())
    assert "](" not in told.replace("\\](", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. not a list", r"1\. not a list"),
        ("- not a list", r"\- not a list"),
        ("+ not a list", r"\+ not a list"),
        ("--- no rule", r"\--- no rule"),
        ("=== no heading", r"\=== no heading"),
        ("Example No. 1", "Example No. 1"),
        ("a_b*c", r"a\_b\*c"),
        ("a & b < c", "a &amp; b &lt; c"),
        ("2\N{NO-BREAK SPACE}years", "2\N{NO-BREAK SPACE}years"),
    ],
)
def test_markdown_shows_text_as_it_is(text: str, expected: str) -> None:
    assert pages.escaped(text) == expected


def test_addresses_become_links_and_other_languages_are_marked() -> None:
    runs: list[Any] = [
        "Ask dpo@example.com, or see https://example.com/a?b=1&c=2.",
        ["Hallo", "de"],
    ]

    assert pages.linked(runs) == Markup(
        'Ask <a href="mailto:dpo@example.com">dpo@example.com</a>, or see'
        ' <a href="https://example.com/a?b=1&amp;c=2">https://example.com/a?b=1&amp;c=2</a>.'
        '<span lang="de">Hallo</span>'
    )


@pytest.mark.parametrize("code", ["de", "en", "fr"])
def test_L21_the_page_is_whole_by_itself(code: str) -> None:
    page = Tags(body(words(code), code=code))

    assert page.named("html") == [{"lang": code}]
    assert len(page.named("h1")) == len(page.named("main")) == len(page.named("header")) == 1
    assert not page.named("script")
    assert not page.named("link")
    assert not page.named("img")
    assert not [attrs for _, attrs in page.found if "style" in attrs or "src" in attrs]
    ids = [str(attrs["id"]) for _, attrs in page.found if "id" in attrs]
    assert len(ids) == len(set(ids))
    inner = [str(attrs["href"])[1:] for attrs in page.named("a") if str(attrs["href"])[0] == "#"]
    assert set(inner) <= set(ids)
    others = {str(attrs["hreflang"]) for attrs in page.named("a") if "hreflang" in attrs}
    assert others == {"de", "en", "fr"} - {code}
    assert {attrs["lang"] for attrs in page.named("span")} <= {"en"}


def test_L65_the_right_to_object_is_the_first_section_of_the_page() -> None:
    first = next(attrs for tag, attrs in Tags(body(words("en"))).found if tag == "section")

    assert first["id"] == "objection"


def test_the_page_allows_nothing_but_its_own_style() -> None:
    answer = answers_notices.page("external", "en", words("en"), "html", None)

    policy_header = str(answer.headers["Content-Security-Policy"])
    assert policy_header.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy_header
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Language"] == "en"


def test_the_same_page_is_not_sent_twice_and_another_one_is() -> None:
    shown = words("en")
    tag = str(answers_notices.page("external", "en", shown, "html", None).headers["ETag"])

    assert answers_notices.page("external", "en", shown, "html", tag).status_code == 304
    for other in (
        answers_notices.page("external", "en", replace(shown, version=4), "html", tag),
        answers_notices.page("external", "en", shown, "md", tag),
        answers_notices.page("employees", "en", shown, "html", tag),
        answers_notices.page("external", "en", replace(shown, hash="0" * 64), "html", tag),
    ):
        assert other.status_code == 200


def test_three_formats_say_the_same() -> None:
    told = json.loads(body(words("en"), "json"))
    page, text = Tags(body(words("en"))).text, body(words("en"), "md")

    said = [s["text"] for section in told["sections"] for s in section["statements"]]
    said += [
        s["text"]
        for section in told["sections"]
        for e in section["entries"]
        for s in e["statements"]
    ]
    assert len(said) > 100
    assert all(each in page for each in said)
    assert all(str(pages.escaped(each)) in text for each in said)
    assert told["version"] == 3
    assert told["published_at"] == "2026-03-01T12:00:00.000Z"
    assert "Version 3, in force since 1 March 2026" in page


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "\uff0b1", "\uff20x"]
)
def test_L20_no_cell_is_a_formula(cell: str) -> None:
    assert answers_records.safe(cell).startswith("'")


def test_L20_a_spreadsheet_reads_what_was_written_and_computes_nothing() -> None:
    made = document()
    formula = '=HYPERLINK("https://evil.example","x")'
    made["controller"]["name"] = formula
    made["purposes"]["service"]["description"] = '+49 30 1234, "quoted"\nand more.'
    told = record(policy(made), 1, LIVE, View.CONTROLLER, "en")

    answer = answers_records.record(told, "csv")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert isinstance(answer.body, str)
    head, *rows = csv.reader(io.StringIO(answer.body.removeprefix("\ufeff")))
    assert head[0] == "id"
    assert len(rows) == len(told.rows)
    assert {len(row) for row in rows} == {len(head)}
    assert not [cell for row in (head, *rows) for cell in row if cell[:1] in "=+-@\t\r" and cell]
    assert rows[0][1].startswith(f"'{formula}")


def test_L20_the_record_as_json_has_every_column() -> None:
    told = record(policy(), 7, LIVE, View.PROCESSOR, "de")

    answer = json.loads(str(answers_records.record(told, "json").body))

    assert answer["policy_version"] == 7
    assert [column["article"] for column in answer["columns"]][-1] == "Art. 30(2)(d) GDPR"
    assert answer["activities"][0]["controller"] == ["Other AG", "privacy@other.example"]
