"""The hourly look at consents: what ran out is recorded as expired, evidence ends when it may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from lethe.domain import consent_fold
from lethe.domain.audit import AuditEvent
from lethe.domain.consent import ConsentState, EventType
from lethe.domain.consent_acts import MOST_ACTS
from lethe.domain.consent_record import kept_after_processing
from lethe.domain.errors import RaceLostError
from lethe.domain.evidence import Evidence, Method
from lethe.domain.ports import Policies
from lethe.domain.ports_sending import Consents
from lethe.domain.register import Pseudonym
from lethe.usecases.consent_ledger import Act, ConsentLedger, event_id
from lethe.usecases.reviewing import SYSTEM, Reviewing

PERSONS_A_RUN: Final = 1_000
"""Whom one run looks at; the rest is first in the next one."""
LONGEST_RUN: Final = timedelta(seconds=20)
"""After this much time a run begins no other person."""


@dataclass(frozen=True, slots=True)
class UpkeepReport:
    """What a run did; `left` says that it stopped before it had seen everybody who is due."""

    expired: int
    evidence_ended: int
    failed: int
    reviews_overdue: int
    left: bool


@dataclass(frozen=True)
class ConsentUpkeep:
    """The use case; every step may be repeated, and what a run leaves is due in the next."""

    ledger: ConsentLedger
    consents: Consents
    policies: Policies
    reviewing: Reviewing
    clock: Callable[[], datetime]
    noted: Callable[[Exception], None]
    """What is told of a failure that stops one person's part and nobody else's."""

    def run(self) -> UpkeepReport:
        """Look after everybody who is due, as far as one run goes."""
        begun = self.clock()
        expired = ended = failed = 0
        left = False
        for seen, pseudonym in enumerate(self.consents.due(begun)):
            if seen == PERSONS_A_RUN or self.clock() - begun > LONGEST_RUN:
                left = True
                break
            try:
                ran_out, over = self._look_after(pseudonym)
            except Exception as error:  # noqa: BLE001 - one person must not stop the others
                self.noted(error)
                failed += 1
            else:
                expired, ended = expired + ran_out, ended + over
        self.reviewing.settle_notices()
        return UpkeepReport(expired, ended, failed, self.reviewing.overdue(), left)

    def _look_after(self, pseudonym: Pseudonym) -> tuple[int, int]:
        expired = self._expire(self.ledger.state(pseudonym))
        return expired, self._end(self.ledger.state(pseudonym))

    def _expire(self, state: ConsentState) -> int:
        """Record what has run out; a grant's expiry has one id, so it is recorded once."""
        acts = [
            _expiry(state, key, until)
            for key, until in consent_fold.unrecorded_expiries(state)
            if until <= self.clock()
        ][:MOST_ACTS]
        if not acts:
            return 0
        recorded = self.ledger.record_for(state.pseudonym, acts, caller=SYSTEM)
        return sum(not one.duplicate for one in recorded)

    def _end(self, state: ConsentState) -> int:
        """End the evidence whose day has come, by the policy that is in force now.

        Whoever is not over yet is due later. A race means that there is something new.
        """
        version, policy = self.policies.current()
        now = self.clock()
        settled = consent_fold.settle(state, kept_after_processing(policy), now)
        over = settled.ends is not None and settled.ends <= now.astimezone(UTC).date()
        try:
            if over:
                # Before the act: afterwards no run would know of which ledger it was.
                ends = AuditEvent(
                    now, "consent_evidence_ends", SYSTEM.actor, state.ledger or "", version
                )
                self.ledger.audit.put(ends)
                self.consents.end_evidence(state)
            elif settled.due != state.due:
                self.consents.append([], state, settled, None)
        except RaceLostError:
            return 0
        return int(over)


def _expiry(state: ConsentState, key: tuple[str, str], until: datetime) -> Act:
    purpose, channel = key
    grant = state.lines[key].event_id or ""
    return Act(
        EventType.EXPIRED,
        purpose=purpose,
        channel=channel,
        time=until,
        evidence=Evidence(method=Method.SYSTEM),
        event_id=event_id("expired", grant, until.isoformat()),
    )
