"""First contact: an unknown person who writes is sent the notice, once a version (Art. 13, 14)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Protocol

from lethe.crypto.encoding import FORMAT, joined
from lethe.domain.addresses import Address
from lethe.domain.gate import Evidence
from lethe.domain.messages import MessageId, Role
from lethe.domain.notice_address import first_contact_text
from lethe.domain.outbox import DispatchId, OutMessage, OutRecipient
from lethe.domain.policy import Policy
from lethe.domain.reception import Stranger
from lethe.domain.register import Pseudonym
from lethe.usecases.outgoing import Draft, Outgoing

NOTICE_PURPOSE: Final = "notice"
"""The purpose that the policy has for it; without that purpose nothing is sent."""
REST: Final = timedelta(days=30)
"""Nobody is sent a notice again within it, however many versions there are (L13)."""
LIFETIME: Final = timedelta(days=1)

_LANGUAGES: Final[Mapping[str, str]] = {
    "tel:+49": "de",
    "tel:+43": "de",
    "tel:+33": "fr",
    "tel:+377": "fr",
    "tel:+353": "en",
    "tel:+44": "en",
}
"""The language of a number's country, where it has one; elsewhere the policy's own."""


class NoticeHashes(Protocol):
    """The hashes that name a person and that person's notice."""

    def pseudonym(self, address: Address) -> Pseudonym:
        """The pseudonym of an address."""
        ...

    def message_id(self, channel: str, external_id: str) -> MessageId:
        """A keyed hash; here of the person and the version."""
        ...


@dataclass(frozen=True)
class FirstContact:
    """The use case: hands the notice to the sender, whose gate decides once more."""

    outgoing: Outgoing
    hashes: NoticeHashes
    clock: Callable[[], datetime]

    def greet(self, stranger: Stranger, policy: Policy, *, notice: int, api_url: str) -> None:
        """Queue the notice to who was not sent this version; asking again queues it once."""
        now, state, channel = self.clock(), stranger.state, stranger.channel
        rested = state.notified_at is None or now - state.notified_at >= REST
        spoken = language(stranger.address, policy)
        text = first_contact_text(policy, channel, spoken, api_url)
        if not stranger.own or text is None or state.notified >= notice or not rested:
            return
        vendor = policy.channels[channel].vendor or ""
        known = policy.vendors.get(vendor)
        if known is None or known.adapter is None or NOTICE_PURPOSE not in policy.purposes:
            return
        message = OutMessage(
            purpose=NOTICE_PURPOSE,
            channel=channel,
            vendor=vendor,
            sender=stranger.own[0],
            recipients=(OutRecipient(0, stranger.address, Role.RECIPIENT),),
            text=text,
            locale=spoken,
            is_notice=True,
            notice_version=notice,
        )
        basis = f"{policy.purposes[NOTICE_PURPOSE].legal_basis}; {Evidence.STANDING}"
        dispatch = self._dispatch(stranger.address, notice)
        named = sha256(joined(FORMAT, b"notice", dispatch.encode())).digest()
        self.outgoing.put(dispatch, named, [Draft(0, message, basis=basis)], now + LIFETIME)

    def _dispatch(self, person: Address, version: int) -> DispatchId:
        """One dispatch for each person and version, under a name that tells neither."""
        name = f"{self.hashes.pseudonym(person)} {version}"
        return DispatchId(self.hashes.message_id("lethe first contact", name))


def language(person: Address, policy: Policy) -> str:
    """Return the language in which somebody unknown is written to first."""
    found = (code for prefix, code in _LANGUAGES.items() if person.startswith(prefix))
    return next(found, policy.notice.language)
