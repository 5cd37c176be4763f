"""STOP and START as events, and what may be a withdrawal as a question to a human (L8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lethe.domain.addresses import Address
from lethe.domain.callers import Caller
from lethe.domain.consent import EVERY, EventType
from lethe.domain.evidence import FRESH, Action, Evidence, Method
from lethe.domain.human_review import possible_withdrawal
from lethe.domain.keywords import Heard
from lethe.domain.policy import Policy
from lethe.domain.ports import PseudonymHash
from lethe.domain.ports_sending import Reviews
from lethe.domain.reception import Came
from lethe.domain.register import Pseudonym
from lethe.domain.vendors import Adapter
from lethe.usecases.consent_ledger import Act, ConsentLedger, event_id
from lethe.usecases.following import Following

_HEARD: Final = Caller("inbound-message")
"""Who acts is the person, by writing; nobody's token does."""


@dataclass(frozen=True)
class KeywordEvents:
    """The use case; recording the same message again adds nothing."""

    ledger: ConsentLedger
    following: Following
    reviews: Reviews
    hashes: PseudonymHash
    clock: Callable[[], datetime]

    def record(self, sender: Address, came: Came, policy: Policy) -> None:
        """Record what a sender said; a text that only may withdraw waits for a human."""
        channel, pseudonym = came.message.channel, self.hashes.pseudonym(sender)
        own: list[str] = [self.hashes.pseudonym(address) for address in came.own] or [EVERY]
        if came.heard is Heard.MAYBE or self.clock() - came.time > FRESH:
            # What an import brings may have been taken back since: a human looks.
            review = possible_withdrawal(pseudonym, channel, own[0], came.message_id)
            self.reviews.put(review.id, review.document, self.clock())
            return
        acts = list(self._acts(came, own, pseudonym, blocks=_blocks(channel, policy)))
        self.ledger.record(sender, acts, caller=_HEARD)
        if came.heard is Heard.STOP:
            for each in own:
                self.following.after(pseudonym, policy, channel=channel, own=each)

    def _acts(
        self, came: Came, own: Sequence[str], person: Pseudonym, *, blocks: bool
    ) -> Iterator[Act]:
        """A keyword as events, one for each own address that it was sent to."""
        types = [EventType.VENDOR_UNBLOCKED]
        if came.heard is Heard.STOP:
            types = [EventType.STOPPED, *([EventType.VENDOR_BLOCKED] if blocks else ())]
        evidence = Evidence(
            method=Method.KEYWORD, at=came.time, reference=came.message_id, action=Action.TYPED
        )
        for address in own:
            for type_ in types:
                yield Act(
                    type_,
                    channel=came.message.channel,
                    own=address,
                    evidence=evidence,
                    event_id=event_id("keyword", came.message_id, person, address, type_),
                )


def _blocks(channel: str, policy: Policy) -> bool:
    """Whether the channel's vendor itself blocks who writes STOP, as Twilio does."""
    settings = policy.channels.get(channel)
    vendor = policy.vendors.get(settings.vendor or "") if settings else None
    return vendor is not None and vendor.adapter is Adapter.TWILIO
