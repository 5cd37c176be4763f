"""Texts in three languages in which somebody marked what is personal, and how well it is found.

A text a line: its language, a tab, the text, in which `[[iban:…]]` stands around what an ideal
reader would find. All numbers are test numbers or made up. There are near misses, innocent
homographs, and what no lexicon can see: those are misses, and stay counted. `labelled_texts.txt`
helped to correct the detectors; by `unseen_texts.txt`, written later and to be hard, nothing was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lethe.domain.channel_settings import Detector
from lethe.domain.detectors import ORDER, Found, find

KNOWN, UNSEEN = "labelled_texts.txt", "unseen_texts.txt"
_LABEL = re.compile(r"\[\[([a-z_]+):(.+?)\]\]")

Finder = Callable[[str], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text, and where in it is what."""

    language: str
    text: str
    labels: tuple[Found, ...]


@dataclass(slots=True)
class Score:
    """What a detector found that is real, found that is not, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """How much of what it found is real."""
        return self.right / (self.right + self.wrong or 1)

    @property
    def recall(self) -> float:
        """How much of what is real it found."""
        return self.right / (self.right + self.missed or 1)


@cache
def labelled_texts(file: str = KNOWN) -> tuple[Labelled, ...]:
    """Read all of a file."""
    lines = Path(__file__).with_name(file).read_text("utf-8").splitlines()
    return tuple(_read(*line.split("\t")) for line in lines)


def detectors(text: str) -> Iterable[Found]:
    """What is measured."""
    return find(text, ORDER)


def scores(finder: Finder = detectors, file: str = KNOWN) -> dict[Detector, Score]:
    """Compare what a finder finds with the labels; of words, a part of a phrase is enough."""
    scored = {detector: Score() for detector in Detector}
    for one in labelled_texts(file):
        found = set(finder(one.text))
        for label in one.labels:
            hits = {each for each in found if _hits(each, label)}
            scored[label.detector].right += bool(hits)
            scored[label.detector].missed += not hits
            found -= hits
        for each in found:
            scored[each.detector].wrong += 1
    return scored


def _hits(found: Found, label: Found) -> bool:
    if found.detector is Detector.SPECIAL is label.detector:
        return found.start < label.end and label.start < found.end
    return found == label


def _read(language: str, marked: str) -> Labelled:
    labels: list[Found] = []
    pieces: list[str] = []
    length = 0
    for plain, detector, value in _pieces(marked):
        pieces += plain, value
        start = length + len(plain)
        length = start + len(value)
        if detector:
            labels.append(Found(start, length, Detector(detector)))
    return Labelled(language, "".join(pieces), tuple(labels))


def _pieces(marked: str) -> Iterator[tuple[str, str, str]]:
    at = 0
    for label in _LABEL.finditer(marked):
        yield marked[at : label.start()], label[1], label[2]
        at = label.end()
    yield marked[at:], "", ""


def added(all_of: Iterable[Score]) -> Score:
    """Add scores up."""
    total = Score()
    for one in all_of:
        total.right += one.right
        total.wrong += one.wrong
        total.missed += one.missed
    return total


def table() -> str:
    """Write the scores down as docs/minimisation.md shows them."""
    known, unseen = scores(), scores(file=UNSEEN)
    return "\n".join(
        f"| `{detector}` | {_shown(known[detector])} | {_shown(unseen[detector])} |"
        for detector in ORDER
    )


def _shown(score: Score) -> str:
    counts = f"{score.right} / {score.wrong} / {score.missed}"
    return f"{counts} | {score.precision:.0%} | {score.recall:.0%}"
