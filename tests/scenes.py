"""One small company that the tests of the whole system share: its policy, its people, its mail."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from lethe.domain.addresses import Address
from lethe.domain.erasure import Grounds
from lethe.domain.messages import Attachment, Direction, Message, MessageId, Participant, Role
from lethe.domain.own_addresses import AddressKind, OwnAddress
from lethe.domain.policy import Policy
from lethe.domain.requests import PrivacyRequest
from lethe.usecases.access import Page, ReadMessage
from lethe.usecases.capture import Captured, Outcome
from lethe.usecases.erasure import IdentityProof
from lethe.usecases.search import SearchQuery

from tests.model import EXTERNAL, FUNCTION, PERIOD
from tests.system import STAFF, System

LONG = "".join(sha256(bytes([number])).hexdigest() for number in range(256))
"""A text that no compression makes short enough to lie in an item."""

EMPLOYEES = frozenset("xy")
PEOPLE = sorted(EXTERNAL | EMPLOYEES | FUNCTION)

_SPECIAL: dict[str, dict[str, object]] = {
    "any": {"erasure_rule": "any_party", "deletable_by": "any_participant"},
    "review": {"on_erasure": "review", "deletable_by": "nobody", "deletion_window": "P0D"},
    "law": {
        "on_erasure": "keep",
        "keep_article": "§ 147 AO",
        "keep_original": True,
        "deletable_by": "nobody",
        "deletion_window": "P0D",
    },
    "original": {"keep_original": True, "deletable_by": "nobody", "deletion_window": "P0D"},
}


def policy(**days: int) -> Policy:
    """A class for each rule of the model; `short=10` changes a period."""
    document = {
        "schema_version": 1,
        "controller": {"name": "Example GmbH", "contact": "privacy@example.com"},
        "default_class": "short",
        "default_purpose": "short",
        "classes": {
            cls: {
                "description": cls,
                "period": f"P{period}D",
                "legal_basis": "Art. 6(1)(f)",
                "deletion_window": "P10D",
                **_SPECIAL.get(cls, {}),
            }
            for cls, period in (PERIOD | days).items()
        },
        "purposes": {cls: {"description": cls, "legal_basis": "Art. 6(1)(b)"} for cls in PERIOD},
        "rules": [{"when": {"purpose": cls}, "class": cls} for cls in PERIOD],
        "function_shards": 2,
    }
    return Policy.model_validate_json(json.dumps(document))


def address(person: str) -> Address:
    return Address(f"mailto:{person}@example.com")


def message(name: str, sender: str, recipients: Iterable[str], **changes: Any) -> Message:
    """A message that says its name; the fields of `changes` differ."""
    roles = {sender: Role.SENDER} | dict.fromkeys(recipients, Role.RECIPIENT)
    whole = Message(
        channel="chat",
        external_id=name,
        direction=Direction.INBOUND if sender in EXTERNAL else Direction.OUTBOUND,
        participants=tuple(Participant(address(p), role, f"N {p}") for p, role in roles.items()),
        body=f"words of {name}",
        purpose="short",
        original=f"raw {name}".encode(),
    )
    return replace(whole, **changes)


def attachment(content: bytes, name: str = "a.bin") -> Attachment:
    return Attachment(name, "text/plain", len(content), sha256(content).digest(), [content])


class Scene(System):
    """The system with that company in it, and its acts in one word each."""

    def open(self, *, all_days: bool = False) -> None:
        """Put policy and own addresses in force; make today's keys, or all days ahead."""
        self.put_in_force(policy())
        kinds = dict.fromkeys(EMPLOYEES, AddressKind.PERSON)
        kinds |= dict.fromkeys(FUNCTION, AddressKind.FUNCTION)
        own = [OwnAddress(address(p), kind, date(2020, 1, 1)) for p, kind in kinds.items()]
        self.govern.put_own_addresses(own, caller=STAFF)
        if all_days:
            self.sweep.run(dry_run=False)
        else:
            self.make_days()

    def make_days(self) -> None:
        """Make the keys of today."""
        _, present = self.stores.policies.current()
        today = self.clock().date()
        for cls, retention in present.classes.items():
            self.sweep.make_day(cls, today, retention.end_date(today))

    def deliver(self, *messages: Message, importing: bool = False) -> list[Outcome]:
        return self.capture.capture(messages, may_state_time=importing)

    def captured(self, one: Message, *, importing: bool = False) -> MessageId:
        """Deliver a message that has to be taken; a moment passes, as it would."""
        [outcome] = self.deliver(one, importing=importing)
        assert isinstance(outcome, Captured), outcome
        self.clock.pass_(timedelta(milliseconds=1))
        return outcome.message_id

    def id_of(self, one: Message) -> MessageId:
        return self.hashes.message_id(one.channel, one.external_id)

    def erase(self, *people: str, key: str | None = None) -> PrivacyRequest:
        request = self.erasure.request(
            [address(person) for person in people],
            Grounds.NO_LONGER_NECESSARY,
            IdentityProof.IN_PERSON,
            idempotency_key=key,
            caller=STAFF,
        )
        self.clock.pass_(timedelta(milliseconds=1))
        return request

    def delete(self, message_id: MessageId, person: str) -> None:
        self.deletion.delete(message_id, address(person), caller=STAFF)

    def read(self, message_id: MessageId) -> ReadMessage:
        return self.access.read(message_id, reason="test", caller=STAFF)

    def shown(self, message_id: MessageId) -> set[str]:
        """Who a reader sees in a message."""
        return {
            p.address.removeprefix("mailto:").removesuffix("@example.com")
            for p in self.read(message_id).participants
            if p.address
        }

    def found(self, person: str) -> list[MessageId]:
        """What a search for a person finds, each as often as it is found."""
        now = self.clock.now
        page: Page = self.access.search(
            SearchQuery(address(person), now - timedelta(100), now + timedelta(1)),
            reason="test",
            caller=STAFF,
        )
        return [found.message_id for found in page.messages]

    def work(self) -> None:
        """Let purge work through its queue."""
        self.work_through(self.stores.world.purge_work)
