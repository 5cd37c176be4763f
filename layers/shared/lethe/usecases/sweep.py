"""Sweep: what time does. Ends days, removes their objects, resumes erasures, makes the days ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from lethe.crypto.holders import Kem, generate
from lethe.domain.archive import day_prefix
from lethe.domain.audit import AuditEvent
from lethe.domain.errors import RaceLostError
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

    `oldest_overdue_seconds` is how long the most overdue day outlived its end when the run was over;
    `messages_expired` counts the messages of the days that ended in this run.
    """

    dry_run: bool
    days_ended: int
    messages_expired: int
    objects_deleted: int
    days_made: int
    requests_resumed: int
    oldest_overdue_seconds: int


@dataclass(frozen=True)
class Sweep:
    """The use case; each part stands alone, and a run that stops anywhere is caught up by the next."""

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
        """Do all that is due. Interrupted erasures are resumed in a dry run too: nothing gates a right."""
        version, policy = self.policies.current()
        resumed = self._resume_requests()
        all_days = list(self.days.all())
        due = [key for key in all_days if not key.ended and self._end_of(key, policy) <= self.clock()]
        expired = sum(self.counts.total(key.cls, key.day, key.end) for key in due)
        missing = list(self._missing(policy, all_days))
        if dry_run:
            return SweepReport(
                True, len(due), expired, 0, len(missing), resumed, self._overdue(due, policy)
            )
        late = [key for key in due if not self._end(key, version)]
        deleted = sum(self._delete_objects(key, policy) for key in all_days if key not in late)
        made = sum(self._make(cls, day, end) for cls, day, end in missing)
        return SweepReport(
            dry_run=False,
            days_ended=len(due) - len(late),
            messages_expired=expired,
            objects_deleted=deleted,
            days_made=made,
            requests_resumed=resumed,
            oldest_overdue_seconds=self._overdue(late, policy),
        )

    def make_day(self, cls: str, day: date, end: date) -> bool:
        """Make a day that capture asked for, if the policy in force gives it this end; False otherwise."""
        _, policy = self.policies.current()
        retention = policy.classes.get(cls)
        if retention is None or retention.end_date(day) != end or end <= self.clock().date():
            return False
        return self._make(cls, day, end)

    def _end(self, key: DayKey, policy_version: int) -> bool:
        """Shred a day; False if a legal hold was placed meanwhile, and the next run decides anew."""
        holds = self.register.holds()
        try:
            self.days.shred(key, self.clock(), holds.version)
        except RaceLostError:
            return False
        target = f"{key.cls}/{key.day}/{key.end}"
        document = {"type": "day", "class": key.cls, "day": str(key.day), "end": str(key.end)}
        self.ledger.put(f"days/{target}", document, self.ledger_period)
        self.audit.put(AuditEvent(self.clock(), "day_ended", _ACTOR, target, policy_version))
        return True

    def _delete_objects(self, key: DayKey, policy: Policy) -> int:
        """Remove an ended day's objects; the prefix is tried again until the last version is gone."""
        if not key.ended and self._end_of(key, policy) > self.clock():
            return 0
        keep = policy.classes[key.cls].keeps if key.cls in policy.classes else False
        return self.objects.delete_prefix(day_prefix(key.cls, key.day, key.end), keep=keep)

    def _resume_requests(self) -> int:
        waiting = list(self.requests.open())
        self.erase_queue.send(waiting)
        return len(waiting)

    def _missing(self, policy: Policy, present: list[DayKey]) -> Iterator[tuple[str, date, date]]:
        """The days from today on that every class needs and does not have."""
        there = {(key.cls, key.day, key.end) for key in present}
        today = self.clock().date()
        for cls, retention in policy.classes.items():
            for ahead in range(DAYS_AHEAD + 1):
                day = today + timedelta(days=ahead)
                wanted = (cls, day, retention.end_date(day))
                if wanted not in there:
                    yield wanted

    def _make(self, cls: str, day: date, end: date) -> bool:
        holder, private = generate(self.kem)
        return self.days.create(cls, day, end, holder, self.wrap.wrap(private, holder.id))

    def _end_of(self, key: DayKey, policy: Policy) -> datetime:
        return datetime.combine(policy.effective_end(key.cls, key.day, key.end), time(), UTC)

    def _overdue(self, keys: list[DayKey], policy: Policy) -> int:
        now = self.clock()
        return max((int((now - self._end_of(k, policy)).total_seconds()) for k in keys), default=0)
