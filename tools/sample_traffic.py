"""The sample traffic: three days of an invented company's messages, the same for each date.

A pure module: it makes calls of the API and says what must come of them; it makes no call itself.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle
from pathlib import Path
from typing import Final

from tools.sample_mails import blind_copy, mails, redelivered
from tools.sample_messages import Document, Place, Request, Said, batches, made_file
from tools.sample_people import CUSTOMERS, FUNCTIONS, HOTLINE, NEWS, STAFF, Person, desk

EXPIRING: Final = "calls"
"""The class whose period the demo shortens."""

_CONVERSATIONS: Final = Path(__file__).with_name("sample_conversations.txt")
_LINE: Final = re.compile(r"(us|[123])(?: \+(\S+))?: (.+)")
_ITEMS: Final = {
    "en": ("linen notebook", "guest book", "marbled paper", "field diary"),
    "de": ("Leinenheft", "Gästebuch", "Notizbuch", "Skizzenbuch"),
    "fr": ("carnet en lin", "livre d'or", "papier marbré", "cahier de croquis"),
}
_TO_ONE: Final = {"support", "person", "claims", "marketing", "call"}
_BATCH: Final = 50
_SINGLE: Final = 12
_KNOWN_LINES: Final = 2
_CLASSES: Final = {
    "support": "support",
    "person": "correspondence",
    "group": "correspondence",
    "staff": "staff",
    "call": "calls",
    "conference": "calls",
    "marketing": "marketing",
    "claims": "claims",
}
_PURPOSES: Final = {"marketing": "marketing", "claims": "claims"}


@dataclass(frozen=True)
class Traffic:
    """All requests in order, and who and what the demo picks out of them."""

    today: date
    first: tuple[Request, ...]
    """Everything up to the known batch: earlier days, today, mails."""
    known: Request
    """A batch between people who have all been met before in the same class."""
    repeated: tuple[Request, ...]
    """Deliveries of messages that are there already."""
    conflict: Request
    """A known id with other content."""
    copies: tuple[Request, ...]
    """The same mail out of a further mailbox."""
    deletable: Said
    """A message that its author may delete."""
    later: Said
    """What the erased person writes after the erasure."""

    @property
    def messages(self) -> tuple[Said, ...]:
        """Every message once, as it is read in the end."""
        said = {each.name: each for call in (*self.first, self.known) for each in call.messages}
        return tuple((said | {c.messages[0].name: c.messages[0] for c in self.copies}).values())

    @property
    def erased(self) -> Person:
        """Who asks to be forgotten."""
        return CUSTOMERS[0]

    @property
    def expiring(self) -> tuple[Said, ...]:
        """What expires when the class's period is shortened to the message's own day."""
        return tuple(m for m in self.messages if m.cls == EXPIRING and m.day < self.today)


def traffic(today: date) -> Traffic:
    """Return the traffic of the three days up to `today`."""
    said = list(conversations(today))
    earlier = [each for each in said if each.time]
    present = [each for each in said if not each.time]
    known = _last_lines(present)
    opening = [each for each in present if each not in known]
    written = list(mails(today))
    discreet = written[-5]
    singles, rest = opening[:_SINGLE], opening[_SINGLE:]
    first = [
        *batches(earlier, caller="import", size=_BATCH),
        *(each.request() for each in singles),
        *batches(rest, caller="capture", size=_BATCH),
        *(each.request() for each in written),
    ]
    again = [*singles[:3], *earlier[:3], written[0], redelivered(written[8])]
    return Traffic(
        today=today,
        first=tuple(first),
        known=batches(known, caller="capture", size=100)[0],
        repeated=tuple(each.request(200) for each in again),
        conflict=replace(rest[0], body="Something else altogether.").request(409),
        copies=(blind_copy(discreet, STAFF[0]).request(),),
        deletable=next(
            each
            for each in rest
            if each.cls == "support" and each.bound_to and not each.bound_to & _addresses(0)
            if each.places[0].kind == "external"
        ),
        later=_later(today),
    )


def own_addresses(today: date) -> tuple[Document, str]:
    """Return the company's own addresses: functions as JSON, people as CSV."""
    since = (today - timedelta(days=365)).isoformat()
    functions = [{"address": each, "kind": "function", "valid_from": since} for each in FUNCTIONS]
    rows = [f"{address},person,{since}," for one in STAFF for address in one.addresses]
    return {"own_addresses": functions}, "\n".join(["address,kind,valid_from,valid_to", *rows])


def conversations(today: date) -> Iterator[Said]:
    """Yield what is said on every channel but mail, day by day."""
    scripts = [_Script.read(text) for text in _CONVERSATIONS.read_text().split("\n== ")[1:]]
    cast = _Cast()
    for ago in (2, 1, 0):
        day = today - timedelta(days=ago)
        held = [script for script in scripts for each in script.days if each == ago]
        for number, script in enumerate(held):
            yield from script.played(cast, day, number, is_past=ago > 0)


