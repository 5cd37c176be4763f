"""What the tests of the gate share: a policy with a purpose on each basis, and one question."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from lethe.domain.addresses import Address
from lethe.domain.classification import LegalBasis
from lethe.domain.consent import ConsentLine, ConsentState, EventId
from lethe.domain.gate import Decision, Known, Question, Subject
from lethe.domain.own_addresses import AddressKind, OwnSpan
from lethe.domain.policy import Policy
from lethe.domain.register import Pseudonym, RegisterItem
from lethe.usecases.gate import Gate

from tests.memory_store import MemoryStores
from tests.steps import Stepped
from tests.system import Clock, Hashes

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SHOP = Address("tel:+493055500001")
ANNA, BERT = Address("tel:+4915112345678"), Address("tel:+4915112345679")
PERSON = Pseudonym("A" * 43)
OWN = Pseudonym("O" * 43)
OTHER_OWN = Pseudonym("Q" * 43)

_INTEREST = "Being read."
_SCREENING = {
    "answered": "2026-01-01",
    "systematic_evaluation": False,
    "special_categories_at_large": False,
    "monitoring_of_public_space": False,
    "vulnerable_persons": False,
    "new_technology": False,
}
GOOD_VENDOR: dict[str, Any] = {
    "name": "Carrier GmbH",
    "service": "Text messages",
    "country": "DE",
    "region": "Frankfurt",
    "approved": True,
    "processing_agreement": {"reference": "C-1", "signed": "2026-01-01"},
    "sub_processors": [],
    "encrypted_in_transit": True,
    "encrypted_at_rest": True,
    "screening": _SCREENING,
    "review": {"owner": "purchasing", "due": "2027-01-01"},
}
PURPOSES: dict[str, dict[str, Any]] = {
    "newsletter": {"legal_basis": LegalBasis.CONSENT, "direct_marketing": True},
    "tips": {"legal_basis": LegalBasis.CONSENT},
    "offers": {
        "legal_basis": LegalBasis.SOFT_OPT_IN,
        "legitimate_interest": _INTEREST,
        "direct_marketing": True,
        "granted_by": {"event": "sale"},
    },
    "catalogue": {
        "legal_basis": LegalBasis.LEGITIMATE_INTERESTS,
        "legitimate_interest": _INTEREST,
        "direct_marketing": True,
    },
    "survey": {"legal_basis": LegalBasis.LEGITIMATE_INTERESTS, "legitimate_interest": _INTEREST},
    "support": {"legal_basis": LegalBasis.CONTRACT, "granted_by": {"inbound_within": "P30D"}},
    "delivery": {"legal_basis": LegalBasis.CONTRACT, "granted_by": {"event": "order"}},
    "service": {"legal_basis": LegalBasis.CONTRACT},
    "inspection": {"legal_basis": LegalBasis.PUBLIC_TASK},
    "invoice": {"legal_basis": LegalBasis.LEGAL_OBLIGATION, "granted_by": {"event": "order"}},
    "recall": {"legal_basis": LegalBasis.LEGAL_OBLIGATION, "on_failure": "allow_and_flag"},
    "alarm": {"legal_basis": LegalBasis.VITAL_INTERESTS, "on_failure": "allow_and_flag"},
}
CHANNELS: dict[str, dict[str, Any]] = {
    "sms": {"vendor": "carrier", "withdrawal_line": {"en": "To end this: {url}"}},
    "email": {},
    "chat": {"gate": "observed"},
    "fax": {"gate": "off"},
}


def document(**changes: Any) -> dict[str, Any]:
    """The policy as JSON has it."""
    return {
        "schema_version": 1,
        "controller": {"name": "Example GmbH", "contact": "privacy@example.com"},
        "default_class": "all",
        "default_purpose": "service",
        "classes": {
            "all": {
                "description": "All.",
                "period": "P1Y",
                "legal_basis": "Art. 6(1)(f)",
                "deletion_window": "P10D",
            },
            "law": {
                "description": "Kept by law.",
                "period": "P6Y",
                "legal_basis": "Art. 6(1)(c)",
                "on_erasure": "keep",
                "keep_article": "§ 147 AO",
                "deletable_by": "nobody",
            },
        },
        "purposes": {n: {"description": n, **one} for n, one in PURPOSES.items()},
        "rules": [{"when": {"purpose": "invoice"}, "class": "law"}],
        "channels": {n: {"description": n, **one} for n, one in CHANNELS.items()},
        "vendors": {"carrier": GOOD_VENDOR},
        **changes,
    }


@cache
def policy() -> Policy:
    return Policy.model_validate_json(json.dumps(document()))


def policy_with(**changes: Any) -> Policy:
    return Policy.model_validate_json(json.dumps(document(**changes)))


def question(purpose: str, channel: str = "sms", vendor: str | None = None) -> Question:
    return Question(purpose, channel, SHOP, vendor)


def known(**changes: Any) -> Known:
    span = OwnSpan(AddressKind.FUNCTION, date(2020, 1, 1), None)
    whole = Known(policy(), 3, 0, RegisterItem(OWN, own=(span,)), NOW)
    return replace(whole, **changes)


def subject(register: dict[str, Any] | None = None, **state: Any) -> Subject:
    return Subject(RegisterItem(PERSON, **(register or {})), ConsentState(PERSON, **state))


class GateScene:
    """A shop that may send, with one consent to the newsletter by text message: Anna's."""

    def __init__(self, document: Policy | None = None) -> None:
        self.stores: Any = _memory()
        self.steps: Any = _stepped(self.stores)
        self.world, self.clock, self.hashes = self.stores.world, Clock(NOW), Hashes()
        self.world.policies = [document or policy()]
        span = OwnSpan(AddressKind.FUNCTION, date(2020, 1, 1), None)
        self.stores.register.set_own(self.hashes.pseudonym(SHOP), [span])
        line = ConsentLine(NOW.replace(hour=1), event_id=EventId("e" * 32))
        self.say(ANNA, lines={("newsletter", "sms"): line})
        self.noted: list[Exception] = []
        self.gate = self.make()

    def make(self) -> Gate:
        """A gate as a new process has it."""
        stores = self.steps
        return Gate(
            register=stores.register,
            consents=stores.consents,
            policies=stores.policies,
            activity=stores.activity,
            audit=stores.audit,
            hashes=self.hashes,
            clock=self.clock,
            noted=self.noted.append,
        )

    def say(self, address: Address, **state: Any) -> None:
        """Put what a person said."""
        name = self.hashes.pseudonym(address)
        self.stores.consents.folds[name] = ConsentState(name, **state)

    def ask(self, purpose: str, *recipients: Address, channel: str = "sms") -> list[Decision]:
        asked = question(purpose, channel)
        return self.gate.decide(asked, recipients or (ANNA,), actor="shop", target="d-1")

    def figures(self, channel: str = "sms") -> Any:
        return self.stores.activity.read(NOW.date(), [channel])[channel]


def _memory() -> Any:
    return MemoryStores()


def _stepped(stores: Any) -> Any:
    return Stepped(stores)
