"""The daily report: figures of a day by channel, what is overdue and whose it is; of nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lethe.domain.due_reviews import OverdueReview
from lethe.domain.in_force import Audience, InForce
from lethe.domain.silence import SilentChannel


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a human, of one kind."""

    kind: str
    open: int
    overdue: int


@dataclass(frozen=True, slots=True)
class DailyReport:
    """The report of a day. `figures` are those of the day; all else is as it was when it was made.

    The figures of channels that the policy does not name are left out; `unknown_channels` names
    them. `outdated` are the published notices that say something else than policy and settings.
    """

    day: date
    in_force: InForce
    figures: Mapping[str, Mapping[str, int]]
    unknown_channels: Sequence[str]
    overdue: Sequence[OverdueReview]
    waiting: Sequence[Waiting]
    silent: Sequence[SilentChannel]
    outdated: Sequence[Audience]

    @property
    def escalated(self) -> int:
        """How many reviews have been overdue for so long that others than the owner must know."""
        return sum(each.escalated for each in self.overdue)

    @property
    def subject(self) -> str:
        """What the message is headed with."""
        heading = f"Lethe, report of {self.day.isoformat()}"
        return f"ESCALATED: {heading}" if self.escalated else heading

    def json(self) -> str:
        """Return it as it is stored and answered."""
        return json.dumps(self._document(), separators=(",", ":"))

    def text(self) -> str:
        """Return it as it is read in a mail."""
        return "\n".join(self._lines())

    def _document(self) -> dict[str, Any]:
        return {
            "day": self.day.isoformat(),
            "policy_version": self.in_force.version,
            "notices": {a.value: self.in_force.notice_for(a) for a in Audience},
            "channels": {name: dict(sorted(of.items())) for name, of in self.figures.items()},
            "unknown_channels": [*self.unknown_channels],
            "silent_channels": [
                {
                    "channel": each.channel,
                    "silent_after": each.silent_after,
                    "since": each.since.isoformat(),
                }
                for each in self.silent
            ],
            "overdue_reviews": [
                {
                    "place": each.place,
                    "owner": each.owner,
                    "due": each.due.isoformat(),
                    "days": each.days,
                    "escalated": each.escalated,
                }
                for each in self.overdue
            ],
            "waiting": {e.kind: {"open": e.open, "overdue": e.overdue} for e in self.waiting},
            "outdated_notices": [each.value for each in self.outdated],
        }

    def _lines(self) -> Iterator[str]:
        yield f"{self.subject}; version {self.in_force.version} of the policy"
        yield from _section("Channels", _figures(self.figures))
        overdue = sorted(self.overdue, key=lambda each: each.owner)
        yield from _section("Overdue reviews, by owner", map(_overdue, overdue))
        waiting = (f"{e.kind}: {e.open} open, {e.overdue} overdue" for e in self.waiting)
        yield from _section("Waiting for a human", waiting)
        silent = (f"{e.channel}: no message since {e.since}" for e in self.silent)
        yield from _section("Silent channels", silent)
        yield from _section("Channels that the policy does not name", self.unknown_channels)
        outdated = (
            f"{audience}: version {self.in_force.notice_for(audience)} is outdated"
            for audience in self.outdated
        )
        yield from _section("Notices", outdated)


def _figures(figures: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for channel, counted in figures.items():
        told = ", ".join(f"{name} {figure}" for name, figure in sorted(counted.items()))
        yield f"{channel}: {told or 'nothing'}"


def _overdue(review: OverdueReview) -> str:
    escalated = ", escalated" if review.escalated else ""
    since = f"since {review.due.isoformat()}, {review.days} days{escalated}"
    return f"{review.owner}: {review.place}, {since}"


def _section(title: str, lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    told = [f"  {line}" for line in lines]
    if told:
        yield from ("", title, *told)
