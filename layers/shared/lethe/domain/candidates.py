"""Candidates: what looks like a number of some sort, before anybody checks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

Spans = Iterator[tuple[int, int]]
"""Starts and ends, in the order of the text, without overlaps."""

MAX_CHECKS: Final = 5_000
"""Candidates that a detector has checked in one text; any beyond it counts as found."""

SPACES: Final = " \u00a0\u2007\u2009\u202f"
"""What may stand between the digits of a number; a line's end may not."""

LAST_FOUR: Final = r"(?<!\*{4} )"
"""What a mask leaves is no start of a number."""

START: Final = r"(?<!\w)(?<![\w*]-)(?!(?<=[0-9][./])[0-9])" + LAST_FOUR
"""No number starts inside of a word or of a longer number, even if that is a mask by now."""

END: Final = r"(?!\w)(?![-/][\w*+]|\.[0-9*+])"
"""No number ends where a word or a longer number goes on."""

BLANK: Final = "\x00"
"""Stands for what an earlier detector found."""

BEFORE: Final = 40
"""So many characters before a number a word may stand that names it."""

_MASK: Final = "***"
"""Every mask has it."""

_END: Final = re.compile(END)
_OTHER: Final = re.compile(
    r"(?<!\w)(?:order|invoice|ticket|case|ref|reference|customer|account|tracking|parcel|serial|item"
    r"|article|booking|batch|bestell|auftrags?|rechnungs?|kunden|vorgangs?|sendungs?|artikel|serien"
    r"|vertrags?|buchungs?|charge|kassenzeichen|aktenzeichen|konto|commande|facture|dossier|client"
    r"|colis|suivi|contrat|r[ée]f[ée]rence|r[ée]f|compte|s[ée]rie|lot)"
    r"[\s-]{0,2}(?:id|no|nr|number|num[ée]ro|nummer|n°|n)?[\s:#.=]{0,3}$",
    re.IGNORECASE,
)
_LONGEST_LABEL: Final = 40
_MAX_ENDS: Final = 24


def scan(pattern: re.Pattern[str], text: str, end_of: Callable[[str, int, int], int]) -> Spans:
    """Yield the spans that start where the pattern matches and end where `end_of` says.

    `end_of` gets the text and the match's start and end, and answers 0 where nothing is. Then the
    next start may lie inside of the candidate.
    """
    at = 0
    while candidate := pattern.search(text, at):
        start = candidate.start()
        end = end_of(text, start, candidate.end())
        if end:
            yield start, end
        at = end or start + 1


class Checks:
    """How often a library was asked about one text."""

    def __init__(self) -> None:
        self._left = MAX_CHECKS

    def are_spent(self) -> bool:
        """Count one more, and say whether it is one too many."""
        self._left -= 1
        return self._left < 0


def ends(text: str, start: int, stop: int) -> Iterator[int]:
    """Yield where a number of several groups may end: behind each of them, the last one first."""
    cuts = (at for at in range(stop, start, -1) if text[at - 1].isalnum() and _END.match(text, at))
    return islice(cuts, _MAX_ENDS)


def is_end(text: str, at: int) -> bool:
    """Say whether a number may end here."""
    return _END.match(text, at) is not None


def reaches(text: str, start: int, end: int, limit: int = BEFORE) -> bool:
    """Say whether what stands at `start` says something of `end`: near, no finding between."""
    return (
        0 <= end - start <= limit
        and text.find(BLANK, start, end) < 0
        and text.find(_MASK, start, end) < 0
    )


def is_labelled_otherwise(text: str, start: int) -> bool:
    """Say whether a word right before it says what number it is: an order's, an invoice's."""
    return _OTHER.search(text, max(0, start - _LONGEST_LABEL), start) is not None
