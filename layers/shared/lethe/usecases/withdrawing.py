"""Withdrawals, objections, opt-outs: as easy as giving, at once, and never ignored (Art. 7, 21)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol

from lethe.crypto.withdrawal_link import WithdrawalLink
from lethe.domain import consent_fold
from lethe.domain.addresses import Address
from lethe.domain.callers import Caller
from lethe.domain.classification import LegalBasis
from lethe.domain.consent import EVERY, ConsentState, EventId, EventType
from lethe.domain.errors import FieldProblem, InvalidInputError, NotFoundError, SealError
from lethe.domain.evidence import Evidence, Method
from lethe.domain.human_review import objection
from lethe.domain.own_addresses import AddressKind, kind_at
from lethe.domain.policy import Policy
from lethe.domain.ports import Policies, PseudonymHash, Register
from lethe.domain.ports_sending import Consents, Reviews
from lethe.domain.purposes import Purpose
from lethe.domain.register import Pseudonym
from lethe.usecases.consent_ledger import Act, ConsentLedger, Recorded, event_id
from lethe.usecases.consenting import Telling
from lethe.usecases.following import Following, Follows

DIRECT_MARKETING: Final = "direct-marketing"
"""What is objected to where no single purpose is named: all of it (Art. 21(2), (3))."""
MAX_PURPOSES: Final = 20
"""Purposes that one withdrawal names; one that names none is about all of them."""

_OBJECTABLE: Final = frozenset(
    {LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.SOFT_OPT_IN, LegalBasis.PUBLIC_TASK}
)
_LINKED: Final = Caller("withdrawal-link")
"""Whoever has the link: nothing more is asked of them."""


class OptOut(StrEnum):
    """What a closed system heard from the person, or from its vendor."""

    STOP = "stop"
    START = "start"
    BLOCKED = "blocked"


_OPT_OUTS: Final = {
    OptOut.STOP: EventType.STOPPED,
    OptOut.START: EventType.VENDOR_UNBLOCKED,
    OptOut.BLOCKED: EventType.VENDOR_BLOCKED,
}


class Links(Protocol):
    """What opens the tokens of withdrawal links."""

    def open(self, token: str) -> WithdrawalLink:
        """What a link withdraws; SealError if the token is none of ours."""
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """What was recorded of a no, what follows, and which objections wait for a balancing."""

    recorded: tuple[Recorded, ...]
    follows: Follows = field(default_factory=Follows)
    pending: tuple[EventId, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownLink:
    """What the page of a link may say: nothing of the person."""

    policy: Policy
    purpose: str
    channel: str


@dataclass(frozen=True)
class Withdrawing:
    """The use case."""

    ledger: ConsentLedger
    following: Following
    consents: Consents
    policies: Policies
    register: Register
    reviews: Reviews
    hashes: PseudonymHash
    links: Links
    clock: Callable[[], datetime]

    def withdraw(
        self, address: Address, purposes: Sequence[str], channel: str, told: Telling
    ) -> Said:
        """Withdraw the consent to these purposes, or to all, on one channel or on all.

        A purpose that rests on an interest of the company's is objected to: it ends all the same.
        """
        _, policy = self.policies.current()
        acts = (
            [_named(policy, name, channel, f"/purposes/{at}") for at, name in enumerate(purposes)]
            if purposes
            else [Act(EventType.WITHDRAWN, EVERY, channel)]
        )
        return self._say("withdrawal", address, acts, policy, told)

    def object(self, address: Address, purpose: str, channel: str, told: Telling) -> Said:
        """Object to a purpose, or to all direct marketing: that is absolute, on every channel.

        Another objection holds until a balancing is recorded: it waits for a human.
        """
        _, policy = self.policies.current()
        if purpose != DIRECT_MARKETING:
            acts = [_named(policy, purpose, channel, "/purpose", objecting=True)]
        else:
            marketing = [name for name, one in policy.purposes.items() if one.direct_marketing]
            if not marketing:
                raise _invalid("/purpose", "The policy has no purpose of direct marketing.")
            acts = [Act(EventType.OBJECTED, name) for name in marketing]
        return self._say("objection", address, acts, policy, told)

    def opt_out(
        self,
        address: Address,
        channel: str,
        own_address: Address | None,
        kind: OptOut,
        told: Telling,
    ) -> Said:
        """Record a keyword or a vendor's block that another system heard of.

        STOP ends what STOP to us would end; START lifts the vendor's block and is no consent.
        """
        _, policy = self.policies.current()
        own = EVERY if own_address is None else self._own(own_address)
        act = Act(
            _OPT_OUTS[kind],
            channel=channel,
            own=own,
            evidence=told.evidence,
            event_id=told.event_id("opt-out"),
        )
        recorded = tuple(self.ledger.record(address, [act], caller=told.caller))
        if kind is not OptOut.STOP:
            return Said(recorded)
        person = self.hashes.pseudonym(address)
        return Said(recorded, self.following.after(person, policy, channel=channel, own=own))

    def shown(self, token: str) -> ShownLink:
        """What a link would withdraw; nothing is read of the person and nothing is changed."""
        link = self._opened(token)
        return ShownLink(self.policies.current()[1], link.purpose, link.channel)

    def by_link(self, token: str) -> ShownLink:
        """Withdraw what the link is for, at once; again, it changes nothing (RFC 8058).

        The event is named by the consent that it ends: after a new consent, an old link works anew.
        """
        link = self._opened(token)
        _, policy = self.policies.current()
        state = self.consents.states([link.pseudonym])[link.pseudonym]
        act = _no_to(policy.purposes.get(link.purpose), link.purpose, link.channel)
        act = act or Act(EventType.WITHDRAWN, link.purpose, link.channel)
        if not _said_before(state, act):
            standing = consent_fold.standing(state, link.purpose, link.channel)
            person, about = link.pseudonym, (link.purpose, link.channel)
            name = event_id("link", person, *about, standing.event_id or "none")
            act = replace(act, event_id=name, evidence=Evidence(method=Method.LINK))
            recorded = self.ledger.record_for(person, [act], caller=_LINKED)
            self._await_balancing(person, policy, recorded)
        self.following.after(link.pseudonym, policy, purpose=act.purpose, channel=act.channel)
        return ShownLink(policy, link.purpose, link.channel)

    def _say(
        self, use: str, address: Address, acts: Sequence[Act], policy: Policy, told: Telling
    ) -> Said:
        said = [
            replace(act, evidence=told.evidence, event_id=told.event_id(use, at))
            for at, act in enumerate(acts)
        ]
        recorded = self.ledger.record(address, said, caller=told.caller)
        person = self.hashes.pseudonym(address)
        pending = self._await_balancing(person, policy, recorded)
        follows = [
            self.following.after(person, policy, purpose=act.purpose, channel=act.channel)
            for act in acts
        ]
        return Said(tuple(recorded), _together(follows), pending)

    def _await_balancing(
        self, person: Pseudonym, policy: Policy, recorded: Iterable[Recorded]
    ) -> tuple[EventId, ...]:
        """Put the objections that a balancing could overrule before a human; name them."""
        pending = []
        for event in (one.event for one in recorded):
            if event.type is not EventType.OBJECTED or _is_marketing(policy, event.purpose):
                continue
            new = objection(person, event.purpose, event.channel, event.id)
            self.reviews.put(new.id, new.document, self.clock())
            pending.append(event.id)
        return tuple(pending)

    def _own(self, own_address: Address) -> str:
        own = self.hashes.pseudonym(own_address)
        today = self.clock().astimezone(UTC).date()
        if kind_at(self.register.item(own).own, today) is AddressKind.EXTERNAL:
            expected = "List the address by POST /own-addresses first, or leave it out."
            raise _invalid("/own_address", expected)
        return own

    def _opened(self, token: str) -> WithdrawalLink:
        try:
            return self.links.open(token)
        except SealError:
            raise NotFoundError("There is no such link.") from None


def _named(
    policy: Policy, name: str, channel: str, pointer: str, *, objecting: bool = False
) -> Act:
    purpose = policy.purposes.get(name)
    if purpose is None:
        raise _invalid(pointer, "The policy has no purpose of this name.")
    act = _no_to(purpose, name, channel, objecting=objecting)
    if act is None:
        expected = "This purpose rests neither on consent nor on an interest: it ends with its own."
        raise _invalid(pointer, expected)
    return act


def _no_to(
    purpose: Purpose | None, name: str, channel: str, *, objecting: bool = False
) -> Act | None:
    """Return what a no to a purpose is; None where the law knows none."""
    if purpose is None:
        return None
    if purpose.direct_marketing and (objecting or purpose.legal_basis is not LegalBasis.CONSENT):
        return Act(EventType.OBJECTED, name)
    if purpose.legal_basis is LegalBasis.CONSENT:
        return Act(EventType.WITHDRAWN, name, channel)
    if purpose.legal_basis in _OBJECTABLE:
        return Act(EventType.OBJECTED, name, channel)
    return None


def _said_before(state: ConsentState, act: Act) -> bool:
    """Say whether the same no stands, later than every consent to the purpose."""
    line = consent_fold.standing(state, act.purpose, act.channel)
    if act.type is EventType.WITHDRAWN:
        at = line.withdrawn_at
    else:
        stands = consent_fold.objection(state, act.purpose, act.channel)
        at = stands.at if stands and stands.overruled_at is None else None
    return at is not None and (line.given_at is None or line.given_at <= at)


def _is_marketing(policy: Policy, name: str) -> bool:
    purpose = policy.purposes.get(name)
    return purpose is not None and purpose.direct_marketing


def _together(follows: Sequence[Follows]) -> Follows:
    return Follows(
        tuple(dict.fromkeys(grant for one in follows for grant in one.stopped)),
        tuple(dict.fromkeys(proposal for one in follows for proposal in one.proposals)),
    )


def _invalid(pointer: str, expected: str) -> InvalidInputError:
    return InvalidInputError("The call is not valid.", (FieldProblem(pointer, expected),))
