"""The policy's own texts in other languages: by their place in the document, never out of date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from lethe.domain.errors import FieldProblem

if TYPE_CHECKING:
    from lethe.domain.policy import Policy

_STALE: Final = "The text changed; translate it anew, or leave this translation out."


def by_place(document: object, words: Mapping[str, str]) -> dict[str, str]:
    """Return what `words` say for the texts of a document, by the JSON Pointer of each."""
    return {place: words[text] for place, text in _texts(document) if text in words}


def stale(policy: Policy, previous: Policy) -> Iterator[FieldProblem]:
    """Yield the translations that stayed while their text changed: notices would differ."""
    if not policy.notice.translations:
        return
    texts, before = (dict(_texts(each.model_dump(mode="json"))) for each in (policy, previous))
    for language, translated in policy.notice.translations.items():
        known = previous.notice.translations.get(language, {})
        for place, text in translated.items():
            same = known.get(place) == text
            if same and place in texts and texts[place] != before.get(place):
                yield FieldProblem(f"/notice/translations/{language}/{_escaped(place)}", _STALE)


def _texts(node: object, place: str = "") -> Iterator[tuple[str, str]]:
    match node:
        case str():
            yield place, node
        case dict():
            for name, each in node.items():
                if place != "/notice" or name != "translations":
                    yield from _texts(each, f"{place}/{name}")
        case list():
            for at, each in enumerate(node):
                yield from _texts(each, f"{place}/{at}")


def _escaped(place: str) -> str:
    """Return a JSON Pointer as one step of another (RFC 6901)."""
    return place.replace("~", "~0").replace("/", "~1")
