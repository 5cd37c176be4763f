"""The age from which a child consents alone to an online service offered to it (Art. 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

AS_OF: Final = date(2026, 11, 1)
"""When the table was looked through; a change of the law needs a new version of Lethe."""
DEFAULT_AGE: Final = 16
"""Art. 8(1), where a member state has set no other, and for every other country."""


@dataclass(frozen=True, slots=True)
class DigitalAge:
    """The age of one country, and where it is written."""

    years: int
    source: str


_NO_LAW: Final = "Art. 8(1) GDPR; no other age is set"
AGES: Final = {
    "AT": DigitalAge(14, "§ 4(4) DSG"),
    "BE": DigitalAge(13, "Art. 7, Loi du 30 juillet 2018"),
    "BG": DigitalAge(14, "Art. 25c, Personal Data Protection Act"),
    "CY": DigitalAge(14, "s. 8(1), Law 125(I)/2018"),
    "CZ": DigitalAge(15, "§ 7, zákon č. 110/2019 Sb."),
    "DE": DigitalAge(16, _NO_LAW),
    "DK": DigitalAge(15, "§ 6(2), (3) databeskyttelsesloven, 13 before 2024"),
    "EE": DigitalAge(13, "§ 8(1) isikuandmete kaitse seadus"),
    "ES": DigitalAge(14, "Art. 7, Ley Orgánica 3/2018; a bill of 2025 would raise it to 16"),
    "FI": DigitalAge(13, "§ 5 tietosuojalaki 1050/2018"),
    "FR": DigitalAge(15, "Art. 45, loi n° 78-17"),
    "GR": DigitalAge(15, "Art. 21, Law 4624/2019"),
    "HR": DigitalAge(16, "Art. 19, Zakon o provedbi Opće uredbe o zaštiti podataka"),
    "HU": DigitalAge(16, _NO_LAW),
    "IE": DigitalAge(16, "s. 31, Data Protection Act 2018"),
    "IS": DigitalAge(13, "Art. 10(5), lög nr. 90/2018"),
    "IT": DigitalAge(14, "Art. 2-quinquies, d.lgs. 196/2003"),
    "LI": DigitalAge(16, _NO_LAW),
    "LT": DigitalAge(14, "Art. 6, Law on Legal Protection of Personal Data"),
    "LU": DigitalAge(16, _NO_LAW),
    "LV": DigitalAge(13, "s. 33, Fizisko personu datu apstrādes likums"),
    "MT": DigitalAge(13, "reg. 4, Subsidiary Legislation 586.11"),
    "NL": DigitalAge(16, "Art. 5 UAVG"),
    "NO": DigitalAge(13, "§ 5 personopplysningsloven; a bill of 2025 would raise it to 15"),
    "PL": DigitalAge(16, _NO_LAW),
    "PT": DigitalAge(13, "Art. 16(1), Lei n.º 58/2019"),
    "RO": DigitalAge(16, _NO_LAW),
    "SE": DigitalAge(13, "ch. 2 § 4, lag (2018:218)"),
    "SI": DigitalAge(15, "Art. 8 ZVOP-2"),
    "SK": DigitalAge(16, "§ 15, zákon č. 18/2018 Z. z."),
}
"""Every member state of the EU and of the EEA."""


def age_in(country: str) -> int:
    """Return the age in a country (ISO 3166-1 alpha-2)."""
    known = AGES.get(country)
    return known.years if known is not None else DEFAULT_AGE


def of_age_on(country: str, born: date) -> date:
    """Return the first day on which somebody consents alone.

    Who was born on 29 February is of age on 1 March where that year has no such day.
    """
    year = born.year + age_in(country)
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def needs_guardian(country: str, born: date, at: date) -> bool:
    """Say whether a consent of that day needs the holder of parental responsibility."""
    return at < of_age_on(country, born)
