"""The system against its model: random participants, erasures, deletions, expiries, redeliveries.

Never readable when the model says gone, never lost when the model says kept (Art. 5(1)(e), 17, 18).
"""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from lethe.domain.addresses import Address
from lethe.domain.erasure import Grounds
from lethe.domain.errors import ErasedError, LetheError, RestrictedError
from lethe.domain.messages import Direction, Message, MessageId, Participant, Role
from lethe.domain.own_addresses import AddressKind, OwnAddress
from lethe.domain.policy import Policy
from lethe.usecases.capture import Captured
from lethe.usecases.erasure import IdentityProof
from tests.memory_store import MemoryStores
from tests.model import EXTERNAL, FUNCTION, PERIOD, Fate, Modelled
from tests.system import STAFF, System

OWN = frozenset("xyf")
PEOPLE = sorted(EXTERNAL | OWN)


def _class(cls: str) -> dict[str, object]:
    document: dict[str, object] = {
        "description": cls,
        "period": f"P{PERIOD[cls]}D",
        "legal_basis": "Art. 6(1)(f)",
        "deletion_window": "P10D",
    }
    special = {
        "any": {"erasure_rule": "any_party", "deletable_by": "any_participant"},
        "review": {"on_erasure": "review", "deletable_by": "nobody"},
        "law": {"on_erasure": "keep", "keep_article": "§ 147 AO", "keep_original": True},
        "original": {"keep_original": True, "deletable_by": "nobody"},
    }
    document |= special.get(cls, {})
    if cls == "law":
        document["deletable_by"] = "nobody"
        del document["deletion_window"]
    if cls in {"review", "original"}:
        del document["deletion_window"]
    return document


POLICY = Policy.model_validate_json(
    json.dumps(
        {
            "schema_version": 1,
            "controller": {"name": "Example GmbH", "contact": "privacy@example.com"},
            "default_class": "short",
            "default_purpose": "short",
            "classes": {cls: _class(cls) for cls in PERIOD},
            "purposes": {
                cls: {"description": cls, "legal_basis": "Art. 6(1)(b)"} for cls in PERIOD
            },
            "rules": [{"when": {"purpose": cls}, "class": cls} for cls in PERIOD],
            "function_shards": 2,
        }
    )
)


def address(person: str) -> Address:
    return Address(f"mailto:{person}@example.com")


class Lethe(RuleBasedStateMachine):
    messages = Bundle("messages")

    @initialize()
    def start(self) -> None:
        self.stores = MemoryStores()
        self.system = System(self.stores)
        self.system.govern.put_policy(POLICY, 0, caller=STAFF)
        kinds = {person: AddressKind.PERSON for person in OWN - FUNCTION}
        kinds |= dict.fromkeys(FUNCTION, AddressKind.FUNCTION)
        own = [OwnAddress(address(p), kind, date(2020, 1, 1)) for p, kind in kinds.items()]
        self.system.govern.put_own_addresses(own, caller=STAFF)
        self.system.sweep.run(dry_run=False)
        self.modelled: dict[MessageId, Modelled] = {}
        self.sent: dict[MessageId, Message] = {}

    @rule(
        target=messages,
        sender=st.sampled_from(PEOPLE),
        recipients=st.frozensets(st.sampled_from(PEOPLE), min_size=1, max_size=4),
        cls=st.sampled_from(sorted(PERIOD)),
    )
    def send(self, sender: str, recipients: frozenset[str], cls: str) -> MessageId:
        recipients -= {sender}
        people = [sender, *sorted(recipients)]
        number = len(self.sent)
        message = Message(
            channel="chat",
            external_id=str(number),
            direction=Direction.INBOUND if sender in EXTERNAL else Direction.OUTBOUND,
            participants=tuple(
                Participant(address(p), Role.SENDER if p == sender else Role.RECIPIENT, f"N {p}")
                for p in people
            ),
            body=f"words of message {number}",
            purpose=cls,
            original=f"raw {number}".encode(),
        )
        [outcome] = self.system.capture.capture([message], may_state_time=False)
        assert isinstance(outcome, Captured), outcome
        day = self.system.clock.now.date()
        self.modelled[outcome.message_id] = Modelled(cls, sender, recipients, day)
        self.sent[outcome.message_id] = message
        return outcome.message_id

    @rule(message_id=messages)
    def redeliver(self, message_id: MessageId) -> None:
        [outcome] = self.system.capture.capture([self.sent[message_id]], may_state_time=False)
        if isinstance(outcome, Captured):
            assert outcome.status == "duplicate"
        else:
            assert isinstance(outcome, ErasedError), outcome
            assert self.modelled[message_id].fate(self.system.clock.now.date()) is Fate.GONE

    @rule(person=st.sampled_from(sorted(EXTERNAL | {"x", "y"})))
    def erase(self, person: str) -> None:
        self.system.erasure.request(
            [address(person)],
            Grounds.NO_LONGER_NECESSARY,
            IdentityProof.IN_PERSON,
            idempotency_key=None,
            caller=STAFF,
        )
        self.system.clock.pass_(timedelta(milliseconds=1))
        for modelled in self.modelled.values():
            modelled.erase(person)

    @rule(message_id=messages, person=st.sampled_from(PEOPLE))
    def delete(self, message_id: MessageId, person: str) -> None:
        modelled = self.modelled[message_id]
        now = self.system.clock.now
        gone = modelled.fate(now.date()) is Fate.GONE
        try:
            self.system.deletion.delete(message_id, address(person), caller=STAFF)
        except LetheError:
            assert gone or not modelled.delete(person, now)
        else:
            assert gone or modelled.delete(person, now)

    @rule(days=st.integers(1, 12))
    def time_passes(self, days: int) -> None:
        self.system.clock.pass_(timedelta(days=days))
        self.system.sweep.run(dry_run=False)

    @rule()
    def purge(self) -> None:
        self.system.work_through(self.stores.world.purge_work)

    @rule()
    def a_moment_passes(self) -> None:
        self.system.clock.pass_(timedelta(seconds=1))

    @invariant()
    def holds(self) -> None:
        today = self.system.clock.now.date()
        for message_id, modelled in self.modelled.items():
            match modelled.fate(today):
                case Fate.GONE:
                    with pytest.raises(ErasedError):
                        self.system.access.read(message_id, reason="test", caller=STAFF)
                case Fate.RESTRICTED:
                    with pytest.raises(RestrictedError):
                        self.system.access.read(message_id, reason="test", caller=STAFF)
                case Fate.READABLE:
                    self._is_read(message_id, modelled)

    def _is_read(self, message_id: MessageId, modelled: Modelled) -> None:
        read = self.system.access.read(message_id, reason="test", caller=STAFF)
        assert read.versions[0].body == self.sent[message_id].body
        shown = {p.address for p in read.participants if p.address}
        assert shown == {address(p) for p in modelled.shown()}
        assert {p.name for p in read.participants if p.address} == {
            f"N {p}" for p in modelled.shown()
        }
        assert read.versions[0].has_original is modelled.original
        if modelled.original:
            raw = self.system.access.original(message_id, 1, reason="test", caller=STAFF)
            assert b"".join(raw) == self.sent[message_id].original


TestLethe = Lethe.TestCase
TestLethe.settings = settings(
    max_examples=300,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
