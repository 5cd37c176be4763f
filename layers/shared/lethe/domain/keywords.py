"""STOP and START as the whole message, and free text that may withdraw (Art. 7(3), 21(5))."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lethe.domain.folding import fold
from lethe.domain.withdrawal_phrases import found_in
from lethe.domain.words import fillers, folded

if TYPE_CHECKING:
    from lethe.domain.channel_settings import Keywords

MAX_CHARACTERS: Final = 20_000
"""More than that, quotations included, is no message of somebody who wants to stop messages."""
MAX_OWN_CHARACTERS: Final = 1_000
"""Free text longer than that, quotations left out, is not looked through."""

_OLDER_MAIL: Final = "-----"


class Heard(StrEnum):
    """What a message says about further messages."""

    STOP = "stop"
    START = "start"
    MAYBE = "maybe"
    """It may withdraw, and a human reads it."""


def read(text: str, keywords: Keywords | None = None) -> Heard | None:
    """Return what a message says about further messages; None if nothing.

    STOP and START are the whole message, once quotations and a signature are left out.
    """
    text = text.strip()
    if len(text) > MAX_CHARACTERS:
        return None
    own = own_words(text)
    if len(own) > MAX_OWN_CHARACTERS:
        return None
    words = fold(own)
    if stops(words, keywords):
        return Heard.STOP
    if starts(words, keywords):
        return Heard.START
    return Heard.MAYBE if words and _may_withdraw(own, words, keywords) else None


def stops(words: str, keywords: Keywords | None = None) -> bool:
    """Say whether folded words are one that stops messages, once or repeated."""
    return _is_among(words, folded("stop"), keywords.stop if keywords else ())


def starts(words: str, keywords: Keywords | None = None) -> bool:
    """Say whether folded words are one that lifts a vendor's block; it is never consent."""
    return _is_among(words, folded("start"), keywords.start if keywords else ())


def own_words(text: str) -> str:
    """Return a text without what it quotes and without a signature."""
    lines: list[str] = []
    for line in text.splitlines():
        bare = line.strip()
        if any(lines) and (bare == "--" or bare.startswith(("__", _OLDER_MAIL))):
            break  # a signature, or "-----Original Message-----"
        if bare.startswith(">"):
            while lines and (not lines[-1] or lines[-1].endswith(":")):
                lines.pop()  # "On …, … wrote:" introduces the quotation
        else:
            lines.append(bare)
    return "\n".join(lines).strip()


def _may_withdraw(own: str, words: str, keywords: Keywords | None) -> bool:
    if any(stops(fold(line), keywords) for line in own.splitlines()):
        return True
    every = words.split()
    kept = " ".join(word for word in every if word not in fillers())
    return (kept != words and stops(kept, keywords)) or found_in(every)


def _is_among(words: str, built_in: frozenset[str], further: tuple[str, ...]) -> bool:
    every = words.split()
    once = every[0] if every and len(set(every)) == 1 else words
    return bool(once) and (once in built_in or once in _folded(further))


@lru_cache(maxsize=64)
def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(fold(word) for word in words)
