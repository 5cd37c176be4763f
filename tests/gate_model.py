"""What the gate promises, judged from a plain list of everything that ever happened.

Nothing is folded and nothing is kept but the list. Whoever asks walks through all of it: is there a
fact that speaks for the message, and none against it that came at the same time or later?
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

ALL = "*"
CONSENT_DAYS = {"newsletter": 30, "tips": 7}
EVENTS = {"offers": "sale", "delivery": "order", "invoice": "order"}
INTERESTS = {"offers", "catalogue", "survey"}
MARKETING = {"newsletter", "offers", "catalogue"}
DUTIES = {"invoice", "recall", "alarm"}
ENFORCED = {"sms", "email"}
SAYS_HOW_TO_STOP = {"sms"}


@dataclass(frozen=True)
class Fact:
    """Something that happened to or was said by a person; what it was about, as far as it goes."""

    what: str
    who: str
    at: datetime
    purpose: str = ALL
    channel: str = ALL
    own: str = ALL
    last_day: date | None = None
    opt_out: bool = False
    about: datetime | None = None


@dataclass(frozen=True)
class Message:
    """What somebody would like to send."""

    who: str
    purpose: str
    channel: str
    own: str
    at: datetime


@dataclass
class Model:
    """The list."""

    facts: list[Fact] = field(default_factory=list)
    own_until: dict[str, date] = field(default_factory=dict)
    """The last day of an own address that does not stay one."""

    def may(self, m: Message) -> bool:
        """Whether it may go."""
        if m.channel not in ENFORCED:
            return True
        if m.own in self.own_until and m.at.date() > self.own_until[m.own]:
            return False
        if m.purpose in CONSENT_DAYS:
            return self._agreed(m)
        return not self._is_opposed(m) and any(
            not self._is_restricted(m, since) for since in self._grounds(m)
        )

    def _of(self, m: Message, *what: str) -> Iterator[Fact]:
        for fact in self.facts:
            if fact.what in what and fact.who == m.who and fact.at <= m.at:
                yield fact

    def _agreed(self, m: Message) -> bool:
        yeses = [f for f in self._of(m, "gave") if (f.purpose, f.channel) == (m.purpose, m.channel)]
        if not yeses:
            return False
        newest = max(yeses, key=lambda f: f.at)
        if newest.last_day is not None and m.at.date() > newest.last_day:
            return False
        return not any(no.at >= newest.at for no in self._noes(m))

    def _noes(self, m: Message) -> Iterator[Fact]:
        """Everything that ends a consent which is not later."""
        yield from self._of(m, "erased", "restricted")
        for no in self._of(m, "refused", "withdrew"):
            if no.purpose in {ALL, m.purpose} and no.channel in {ALL, m.channel}:
                yield no
        for no in self._of(m, "stopped"):
            if no.channel in {ALL, m.channel} and no.own in {ALL, m.own}:
                yield no
        for no in self._of(m, "objected"):
            here = no.channel in {ALL, m.channel} or m.purpose in MARKETING
            if no.purpose in {ALL, m.purpose} and here:
                yield no

    def _is_opposed(self, m: Message) -> bool:
        if m.purpose in INTERESTS and any(
            no.channel in {ALL, m.channel} and no.own in {ALL, m.own}
            for no in self._of(m, "stopped")
        ):
            return True
        if m.purpose in MARKETING:
            return any(no.purpose in {ALL, *MARKETING} for no in self._of(m, "objected"))
        if m.purpose not in INTERESTS | {"inspection"}:
            return False
        return any(
            no.purpose in {ALL, m.purpose}
            and no.channel in {ALL, m.channel}
            and not self._was_overruled(m, no)
            for no in self._of(m, "objected")
        )

    def _was_overruled(self, m: Message, no: Fact) -> bool:
        """Whether a balancing was about this objection, or a later one of the same scope."""
        return any(
            (o.purpose, o.channel) == (no.purpose, no.channel) and o.about and o.about >= no.at
            for o in self._of(m, "overruled")
        )

    def _grounds(self, m: Message) -> Iterator[datetime | None]:
        """Since when it stands on what, for everything that it may stand on; None: always."""
        if m.purpose == "support":
            for wrote in self._of(m, "wrote"):
                fresh = m.at.date() - wrote.at.date() <= timedelta(days=30)
                if wrote.channel == m.channel and fresh and not self._erased_since(m, wrote.at):
                    yield wrote.at
        elif m.purpose in EVENTS:
            begun = [f for f in self._of(m, "began") if f.purpose == EVENTS[m.purpose]]
            for newest in begun[-1:]:
                ended = any(
                    f.purpose == newest.purpose and f.at >= newest.at for f in self._of(m, "ended")
                )
                offered = m.purpose != "offers" or (
                    newest.opt_out and m.channel in SAYS_HOW_TO_STOP
                )
                if not ended and offered and not self._erased_since(m, newest.at):
                    yield newest.at
        else:
            yield None

    def _erased_since(self, m: Message, at: datetime) -> bool:
        return any(erased.at >= at for erased in self._of(m, "erased"))

    def _is_restricted(self, m: Message, since: datetime | None) -> bool:
        """Art. 18: only duties go on, and what the person began afterwards; no marketing."""
        if m.purpose in DUTIES:
            return False
        return any(
            m.purpose in MARKETING or since is None or held.at >= since
            for held in self._of(m, "restricted")
        )
