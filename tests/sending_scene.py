"""A shop that sends through three vendors; gate, ledger, outbox and archive over any stores."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from lethe.crypto.withdrawal_link import WithdrawalLink, seal_link
from lethe.domain.addresses import Address, parse
from lethe.domain.callers import Caller
from lethe.domain.consent import EventType
from lethe.domain.evidence import Action, Evidence, Method
from lethe.domain.gate import Question
from lethe.domain.messages import Role
from lethe.domain.outbox import (
    Answered,
    DispatchId,
    OutItem,
    OutMessage,
    OutRecipient,
    SendState,
    Sent,
)
from lethe.domain.own_addresses import AddressKind, OwnSpan
from lethe.domain.policy import Policy
from lethe.domain.vendors import Adapter
from lethe.usecases.consent_ledger import Act, ConsentLedger
from lethe.usecases.delivery import Delivery
from lethe.usecases.gate import Gate
from lethe.usecases.outgoing import Outgoing
from lethe.usecases.sending import Sending, Submitted
from lethe.usecases.sent_capture import SentCapture

from tests.gate_scenes import GOOD_VENDOR, document
from tests.memory_store import MemoryStores
from tests.system import STAFF, System

PHONE, MAILBOX = Address("tel:+493055500001"), Address("mailto:news@example.com")
ANNA, BERT = Address("tel:+4915112345678"), Address("tel:+4915112345679")
MARA = Address("mailto:mara@example.org")
URL = "https://lethe.example"
MACHINE = Caller("shop", frozenset({"lethe/dispatch"}))

CHANNELS: dict[str, dict[str, Any]] = {
    "sms": {"vendor": "twilio", "withdrawal_line": {"en": "Reply STOP to end."}},
    "whatsapp": {"vendor": "whatsapp"},
    "email": {
        "vendor": "ses",
        "withdrawal_line": {"en": "To end this: {url}", "de": "Abbestellen: {url}"},
    },
    "chat": {"gate": "observed"},
}


def sending_policy(**changes: Any) -> Policy:
    """The policy of the gate's tests, with vendors that Lethe sends through."""
    vendors = {adapter: {**GOOD_VENDOR, "adapter": adapter} for adapter in Adapter}
    channels = {name: {"description": name, **one} for name, one in CHANNELS.items()}
    return Policy.model_validate_json(
        json.dumps(document(channels=channels, vendors=vendors, **changes))
    )


@dataclass
class Vendor:
    """A vendor in this process: it takes what it is sent, or does what a test planned."""

    taken: list[OutMessage] = field(default_factory=list)
    plans: deque[Callable[[OutMessage], Answered]] = field(default_factory=deque)

    def send(self, message: OutMessage) -> Answered:
        if self.plans:
            return self.plans.popleft()(message)
        return self.take(message)

    def take(self, message: OutMessage) -> Answered:
        self.taken.append(message)
        return Sent(f"V{len(self.taken)}")

    def answers(self, *answers: Answered) -> None:
        """Take nothing and answer this, one after the other."""
        for one in answers:
            self.plans.append(lambda _, one=one: one)  # type: ignore[misc]


