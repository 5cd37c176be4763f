"""Sweep: what time does. Ends days, removes objects, resumes erasures, makes the days ahead."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from lethe.crypto.holders import Kem, generate
from lethe.domain.archive import day_prefix
from lethe.domain.audit import AuditEvent
from lethe.domain.errors import RaceLostError, UnavailableError
from lethe.domain.policy import Policy
from lethe.domain.ports import (
    AuditTrail,
    Counts,
    DayKey,
    Days,
    EraseQueue,
    KeyWrap,
    Ledger,
    Objects,
    Policies,
    Register,
    Requests,
)

DAYS_AHEAD: Final = 30
_ACTOR: Final = "retention_sweep"


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a run did, or, in a dry run, what it would do.

    `oldest_overdue_seconds` is how long the most overdue day outlived its end after the run;
    `messages_expired` counts the messages of the days that ended in this run, and `days_stuck` the
    ended days whose objects could not be deleted: each is tried again, and stands in nobody's way.
    """

    dry_run: bool
    days_ended: int
    messages_expired: int
    objects_deleted: int
    days_stuck: int
    days_made: int
    requests_resumed: int
    oldest_overdue_seconds: int


@dataclass(frozen=True)
class Sweep:
    """The use case; each part stands alone, and the next run catches up with one that stopped."""

    register: Register
    days: Days
    objects: Objects
    requests: Requests
    policies: Policies
    counts: Counts
    audit: AuditTrail
    ledger: Ledger
    erase_queue: EraseQueue
    wrap: KeyWrap
    clock: Callable[[], datetime]
    kem: Kem
    ledger_period: timedelta

    def run(self, *, dry_run: bool) -> SweepReport:
        """Do all that is due; a dry run resumes erasures all the same: nothing gates a right."""
        version, policy = self.policies.current()
        resumed = self._resume_requests()
        days = list(self.days.all())
        due = [key for key in days if not key.ended and self._is_over(key, policy)]
        missing = list(self._missing(policy, days))
        made, late, cleared = len(missing), due, list[int | None]()
        ended = due
        if not dry_run:
            made = sum(self._make(key) for key in missing)
            late = [key for key in due if not self._end(key, version)]
            ended = [key for key in due if key not in late]
            uncleared = [key for key in days if key.ended and not key.cleared]
            cleared = [self._clear(key, version) for key in uncleared]
            cleared += [self._deleted(key) for key in ended]
        return SweepReport(
            dry_run=dry_run,
            days_ended=len(ended),
            messages_expired=sum(self.counts.total(k.cls, k.day, k.end) for k in ended),
            objects_deleted=sum(deleted or 0 for deleted in cleared),
            days_stuck=cleared.count(None),
            days_made=made,
            requests_resumed=resumed,
            oldest_overdue_seconds=self._overdue(late, policy),
        )

    def make_day(self, cls: str, day: date, end: date) -> bool:
        """Make a day that capture asked for, if the policy in force gives it this very end."""
        _, policy = self.policies.current()
        retention = policy.classes.get(cls)
        if retention is None or retention.end_date(day) != end or end <= self.clock().date():
            return False
        return self._make(DayKey(cls, day, end, keep=retention.keeps))

    def _end(self, key: DayKey, policy_version: int) -> bool:
        """Shred a day; False if a legal hold was placed meanwhile: the next run decides anew."""
        holds = self.register.holds()
        try:
            self.days.shred(key, self.clock(), holds.version)
        except RaceLostError:
            return False
        self._note("day_ended", key, policy_version)
        return True

    def _clear(self, key: DayKey, policy_version: int) -> int | None:
        """Remove what a capture still wrote after the day had ended; nothing left: never again.

        It is noted again, for the run that ended the day may have stopped before it could.
        """
        deleted = self._deleted(key)
        if deleted == 0:
            self._note("day_cleared", key, policy_version)
            self.days.clear(key)
        return deleted

    def _note(self, action: str, key: DayKey, policy_version: int) -> None:
        target = f"{key.cls}/{key.day}/{key.end}"
        document = {"type": "day", "class": key.cls, "day": str(key.day), "end": str(key.end)}
        self.ledger.put(f"days/{target}", document, self.ledger_period)
        self.audit.put(AuditEvent(self.clock(), action, _ACTOR, target, policy_version))

    def _deleted(self, key: DayKey) -> int | None:
        """How many objects of a day went, or None if some could not be deleted now."""
        prefixes = [day_prefix(key.cls, key.day, key.end), *([_copies(key)] if key.keep else [])]
        try:
            return sum(self.objects.delete_prefix(prefix, keep=key.keep) for prefix in prefixes)
        except UnavailableError:
            return None

    def _resume_requests(self) -> int:
        waiting = list(self.requests.open())
        self.erase_queue.send(waiting)
        return len(waiting)

    def _missing(self, policy: Policy, present: list[DayKey]) -> Iterator[DayKey]:
        """The days from today on that every class needs and does not have."""
        there = {(key.cls, key.day, key.end) for key in present}
        today = self.clock().date()
        for cls, retention in policy.classes.items():
            for ahead in range(DAYS_AHEAD + 1):
                day = today + timedelta(days=ahead)
                wanted = DayKey(cls, day, retention.end_date(day), keep=retention.keeps)
                if (cls, day, wanted.end) not in there:
                    yield wanted

    def _make(self, key: DayKey) -> bool:
        """Make a day; a kept one's wrapped key lies locked beside its objects too, as long as they.

        The copy comes first and is named by its holder: no day is without one, and the copy of a
        key that came second, which sealed nothing, does not hide the other.
        """
        holder, private = generate(self.kem)
        wrapped = self.wrap.wrap(private, holder.id)
        if key.keep:
            copy = {"kem": holder.kem, "holder": holder.id.hex(), "public": holder.public.hex()}
            copy["wrapped"] = wrapped.hex()
            name = f"{_copies(key)}{holder.id.hex()}"
            self.objects.put(name, [json.dumps(copy).encode()], keep_until=key.end)
        return self.days.create(key, holder, wrapped)

    def _is_over(self, key: DayKey, policy: Policy) -> bool:
        return self._end_of(key, policy) <= self.clock()

    def _end_of(self, key: DayKey, policy: Policy) -> datetime:
        end = key.end if key.keep else policy.effective_end(key.cls, key.day, key.end)
        return datetime.combine(end, time(), UTC)

    def _overdue(self, keys: list[DayKey], policy: Policy) -> int:
        now = self.clock()
        return max((int((now - self._end_of(k, policy)).total_seconds()) for k in keys), default=0)


def _copies(key: DayKey) -> str:
    """Where a kept day's key lies beside its objects."""
    return f"keys/{key.cls}/{key.end}/{key.day}/"
