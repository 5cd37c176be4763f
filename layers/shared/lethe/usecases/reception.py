"""What an inbound message means beside its content: STOP, START, and that somebody wrote (L8, L13).

Capture alone can read a message, so what it says about further messages is recorded here, before
the message is acknowledged: a withdrawal holds from the answer on. Whatever is repeated is
recorded once, since every event and every review has an id that follows from the message's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from lethe.domain import keywords
from lethe.domain.addresses import Address
from lethe.domain.consent import ConsentState
from lethe.domain.evidence import FRESH
from lethe.domain.keywords import Heard
from lethe.domain.messages import Direction, Message, MessageId, Role
from lethe.domain.own_addresses import AddressKind, kind_at
from lethe.domain.policy import Policy
from lethe.domain.ports import Register
from lethe.domain.ports_sending import Consents
from lethe.domain.purposes import InboundGrant
from lethe.domain.reception import Came, Stranger
from lethe.domain.register import Pseudonym

if TYPE_CHECKING:  # most processes hear no keyword and greet nobody: a cold start pays
    from lethe.usecases.first_contact import FirstContact
    from lethe.usecases.keyword_events import KeywordEvents

_MARKED_AGAIN_AFTER: Final = timedelta(hours=1)
_MARKS_KEPT: Final = 10_000


class PseudonymHash(Protocol):
    """The keyed hash that names an address."""

    def pseudonym(self, address: Address) -> Pseudonym:
        """The pseudonym of an address."""
        ...


@dataclass(frozen=True)
class Reception:
    """The use case."""

    consents: Consents
    register: Register
    keyword_events: Callable[[], KeywordEvents]
    first_contact: Callable[[], FirstContact]
    hashes: PseudonymHash
    clock: Callable[[], datetime]
    _marked: dict[tuple[Pseudonym, str, str], datetime] = field(default_factory=dict)

    def hear(
        self, message: Message, message_id: MessageId, policy: Policy, *, notice: int, api_url: str
    ) -> None:
        """Record what an inbound message says about further ones; hearing it again adds nothing.

        `notice` is the version that is published, 0 if none is.
        """
        if message.direction is not Direction.INBOUND:
            return
        settings = policy.channels.get(message.channel)
        words = settings.keywords if settings else None
        heard = keywords.read(message.body or message.subject, words)
        greets = settings is not None and settings.first_contact and notice > 0
        if heard is None and not greets and not _is_granted_by_writing(policy):
            return
        came = self._came(message, message_id)
        for sender in came.senders:
            if heard is not None:
                self.keyword_events().record(heard, sender, came, policy)
            if heard is Heard.STOP:
                continue  # who wants to hear nothing is not greeted
            if self._is_due(sender, came):
                state = self._mark(sender, came)
                if greets and self.clock() - came.time <= FRESH:  # an import greets nobody
                    stranger = Stranger(sender, message.channel, came.own, state)
                    self.first_contact().greet(stranger, policy, notice=notice, api_url=api_url)

    def _came(self, message: Message, message_id: MessageId) -> Came:
        """Who wrote to whom: what is the controller's is asked of the register."""
        now = self.clock()
        time = message.time or now
        named = {p.address: self.hashes.pseudonym(p.address) for p in message.participants}
        items = self.register.items(list(named.values()))
        own = {
            address
            for address, pseudonym in named.items()
            if address == message.own_address
            or kind_at(items[pseudonym].own, time.date()) is not AddressKind.EXTERNAL
        }
        people = message.participants
        return Came(
            message,
            message_id,
            min(time, now),
            senders=tuple(
                p.address for p in people if p.role is Role.SENDER and p.address not in own
            ),
            own=tuple(p.address for p in people if p.role is not Role.SENDER and p.address in own),
        )

    def _is_due(self, sender: Address, came: Came) -> bool:
        """Whether this process has not noted this person's writing within the hour."""
        pseudonym, channel = self.hashes.pseudonym(sender), came.message.channel
        last = self._marked.get((pseudonym, channel, ",".join(came.own)))
        return last is None or came.time - last >= _MARKED_AGAIN_AFTER

    def _mark(self, sender: Address, came: Came) -> ConsentState:
        """Note when the person wrote, on which channel and to which own address."""
        pseudonym, channel = self.hashes.pseudonym(sender), came.message.channel
        state = self.consents.states([pseudonym])[pseudonym]
        for address in came.own:
            own = self.hashes.pseudonym(address)
            at = state.inbound.get((channel, own))
            if at is None or came.time - at >= _MARKED_AGAIN_AFTER:
                self.consents.mark_inbound(pseudonym, channel, own, came.time)
        if len(self._marked) >= _MARKS_KEPT:
            self._marked.clear()
        self._marked[pseudonym, channel, ",".join(came.own)] = came.time
        return state


def _is_granted_by_writing(policy: Policy) -> bool:
    return any(isinstance(p.granted_by, InboundGrant) for p in policy.purposes.values())
