"""National identifiers of the EU's member states, as far as python-stdnum knows them.

One whose form is rare (a date of birth and a check digit, or letters) is found wherever it stands;
one that many a number of its length could be, beside a word that names it. Cyprus, Hungary,
Luxembourg and Malta are missing: stdnum knows no identifier of their people.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Final

from lethe.domain.candidates import (
    BEFORE,
    END,
    SPACES,
    START,
    Checks,
    Spans,
    is_labelled_otherwise,
    reaches,
    scan,
)

_BEHIND: Final = 20
_LONGEST_WORD: Final = 32

_SHORTHANDS: Final = {
    "#": "[0-9]",
    "_": f"[{SPACES}]?",
    "DD": "(?:0[1-9]|[12][0-9]|3[01])",
    "MM": "(?:0[1-9]|1[0-2])",
}


@dataclass(frozen=True, slots=True)
class _Identifier:
    """The module of stdnum that checks it, its form in shorthand, and words that name it.

    Without words it stands for itself.
    """

    module: str
    form: str
    words: str = ""


_IDENTIFIERS: Final = (
    _Identifier("at.vnr", "[1-9]###_DD(?:0[1-9]|1[0-5])##"),
    _Identifier("be.nn", "##MMDD#####"),
    _Identifier("be.nn", r"##\.MM\.DD-###[.-]##"),
    _Identifier("cz.rc", "##[0-8]#[0-3]#/####?"),
    _Identifier("de.idnr", "[1-9]#_###_###_###"),
    _Identifier("ee.ik", "[1-6]##MMDD####"),
    _Identifier("es.dni", "########-?_[A-Z]"),
    _Identifier("es.nie", "[XYZ]-?_#######-?_[A-Z]"),
    _Identifier("fi.hetu", "DDMM##[-+A-FU-Y]###[0-9A-Y]"),
    _Identifier("fr.nif", "[0-3]#_##_###_###_###"),
    _Identifier("fr.nir", "[12]_##_(?:0[1-9]|[1-9]#)_(?:##|2[AB])_###_###_##"),
    _Identifier("gr.amka", "DDMM#######"),
    _Identifier("ie.pps", "#######[A-W][AB]"),
    _Identifier(
        "it.codicefiscale", "(?i:[A-Z]{6}[0-9L-V]{2}[A-EHLMPRST][0-9L-V]{2}[A-Z][0-9L-V]{3}[A-Z])"
    ),
    _Identifier("it.codicefiscale", "[A-Z]{3}_[A-Z]{3}_##[A-EHLMPRST]##_[A-Z]###[A-Z]"),
    _Identifier("lt.asmens", "[3-6]##MMDD####"),
    _Identifier("lv.pvn", "(?:DDMM##|32####)-#####"),
    _Identifier("pt.cc", "########_#_[A-Z0-9]{2}#"),
    _Identifier("ro.cnp", "[1-9]##MMDD######"),
    _Identifier("se.personnummer", "(?:19|20)##MMDD[-+]?####"),
    _Identifier("se.personnummer", "##MMDD[-+]####"),
    _Identifier("si.emso", "DDMM[09]########"),
    _Identifier("at.tin", "##-?###/?####", "abgabenkonto"),
    _Identifier("bg.egn", "##########", r"egn\b|егн"),
    _Identifier("cz.rc", "##[0-8]#[0-3]#####", "rodn"),
    _Identifier("de.stnr", "###?/###/#####|###/####/####", "st-?nr|steuernr|finanzamt"),
    _Identifier("dk.cpr", "DDMM##-?_####", "cpr"),
    _Identifier("gr.vat", "#########", r"afm\b|αφμ"),
    _Identifier("hr.oib", "###########", r"oib\b"),
    _Identifier("ie.pps", "#######[A-W][A-IW]?", "pps"),
    _Identifier("lv.pvn", "[0-3]##########", "personas kod"),
    _Identifier("nl.bsn", r"####\.?_##\.?_###", "bsn|burgerservice|sofi"),
    _Identifier("pl.pesel", "###########", "pesel"),
    _Identifier("pt.nif", "###_###_###", r"nif\b|contribuinte"),
    _Identifier("se.personnummer", "##MMDD####", "personn"),
)

MODULES: Final = frozenset(one.module for one in _IDENTIFIERS)
"""Those of stdnum that are asked."""

_ANY: Final = (
    r"tax id|tax identification|tax number|tax no\b|tin\b|tax code|national id|identity number"
    r"|identity card|identification number|id number|id card|personal number|personal code"
    r"|personal id|social security|citizen number"
    r"|steuer-?id|steueridentifik|steuer-identifik|steuerliche identifik|steuernummer"
    r"|identifikationsnummer|idnr|sozialversicherung|versicherungsnummer|sv-nummer|svnr"
    r"|personalausweis|ausweisnummer|personenkennz"
    r"|num[ée]ro fiscal|num[ée]ro national|num[ée]ro d['’]identi|num[ée]ro de s[ée]cu"
    r"|num[ée]ro personnel|identifiant fiscal|identifiant national|carte d['’]identit"
    r"|s[ée]curit[ée] sociale|registre national"
)
"""Words that name an identifier of any country."""

_CANDIDATE: Final = re.compile(
    START + rf"(?:(?=[0-9]{{2}}[0-9./{SPACES}])[0-9]|(?=[12][{SPACES}][0-9]{{2}})[12]"
    rf"|(?=[XYZ][-{SPACES}]?[0-9]{{7}})[XYZ]|(?=[A-Za-z]{{6}}[0-9L-Vl-v]{{2}}[A-Ta-t])[A-Za-z]"
    rf"|(?=[A-Z]{{3}}[{SPACES}][A-Z]{{3}}[{SPACES}][0-9])[A-Z])"
)


@dataclass(frozen=True, slots=True)
class _Compiled:
    form: re.Pattern[str]
    is_valid: Callable[[str], bool]
    words: re.Pattern[str] | None


def identifiers(text: str) -> Spans:
    """Find national identifiers."""
    checks = Checks()

    def end_of(seen: str, start: int, _: int) -> int:
        for known in _compiled():
            match = known.form.match(seen, start)
            if (
                match
                and _may_be(known, seen, start, match.end())
                and (checks.are_spent() or known.is_valid(match[0].upper()))
            ):
                return match.end()
        return 0

    return scan(_CANDIDATE, text, end_of)


def _may_be(known: _Compiled, text: str, start: int, end: int) -> bool:
    if known.words is None:
        return not is_labelled_otherwise(text, start)
    return _is_named(known.words, text, start, end)


def _is_named(words: re.Pattern[str], text: str, start: int, end: int) -> bool:
    """Say whether one of the words stands near, with no other finding between."""
    return any(
        reaches(text, word.end(), start) or reaches(text, end, word.start(), _BEHIND)
        for word in words.finditer(text, max(0, start - BEFORE - _LONGEST_WORD), end + _BEHIND)
    )


@cache
def _compiled() -> tuple[_Compiled, ...]:
    return tuple(
        _Compiled(_form(one.form), _checker(one.module), _words(one.words)) for one in _IDENTIFIERS
    )


def _form(shorthand: str) -> re.Pattern[str]:
    for short, long in _SHORTHANDS.items():
        shorthand = shorthand.replace(short, long)
    return re.compile(f"(?:{shorthand})" + END)


def _checker(module: str) -> Callable[[str], bool]:
    """Load the module when it is first asked."""
    return lambda value: bool(import_module(f"stdnum.{module}").is_valid(value))


def _words(words: str) -> re.Pattern[str] | None:
    return re.compile(rf"(?<!\w)(?:{words}|{_ANY})", re.IGNORECASE) if words else None