class _Cast:
    """Gives each conversation its people, in turn, and its order and item."""

    def __init__(self) -> None:
        self._turns: dict[tuple[str, str], Iterator[Person]] = {}
        self._staff = cycle(STAFF)
        self._random = random.Random(1876)  # noqa: S311 - the same traffic every time

    def people(self, kind: str, language: str, number: int, *, is_past: bool) -> list[Person]:
        turn = self._turns.setdefault(
            (kind, language), cycle([one for one in CUSTOMERS if one.language == language])
        )
        # Who is erased telephones only today: what expires below is then expired by nothing else.
        absent = CUSTOMERS[0] if is_past and _CLASSES[kind] == EXPIRING else None
        return [next(one for one in turn if one is not absent) for _ in range(number)]

    def employee(self) -> Person:
        return next(self._staff)

    def words(self, language: str) -> dict[str, str]:
        order = f"LP-{self._random.randrange(10_000, 99_999)}"
        return {"order": order, "item": self._random.choice(_ITEMS[language])}


@dataclass(frozen=True)
class _Script:
    kind: str
    channel: str
    language: str
    days: tuple[int, ...]
    lines: tuple[tuple[str, str, str], ...]

    @classmethod
    def read(cls, text: str) -> _Script:
        head, *lines = text.strip().split("\n")
        kind, channel, language, *days = head.split()
        read = tuple(match.groups(default="") for match in map(_LINE.fullmatch, lines) if match)
        if len(read) != len(lines):
            raise ValueError(f"A line of a conversation has no speaker: {head}")
        return cls(kind, channel, language, tuple(map(int, days)), read)  # type: ignore[arg-type]

    def played(self, cast: _Cast, day: date, number: int, *, is_past: bool) -> Iterator[Said]:
        """Yield the conversation as it takes place on a day, between people of the cast."""
        size = 1 if self.kind in _TO_ONE else 3
        agent = cast.employee()
        outside = cast.people(self.kind, self.language, size, is_past=is_past)
        words = {"agent": agent.first, "first": outside[0].first, **cast.words(self.language)}
        start = datetime.combine(day, time(7), UTC) + timedelta(minutes=11 * number)
        thread = f"{day.isoformat()}.{number:02d}"
        for at, (speaker, file, text) in enumerate(self.lines):
            places = self._places(speaker, agent, outside)
            yield Said(
                name=f"{thread}.{at}",
                day=day,
                channel=self.channel,
                cls=_CLASSES[self.kind],
                direction="inbound" if places[0].kind == "external" else "outbound",
                places=places,
                body=text.format(**words),
                thread=thread,
                purpose=_PURPOSES.get(self.kind, ""),
                files=(made_file(file, 6_000),) if file else (),
                time=start + timedelta(minutes=2 * at) if is_past else None,
            )

    def _places(self, speaker: str, agent: Person, outside: list[Person]) -> tuple[Place, ...]:
        if self.kind == "staff":
            present, ours = list(STAFF[:3]), tuple[Place, ...]()
        else:
            present, ours = outside, (self._ours(agent),)
        if self.kind == "conference":
            speaking = present
        else:
            speaking = [] if speaker == "us" else [present[int(speaker) - 1]]
        listening = [one for one in present if one not in speaking]
        heard = [_person(one, "recipient", self) for one in listening]
        if not speaking:
            return (*ours, *heard)
        voices = [_person(one, "sender", self) for one in speaking]
        return (*voices, *(replace(place, role="recipient") for place in ours), *heard)

    def _ours(self, agent: Person) -> Place:
        if self.kind in {"person", "group"}:
            return Place("sender", agent.on(self.channel), agent.name, "person")
        function = {"marketing": NEWS, "call": HOTLINE, "conference": HOTLINE}.get(self.kind)
        return Place("sender", function or desk(self.channel), "", "function")


def _person(person: Person, role: str, script: _Script) -> Place:
    kind = "person" if person in STAFF else "external"
    return Place(role, person.on(script.channel), person.name, kind)


def _last_lines(present: list[Said]) -> list[Said]:
    """Return the ends of conversations in which everybody has spoken or been spoken to before."""
    threads: dict[str, list[Said]] = defaultdict(list)
    for said in present:
        threads[said.thread].append(said)
    return [
        said
        for lines in threads.values()
        if len(lines) > _KNOWN_LINES and lines[0].cls in {"support", "correspondence"}
        for said in lines[-_KNOWN_LINES:]
    ]


def _addresses(customer: int) -> frozenset[str]:
    return frozenset(CUSTOMERS[customer].addresses)


def _later(today: date) -> Said:
    person = CUSTOMERS[0]
    return Said(
        name=f"{today.isoformat()}.later",
        day=today,
        channel="whatsapp",
        cls="support",
        direction="inbound",
        places=(
            Place("sender", person.on("whatsapp"), person.name, "external"),
            Place("recipient", desk("whatsapp"), "", "function"),
        ),
        body="Hello again! I'd like to order one more copy of the poetry book, please.",
    )
