"""What Lethe promises of each message, in the fewest words: the tests hold the system to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

EXTERNAL = frozenset("abcde")
FUNCTION = frozenset("f")
PERIOD = {"short": 30, "any": 30, "review": 30, "law": 40, "original": 30}


class Fate(StrEnum):
    READABLE = "readable"
    RESTRICTED = "restricted"
    GONE = "gone"


@dataclass
class Version:
    text: str
    people: frozenset[str]


@dataclass
class Modelled:
    cls: str
    sender: str
    time: datetime
    end: date
    versions: list[Version]
    over: bool = False
    cut: set[str] = field(default_factory=set)
    restricted: dict[str, str] = field(default_factory=dict)

    @property
    def people(self) -> frozenset[str]:
        return frozenset().union(*(version.people for version in self.versions))

    def sharers(self, people: frozenset[str]) -> frozenset[str]:
        """Whose end is the message's end."""
        if self.cls == "law":
            return frozenset()
        return frozenset(self.sender) & EXTERNAL & people or people & EXTERNAL

    def ends(self, people: frozenset[str], gone: set[str]) -> bool:
        if self.cls == "any":
            return bool(people & EXTERNAL & gone)
        return bool(self.sharers(people)) and self.sharers(people) <= gone

    def living(self) -> list[Version]:
        living = [one for one in self.versions if not self.ends(one.people, self.cut)]
        return [] if self.over or (self.cls == "any" and living != self.versions) else living

    def fate(self, today: date, shortened: date) -> Fate:
        if today > (self.end if self.cls == "law" else min(self.end, shortened)):
            return Fate.GONE
        if not self.living():
            return Fate.GONE
        binding = self.sharers(self.people) or self.people & EXTERNAL
        return Fate.RESTRICTED if self.restricted.keys() & binding else Fate.READABLE

    def erase(self, person: str, request: str) -> None:
        if person in self.people and self.cls in {"law", "review"}:
            self.restricted.setdefault(person, request)
        elif person in self.people:
            self.cut.add(person)

    def decide(self, person: str, request: str) -> None:
        """A person decided that what this request restricted shall end."""
        if self.cls == "review" and self.restricted.get(person) == request:
            del self.restricted[person]
            self.cut.add(person)

    def delete(self, person: str, now: datetime) -> bool:
        """Whether the person may delete, and then what ends."""
        late = now.date() > self.time.date() + timedelta(10)
        if person not in self.shown() or self.cls not in {"short", "any"} or late:
            return False
        if self.cls == "short" and person not in EXTERNAL:
            return False
        whole = self.cls == "any" or person == self.sender or len(self.people & EXTERNAL) == 1
        self.over |= whole
        self.cut |= set() if whole else {person}
        return True

    def shown(self) -> frozenset[str]:
        return frozenset().union(*(one.people for one in self.living())) - self.cut

    @property
    def original(self) -> bool:
        return self.cls == "law" or (self.cls == "original" and not self.cut)
