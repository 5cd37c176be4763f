"""The use cases wired on any stores, with a clock that tests set and queues that tests drain."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lethe.crypto import keyed
from lethe.crypto.holders import Kem
from lethe.domain.addresses import Address
from lethe.domain.callers import Caller
from lethe.domain.messages import MessageId
from lethe.domain.policy import Policy
from lethe.domain.register import Pseudonym
from lethe.domain.work import PurgeWork
from lethe.usecases.access import Access
from lethe.usecases.activity import Activity
from lethe.usecases.capture import Capture
from lethe.usecases.daily_report import DailyReports
from lethe.usecases.deletion import Deletion
from lethe.usecases.doctor import Doctor
from lethe.usecases.erasure import Erasure
from lethe.usecases.govern import Govern
from lethe.usecases.notices import Notices
from lethe.usecases.opening import Opening
from lethe.usecases.policy_changes import PolicyChanges
from lethe.usecases.purge import Purge
from lethe.usecases.sweep import Sweep

from tests.notice_scenes import LIVE

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
STAFF = Caller("staff-1")
APPROVER = Caller("staff-2")


@dataclass
class Clock:
    """Time as a test sets it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, span: timedelta) -> None:
        self.now += span


@dataclass(frozen=True)
class Hashes:
    """The keyed hashes under keys of the test."""

    def pseudonym(self, address: Address) -> Pseudonym:
        return keyed.pseudonym(b"p" * 32, address)

    def message_id(self, channel: str, external_id: str) -> MessageId:
        return keyed.message_id(b"m" * 32, channel, external_id)

    def fingerprint(self, message_id: MessageId, content: bytes) -> bytes:
        return keyed.fingerprint(b"m" * 32, message_id, content)

    def preview_key(self) -> bytes:
        return b"v" * 32


@dataclass
class System:
    """Every use case over one set of stores; `stores` has an attribute per port."""

    stores: Any
    kem: Kem = Kem.X25519
    clock: Clock = field(default_factory=Clock)
    longest_capture: timedelta = timedelta(seconds=30)
    ledger_period: timedelta = timedelta(days=8)

    def __post_init__(self) -> None:
        s, clock, hashes = self.stores, self.clock, Hashes()
        common = {"policies": s.policies, "clock": clock}
        self.hashes = hashes
        self.capture = Capture(
            register=s.register,
            keys=s.keys,
            days=s.days,
            day_requests=s.day_requests,
            archive=s.archive,
            objects=s.objects,
            wrap=s.wrap,
            counts=s.counts,
            hashes=hashes,
            activity=Activity(s.activity, clock),
            stamp=lambda message, _: message,
            kem=self.kem,
            **common,
        )
        self.access = Access(
            register=s.register,
            archive=s.archive,
            objects=s.objects,
            audit=s.audit,
            hashes=hashes,
            opening=Opening(
                archive=s.archive, keys=s.keys, objects=s.objects, wrap=s.wrap, clock=clock
            ),
            **common,
        )
        ending = {
            "register": s.register,
            "audit": s.audit,
            "ledger": s.ledger,
            "purge_queue": s.purge_queue,
            "hashes": hashes,
            "longest_capture": self.longest_capture,
            "ledger_period": self.ledger_period,
        }
        self.erasure = Erasure(
            requests=s.requests,
            erase_queue=s.erase_queue,
            consent_queue=s.consent_queue,
            **ending,
            **common,
        )
        self.deletion = Deletion(keys=s.keys, archive=s.archive, **ending, **common)
        self.purge = Purge(
            keys=s.keys,
            archive=s.archive,
            objects=s.objects,
            requests=s.requests,
            purge_queue=s.purge_queue,
            clock=clock,
            longest_capture=self.longest_capture,
        )
        self.sweep = Sweep(
            register=s.register,
            days=s.days,
            objects=s.objects,
            requests=s.requests,
            counts=s.counts,
            audit=s.audit,
            ledger=s.ledger,
            erase_queue=s.erase_queue,
            wrap=s.wrap,
            kem=self.kem,
            ledger_period=self.ledger_period,
            **common,
        )
        self.govern = Govern(register=s.register, audit=s.audit, hashes=hashes, **common)
        self.notices = Notices(published=s.notices, live=LIVE, audit=s.audit, **common)
        self.changes = PolicyChanges(
            proposals=s.proposals,
            register=s.register,
            days=s.days,
            counts=s.counts,
            notices=self.notices,
            audit=s.audit,
            key=hashes,
            **common,
        )
        watch = {"activity": s.activity, "reviews": s.reviews, "notices": self.notices}
        self.doctor = Doctor(proposals=s.proposals, live=LIVE, **watch, **common)
        self.reports = DailyReports(log=s.report_log, topic=s.report_topic, **watch, **common)

    def put_in_force(self, policy: Policy) -> int:
        """Change the policy as two people do: one proposes, another one previews and approves."""
        version, _ = self.govern.policy()
        proposal_id = self.changes.propose(policy, version, caller=STAFF).proposal.id
        token = self.changes.preview(proposal_id, caller=APPROVER).token
        return self.changes.approve(proposal_id, token, caller=APPROVER).version

    def work_through(self, queue: list[tuple[PurgeWork, timedelta]]) -> None:
        """Do the queued work in its order, delayed work too: the test's clock is its own."""
        for _ in range(10_000):
            if not queue:
                return
            self.purge.handle(queue.pop(0)[0])
        raise AssertionError("the queue never empties")
