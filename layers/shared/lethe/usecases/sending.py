"""Hand in what is to be sent, and follow it; `delivery` is what sends it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from lethe.crypto.encoding import FORMAT, joined
from lethe.crypto.withdrawal_link import WithdrawalLink
from lethe.domain.addresses import network
from lethe.domain.audit import AuditEvent
from lethe.domain.callers import Caller
from lethe.domain.errors import FieldProblem, InvalidInputError
from lethe.domain.gate import Decision, Reason
from lethe.domain.messages import Role
from lethe.domain.outbox import DispatchId, OutItem, OutMessage
from lethe.domain.policy import Policy
from lethe.domain.ports import AuditTrail, Policies, PseudonymHash
from lethe.domain.vendors import Adapter
from lethe.usecases.outgoing import Draft, Outgoing
from lethe.usecases.parting import is_withdrawable, with_withdrawal

LIFETIME: Final = timedelta(days=1)
"""How long a message waits for its vendor, if the caller says nothing."""
LONGEST_LIFETIME: Final = timedelta(days=7)
MAX_TOGETHER: Final = 50
"""Recipients of one mail: SES takes no more."""

_NETWORKS: Final[Mapping[Adapter, frozenset[str]]] = {
    Adapter.SES: frozenset({"mailto"}),
    Adapter.TWILIO: frozenset({"tel"}),
    Adapter.WHATSAPP: frozenset({"tel"}),
}
_SENDERS: Final[Mapping[Adapter, frozenset[str]]] = {
    Adapter.SES: frozenset({"mailto"}),
    Adapter.TWILIO: frozenset({"tel", "sms-sender"}),
    Adapter.WHATSAPP: frozenset({"tel"}),
}


@dataclass(frozen=True, slots=True)
class Submitted:
    """A dispatch with its items, each for one recipient of the call or for several in a row."""

    dispatch: DispatchId
    items: Sequence[OutItem]


@dataclass(frozen=True)
class Sending:
    """The use case of the API: to hand in, and to follow."""

    outgoing: Outgoing
    policies: Policies
    audit: AuditTrail
    hashes: PseudonymHash
    links: Callable[[WithdrawalLink], str]
    """The token of a withdrawal link."""
    adapters: frozenset[Adapter]
    """By which vendors' APIs can be sent."""
    clock: Callable[[], datetime]

    def submit(  # noqa: PLR0913 - what a call states
        self,
        message: OutMessage,
        decisions: Sequence[Decision],
        *,
        together: bool,
        idempotency_key: str | None,
        caller: Caller,
        public_url: str,
        not_after: datetime | None = None,
    ) -> Submitted:
        """Record a message for its recipients as the gate decided, and queue what may go.

        `message` is minimised already, and its vendor may be left out: then it is the channel's.
        Together, it is one message to all, and goes only if all are allowed; else it is one each.
        The same key again continues the same dispatch, whatever the gate says meanwhile.
        """
        version, policy = self.policies.current()
        self.check(message, policy, together=together, not_after=not_after)
        message, now = replace(message, vendor=_vendor(message, policy)), self.clock()
        not_after = not_after or now + LIFETIME
        dispatch = _dispatch_id(idempotency_key, caller)
        drafts = list(self._drafts(message, decisions, policy, public_url, together=together))
        request_hash = self._hash(message, together=together)
        items = self.outgoing.put(dispatch, request_hash, drafts, not_after)
        denied = sum(draft.message is None for draft in drafts)
        facts = {
            "recipients": str(len(message.recipients)),
            "denied": str(denied),
            "purpose": message.purpose,
            "channel": message.channel,
        }
        self.audit.put(
            AuditEvent(now, "dispatch_submitted", caller.actor, dispatch, version, facts)
        )
        return Submitted(dispatch, items)

    def status(self, dispatch: DispatchId) -> Submitted:
        """How far each message of a dispatch has come; NotFoundError."""
        return Submitted(dispatch, self.outgoing.outbox.items(dispatch))

    def check(
        self, message: OutMessage, policy: Policy, *, together: bool, not_after: datetime | None
    ) -> None:
        """Refuse what cannot be sent as it is stated: InvalidInputError names the fields."""
        now, vendor = self.clock(), policy.vendors.get(_vendor(message, policy))
        if vendor is None or vendor.adapter not in self.adapters:
            expected = "The channel's vendor is none that Lethe sends through; send it yourself."
            raise _invalid(FieldProblem("/send", expected))
        if wrong := list(_wrong(message, vendor.adapter, policy, together=together)):
            raise _invalid(*wrong)
        if not_after is not None and not now < not_after <= now + LONGEST_LIFETIME:
            expected = f"State a time within the next {LONGEST_LIFETIME.days} days."
            raise _invalid(FieldProblem("/not_after", expected))

    def _drafts(
        self,
        message: OutMessage,
        decisions: Sequence[Decision],
        policy: Policy,
        public_url: str,
        *,
        together: bool,
    ) -> Iterator[Draft]:
        allowed = [decision.allowed for decision in decisions]
        if together and all(allowed):
            yield Draft(
                number=0,
                message=self._finished(message, policy, public_url),
                covers=len(message.recipients),
                basis=basis_of(decisions),
                flags=flags_of(decisions),
            )
            return
        for number, (recipient, decision) in enumerate(
            zip(message.recipients, decisions, strict=True)
        ):
            if decision.allowed and not together:
                alone = replace(recipient, number=number, role=Role.RECIPIENT)
                single = replace(message, recipients=(alone,))
                draft = self._finished(single, policy, public_url)
                yield Draft(number, draft, basis=basis_of([decision]), flags=flags_of([decision]))
            else:
                reason = decision.reason or Reason.ANOTHER_RECIPIENT
                yield Draft(number, None, reason=reason, flags=flags_of([decision]))

    def _finished(self, message: OutMessage, policy: Policy, public_url: str) -> OutMessage:
        """The message as it leaves."""
        if message.template:  # a parameter of a template is one line
            message = replace(message, text=" ".join(message.text.split()))
        purpose = policy.purposes[message.purpose]
        if message.is_notice or not is_withdrawable(purpose):
            return message
        (recipient,) = message.recipients
        link = WithdrawalLink(
            self.hashes.pseudonym(recipient.address),
            message.purpose,
            message.channel,
            self.hashes.pseudonym(message.sender),
        )
        return with_withdrawal(
            message,
            policy.channels.get(message.channel),
            f"{public_url}/withdrawals/{self.links(link)}",
            is_mail=policy.vendors[message.vendor].adapter is Adapter.SES,
        )

    def _hash(self, message: OutMessage, *, together: bool) -> bytes:
        """What tells one call from another; pseudonyms make it say nothing to who has no key."""
        recipients = [
            part
            for r in message.recipients
            for part in (self.hashes.pseudonym(r.address).encode(), r.role.encode())
        ]
        texts = (message.purpose, message.channel, message.vendor, message.text, message.subject)
        rest = (message.html, message.locale, message.template, str(together))
        fields = [text.encode("utf-8", "surrogatepass") for text in (*texts, *rest)]
        sender = self.hashes.pseudonym(message.sender).encode()
        return sha256(joined(FORMAT, b"dispatch", sender, *fields, *recipients)).digest()


