"""The notice in a browser: narrow and wide, light and dark, in every language."""

from __future__ import annotations

import html
import json
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lethe.api import answers_notices
from lethe.domain.in_force import Audience
from lethe.domain.languages import available
from lethe.domain.notice_documents import PublishedWords, draft

from tests.notice_scenes import AT, LIVE, document, policy, words
from tests.pages import chromium

pytestmark = pytest.mark.skipif(
    chromium.found() is None, reason="no Chromium on this machine: apt-get install chromium"
)

WIDTHS = (320, 1280)
SCHEMES = {"light": "(max-width:0)", "dark": "(min-width:0)"}
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, for text of ordinary size."""
LEAST_TARGET = 24
"""WCAG 2.2, 2.5.8: pixels of a target that stands in no sentence."""
MEASURE = """
const luminance = c => c.map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const colour = text => text.match(/[\\d.]+/g).map(Number);
const background = (element, window) => {
  for (let e = element; e; e = e.parentElement) {
    const c = colour(window.getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c.slice(0, 3);
  }
  return [255, 255, 255];
};
const contrast = (a, b) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};
const measure = frame => {
  const page = frame.contentDocument, view = frame.contentWindow, root = page.documentElement;
  page.querySelectorAll('details').forEach(each => each.open = true);
  const shown = [...page.body.querySelectorAll('*')].filter(e => e.getClientRects().length
    && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
  return {
    name: frame.title,
    lang: root.lang,
    headings: page.querySelectorAll('h1').length,
    wide: root.scrollWidth - root.clientWidth,
    outside: shown.filter(e => e.getBoundingClientRect().right > root.clientWidth + 1
      && !e.matches('.skip')).map(e => e.textContent.slice(0, 40)),
    contrast: Math.min(...shown.map(e =>
      contrast(colour(view.getComputedStyle(e).color), background(e, view)))),
    targets: Math.min(...[...page.querySelectorAll('.row a, .contents a, summary')]
      .map(e => e.getBoundingClientRect().height)),
    letters: Math.min(...shown.map(e => parseFloat(view.getComputedStyle(e).fontSize))),
    paper: luminance(background(page.body, view)),
    order: [...page.querySelectorAll('h1,h2,h3')].map(e => Number(e.tagName[1])),
    framed: view.getComputedStyle(page.getElementById('objection')).borderTopWidth,
  };
};
addEventListener('load', () => {
  const found = [...document.querySelectorAll('iframe')].map(measure);
  document.getElementById('found').textContent = JSON.stringify(found);
});
"""


def body(shown: PublishedWords, code: str) -> str:
    text = answers_notices.page("external", code, shown, "html", None).body
    assert isinstance(text, str)
    return text


def unbroken() -> PublishedWords:
    """A notice in which the company's words have no place to break."""
    made, long = document(), "Donaudampfschifffahrtsgesellschaft" * 14
    made["controller"]["name"] = made["vendors"]["ses"]["name"] = long
    made["purposes"]["service"] |= {"description": long, "data_categories": [long]}
    made["classes"]["support"]["legal_basis"] = long
    told = draft(policy(made), LIVE, Audience.EXTERNAL)
    return PublishedWords(1, told.words["de"], ("de", "en"), told.hash, AT)


PAGES = {
    **{f"{a}-{code}": body(words(code, a), code) for a in Audience for code in available()},
    "unbroken-de": body(unbroken(), "de"),
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Every page at every width in every scheme, as the browser lays it out."""
    frames = [
        f'<iframe title="{name}-{width}-{scheme}" width="{width}" height="900" frameborder="0"'
        f' srcdoc="{html.escape(page.replace("(prefers-color-scheme:dark)", query))}"></iframe>'
        for name, page in PAGES.items()
        for width in WIDTHS
        for scheme, query in SCHEMES.items()
    ]
    harness = tmp_path_factory.mktemp("pages") / "harness.html"
    harness.write_text(
        f'<meta charset="utf-8"><pre id="found"></pre>{"".join(frames)}<script>{MEASURE}</script>',
        "utf-8",
    )
    told = re.search(r'<pre id="found">(.*?)</pre>', chromium.dom(harness.as_uri()), re.DOTALL)
    assert told is not None
    found: list[dict[str, Any]] = json.loads(html.unescape(told[1]))
    assert len(found) == len(PAGES) * len(WIDTHS) * len(SCHEMES)
    return found


def failing(measured: list[dict[str, Any]], **expected: Any) -> list[str]:
    return [
        f"{page['name']}: {page[key]}"
        for page in measured
        for key, holds in expected.items()
        if not holds(page[key])
    ]


def test_L21_nothing_is_cut_off_or_scrolls_sideways(measured: list[dict[str, Any]]) -> None:
    assert not failing(measured, wide=lambda w: w <= 0, outside=lambda o: not o)


def test_L21_every_text_stands_out_from_what_is_behind_it(measured: list[dict[str, Any]]) -> None:
    assert not failing(measured, contrast=lambda c: c >= LEAST_CONTRAST, letters=lambda s: s >= 14)


def test_light_and_dark_are_two(measured: list[dict[str, Any]]) -> None:
    assert {(page["name"].rpartition("-")[2], page["paper"] > 0.5) for page in measured} == {
        ("light", True),
        ("dark", False),
    }


def test_every_target_is_large_enough_to_be_hit(measured: list[dict[str, Any]]) -> None:
    assert not failing(measured, targets=lambda height: height >= LEAST_TARGET)


def test_a_page_has_one_title_and_no_level_is_left_out(measured: list[dict[str, Any]]) -> None:
    def descends(levels: list[int]) -> bool:
        return all(after <= before + 1 for before, after in pairwise(levels))

    assert not failing(measured, headings=lambda n: n == 1, order=descends)
    assert {page["lang"] for page in measured} == set(available())


def test_L65_the_right_to_object_is_set_apart(measured: list[dict[str, Any]]) -> None:
    assert not failing(measured, framed=lambda width: float(width.removesuffix("px")) >= 1)


def test_the_browser_takes_the_style_under_the_policy_that_is_sent(tmp_path: Path) -> None:
    answer = answers_notices.page("external", "en", words("en"), "html", None)
    headers = {name: str(value) for name, value in answer.headers.items()}
    headers["Content-Type"] = "text/html; charset=utf-8"
    text = str(answer.body)
    forged = text.replace("<style>", "<style>p{color:red}")
    with chromium.serving({"/notice": (text, headers), "/forged": (forged, headers)}) as server:
        assert not [line for line in chromium.console(f"{server}/notice") if "Policy" in line]
        assert [line for line in chromium.console(f"{server}/forged") if "Policy" in line]
        for width in WIDTHS:
            taken = Path(os.environ.get("PICTURES", tmp_path)) / f"notice-{width}.png"
            chromium.picture(f"{server}/notice", width, 2000, taken)
            assert taken.stat().st_size > 50_000
