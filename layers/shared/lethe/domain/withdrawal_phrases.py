"""Free text that may withdraw or object: finds a phrase of `words/phrases.txt` in folded words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from lethe.domain.folding import fold
from lethe.domain.words import fillers, phrases

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP: Final = 4
"""So many words may stand between two slots."""
_STEM: Final = 3
"""A stem has at least so many letters; by them its rules are found."""

_Alternative = tuple[tuple[str, bool], ...]
"""Words that follow each other; True marks a stem."""


@dataclass(frozen=True, slots=True)
class _Rule:
    slots: tuple[tuple[_Alternative, ...], ...]
    loose: tuple[bool, ...]
    """Per slot: whether any words may stand before it, or only little ones."""
    first: bool
    """Whether it counts at the beginning of the text alone."""
    last: bool
    """Whether nothing but little words and politeness may follow."""
    unless: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Index:
    """Rules by the word, or by the beginning of the stem, that they may begin with."""

    words: dict[str, list[_Rule]]
    stems: dict[str, list[tuple[str, _Rule]]]
    little: frozenset[str]
    idle: frozenset[str]
    void_before: frozenset[str]


def found_in(words: Sequence[str]) -> bool:
    """Say whether folded words hold a phrase that may withdraw or object."""
    index = _index()
    present = frozenset(words)
    return any(
        _begins(rule, words, at, index) and present.isdisjoint(rule.unless)
        for at, word in enumerate(words)
        if not at or words[at - 1] not in index.void_before
        for rule in _candidates(word, index)
    )


def _candidates(word: str, index: _Index) -> list[_Rule]:
    by_stem = index.stems.get(word[:_STEM], ())
    return [
        *index.words.get(word, ()),
        *(rule for stem, rule in by_stem if word.startswith(stem)),
    ]


def _begins(rule: _Rule, words: Sequence[str], at: int, index: _Index) -> bool:
    if rule.first and at:
        return False
    return any(
        _follows(rule, 1, words, at + len(alternative), index)
        for alternative in rule.slots[0]
        if _stands(alternative, words, at)
    )


def _follows(rule: _Rule, slot: int, words: Sequence[str], at: int, index: _Index) -> bool:
    """Say whether the slots from this one on are filled, each within the gap of the last."""
    if slot == len(rule.slots):
        return not rule.last or index.idle.issuperset(words[at:])
    for place in range(at, min(at + _GAP + 1, len(words))):
        for alternative in rule.slots[slot]:
            if _stands(alternative, words, place) and _follows(
                rule, slot + 1, words, place + len(alternative), index
            ):
                return True
        if not rule.loose[slot] and words[place] not in index.little:
            return False
    return False


def _stands(alternative: _Alternative, words: Sequence[str], at: int) -> bool:
    return at + len(alternative) <= len(words) and all(
        words[at + n].startswith(text) if is_stem else words[at + n] == text
        for n, (text, is_stem) in enumerate(alternative)
    )


@cache
def _index() -> _Index:
    words: defaultdict[str, list[_Rule]] = defaultdict(list)
    stems: defaultdict[str, list[tuple[str, _Rule]]] = defaultdict(list)
    written = phrases()
    for language in written.languages:
        for line in language.phrases:
            rule = _rule(line, language.about)
            for text, is_stem in dict.fromkeys(alternative[0] for alternative in rule.slots[0]):
                if is_stem:
                    stems[text[:_STEM]].append((text, rule))
                else:
                    words[text].append(rule)
    idle = written.little | fillers()
    return _Index(dict(words), dict(stems), written.little, idle, written.void_before)


def _rule(line: str, about: str) -> _Rule:
    pattern, _, unless = line.partition(" / ")
    slots: list[tuple[_Alternative, ...]] = []
    loose: list[bool] = []
    after_tilde = False
    for part in pattern.removeprefix("^").removesuffix("$").split():
        if part == "~":
            after_tilde = True
            continue
        slots.append(_alternatives(part.replace("{about}", about)))
        loose.append(after_tilde)
        after_tilde = False
    return _Rule(
        slots=tuple(slots),
        loose=tuple(loose),
        first=pattern.startswith("^"),
        last=pattern.endswith("$"),
        unless=frozenset(fold(unless).split()),
    )


@cache
def _alternatives(part: str) -> tuple[_Alternative, ...]:
    return tuple(
        tuple((fold(word), word.endswith("*")) for word in one.split("+"))
        for one in part.split("|")
    )
