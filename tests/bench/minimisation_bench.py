"""How fast texts of 1 KB are minimised, and how well, beside asking the libraries about everything.

The peer is the obvious way to use the same libraries: every word of the text goes to each module of
stdnum and to Luhn's check, `PhoneNumberMatcher` reads the whole text for three countries, a pattern
finds e-mail addresses, and each word of the lexicon is looked for. Lethe finds candidates first, by
one pattern a detector. Both run in turn over the same texts; the ratio compares their best rounds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from time import perf_counter
from typing import Any

from lethe.domain.channel_settings import Action, Detector
from lethe.domain.detectors import ORDER, Found, resolved
from lethe.domain.identifiers import MODULES
from lethe.domain.minimisation import minimise_text
from lethe.domain.special_words import LEXICON
from phonenumbers import Leniency, PhoneNumberMatcher

from tests.bench.figures import Figure, at_least, informs
from tests.bench.texts import text
from tests.labelled import KNOWN, UNSEEN, added, labelled_texts, scores

TEXTS = 100
ROUNDS = 5
_WORD = re.compile(r"[^\s,;:()]+")
_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+\.[\w.-]*\w")
_MASK = dict.fromkeys(Detector, Action.MASK)


def texts() -> list[str]:
    """Ordinary texts of 1,000 characters, each with a sentence or two that has something in it."""
    labelled = [one.text for one in labelled_texts() if one.labels]
    return [
        f"{labelled[number]} {text(number)}"[:900] + f" {labelled[-1 - number]}"
        for number in range(TEXTS)
    ]


def libraries(whole: str) -> Iterable[Found]:
    """The peer."""
    return resolved(_asked(whole))


def _asked(whole: str) -> Iterator[Found]:
    for word in _WORD.finditer(whole):
        value = word[0].rstrip(".")
        for detector in _numbers(value):
            yield Found(word.start(), word.start() + len(value), detector)
    for region in ("GB", "DE", "FR"):
        for match in PhoneNumberMatcher(whole, region, leniency=Leniency.VALID):
            yield Found(match.start, match.end, Detector.PHONE)
    for email in _EMAIL.finditer(whole):
        yield Found(email.start(), email.end(), Detector.EMAIL)
    folded = whole.casefold()
    for words in LEXICON.values():
        for entry in words.split():
            wanted = entry.replace("_", " ").strip("*").casefold()
            at = folded.find(wanted)
            if at >= 0:
                yield Found(at, at + len(wanted), Detector.SPECIAL)


def _numbers(value: str) -> Iterator[Detector]:
    iban, luhn, modules = _modules()
    if iban.is_valid(value):
        yield Detector.IBAN
    if 13 <= len(value) <= 19 and luhn.is_valid(value.replace("-", "")):
        yield Detector.CARD
    if any(module.is_valid(value) for module in modules):
        yield Detector.NATIONAL_ID


@cache
def _modules() -> tuple[Any, Any, tuple[Any, ...]]:
    named = (import_module(f"stdnum.{name}") for name in sorted(MODULES))
    return import_module("stdnum.iban"), import_module("stdnum.luhn"), tuple(named)


def seconds(act: Callable[[str], object], over: list[str]) -> float:
    """Seconds for one text."""
    start = perf_counter()
    for one in over:
        act(one)
    return (perf_counter() - start) / len(over)


def figures() -> Iterator[Figure]:
    """Measure; whether a figure of quality changed is a unit test's question."""
    over = texts()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(seconds(lambda one: minimise_text(one, _MASK), over))
        theirs.append(seconds(lambda one: list(libraries(one)), over))
    yield informs("minimise_1kb_texts_per_second", 1 / min(ours), "texts/s")
    yield at_least("minimise_vs_asking_libraries", min(theirs) / min(ours), 2)
    for file, name in ((KNOWN, "minimise"), (UNSEEN, "minimise_unseen")):
        mine = scores(file=file)
        for detector in ORDER:
            yield informs(f"{name}_precision.{detector}", mine[detector].precision, "")
            yield informs(f"{name}_recall.{detector}", mine[detector].recall, "")
        for whose, all_of in (("all", mine), ("libraries", scores(libraries, file))):
            total = added(all_of.values())
            yield informs(f"{name}_precision.{whose}", total.precision, "")
            yield informs(f"{name}_recall.{whose}", total.recall, "")
