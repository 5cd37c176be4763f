"""Govern: the policy document in force, and which addresses are the controller's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lethe.domain.addresses import Address
from lethe.domain.audit import AuditEvent
from lethe.domain.callers import Caller
from lethe.domain.classification import Classification, Facts, RuleResult
from lethe.domain.own_addresses import OwnAddress, OwnSpan
from lethe.domain.policy import Policy
from lethe.domain.ports import AuditTrail, Policies, PseudonymHash, Register


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the rules decide on given facts: the outcome, and why each rule applied or did not."""

    policy_version: int
    classification: Classification
    rules: tuple[RuleResult, ...]


@dataclass(frozen=True)
class Govern:
    """The use case; `policy_changes` is how a policy comes into force."""

    register: Register
    policies: Policies
    audit: AuditTrail
    hashes: PseudonymHash
    clock: Callable[[], datetime]

    def policy(self) -> tuple[int, Policy]:
        """The version in force and its document."""
        return self.policies.current()

    def explain(self, facts: Facts) -> Explanation:
        """Which rule decides on these facts, and why the others do not."""
        version, policy = self.policies.current()
        return Explanation(version, policy.classify(facts), policy.explain(facts))

    def put_own_addresses(self, own: Sequence[OwnAddress], *, caller: Caller) -> int:
        """Record own addresses; each one listed gets exactly the spans listed. Returns how many."""
        spans: dict[Address, list[OwnSpan]] = defaultdict(list)
        for listed in own:
            spans[listed.address].append(listed.span)
        for address, of_address in spans.items():
            self.register.set_own(self.hashes.pseudonym(address), of_address)
        facts = {"addresses": str(len(spans))}
        self.audit.put(AuditEvent(self.clock(), "own_addresses_put", caller.actor, "", facts=facts))
        return len(spans)

    def own(self, address: Address) -> tuple[OwnSpan, ...]:
        """The spans in which an address is the controller's."""
        return self.register.item(self.hashes.pseudonym(address)).own
