"""The page of a withdrawal link: in three languages, escaped, with nothing that runs or loads."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from types import SimpleNamespace
from typing import Any

import pytest
from lethe.api import withdrawal_page
from lethe.domain.errors import NotFoundError, UnavailableError
from lethe.domain.policy import Policy
from lethe.usecases.withdrawing import ShownLink

from tests import gate_scenes

TEXTS = Path(withdrawal_page.__file__).parent / "withdrawal_texts"
EVIL = '<script>alert(1)</script> & "Söhne" {title}'


class Reader(HTMLParser):
    """Collects the elements of a page and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def policy(**changes: Any) -> Policy:
    return Policy.model_validate_json(json.dumps(gate_scenes.document(**changes)))


def answering(shown: ShownLink | Exception) -> Any:
    def answer(_: str) -> ShownLink:
        if isinstance(shown, Exception):
            raise shown
        return shown

    return SimpleNamespace(shown=answer, by_link=answer)


def asked(shown: ShownLink, accepted: str | None = None) -> str:
    body = withdrawal_page.ask(answering(shown), "t", accepted).body
    assert isinstance(body, str)
    return body


def test_every_language_has_the_same_words_and_places() -> None:
    files = {path.stem: json.loads(path.read_text("utf-8")) for path in TEXTS.glob("*.json")}
    assert set(files) == set(withdrawal_page.LANGUAGES)

    for words in files.values():
        assert words.keys() == files["en"].keys()
        for name, text in words.items():
            assert text.strip()
            assert _places(text) == _places(files["en"][name])


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en;q=0.3, fr-CA;q=0.9", "fr"),
        ("it, fr;q=0.5", "fr"),
        ("it", "en"),
        ("de;q=0, en;q=0.1", "en"),
        ("de;q=viel, fr;q=0.1", "fr"),
        ("*", "en"),
        (";;;q=,,", "en"),
        ("DE", "de"),
        ("x" * 5000 + ",de", "en"),
    ],
)
def test_the_language_is_the_one_that_is_liked_best(accepted: str | None, language: str) -> None:
    assert withdrawal_page.preferred(accepted) == language


def test_what_the_policy_says_is_shown_and_does_nothing() -> None:
    purposes = gate_scenes.document()["purposes"]
    purposes["newsletter"]["description"] = EVIL
    document = policy(controller={"name": EVIL, "contact": "x"}, purposes=purposes)

    text = asked(ShownLink(document, "newsletter", "email"))

    reader = Reader()
    reader.feed(text)
    assert "script" not in [tag for tag, _ in reader.found]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Söhne&quot; {title}" in text


def test_the_page_loads_nothing_and_has_one_button() -> None:
    answer = withdrawal_page.ask(answering(ShownLink(policy(), "newsletter", "*")), "t", "fr")
    assert isinstance(answer.body, str)
    reader = Reader()
    reader.feed(answer.body)
    tags = [tag for tag, _ in reader.found]

    assert not {"script", "img", "link", "iframe", "a", "object"} & set(tags)
    assert not [name for _, attributes in reader.found for name in attributes if name == "src"]
    assert tags.count("button") == tags.count("form") == tags.count("h1") == 1
    assert ("html", {"lang": "fr"}) in reader.found
    assert ("form", {"method": "post"}) in reader.found
    assert "tous les canaux" in answer.body
    [style] = re.findall(r"<style>(.*?)</style>", answer.body, re.DOTALL)
    policy_header = answer.headers["Content-Security-Policy"]
    assert b64encode(sha256(style.encode()).digest()).decode() in policy_header
    assert "unsafe" not in policy_header


def test_the_company_s_own_words_come_in_the_language_where_there_are_some() -> None:
    own = {
        "/purposes/newsletter/description": "Neues vom Laden",
        "/channels/sms/description": "SMS",
    }
    document = policy(notice={"translations": {"de": own}})

    german = asked(ShownLink(document, "newsletter", "sms"), "de")

    assert "Neues vom Laden" in german
    assert "<dd>SMS</dd>" in german
    assert "<dd>newsletter</dd>" in asked(ShownLink(document, "newsletter", "sms"), "fr")


def test_a_purpose_that_is_gone_still_has_words() -> None:
    assert "Nachrichten, in die Sie eingewilligt haben" in asked(
        ShownLink(policy(), "bygone", "carrier-pigeon"), "de"
    )


def test_an_unknown_link_has_a_page_and_another_failure_is_one() -> None:
    for answer in (withdrawal_page.ask, withdrawal_page.withdraw):
        found = answer(answering(NotFoundError("no")), "t", None)
        assert (found.status_code, found.content_type) == (404, "text/html; charset=utf-8")
        with pytest.raises(UnavailableError):
            answer(answering(UnavailableError("no")), "t", None)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
