"""Personal and special data in a text: where it stands, by detector (Art. 5(1)(c), 9).

Each detector finds candidates by one compiled pattern, and a library says which are real. They look
in the order of `ORDER`, and none sees what an earlier one found: so spans never overlap, and a text
whose findings were masked has none left. Every step is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

from lethe.domain.candidates import BLANK, SPACES, START, Checks, Spans, ends, is_end, scan
from lethe.domain.channel_settings import Detector

ORDER: Final = (
    Detector.EMAIL,
    Detector.IBAN,
    Detector.CARD,
    Detector.NATIONAL_ID,
    Detector.PHONE,
    Detector.SPECIAL,
)
"""Who looks first: what has the more distinctive form."""

_SHADOWS: Final = {Detector.EMAIL: 0, Detector.SPECIAL: 1}
"""How many earlier detectors must have looked, where it is not all of them."""


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """What a detector found: characters `start` to `end` of the text, never the value itself."""

    start: int
    end: int
    detector: Detector


class DetectorPort(Protocol):
    """A further detector of a deployment's own, such as one over Amazon Comprehend."""

    def find(self, text: str) -> Iterable[Found]:
        """Find in a text; it is handed the whole text, so whoever answers it is a processor."""
        ...


def find(
    text: str, wanted: Collection[Detector], more: Sequence[DetectorPort] = ()
) -> tuple[Found, ...]:
    """Return what the wanted detectors find, in the order of the text, without overlaps.

    Others may have to look too, so that an IBAN is never taken for a telephone number: what they
    find is left out.
    """
    found: list[Found] = []
    seen = text
    for detector in _needed(wanted):
        spans = [Found(start, end, detector) for start, end in _finders()[detector](seen)]
        if spans:
            found += spans
            seen = _blanked(seen, spans)
    if more:
        found = list(resolved([*found, *(one for port in more for one in port.find(text))]))
    return tuple(sorted(one for one in found if one.detector in wanted))


def resolved(found: Iterable[Found]) -> tuple[Found, ...]:
    """Keep of overlapping spans the longest; of equally long ones the first in `ORDER`."""
    taken: list[Found] = []
    rank = {detector: at for at, detector in enumerate(ORDER)}
    by_start = sorted(found, key=lambda one: (one.start, one.start - one.end, rank[one.detector]))
    for one in by_start:
        if one.start >= one.end:
            continue
        if not taken or one.start >= taken[-1].end:
            taken.append(one)
        elif _length(one) > _length(taken[-1]):
            taken[-1] = one
    return tuple(taken)


def _length(one: Found) -> int:
    return one.end - one.start


def _needed(wanted: Collection[Detector]) -> list[Detector]:
    needed: set[Detector] = set()
    for detector in wanted:
        before = ORDER[: _SHADOWS.get(detector, ORDER.index(detector))]
        needed |= {detector, *before}
    return [detector for detector in ORDER if detector in needed]


def _blanked(text: str, spans: Sequence[Found]) -> str:
    pieces: list[str] = []
    at = 0
    for one in spans:
        pieces += text[at : one.start], BLANK * (one.end - one.start)
        at = one.end
    return "".join((*pieces, text[at:]))


@cache
def _finders() -> dict[Detector, Callable[[str], Spans]]:
    from lethe.domain.identifiers import identifiers  # noqa: PLC0415 - a cold start may not need it
    from lethe.domain.phones import phones  # noqa: PLC0415 - as above
    from lethe.domain.special_words import special_words  # noqa: PLC0415 - as above

    return {
        Detector.EMAIL: _emails,
        Detector.IBAN: _ibans,
        Detector.CARD: _cards,
        Detector.NATIONAL_ID: identifiers,
        Detector.PHONE: phones,
        Detector.SPECIAL: special_words,
    }


# --- e-mail: a run of characters around an @, and email-validator's syntax; no name server is asked


_EMAIL: Final = re.compile(
    r"(?<!\w)\w[\w.%+'-]{0,63}+@[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,9}+(?!\*\* \*{4} )"
)
_FILE: Final = re.compile(r"@[0-9]x\.(?:png|jpe?g|gif|svg|webp)", re.IGNORECASE)
"""Not a domain but the name of an image for a finer screen."""


def _emails(text: str) -> Spans:
    if "@" not in text:
        return iter(())
    checks = Checks()

    def end_of(seen: str, start: int, stop: int) -> int:
        value = seen[start:stop].rstrip("-_")
        while "." in value.partition("@")[2]:
            if checks.are_spent() or _is_email(value):
                return start + len(value)
            value = value.rpartition(".")[0]  # what follows may be the next sentence
        return 0

    return scan(_EMAIL, text, end_of)


def _is_email(value: str) -> bool:
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - as above

    try:
        validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return not _FILE.search(value)


# --- IBAN: country, two digits, and as many characters as that country's have


_IBAN: Final = re.compile(START + rf"[A-Za-z]{{2}}[0-9]{{2}}(?:[{SPACES}.-]?[A-Za-z0-9]){{11,30}}")


def _ibans(text: str) -> Spans:
    return scan(_IBAN, text, _end_of_iban)


def _end_of_iban(text: str, start: int, stop: int) -> int:
    from stdnum import iban  # noqa: PLC0415 - as above

    length = _iban_length(text[start : start + 2].upper())
    characters = [at for at in range(start, stop) if text[at].isalnum()][:length]
    if not characters or len(characters) < length:
        return 0
    end = characters[-1] + 1
    value = "".join(text[at] for at in characters)
    return end if is_end(text, end) and iban.is_valid(value) else 0


@cache
def _iban_length(country: str) -> int:
    from stdnum import numdb  # noqa: PLC0415 - as above

    [(_, known), *_] = numdb.get("iban").info(country)
    structure = known.get("bban", "")
    return 4 + sum(map(int, re.findall(r"[0-9]+", structure))) if structure else 0


# --- cards: grouped as on the card or not at all, an issuer's range, Luhn's digit


_CARD: Final = re.compile(START + rf"[0-9]{{4}}(?:[{SPACES}-]?[0-9]){{8,15}}")
_CARD_SHAPE: Final = re.compile(
    rf"[0-9]{{12,19}}|[0-9]{{4}}([{SPACES}-])[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{1,4}}(?:\1[0-9]{{1,3}})?"
    rf"|[0-9]{{4}}([{SPACES}-])[0-9]{{6}}\2[0-9]{{4,5}}"
)
_ISSUED: Final = re.compile(
    r"4[0-9]{15}(?:[0-9]{3})?"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"
    r"|3[47][0-9]{13}"  # American Express
    r"|(?:30[0-5]|3[689][0-9])[0-9]{11}"  # Diners Club
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2}|35(?:2[89]|[3-8][0-9]))[0-9]{12}(?:[0-9]{3})?"
    r"|62[0-9]{14,17}"  # UnionPay
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{8,15}"  # Maestro
)


def _cards(text: str) -> Spans:
    return scan(_CARD, text, _end_of_card)


def _end_of_card(text: str, start: int, stop: int) -> int:
    from stdnum import luhn  # noqa: PLC0415 - as above

    for end in ends(text, start, stop):
        raw = text[start:end]
        digits = re.sub(r"[^0-9]", "", raw)
        if _CARD_SHAPE.fullmatch(raw) and _ISSUED.fullmatch(digits) and luhn.is_valid(digits):
            return end
    return 0
