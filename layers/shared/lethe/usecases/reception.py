"""What an inbound message means beside its content: STOP, START, and that somebody wrote (L8, L13).

Capture alone can read a message, so what it says about further messages is recorded here, before
the message is acknowledged: a withdrawal holds from the answer on. Whatever is repeated is
recorded once, since every event and every review has an id that follows from the message's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from lethe.domain import keywords
from lethe.domain.consent import ConsentState
from lethe.domain.errors import LetheError
from lethe.domain.evidence import FRESH
from lethe.domain.keywords import Heard
from lethe.domain.messages import Direction, Message, MessageId, Role
from lethe.domain.own_addresses import AddressKind, kind_at
from lethe.domain.policy import Policy
from lethe.domain.ports import PseudonymHash, Register
from lethe.domain.ports_sending import Consents
from lethe.domain.purposes import InboundGrant
from lethe.domain.reception import Came, Stranger
from lethe.domain.register import Pseudonym

if TYPE_CHECKING:  # most processes hear no keyword and greet nobody: a cold start pays
    from lethe.usecases.first_contact import FirstContact
    from lethe.usecases.keyword_events import KeywordEvents

_MARKED_AGAIN_AFTER: Final = timedelta(hours=1)
_MARKS_KEPT: Final = 10_000


Inbound = tuple[Message, MessageId]
"""A captured message with its id."""


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
        self, captured: Sequence[Inbound], policy: Policy, *, notice: int, api_url: str
    ) -> frozenset[MessageId]:
        """Record what inbound messages say about further ones; hearing them again adds nothing.

        `notice` is the version that is published, 0 if none is. Each stands for itself: what is
        returned are the messages that must be heard again.
        """
        said = [
            (message, message_id, heard)
            for message, message_id in captured
            if message.direction is Direction.INBOUND
            and ((heard := _heard(message, policy)) or self._is_due(message, policy, notice))
        ]
        if not said:
            return frozenset()
        try:
            came = list(self._came(said))
            senders = {self.hashes.pseudonym(a) for one in came for a in one.senders}
            states = self.consents.states(senders)
        except LetheError:
            return frozenset(message_id for _, message_id, _ in said)
        unheard = set()
        for one in came:
            try:
                self._take(one, states, policy, notice=notice, api_url=api_url)
            except LetheError:
                unheard.add(one.message_id)
        return frozenset(unheard)

    def _is_due(self, message: Message, policy: Policy, notice: int) -> bool:
        """Whether it matters who wrote, and this process has not noted it within the hour."""
        if not (_greets(message, policy, notice) or _is_granted_by_writing(policy)):
            return False
        now = self.clock()
        marks = (self._marked.get(place) for place in self._places(message))
        return any(at is None or now - at >= _MARKED_AGAIN_AFTER for at in marks)

    def _places(self, message: Message) -> Iterator[tuple[Pseudonym, str, str]]:
        """Who wrote on which channel to whom, whoever of them is the controller's."""
        others = [p.address for p in message.participants if p.role is not Role.SENDER]
        for participant in message.participants:
            if participant.role is Role.SENDER:
                person = self.hashes.pseudonym(participant.address)
                yield person, message.channel, " ".join(others)

    def _came(self, said: Sequence[tuple[Message, MessageId, Heard | None]]) -> Iterator[Came]:
        """Who wrote to whom: what is the controller's is asked of the register."""
        now = self.clock()
        people = {p.address for message, _, _ in said for p in message.participants}
        named = {address: self.hashes.pseudonym(address) for address in people}
        items = self.register.items(list(named.values()))
        for message, message_id, heard in said:
            time = min(message.time or now, now)
            own = {
                p.address
                for p in message.participants
                if p.address == message.own_address
                or kind_at(items[named[p.address]].own, time.date()) is not AddressKind.EXTERNAL
            }
            listed = [(p.address, p.role is Role.SENDER) for p in message.participants]
            yield Came(
                message,
                message_id,
                heard,
                time,
                senders=tuple(a for a, is_sender in listed if is_sender and a not in own),
                own=tuple(a for a, is_sender in listed if not is_sender and a in own),
            )

    def _take(
        self,
        came: Came,
        states: Mapping[Pseudonym, ConsentState],
        policy: Policy,
        *,
        notice: int,
        api_url: str,
    ) -> None:
        for sender in came.senders:
            if came.heard is not None:
                self.keyword_events().record(sender, came, policy)
            if came.heard is Heard.STOP:
                continue  # who wants to hear nothing is not greeted
            state = states[self.hashes.pseudonym(sender)]
            self._mark(state, came)
            fresh = self.clock() - came.time <= FRESH  # an import greets nobody
            if fresh and _greets(came.message, policy, notice):
                stranger = Stranger(sender, came.message.channel, came.own, state)
                self.first_contact().greet(stranger, policy, notice=notice, api_url=api_url)
        if len(self._marked) >= _MARKS_KEPT:
            self._marked.clear()
        if came.heard is not Heard.STOP:
            self._marked.update(dict.fromkeys(self._places(came.message), came.time))

    def _mark(self, state: ConsentState, came: Came) -> None:
        """Note when the person wrote, on which channel and to which own address."""
        for address in came.own:
            own = self.hashes.pseudonym(address)
            at = state.inbound.get((came.message.channel, own))
            if at is None or came.time - at >= _MARKED_AGAIN_AFTER:
                self.consents.mark_inbound(state.pseudonym, came.message.channel, own, came.time)


def _heard(message: Message, policy: Policy) -> Heard | None:
    settings = policy.channels.get(message.channel)
    words = settings.keywords if settings else None
    return keywords.read(message.body or message.subject, words)


def _greets(message: Message, policy: Policy, notice: int) -> bool:
    settings = policy.channels.get(message.channel)
    return settings is not None and settings.first_contact and notice > 0


def _is_granted_by_writing(policy: Policy) -> bool:
    return any(isinstance(p.granted_by, InboundGrant) for p in policy.purposes.values())
