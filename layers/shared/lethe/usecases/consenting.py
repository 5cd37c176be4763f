"""Consents and other bases, as they are given: one record a purpose, and where a person stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lethe.domain.addresses import Address
from lethe.domain.audit import AuditEvent
from lethe.domain.callers import Caller
from lethe.domain.consent import ConsentState, EventId, EventType
from lethe.domain.consent_words import StandingLine, standing_lines
from lethe.domain.errors import FieldProblem, InvalidInputError, LetheError
from lethe.domain.evidence import Evidence, Method
from lethe.domain.policy import Policy
from lethe.domain.ports import AuditTrail, Policies, PseudonymHash
from lethe.domain.ports_sending import Consents
from lethe.domain.purposes import EventGrant
from lethe.usecases.consent_ledger import Act, ConsentLedger, Recorded, event_id

MAX_CONSENTS: Final = 20
"""Answers of one person in one call: as many as a form has boxes."""
MAX_ROWS: Final = 100
"""Rows of an import in one call."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Who tells it, with which evidence, and under which Idempotency-Key."""

    caller: Caller
    key: str | None = None
    evidence: Evidence | None = None

    def event_id(self, use: str, at: int = 0) -> EventId | None:
        """Return the id that calls under one key share; None without a key: then a new one."""
        return None if self.key is None else event_id(use, self.caller.actor, self.key, str(at))


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One act of one person, from another system's records."""

    address: Address
    act: Act


@dataclass(frozen=True, slots=True)
class BasisEvent:
    """An event that grants a basis of its own: a contract, a sale."""

    event: str
    begun: bool
    time: datetime | None = None
    opt_out_offered: bool = False
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands: in words per purpose and channel, and the state behind them."""

    policy_version: int
    lines: tuple[StandingLine, ...]
    state: ConsentState


@dataclass(frozen=True)
class Consenting:
    """The use case."""

    ledger: ConsentLedger
    consents: Consents
    policies: Policies
    audit: AuditTrail
    hashes: PseudonymHash
    clock: Callable[[], datetime]

    def record(self, address: Address, acts: Sequence[Act], told: Telling) -> list[Recorded]:
        """Record what a person agreed to and refused, each purpose for itself, all or nothing."""
        named = [replace(act, event_id=told.event_id("consent", at)) for at, act in enumerate(acts)]
        return self.ledger.record(address, named, caller=told.caller)

    def bring(
        self, rows: Sequence[ImportRow | LetheError], *, caller: Caller
    ) -> Iterator[list[Recorded] | LetheError]:
        """Import rows, each for itself; the same row again is a duplicate, whenever it comes.

        One who withdrew, objected, stopped or was erased is not brought back. What could not be
        read is answered in its place.
        """
        for row in rows:
            if isinstance(row, LetheError):
                yield row
                continue
            try:
                act = replace(row.act, event_id=self._row_id(row))
                yield self.ledger.record(row.address, [act], caller=caller, importing=True)
            except LetheError as error:
                yield error

    def basis(self, address: Address, event: BasisEvent, told: Telling) -> list[Recorded]:
        """Record that an event which grants a basis began or ended for a person."""
        _, policy = self.policies.current()
        if event.event not in _granting(policy):
            expected = "Name an event that a purpose of the policy is granted by."
            raise InvalidInputError("Nothing is granted by this.", (_at("/event", expected),))
        if event.opt_out_offered and not event.begun:
            expected = "Say this of an event that begins."
            raise InvalidInputError("The event is not valid.", (_at("/opt_out_offered", expected),))
        act = Act(
            EventType.BASIS_BEGUN if event.begun else EventType.BASIS_ENDED,
            purpose=event.event,
            time=event.time,
            opt_out_offered=event.opt_out_offered,
            evidence=Evidence(method=Method.SYSTEM, reference=event.reference),
            event_id=told.event_id("basis"),
        )
        return self.ledger.record(address, [act], caller=told.caller)

    def standing(self, address: Address, *, caller: Caller) -> Standing:
        """Where a person stands; the look is audited, by the ledger's random id."""
        version, policy = self.policies.current()
        pseudonym = self.hashes.pseudonym(address)
        state = self.consents.states([pseudonym])[pseudonym]
        target = state.ledger or "none"
        self.audit.put(AuditEvent(self.clock(), "consent_read", caller.actor, target, version))
        return Standing(version, tuple(standing_lines(state, policy, self.clock())), state)

    def _row_id(self, row: ImportRow) -> EventId:
        act, evidence = row.act, row.act.evidence
        at = evidence.at.isoformat() if evidence and evidence.at else ""
        person = self.hashes.pseudonym(row.address)
        return event_id("import", person, act.type.value, act.purpose, act.channel, at)


def _granting(policy: Policy) -> frozenset[str]:
    grants = (purpose.granted_by for purpose in policy.purposes.values())
    return frozenset(grant.event for grant in grants if isinstance(grant, EventGrant))


def _at(pointer: str, expected: str) -> FieldProblem:
    return FieldProblem(pointer, expected)