@dataclass
class SendingScene(System):
    """The system with what sends; the three vendors are one, which tells nobody apart."""

    stores: Any = field(default_factory=MemoryStores)
    vendor: Vendor = field(default_factory=Vendor)

    def __post_init__(self) -> None:
        super().__post_init__()
        s, clock, hashes = self.stores, self.clock, self.hashes
        self.consent_ledger = ConsentLedger(
            consents=s.consents,
            texts=s.texts,
            signer=s.signer,
            wrap=s.wrap,
            policies=s.policies,
            register=s.register,
            audit=s.audit,
            hashes=hashes,
            clock=clock,
            kem=self.kem,
        )
        self.gate = Gate(s.register, s.consents, s.policies, s.activity, s.audit, hashes, clock)
        outgoing = Outgoing(s.outbox, s.transit, s.send_queue, clock)
        self.sending = Sending(
            outgoing=outgoing,
            policies=s.policies,
            audit=s.audit,
            hashes=hashes,
            links=_token,
            adapters=frozenset(Adapter),
            clock=clock,
        )
        self.delivery = Delivery(
            gate=self.gate,
            outbox=s.outbox,
            transit=s.transit,
            send_queue=s.send_queue,
            sent_queue=s.sent_queue,
            vendors=dict.fromkeys(Adapter, self.vendor),
            ledger=self.consent_ledger,
            consents=s.consents,
            policies=s.policies,
            audit=s.audit,
            hashes=hashes,
            clock=clock,
        )
        self.sent_capture = SentCapture(s.outbox, s.transit, self.capture)

    def open(self, policy: Policy | None = None) -> None:
        """Put policy and own addresses in force, and make today's keys."""
        self.put_in_force(policy or sending_policy())
        span = OwnSpan(AddressKind.FUNCTION, date(2020, 1, 1), None)
        for own in (PHONE, MAILBOX):
            self.stores.register.set_own(self.hashes.pseudonym(own), [span])
        self.make_days()

    def make_days(self) -> None:
        _, present = self.stores.policies.current()
        today = self.clock().date()
        for cls, retention in present.classes.items():
            self.sweep.make_day(cls, today, retention.end_date(today))

    def consent(self, who: Address, purpose: str = "tips", channel: str = "sms") -> None:
        """Somebody agrees; a moment passes, as it would."""
        evidence = Evidence(
            method=Method.WEB_FORM,
            at=self.clock.now,
            text="May we?",
            language="en",
            action=Action.TICKED_BOX,
            separate=True,
        )
        act = Act(EventType.GIVEN, purpose, channel, evidence=evidence)
        self.consent_ledger.record(who, [act], caller=STAFF)
        self.clock.pass_(timedelta(seconds=1))

    def withdraw(self, who: Address, purpose: str = "tips", channel: str = "sms") -> None:
        act = Act(EventType.WITHDRAWN, purpose, channel)
        self.consent_ledger.record(who, [act], caller=STAFF)
        self.clock.pass_(timedelta(seconds=1))

    def submit(
        self,
        *recipients: Address,
        purpose: str = "tips",
        channel: str = "sms",
        text: str = "Hello.",
        together: bool = False,
        key: str | None = None,
        **changes: Any,
    ) -> Submitted:
        """Ask the gate and hand in, as POST /dispatches does."""
        message = OutMessage(
            purpose=purpose,
            channel=channel,
            vendor="",
            sender=MAILBOX if channel == "email" else PHONE,
            recipients=tuple(
                OutRecipient(number, who, Role.RECIPIENT)
                for number, who in enumerate(recipients or (ANNA,))
            ),
            text=text,
            subject="News" if channel == "email" else "",
        )
        not_after = changes.pop("not_after", None)
        message = replace(message, **changes)
        addresses = [recipient.address for recipient in message.recipients]
        question = Question(purpose, channel, message.sender)
        return self.sending.submit(
            message,
            self.gate.decide(question, addresses, actor=MACHINE.actor),
            together=together,
            idempotency_key=key,
            caller=MACHINE,
            public_url=URL,
            not_after=not_after,
        )

    def item(self, submitted: Submitted, number: int = 0) -> OutItem:
        item: OutItem | None = self.stores.outbox.item(submitted.dispatch, number)
        assert item is not None
        return item

    def states(self, dispatch: DispatchId) -> list[SendState]:
        return [item.state for item in self.sending.status(dispatch).items]

    def archived(self) -> list[Any]:
        """Every version in the archive of memory."""
        return list(self.stores.world.versions.values())

    def work(self) -> None:
        """Let both queues of memory run empty; delays pass."""
        s = getattr(self.stores, "stores", self.stores)  # below what steps
        for _ in range(1000):
            if s.send_queue.works:
                work, delay = s.send_queue.works.pop(0)
                self.clock.pass_(delay)
                self.delivery.work(*work)
            elif s.sent_queue.works:
                self.sent_capture.handle(*s.sent_queue.works.pop(0)[0])
            else:
                return
        raise AssertionError("the queues never empty")


def phone(number: int) -> Address:
    return parse(f"tel:+4915{number:09}")


def _token(link: WithdrawalLink) -> str:
    return seal_link(b"l" * 32, link)
