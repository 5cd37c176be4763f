"""Doctor: what is missing, overdue or out of step, told without a word about anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from lethe.domain import due_reviews
from lethe.domain.channel_settings import Gate, missing
from lethe.domain.classification import LegalBasis
from lethe.domain.figures import UNKNOWN_CHANNELS, UNLISTED_SENDER, unknown_channels
from lethe.domain.findings import Code, Finding, Severity, finding
from lethe.domain.human_review import TARGETS, ReviewKind
from lethe.domain.in_force import InForce
from lethe.domain.live import LiveSettings
from lethe.domain.policy import Policy
from lethe.domain.ports import Policies
from lethe.domain.ports_governing import Proposals
from lethe.domain.ports_sending import ActivityLog, Reviews
from lethe.domain.silence import silent
from lethe.domain.vendors import problems
from lethe.usecases.notices import Drift

LOOKS_BACK: Final = timedelta(days=7)
LEFT_OPEN_AFTER: Final = timedelta(days=14)
LONG_BACKUP_DAYS: Final = 7
_CLASSICAL: Final = "X25519"
_ORDER: Final = tuple(Severity)


class Drifting(Protocol):
    """How the published notices stand to what would be made now."""

    def drift(self) -> tuple[Drift, ...]:
        """One for each audience."""
        ...


@dataclass(frozen=True)
class Doctor:
    """The use case; it reads and changes nothing."""

    policies: Policies
    proposals: Proposals
    activity: ActivityLog
    reviews: Reviews
    notices: Drifting
    live: LiveSettings
    clock: Callable[[], datetime]

    def examine(self) -> tuple[Finding, ...]:
        """Everything that was found, the worst first."""
        in_force = self.policies.in_force()
        policy = self.policies.at(in_force.version)
        found = (
            *self._channels(policy),
            *self._purposes(policy, in_force),
            *self._vendors(policy),
            *self._due(policy),
            *self._notices(),
            *self._proposals(in_force),
            *self._waiting(),
            *self._settings(),
        )
        return tuple(sorted(found, key=lambda each: (_ORDER.index(each.severity), each.place)))

    def _channels(self, policy: Policy) -> Iterator[Finding]:
        today = self.clock().date()
        figures = self._lately(policy, today)
        for name in sorted(unknown_channels(figures[UNKNOWN_CHANNELS])):
            yield finding(Severity.WARNING, Code.UNKNOWN_CHANNEL, "/channels", channel=name)
        for name, counted in figures.items():
            if times := counted[UNLISTED_SENDER]:
                place, days = f"/channels/{name}", LOOKS_BACK.days
                found = Code.UNLISTED_SENDERS
                yield finding(Severity.WARNING, found, place, at_least=times, days=days)
        for quiet in silent(policy, self.activity, today):
            place, since = f"/channels/{quiet.channel}", quiet.since.isoformat()
            after = quiet.silent_after
            found = Code.SILENT_CHANNEL
            yield finding(Severity.WARNING, found, place, silent_after=after, since=since)
        for name, channel in policy.channels.items():
            used = channel.captures or channel.gate is not Gate.OFF
            if lacking := missing(channel, today) if used else ():
                place, found = f"/channels/{name}/screening", Code.CHANNEL_NOT_SCREENED
                yield finding(Severity.PROBLEM, found, place, lacks=" ".join(lacking))

    def _lately(self, policy: Policy, today: date) -> Mapping[str, Counter[str]]:
        """The figures of the last days by channel, with those of unknown channels."""
        total = {name: Counter[str]() for name in (*policy.channels, UNKNOWN_CHANNELS)}
        for ago in range(LOOKS_BACK.days):
            read = self.activity.read(today - timedelta(days=ago), total.keys())
            for name, figures in read.items():
                total[name].update(figures)
        unknown = unknown_channels(total[UNKNOWN_CHANNELS]) - total.keys()
        for name in unknown:
            total[name] = Counter()
        for ago in range(LOOKS_BACK.days if unknown else 0):
            for name, figures in self.activity.read(today - timedelta(days=ago), unknown).items():
                total[name].update(figures)
        return total

    def _purposes(self, policy: Policy, in_force: InForce) -> Iterator[Finding]:
        for name, purpose in policy.purposes.items():
            if purpose.balanced and purpose.assessment is None:
                place = f"/purposes/{name}/assessment"
                yield finding(Severity.PROBLEM, Code.PURPOSE_NOT_BALANCED, place)
            if purpose.legal_basis is LegalBasis.CONSENT and not in_force.notice:
                yield finding(Severity.PROBLEM, Code.CONSENT_WITHOUT_NOTICE, f"/purposes/{name}")

    def _vendors(self, policy: Policy) -> Iterator[Finding]:
        for name, vendor in policy.vendors.items():
            if lacking := problems(vendor, self.clock().date()):
                does = vendor.on_problem
                severity = Severity.PROBLEM if does == "block" else Severity.WARNING
                place, lacks = f"/vendors/{name}", " ".join(lacking)
                yield finding(severity, Code.VENDOR_LACKS, place, lacks=lacks, on_problem=does)

    def _due(self, policy: Policy) -> Iterator[Finding]:
        for each in due_reviews.overdue(policy, self.clock().date()):
            severity = Severity.PROBLEM if each.escalated else Severity.WARNING
            facts = {"owner": each.owner, "due": each.due.isoformat()}
            yield finding(severity, Code.REVIEW_OVERDUE, each.place, days=each.days, **facts)
        for place in due_reviews.without_review(policy):
            yield finding(Severity.WARNING, Code.NO_REVIEW, place)

    def _notices(self) -> Iterator[Finding]:
        drifts = self.notices.drift()
        for lacking in dict.fromkeys(p.pointer for drift in drifts for p in drift.problems):
            yield finding(Severity.PROBLEM, Code.NOTICE_FACT_MISSING, lacking)
        for drift in drifts:
            whom = drift.audience.value
            if not drift.version:
                code = Code.NOTICE_NOT_PUBLISHED
                yield finding(Severity.PROBLEM, code, "/notice", audience=whom)
            elif drift.changed:
                code, version = Code.NOTICE_OUTDATED, drift.version
                yield finding(Severity.PROBLEM, code, "/notice", audience=whom, version=version)

    def _proposals(self, in_force: InForce) -> Iterator[Finding]:
        for proposal in self.proposals.open(in_force.version):
            days = (self.clock() - proposal.at).days
            if days >= LEFT_OPEN_AFTER.days:
                code, proposed = Code.PROPOSAL_OPEN, proposal.id
                yield finding(Severity.WARNING, code, proposal_id=proposed, days=days)

    def _waiting(self) -> Iterator[Finding]:
        now = self.clock()
        late = Counter(k for k, at in self.reviews.times() if now - at > TARGETS[ReviewKind(k)])
        for kind, waiting in sorted(late.items()):
            yield finding(Severity.PROBLEM, Code.WAITING_TOO_LONG, kind=kind, waiting=waiting)

    def _settings(self) -> Iterator[Finding]:
        days = self.live.key_backup_days
        if not days:
            yield finding(Severity.HINT, Code.KEYS_WITHOUT_BACKUP, days=days)
        if days > LONG_BACKUP_DAYS:
            yield finding(Severity.HINT, Code.KEYS_BACKED_UP_LONG, days=days)
        if self.live.kem == _CLASSICAL:
            yield finding(Severity.HINT, Code.KEM_CLASSICAL)
