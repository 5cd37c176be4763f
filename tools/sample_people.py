"""The invented people of the sample traffic, inside and outside of an invented company.

Telephone numbers are ones reserved for fiction, domains ones reserved for examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PHONE_CHANNELS: Final = frozenset({"whatsapp", "sms", "voice"})


@dataclass(frozen=True)
class Person:
    """A natural person with one address per network."""

    name: str
    language: str
    mail: str
    phone: str
    slack: str = ""

    @property
    def first(self) -> str:
        return self.name.split()[0]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address of the person, as a URI."""
        return tuple(filter(None, (f"mailto:{self.mail}", f"tel:{self.phone}", self.slack)))

    def on(self, channel: str) -> str:
        """Return the address that the person uses on a channel."""
        if channel in PHONE_CHANNELS:
            return f"tel:{self.phone}"
        return self.slack if channel == "chat" and self.slack else f"mailto:{self.mail}"


def _employee(name: str, language: str, number: str) -> Person:
    first, last = name.lower().replace("è", "e").split()
    slack = f"slack:T0LARKSPUR/U0{first.upper()}"
    return Person(name, language, f"{first}.{last}@example.com", f"+49171392{number}", slack)


STAFF: Final = (
    _employee("Ines Albrecht", "de", "0071"),
    _employee("Tomasz Brandt", "de", "0072"),
    _employee("Aisha Okafor", "en", "0073"),
    _employee("Paul Rivière", "fr", "0074"),
    _employee("Greta Sommer", "de", "0075"),
    _employee("Nils Holm", "en", "0076"),
)

SUPPORT_MAIL: Final = "mailto:support@example.com"
INVOICES: Final = "mailto:invoices@example.com"
NEWS: Final = "sms-sender:larkspur"
HOTLINE: Final = "tel:+493023125200"
_DESK: Final = "tel:+493023125100"
_WEB_CHAT: Final = "x-webchat:larkspur"
FUNCTIONS: Final = (SUPPORT_MAIL, INVOICES, NEWS, HOTLINE, _DESK, _WEB_CHAT)


def desk(channel: str) -> str:
    """Return the service desk's address on a channel."""
    return {"chat": _WEB_CHAT, "voice": HOTLINE, "email": SUPPORT_MAIL}.get(channel, _DESK)


CUSTOMERS: Final = (
    Person("Mara Lindqvist", "en", "mara.lindqvist@example.org", "+447700900101"),
    Person("Oliver Nkemelu", "en", "oliver.nkemelu@example.net", "+447700900115"),
    Person("Priya Raman", "en", "priya.raman@example.org", "+12025550143"),
    Person("Henrik Dahl", "en", "h.dahl@example.org", "+447700900133"),
    Person("Sofia Marchetti", "en", "sofia.marchetti@example.net", "+12125550166"),
    Person("Ewan MacAllister", "en", "ewan.macallister@example.org", "+447700900148"),
    Person("Grace Tembo", "en", "grace.tembo@example.org", "+12025550187"),
    Person("Noor Haddad", "en", "noor.haddad@example.net", "+447700900162"),
    Person("Jonas Petersen", "de", "jonas.petersen@example.net", "+491713920011"),
    Person("Lukas Weidmann", "de", "l.weidmann@example.org", "+491713920021"),
    Person("Yusuf Kaya", "de", "yusuf.kaya@example.net", "+491713920034"),
    Person("Annegret Böhm", "de", "a.boehm@example.org", "+491713920042"),
    Person("Katharina Vogt", "de", "katharina.vogt@example.org", "+491713920045"),
    Person("Milan Novák", "de", "milan.novak@example.org", "+491713920053"),
    Person("Ulrike Schäfer", "de", "ulrike.schaefer@example.net", "+491713920057"),
    Person("Björn Öztürk", "de", "bjoern.oeztuerk@example.net", "+491713920068"),
    Person("Amélie Fontaine", "fr", "amelie.fontaine@example.org", "+33639980012"),
    Person("Camille Besson", "fr", "camille.besson@example.net", "+33639980047"),
    Person("Luc Marchand", "fr", "luc.marchand@example.net", "+33639980051"),
    Person("Zoé Lefèvre", "fr", "zoe.lefevre@example.org", "+33639980059"),
    Person("Hugo Perrin", "fr", "hugo.perrin@example.net", "+33639980063"),
    Person("Inès Garnier", "fr", "ines.garnier@example.org", "+33639980072"),
    Person("Théo Rousselle", "fr", "theo.rousselle@example.org", "+33639980078"),
    Person("Fatou Diallo", "fr", "fatou.diallo@example.net", "+33639980085"),
)
"""Everybody outside; the first one is the person who later asks to be forgotten."""
