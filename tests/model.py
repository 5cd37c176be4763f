"""What Lethe promises of each message, in the fewest words: the tests hold the system against it."""

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
class Modelled:
    cls: str
    sender: str
    recipients: frozenset[str]
    day: date
    deleted: bool = False
    cut: set[str] = field(default_factory=set)
    restricted: set[str] = field(default_factory=set)

    @property
    def people(self) -> frozenset[str]:
        return self.recipients | {self.sender}

    @property
    def sharers(self) -> frozenset[str]:
        """Whose end is the message's end."""
        externals = self.people & EXTERNAL
        if self.cls == "law":
            return frozenset()
        if self.cls == "any":
            return externals
        return frozenset(self.sender) & EXTERNAL or externals

    def fate(self, today: date) -> Fate:
        ends = all if self.cls != "any" else any
        gone = [person in self.cut for person in self.sharers]
        if self.deleted or today > self.day + timedelta(PERIOD[self.cls]):
            return Fate.GONE
        if gone and ends(gone):
            return Fate.GONE
        binding = self.sharers or self.people & EXTERNAL
        return Fate.RESTRICTED if self.restricted & binding else Fate.READABLE

    def erase(self, person: str) -> None:
        if person in self.people and self.cls in {"law", "review"}:
            self.restricted.add(person)
        elif person in self.people:
            self.cut.add(person)

    def delete(self, person: str, now: datetime) -> bool:
        """Whether the person may delete, and then what ends."""
        late = now.date() > self.day + timedelta(10)
        if (
            person not in self.people - self.cut
            or self.cls in {"law", "review", "original"}
            or late
        ):
            return False
        externals = self.people & EXTERNAL
        if self.cls == "short" and person not in EXTERNAL:
            return False
        whole = self.cls == "any" or person == self.sender or len(externals) == 1
        self.deleted |= whole
        if not whole:
            self.cut.add(person)
        return True

    def shown(self) -> frozenset[str]:
        return self.people - self.cut

    @property
    def original(self) -> bool:
        return self.cls == "law" or (self.cls == "original" and not self.cut)
