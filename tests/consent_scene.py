"""The consent ledger wired on any stores, under a policy with a purpose of each sort."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from lethe.domain import consent_fold
from lethe.domain.addresses import Address
from lethe.domain.consent import ConsentState, EventType
from lethe.domain.evidence import Action, Evidence, Method
from lethe.domain.in_force import Change
from lethe.domain.policy import Policy, load_default
from lethe.domain.proposals import Proposal, ProposalId
from lethe.domain.register import Pseudonym
from lethe.usecases.consent_ledger import Act, ConsentLedger, Recorded
from lethe.usecases.consent_proof import ConsentProof, Proof

from tests.system import APPROVER, STAFF, System

ANNA = Address("mailto:anna@example.org")
BERT = Address("tel:+4915112345678")
TEXT = "May we send you our newsletter by e-mail? You can say no at any time."
OWN = "o" * 43
"""The pseudonym of an own address."""

PURPOSES: dict[str, dict[str, Any]] = {
    "newsletter": {
        "description": "News about our products.",
        "legal_basis": "Art. 6(1)(a)",
        "direct_marketing": True,
    },
    "health": {
        "description": "Advice on your therapy.",
        "legal_basis": "Art. 6(1)(a)",
        "special_categories": True,
        "consent": {"validity": "P6M", "ask_again_after": "P3M"},
    },
    "game": {
        "description": "Messages of the game.",
        "legal_basis": "Art. 6(1)(a)",
        "children": True,
    },
    "orders": {
        "description": "Messages about your order.",
        "legal_basis": "Art. 6(1)(b)",
        "granted_by": {"event": "contract"},
    },
    "similar": {
        "description": "Offers of similar products.",
        "legal_basis": "Art. 6(1)(f) with Art. 13(2) ePrivacy",
        "legitimate_interest": "Selling more to those who bought.",
        "direct_marketing": True,
        "granted_by": {"event": "purchase"},
    },
    "survey": {
        "description": "Asking how content you are.",
        "legal_basis": "Art. 6(1)(f)",
        "legitimate_interest": "Getting better.",
    },
}


def policy(**changes: Any) -> Policy:
    """The default policy with the purposes of the tests."""
    document = load_default().model_dump(mode="json") | changes
    document["purposes"] = document["purposes"] | PURPOSES
    return Policy.model_validate_json(json.dumps(document))


def given(at: datetime, /, **changes: Any) -> Evidence:
    """Evidence that is enough."""
    stated: dict[str, Any] = {
        "method": Method.WEB_FORM,
        "at": at,
        "text": TEXT,
        "language": "en",
        "action": Action.TICKED_BOX,
        "separate": True,
        **changes,
    }
    return Evidence(**stated)


@dataclass
class ConsentScene(System):
    """The whole system with the ledger; `stores` has an attribute per port."""

    def __post_init__(self) -> None:
        super().__post_init__()
        s = self.stores
        self.ledger = ConsentLedger(
            consents=s.consents,
            texts=s.texts,
            signer=s.signer,
            wrap=s.wrap,
            policies=s.policies,
            register=s.register,
            audit=s.audit,
            hashes=self.hashes,
            clock=self.clock,
            kem=self.kem,
            storage="AWS eu-central-1",
        )
        self.proving = ConsentProof(
            consents=s.consents,
            texts=s.texts,
            signer=s.signer,
            wrap=s.wrap,
            policies=s.policies,
            audit=s.audit,
            hashes=self.hashes,
            clock=self.clock,
        )

    def open(self) -> None:
        """Put the policy of the tests in force, without what else a change of it does."""
        proposal = Proposal(ProposalId(uuid4().hex), policy(), 0, self.clock.now, STAFF.actor)
        self.stores.proposals.create(proposal)
        seen = self.stores.policies.in_force()
        change = Change(seen, self.clock.now, APPROVER.actor, proposal, proposal.policy)
        self.stores.policies.put_in_force(change)

    def act(self, kind: EventType, **changes: Any) -> Act:
        """An act on the newsletter by e-mail unless said otherwise, with evidence of now."""
        stated: dict[str, Any] = {"purpose": "newsletter", "channel": "email"}
        if kind in {EventType.GIVEN, EventType.RENEWED, EventType.REFUSED}:
            stated["evidence"] = given(self.clock.now)
        return Act(kind, **(stated | changes))

    def record(self, *acts: Act, who: Address = ANNA, **options: Any) -> list[Recorded]:
        """Record acts of a person."""
        return self.ledger.record(who, acts, caller=STAFF, **options)

    def one(self, kind: EventType, who: Address = ANNA, **changes: Any) -> Recorded:
        """Record one act."""
        [recorded] = self.record(self.act(kind, **changes), who=who)
        return recorded

    def state(self, who: Address = ANNA) -> ConsentState:
        """The fold."""
        return self.ledger.state(self.pseudonym(who))

    def pseudonym(self, who: Address = ANNA) -> Pseudonym:
        return self.hashes.pseudonym(who)

    def consents(self, who: Address = ANNA, purpose: str = "newsletter") -> bool:
        """Whether a consent is in force now, by e-mail."""
        return consent_fold.consents(self.state(who), purpose, "email", OWN, self.clock.now)

    def proof(self, who: Address = ANNA) -> Proof:
        """Everything on record."""
        return self.proving.proof(who, reason="audit", caller=STAFF)

    def days(self, days: int) -> None:
        self.clock.pass_(timedelta(days=days))

    @property
    def today(self) -> date:
        return self.clock.now.date()
