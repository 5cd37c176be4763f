"""Hand one message to its vendor, once or not at all.

The gate is asked again at the moment of sending (L6). Then the item is claimed; from there on
nothing sends it again, unless the vendor certainly does not have it. Where its answer is not
known, or a run ended before it was recorded, the message is uncertain: it is captured as such, and
a human looks. Every step may be repeated, and a queue repeats it until it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from lethe.crypto.transit import open_message, seal_vendor_id
from lethe.domain.addresses import Address
from lethe.domain.audit import AuditEvent
from lethe.domain.callers import Caller
from lethe.domain.consent import EventType
from lethe.domain.errors import UnavailableError
from lethe.domain.gate import Decision, Flag, Question, Reason
from lethe.domain.outbox import (
    Answered,
    DispatchId,
    OutItem,
    OutMessage,
    Refused,
    SendState,
    Sent,
    TryAgain,
    Unknown,
)
from lethe.domain.ports import AuditTrail, Policies, PseudonymHash
from lethe.domain.ports_sending import Consents, Outbox, OutQueue, TransitKeys, VendorClient
from lethe.domain.vendors import Adapter
from lethe.usecases.consent_ledger import Act, Recorded, event_id
from lethe.usecases.sending import basis_of, flags_of

LONGEST_RUN: Final = timedelta(minutes=1)
"""No run that claimed an item goes on for longer: the function ends after 29 seconds."""
AGAIN: Final = timedelta(minutes=1)
"""When a vendor that took nothing is asked again."""
INTERRUPTED: Final = "interrupted"
"""Why a message is uncertain whose run ended between claim and answer."""

_ACTOR: Final = "dispatch"
_OF_THE_TEXT: Final = frozenset({Flag.CONTENT_FLAGGED.value, Flag.CONTENT_MASKED.value})
"""What was noted when the text was handed in; asked again, the gate sees persons alone."""


class Asked(Protocol):
    """The gate, asked once more about what is to leave now."""

    def decide(
        self, question: Question, recipients: Sequence[Address], *, actor: str, target: str
    ) -> Sequence[Decision]:
        """One decision for each recipient, in order; denials are audited."""
        ...


class Ledger(Protocol):
    """The consent ledger, as far as a vendor's answer reaches it."""

    def record(
        self, address: Address, acts: Sequence[Act], *, caller: Caller, importing: bool = False
    ) -> list[Recorded]:
        """Record acts of one person; an event id that is known changes nothing."""
        ...


