"""The policy's own texts in other languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from lethe.domain.in_force import Audience
from lethe.domain.notice_documents import draft
from lethe.domain.policy import load_default

from tests.notice_scenes import LIVE
from tests.policies import document, policy

PLACE = "/purposes/service/description"
SERVICE: dict[str, Any] = document()["purposes"]["service"]


def in_language(words: object, code: str) -> Iterator[str]:
    """Yield the texts that are marked as being in a language."""
    match words:
        case [str(text), marked] if marked == code:
            yield text
        case list():
            for each in words:
                yield from in_language(each, code)
        case dict():
            for each in words.values():
                yield from in_language(each, code)


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("code", ["de", "fr"])
def test_L21_the_notice_of_the_default_is_in_one_language(audience: Audience, code: str) -> None:
    words = draft(load_default(), LIVE, audience).words[code]
    assert list(in_language(words, "en")) == []


def test_every_translation_of_the_default_belongs_to_a_text() -> None:
    translations = load_default().notice.translations
    assert translations.keys() == {"de", "fr"}
    assert translations["de"].keys() == translations["fr"].keys()
    assert all(len(texts) > 100 for texts in translations.values())


def translated(text: str, description: str = "Service.") -> dict[str, Any]:
    return {
        "purposes": {"service": SERVICE | {"description": description}},
        "notice": {"translations": {"de": {PLACE: text}}},
    }


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        (translated("Dienst."), []),
        (
            translated("Dienst.", "Repairs."),
            ["/notice/translations/de/~1purposes~1service~1description"],
        ),
        (translated("Reparaturen.", "Repairs."), []),
        ({"purposes": {"service": SERVICE | {"description": "Repairs."}}}, []),
    ],
)
def test_L21_a_translation_may_not_stay_while_its_text_changes(
    changes: dict[str, Any], pointers: list[str]
) -> None:
    before = policy(**translated("Dienst."))
    found = policy(**changes).refused_changes(before)
    assert [problem.pointer for problem in found] == pointers


def test_a_translation_that_is_new_is_taken_as_it_is() -> None:
    assert policy(**translated("Dienst.", "Repairs.")).refused_changes(policy()) == ()
