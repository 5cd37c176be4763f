"""Telephone numbers: with the prefix of a country, or in a national form of this language area.

A number in national form is one that begins with 0 and is valid in a country of `REGIONS`, or one
behind a word such as "Tel." that is valid in any country of the EU or EFTA. What a word such as
"order" names is none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from lethe.domain.candidates import (
    LAST_FOUR,
    SPACES,
    START,
    Checks,
    Spans,
    ends,
    is_labelled_otherwise,
    reaches,
    scan,
)

REGIONS: Final = ("DE", "FR", "GB", "AT", "CH", "BE", "IE")
"""Whose national numbers begin with 0 and are written in German, French or English."""
_FURTHER_REGIONS: Final = (
    *("NL", "LU", "IT", "ES", "PT", "PL", "DK", "SE", "FI", "NO", "CZ", "SK", "HU", "RO", "BG"),
    *("GR", "HR", "SI", "EE", "LV", "LT", "CY", "MT", "LI", "IS"),
)

_CANDIDATE: Final = re.compile(
    rf"(?:{START}|{LAST_FOUR}(?=\(?\+))[+(]{{0,2}}[0-9]"
    rf"(?:[{SPACES}]?[()./–-]{{0,2}}[{SPACES}]?[0-9]){{6,16}}"
)
_INTERNATIONAL: Final = re.compile(r"\(?(?:\+|00[1-9])")
_NATIONAL: Final = re.compile(r"\(?0[1-9]|\(0\)")
_ANOTHER: Final = re.compile(rf"[{SPACES}](?:\+|0[1-9][0-9])")
"""A further number follows, if what stands before is long enough to be one."""
_LONG_ENOUGH: Final = 9
_GOES_ON: Final = re.compile(rf"[0-9][{SPACES}][0-9(]$")
"""The middle of a longer number, unless a telephone number ends there."""
_DATE: Final = re.compile(r"[0-3]?[0-9]([./-])[01]?[0-9]\1(?:[12][0-9])?[0-9]{2}(?![0-9]|\1[0-9])")
_WORDS: Final = re.compile(
    r"(?<![^\W_])(?:tel|t[ée]l|phone|mobil|cell|fax|whatsapp|sms|hotline|call|ring|text me"
    r"|handy|anruf|ruf|r[üu]ckruf|durchwahl|portable|appel|rappel|joindre)",
    re.IGNORECASE,
)


def phones(text: str) -> Spans:
    """Find telephone numbers."""
    checks = Checks()
    words = [word.end() for word in _WORDS.finditer(text)]
    last = 0

    def end_of(seen: str, start: int, stop: int) -> int:
        nonlocal last
        regions = _regions(seen, start, words)
        if not regions or _DATE.match(seen, start, stop):
            return 0
        if _GOES_ON.search(seen, max(0, start - 2), start + 1) and start != last + 1:
            return 0
        for end in ends(seen, start, _until_another(seen, start, stop)):
            if any(checks.are_spent() or _is_phone(seen[start:end], one) for one in regions):
                last = end
                return end
        return 0

    return scan(_CANDIDATE, text, end_of)


def _until_another(text: str, start: int, stop: int) -> int:
    """Where a further number begins, if one does."""
    for another in _ANOTHER.finditer(text, start, stop):
        digits = sum(map(str.isdigit, text[start : another.start()]))
        if digits >= _LONG_ENOUGH:
            return another.start()
    return stop


def _regions(text: str, start: int, words: Sequence[int]) -> tuple[str, ...]:
    """By whose rules to read it; nobody's if it is no number to call."""
    if _INTERNATIONAL.match(text, start):
        return REGIONS[:1]
    index = bisect_right(words, start)
    behind_word = index and reaches(text, words[index - 1], start)
    if not behind_word and not _NATIONAL.match(text, start):
        return ()
    if is_labelled_otherwise(text, start):
        return ()
    return (*REGIONS, *_FURTHER_REGIONS) if behind_word else REGIONS


def _is_phone(value: str, region: str) -> bool:
    import phonenumbers  # noqa: PLC0415 - a cold start pays

    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return False
    if not phonenumbers.is_valid_number(number):  # half as dear as the matcher, which asks it too
        return False
    found = phonenumbers.PhoneNumberMatcher(value, region, leniency=phonenumbers.Leniency.VALID)
    return any((match.start, match.end) == (0, len(value)) for match in found)
