"""Stamp an outbound message with what allowed it: its authorisation's verdict, and its basis (L2).

Capture never refuses for it: what has left is archived, allowed or not. A stamp is no content: a
redelivery whose token has run out meanwhile is the same message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from lethe.crypto.authorisation import Authorised, Covered, Verdict, check
from lethe.domain.channel_settings import Gate as Mode
from lethe.domain.errors import LetheError
from lethe.domain.messages import Direction, Message, Role
from lethe.domain.policy import Policy
from lethe.domain.ports import PseudonymHash
from lethe.domain.ports_sending import ActivityLog

AUTHORISATION_HEADER: Final = "x-lethe-authorisation"
BASIS_HEADER: Final = "x-lethe-basis"


class Stamp(StrEnum):
    """What is said of an outbound message's authorisation, best first."""

    VALID = "valid"
    EXPIRED = "expired"
    INVALID = "invalid"
    MISSING = "missing"
    """There is none, and the channel's gate is enforced."""


_RANK: Final = {stamp: rank for rank, stamp in enumerate(Stamp)}
_OF: Final = {
    Verdict.VALID: Stamp.VALID,
    Verdict.EXPIRED: Stamp.EXPIRED,
    Verdict.INVALID: Stamp.INVALID,
}


@dataclass(frozen=True)
class Stamping:
    """The use case; a message gets the worst that is true of any of its recipients."""

    hashes: PseudonymHash
    key: Callable[[], bytes]
    """The key of authorisations, derived when the first token comes."""
    activity: ActivityLog
    clock: Callable[[], datetime]

    def stamped(self, message: Message, policy: Policy) -> Message:
        """Return the message with its stamps, and with the authorised purpose if it has none."""
        if message.stamps:
            return message  # Lethe sent it itself
        settings = policy.channels.get(message.channel)
        enforced = settings is not None and settings.gate is Mode.ENFORCED
        if message.direction is not Direction.OUTBOUND or not (enforced or message.authorisations):
            return message
        verdicts = list(self._verdicts(message))
        worst = max((stamp for stamp, _ in verdicts), key=_RANK.__getitem__, default=Stamp.VALID)
        with suppress(LetheError):  # a figure is not worth a message
            self.activity.add(message.channel, self.clock().date(), {f"authorisation.{worst}": 1})
        allowed = [one for stamp, one in verdicts if one and stamp is Stamp.VALID]
        bases = dict.fromkeys(f"{one.legal_basis}; {one.evidence}" for one in allowed)
        purposes = {one.purpose for one in allowed}
        return replace(
            message,
            purpose=message.purpose or (purposes.pop() if len(purposes) == 1 else ""),
            stamps=(
                (AUTHORISATION_HEADER, worst.value),
                *((BASIS_HEADER, basis) for basis in bases),
            ),
        )

    def _verdicts(self, message: Message) -> Iterator[tuple[Stamp, Authorised | None]]:
        tokens = dict(message.authorisations)
        senders = [p.address for p in message.participants if p.role is Role.SENDER]
        sender = self.hashes.pseudonym(message.own_address or senders[0])
        for participant in message.participants:
            if participant.role is Role.SENDER:
                continue
            token = tokens.get(participant.address)
            if token is None:
                yield Stamp.MISSING, None
                continue
            recipient = self.hashes.pseudonym(participant.address)
            covered = Covered(message.channel, sender, recipient, message.body)
            verdict, authorised = check(self.key(), covered, token, self.clock())
            if authorised and message.purpose not in {"", authorised.purpose}:
                yield Stamp.INVALID, None  # allowed for one purpose, sent for another
            else:
                yield _OF[verdict], authorised