@dataclass(frozen=True)
class Delivery:
    """The use case of the queue."""

    gate: Asked
    outbox: Outbox
    transit: TransitKeys
    send_queue: OutQueue
    sent_queue: OutQueue
    vendors: Mapping[Adapter, VendorClient]
    ledger: Ledger
    consents: Consents
    policies: Policies
    audit: AuditTrail
    hashes: PseudonymHash
    clock: Callable[[], datetime]

    def work(self, dispatch: DispatchId, number: int) -> SendState | None:
        """Carry one item on from where it stands; the state that this run brought it to, if any."""
        item = self.outbox.item(dispatch, number)
        if item is None:
            return None
        if item.state is SendState.QUEUED:
            return self._send(item)
        if item.state is SendState.SENDING:
            return self._interrupted(item)
        if item.sealed:
            self._follow_up(item, self._open(item)[1])
        return None

    def _send(self, item: OutItem) -> SendState | None:
        now = self.clock()  # before the look: an erasure after it is one after the message
        if now > item.not_after:
            return self._deny(item, Reason.TOO_LATE)
        key, message = self._open(item)
        decisions = self._decide(item, message)
        reasons = [d.reason or Reason.UNAVAILABLE for d in decisions if not d.allowed]
        if Reason.UNAVAILABLE in reasons:
            raise UnavailableError("The gate could not be asked; the queue asks again.")
        if reasons:
            return self._finish(item, SendState.DENIED, reasons[0])
        client = self._client(message)
        if client is None:
            return self._deny(item, Reason.VENDOR)
        flags = flags_of(decisions) | (item.flags & _OF_THE_TEXT)
        going = replace(item, basis=basis_of(decisions), flags=flags)
        claimed = self.outbox.claim(going, now)
        if claimed is None:
            self._look_again(item, LONGEST_RUN)
            return None
        return self._answered(claimed, message, client.send(message), key)

    def _decide(self, item: OutItem, message: OutMessage) -> Sequence[Decision]:
        question = Question(message.purpose, message.channel, message.sender, message.vendor)
        recipients = [recipient.address for recipient in message.recipients]
        return self.gate.decide(question, recipients, actor=_ACTOR, target=item.dispatch)

    def _answered(
        self, item: OutItem, message: OutMessage, answered: Answered, key: bytes
    ) -> SendState | None:
        match answered:
            case Sent(vendor_id):
                sealed = seal_vendor_id(key, vendor_id, item.dispatch, item.number)
                if self.outbox.sent(item, sealed):
                    self._follow_up(replace(item, state=SendState.SENT), message)
                    return SendState.SENT
            case Refused(code, opted_out):
                state = self._finish(item, SendState.REFUSED, code, keep_sealed=opted_out)
                if state is not None and opted_out:
                    self._follow_up(replace(item, state=state), message)
                return state
            case Unknown(code):
                return self._uncertain(item, code)
            case TryAgain() if self.outbox.release(item):
                self._look_again(item, AGAIN)
                return SendState.QUEUED
        self._look_again(item)
        return None

    def _follow_up(self, item: OutItem, message: OutMessage) -> None:
        """What the vendor's answer entails; a redelivery comes here again until it is done."""
        if item.state is SendState.REFUSED:
            self._opted_out(item, message)
            self.outbox.settle(item)
            return
        if item.state is SendState.SENT and message.is_notice:
            for recipient in message.recipients:
                pseudonym = self.hashes.pseudonym(recipient.address)
                at = item.claimed_at or self.clock()
                self.consents.mark_notified(pseudonym, message.notice_version, at)
        self.sent_queue.send([(item.dispatch, item.number)])

    def _opted_out(self, item: OutItem, message: OutMessage) -> None:
        """The person told the vendor to stop: that is a STOP to us, and the vendor's own block."""
        own = self.hashes.pseudonym(message.sender)
        for recipient in message.recipients:
            place = item.dispatch, str(recipient.number)
            acts = [
                Act(
                    kind,
                    channel=message.channel,
                    own=own,
                    time=item.claimed_at,
                    event_id=event_id("vendor opt-out", kind, *place),
                )
                for kind in (EventType.STOPPED, EventType.VENDOR_BLOCKED)
            ]
            self.ledger.record(recipient.address, acts, caller=Caller(_ACTOR))

    def _interrupted(self, item: OutItem) -> SendState | None:
        """Somebody claimed it and has not said more: either still at work, or never again."""
        if item.claimed_at is not None and self.clock() - item.claimed_at <= LONGEST_RUN:
            self._look_again(item, LONGEST_RUN)
            return None
        return self._uncertain(item, INTERRUPTED)

    def _uncertain(self, item: OutItem, code: str) -> SendState | None:
        self._record("send_uncertain", item, code)
        state = self._finish(item, SendState.UNCERTAIN, code, keep_sealed=True)
        if state is not None:
            self.sent_queue.send([(item.dispatch, item.number)])
        return state

    def _deny(self, item: OutItem, reason: Reason) -> SendState | None:
        self._record("send_blocked", item, reason)
        return self._finish(item, SendState.DENIED, reason)

    def _finish(
        self, item: OutItem, state: SendState, reason: str, *, keep_sealed: bool = False
    ) -> SendState | None:
        if self.outbox.finish(item, state, reason, keep_sealed=keep_sealed):
            return state
        self._look_again(item)
        return None

    def _look_again(self, item: OutItem, delay: timedelta = timedelta()) -> None:
        """Leave it to a later run, which sees what stands then."""
        self.send_queue.send([(item.dispatch, item.number)], delay)

    def _open(self, item: OutItem) -> tuple[bytes, OutMessage]:
        key = self.transit.open(item.wrapped_key, item.dispatch)
        return key, open_message(key, item.sealed, item.dispatch, item.number)

    def _client(self, message: OutMessage) -> VendorClient | None:
        _, policy = self.policies.current()
        vendor = policy.vendors.get(message.vendor)
        return self.vendors.get(vendor.adapter) if vendor and vendor.adapter else None

    def _record(self, action: str, item: OutItem, code: str) -> None:
        version, _ = self.policies.current()
        facts = {"number": str(item.number), "reason": code}
        event = AuditEvent(self.clock(), action, _ACTOR, item.dispatch, version, facts)
        self.audit.put(event)
