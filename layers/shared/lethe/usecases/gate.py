"""The gate: look, judge, record. Whatever fails on the way is a no, but where the policy marks it.

The look is strongly consistent and fresh each time: the sender with what is in force in one call,
then for each 100 recipients the register in one call and the states of consent in another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from lethe.domain.addresses import Address
from lethe.domain.audit import AuditEvent
from lethe.domain.channel_settings import Gate as Mode
from lethe.domain.consent import ConsentState
from lethe.domain.gate import Decision, Known, Question, Subject
from lethe.domain.gating import decide, figures, gate_of, on_failure, watched
from lethe.domain.policy import Policy
from lethe.domain.ports import AuditTrail, Policies, PseudonymHash, Register
from lethe.domain.ports_sending import ActivityLog, Consents
from lethe.domain.register import Pseudonym, RegisterItem

_A_LOOK: Final = 100
_NOBODY: Final = Subject(RegisterItem(Pseudonym("")), ConsentState(Pseudonym("")))

Decisions = Mapping[Address, Decision]


@dataclass
class LastPolicy:
    """The policy that this process read last: what it marks still counts when nothing is read."""

    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What is known before any recipient is looked at; `known` is None if the look failed.

    `policy` then is the one that was read last, if any was.
    """

    question: Question
    at: datetime
    known: Known | None
    policy: Policy | None

    @property
    def is_off(self) -> bool:
        """Say whether the gate decides nothing on this channel."""
        return self.known is not None and gate_of(self.question, self.known.policy) is Mode.OFF

    @property
    def policy_version(self) -> int:
        """Return the version that decides."""
        return self.known.policy_version if self.known else 0

    @property
    def on_failure(self) -> Decision:
        """Return the decision where what decides could not be known."""
        decision = on_failure(self.question, self.policy)
        if self.known is None:
            return decision
        return watched(decision, self.question, self.known.policy)


@dataclass(frozen=True)
class Gate:
    """The use case. `noted` is told of each failure, which the answer shows as `unavailable`."""

    register: Register
    consents: Consents
    policies: Policies
    activity: ActivityLog
    audit: AuditTrail
    hashes: PseudonymHash
    clock: Callable[[], datetime]
    noted: Callable[[Exception], object] = lambda _: None
    last: LastPolicy = field(default_factory=LastPolicy)

    def decide(
        self,
        question: Question,
        recipients: Sequence[Address],
        *,
        actor: str,
        target: str = "",
        explain: bool = False,
    ) -> list[Decision]:
        """Decide for each recipient, in order; one who is named twice is decided on once.

        What is denied is audited once, with the reasons and no person; `target` is a random id.
        """
        look = self.look(question)
        judged = self.judge(look, recipients, explain=explain)
        decided = self.record(look, judged, actor=actor, target=target)
        return [decided[address] for address in recipients]

    def look(self, question: Question) -> Look:
        """Look at the sender and at what is in force; never fails."""
        now = self.clock()  # before the look: what happens after it has not happened before
        try:
            sender, in_force = self.register.sender(self.hashes.pseudonym(question.sender))
            self.last.policy = policy = self.policies.at(in_force.version)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing leaves
            self.noted(error)
            return Look(question, now, None, self.last.policy)
        known = Known(policy, in_force.version, in_force.notice, sender, now)
        return Look(question, now, known, policy)

    def judge(
        self, look: Look, recipients: Sequence[Address], *, explain: bool = False
    ) -> Decisions:
        """Look at each recipient and decide; never fails. Nobody is looked at if it is off."""
        unique = list(dict.fromkeys(recipients))
        if look.known is None:
            return dict.fromkeys(unique, look.on_failure)
        if look.is_off:
            return dict.fromkeys(unique, decide(look.question, look.known, _NOBODY))
        judged: dict[Address, Decision] = {}
        for start in range(0, len(unique), _A_LOOK):
            some = unique[start : start + _A_LOOK]
            try:
                subjects = self._subjects(some)
            except Exception as error:  # noqa: BLE001 - as above
                self.noted(error)
                judged |= dict.fromkeys(some, look.on_failure)
            else:
                for address, subject in subjects.items():
                    judged[address] = decide(look.question, look.known, subject, explain=explain)
        return judged

    def record(
        self,
        look: Look,
        judged: Decisions,
        *,
        actor: str,
        target: str = "",
        also: Mapping[str, int] | None = None,
    ) -> Decisions:
        """Audit what is denied, count all, and `also` what; an allow that was not counted is none.

        Of a channel whose gate is off nothing is counted but that.
        """
        counted = Counter(also or {})
        if not look.is_off:
            counted.update(figures(judged.values()))
        denials = Counter(str(d.reason) for d in judged.values() if not d.allowed)
        try:
            if denials:
                self.audit.put(self._blocked(look, denials, actor, target))
            if counted:
                day = look.at.astimezone(UTC).date()
                self.activity.add(look.question.channel, day, counted)
        except Exception as error:  # noqa: BLE001 - as above
            self.noted(error)
            if look.is_off:
                return judged
            allowed = [address for address, decision in judged.items() if decision.allowed]
            return {**judged, **dict.fromkeys(allowed, look.on_failure)}
        return judged

    def _subjects(self, addresses: Sequence[Address]) -> Mapping[Address, Subject]:
        names = {address: self.hashes.pseudonym(address) for address in addresses}
        items = self.register.items(names.values())
        states = self.consents.states(names.values())
        return {address: Subject(items[name], states[name]) for address, name in names.items()}

    def _blocked(
        self, look: Look, denials: Mapping[str, int], actor: str, target: str
    ) -> AuditEvent:
        facts = {"channel": look.question.channel, "purpose": look.question.purpose}
        facts |= {reason: str(number) for reason, number in sorted(denials.items())}
        event = AuditEvent(look.at, "send_blocked", actor, target, facts=facts)
        return replace(event, policy_version=look.policy_version)
