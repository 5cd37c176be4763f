"""What follows from a no: what it stops, and erasures to propose (Art. 7(3), 17(1)(b)).

Everything is read from the state as it stands after the no, and a proposal is named by the consent
that ended: a repetition answers the same and proposes nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lethe.domain.consent import EVERY, ConsentState
from lethe.domain.human_review import erasure_proposal
from lethe.domain.policy import Policy
from lethe.domain.ports import Register
from lethe.domain.ports_sending import Consents, Reviews
from lethe.domain.register import Pseudonym
from lethe.domain.withdrawals import EndedGrant, ended_grants, without_basis


@dataclass(frozen=True, slots=True)
class ErasureProposal:
    """A review that asks whether messages are to be erased that rested on one consent alone."""

    review_id: str
    purpose: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Follows:
    """What a no ended, and what it proposes."""

    stopped: tuple[EndedGrant, ...] = ()
    proposals: tuple[ErasureProposal, ...] = ()


@dataclass(frozen=True)
class Following:
    """The use case; ingest asks it too, after a keyword."""

    consents: Consents
    register: Register
    reviews: Reviews
    clock: Callable[[], datetime]

    def after(
        self,
        pseudonym: Pseudonym,
        policy: Policy,
        *,
        purpose: str = EVERY,
        channel: str = EVERY,
        own: str = "",
    ) -> Follows:
        """Return what follows from a no about this purpose, channel and own address."""
        now = self.clock()
        state = self.consents.states([pseudonym])[pseudonym]
        stopped = tuple(ended_grants(state, purpose, channel, own, now))
        lost = {
            name: without_basis(policy, state, name, now)
            for name in dict.fromkeys(grant.purpose for grant in stopped)
        }
        if not any(lost.values()):
            return Follows(stopped)
        held = self.register.item(pseudonym).entries
        proposals = [
            self._propose(state, name, classes)
            for name, every in lost.items()
            if (classes := tuple(cls for cls in every if cls in held))
        ]
        return Follows(stopped, tuple(proposals))

    def _propose(
        self, state: ConsentState, purpose: str, classes: tuple[str, ...]
    ) -> ErasureProposal:
        """Ask once for each consent that there was; a new one that ends is asked about anew."""
        lines = state.lines.items()
        grants = sorted(
            line.event_id for (about, _), line in lines if about == purpose and line.event_id
        )
        new = erasure_proposal(state.pseudonym, purpose, classes, grants)
        self.reviews.put(new.id, new.document, self.clock())
        return ErasureProposal(new.id, purpose, classes)
