"""The word lists of `words/`: keywords and phrases in the 24 official languages of the EU."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from lethe.domain.folding import fold

_FOLDER: Final = Path(__file__).with_name("words")


@dataclass(frozen=True, slots=True)
class Language:
    """One language of `phrases.txt`: what messages are called, and the phrases as written."""

    name: str
    about: str
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    """The file `phrases.txt`."""

    little: frozenset[str]
    """Words that may stand between two slots."""
    void_before: frozenset[str]
    """Words after which no phrase begins."""
    languages: tuple[Language, ...]


def by_language(name: str) -> dict[str, tuple[str, ...]]:
    """Return the words of `stop.txt` or `start.txt` as they are written."""
    pairs = (line.split(":", 1) for line in _lines(name))
    return {key: tuple(word.strip() for word in words.split("|")) for key, words in pairs}


@cache
def folded(name: str) -> frozenset[str]:
    """Return the words of `stop.txt` or `start.txt`, folded."""
    return frozenset(fold(word) for words in by_language(name).values() for word in words)


@cache
def fillers() -> frozenset[str]:
    """Return the words of `fillers.txt`, folded."""
    return frozenset(fold(" ".join(_lines("fillers"))).split())


@cache
def phrases() -> Phrases:
    """Return `phrases.txt`."""
    sections: dict[str, list[str]] = {}
    for line in _lines("phrases"):
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[]"), [])
        else:
            lines.append(line)
    little, void = (
        frozenset(fold(" ".join(sections.pop(name))).split()) for name in ("little", "void before")
    )
    return Phrases(
        little,
        void,
        tuple(
            Language(name, about.removeprefix("about = "), tuple(rules))
            for name, (about, *rules) in sections.items()
        ),
    )


def _lines(name: str) -> list[str]:
    """Return the lines of a file without comments and blank ones."""
    text = (_FOLDER / f"{name}.txt").read_text("utf-8")
    bare = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in bare if line]
