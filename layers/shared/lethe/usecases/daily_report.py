"""Daily report: once a day to everybody who subscribed, and to be read again by the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from lethe.domain import due_reviews, human_review
from lethe.domain.daily_reports import DailyReport, Waiting
from lethe.domain.errors import ConflictError, NotFoundError
from lethe.domain.figures import UNKNOWN_CHANNELS, unknown_channels
from lethe.domain.human_review import TARGETS, ReviewKind
from lethe.domain.in_force import Audience
from lethe.domain.ports import Policies
from lethe.domain.ports_governing import ReportLog, ReportTopic
from lethe.domain.ports_sending import ActivityLog, Reviews
from lethe.domain.silence import LONGEST, silent
from lethe.usecases.doctor import Drifting

_ACTOR: Final = "govern"
_SETTLED: Final = "settled"
"""What is recorded of a question about a notice that is as policy and settings say again."""


@dataclass(frozen=True)
class DailyReports:
    """The use case; a run that is repeated publishes nothing twice."""

    policies: Policies
    activity: ActivityLog
    reviews: Reviews
    notices: Drifting
    log: ReportLog
    topic: ReportTopic
    clock: Callable[[], datetime]

    def run(self) -> DailyReport | None:
        """Publish the report of yesterday; None if another run did, or is just doing it."""
        now = self.clock()
        day = now.date() - timedelta(days=1)
        if not self.log.claim(day, now):
            return None
        report = self._report(day)
        for audience in Audience:
            self._ask_about_drift(report, audience, now)
        self.topic.publish(report.subject, report.text())
        self.log.published(day, report.json())
        return report

    def get(self, day: date) -> str:
        """The report of a day as JSON: as it was published, else as it would be now."""
        today = self.clock().date()
        if not today - LONGEST < day <= today:
            raise NotFoundError("There are reports up to today, and for 400 days.")
        return self.log.get(day) or self._report(day).json()

    def _report(self, day: date) -> DailyReport:
        in_force = self.policies.in_force()
        policy = self.policies.at(in_force.version)
        figures = dict(self.activity.read(day, [*policy.channels, UNKNOWN_CHANNELS]))
        unknown = unknown_channels(figures.pop(UNKNOWN_CHANNELS))
        today = self.clock().date()
        return DailyReport(
            day=day,
            in_force=in_force,
            figures={name: figures[name] for name in sorted(figures)},
            unknown_channels=sorted(unknown),
            overdue=due_reviews.overdue(policy, today),
            waiting=tuple(self._waiting()),
            silent=silent(policy, self.activity, today),
            outdated=tuple(d.audience for d in self.notices.drift() if d.version and d.drifted),
        )

    def _waiting(self) -> Iterator[Waiting]:
        now = self.clock()
        every, late = Counter[str](), Counter[str]()
        for kind, at in self.reviews.times():
            every[kind] += 1
            late[kind] += now - at > TARGETS[ReviewKind(kind)]
        for kind, waiting in sorted(every.items()):
            yield Waiting(kind, waiting, late[kind])

    def _ask_about_drift(self, report: DailyReport, audience: Audience, now: datetime) -> None:
        """Ask a human about an outdated notice; of one that is not so any more, ask no longer."""
        version = report.in_force.notice_for(audience)
        asked = human_review.notice_drift(audience, version)
        if audience in report.outdated:
            self.reviews.put(asked.id, asked.document, now)
            return
        for settled in (asked, human_review.notice_drift(audience, version - 1)):
            with suppress(ConflictError):  # nobody was asked
                self.reviews.close(settled.id, _SETTLED, _ACTOR, now)