def basis_of(decisions: Sequence[Decision]) -> str:
    """What a message goes on: a line for each basis."""
    lines = (f"{d.basis.legal_basis}; {d.basis.evidence}" for d in decisions if d.basis)
    return "\n".join(dict.fromkeys(lines))


def flags_of(decisions: Sequence[Decision]) -> frozenset[str]:
    """What allows carry along."""
    return frozenset(flag.value for decision in decisions for flag in decision.flags)


def _vendor(message: OutMessage, policy: Policy) -> str:
    settings = policy.channels.get(message.channel)
    return message.vendor or (settings.vendor if settings else None) or ""


def _dispatch_id(idempotency_key: str | None, caller: Caller) -> DispatchId:
    if idempotency_key is None:
        return DispatchId(os.urandom(16).hex())
    named = f"{caller.actor}\n{idempotency_key}".encode()
    return DispatchId(sha256(b"lethe/1 dispatch\n" + named).hexdigest()[:32])


def _wrong(
    message: OutMessage, adapter: Adapter, policy: Policy, *, together: bool
) -> Iterator[FieldProblem]:
    if network(message.sender) not in _SENDERS[adapter]:
        yield FieldProblem("/from", "The channel's vendor sends from no such network.")
    for number, recipient in enumerate(message.recipients):
        if network(recipient.address) not in _NETWORKS[adapter]:
            expected = "The channel's vendor reaches no such network."
            yield FieldProblem(f"/recipients/{number}/address", expected)
    if not together or len(message.recipients) == 1:
        return
    purpose = policy.purposes.get(message.purpose)
    if adapter is not Adapter.SES:
        expected = "The channel's vendor takes one recipient a message: send each alone."
        yield FieldProblem("/together", expected)
    elif purpose is not None and is_withdrawable(purpose):
        expected = "Each recipient has a withdrawal link of their own: send each alone (RFC 8058)."
        yield FieldProblem("/together", expected)
    if len(message.recipients) > MAX_TOGETHER:
        expected = f"One mail goes to {MAX_TOGETHER} recipients at most: send each alone."
        yield FieldProblem("/recipients", expected)


def _invalid(*fields: FieldProblem) -> InvalidInputError:
    return InvalidInputError("This cannot be sent.", fields)
