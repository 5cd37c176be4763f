"""Which of these people must not be written to: for systems that send without asking the gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lethe.domain.addresses import Address
from lethe.domain.consent import EVERY
from lethe.domain.errors import FieldProblem, InvalidInputError
from lethe.domain.gate import Known, Question, Reason, Subject
from lethe.domain.ports import Policies, PseudonymHash, Register
from lethe.domain.ports_sending import Consents
from lethe.domain.register import Pseudonym, RegisterItem
from lethe.domain.suppression import suppression, suppression_of_all
from lethe.usecases.dispatching import NO_PURPOSE

_A_LOOK: Final = 100


@dataclass(frozen=True)
class Suppressions:
    """The use case; a failure is no answer at all."""

    register: Register
    consents: Consents
    policies: Policies
    hashes: PseudonymHash
    clock: Callable[[], datetime]

    def search(
        self,
        addresses: Sequence[Address],
        channel: str,
        *,
        own_address: Address | None = None,
        purpose: str | None = None,
    ) -> list[Reason | None]:
        """Why each of them is suppressed on the channel, in order; None: no act of theirs says so.

        With a purpose the answer is about that one, else about everything at once; without an own
        address a stop to any of them counts.
        """
        version, policy = self.policies.current()
        if purpose is not None and purpose not in policy.purposes:
            problem = FieldProblem("/purpose", NO_PURPOSE)
            raise InvalidInputError("The search is not valid.", (problem,))
        own = self.hashes.pseudonym(own_address) if own_address else Pseudonym(EVERY)
        known = Known(policy, version, 0, RegisterItem(own), self.clock())
        question = Question(purpose or "", channel, own_address or Address(EVERY))
        found: dict[Address, Reason | None] = {}
        unique = list(dict.fromkeys(addresses))
        for start in range(0, len(unique), _A_LOOK):
            names = {a: self.hashes.pseudonym(a) for a in unique[start : start + _A_LOOK]}
            items = self.register.items(names.values())
            states = self.consents.states(names.values())
            for address, name in names.items():
                subject = Subject(items[name], states[name])
                found[address] = (
                    suppression(question, policy.purposes[purpose], known, subject)
                    if purpose is not None
                    else suppression_of_all(channel, own, known, subject)
                )
        return [found[address] for address in addresses]
