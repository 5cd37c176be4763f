"""What the function consent does, wired on memory: a ledger and all that stands on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from lethe.crypto.withdrawal_link import WithdrawalLink, open_link, seal_link
from lethe.domain.addresses import Address
from lethe.domain.callers import Caller
from lethe.domain.consent import EventType
from lethe.domain.policy import Policy
from lethe.domain.register import RegisterEntry, RegisterItem
from lethe.usecases.consent_ledger import Recorded
from lethe.usecases.consent_upkeep import ConsentUpkeep
from lethe.usecases.consenting import Consenting, Telling
from lethe.usecases.following import Following
from lethe.usecases.reviewing import Reviewing
from lethe.usecases.voiding import Voiding
from lethe.usecases.withdrawing import Said, Withdrawing

from tests.consent_scene import ANNA, ConsentScene, policy
from tests.memory_consents import MemoryConsents, MemorySigner, MemoryTexts
from tests.memory_store import MemoryStores

KEY = b"l" * 32
MACHINE = Caller("machine-1")
OFFICER = Caller("officer-1")
SUPPORT = Address("mailto:support@company.example")


def memory() -> Any:
    """Stores of memory with everything that consent needs."""
    stores: Any = MemoryStores()
    for name, made in (
        ("consents", MemoryConsents),
        ("texts", MemoryTexts),
        ("signer", MemorySigner),
    ):
        if not hasattr(stores, name):
            setattr(stores, name, made())
    return stores


class TestLinks:
    """Links under a key of the test."""

    __test__ = False

    def open(self, token: str) -> WithdrawalLink:
        return open_link(KEY, token)


@dataclass
class ConsentCalls(ConsentScene):
    """The use cases of the function, over the ledger of the scene."""

    stores: Any = field(default_factory=memory)

    def __post_init__(self) -> None:
        super().__post_init__()
        s, ledger, clock = self.stores, self.ledger, self.clock
        self.failures: list[Exception] = []
        following = Following(s.consents, s.register, s.reviews, clock)
        self.consenting = Consenting(ledger, s.consents, s.policies, s.audit, self.hashes, clock)
        self.withdrawing = Withdrawing(
            ledger=ledger,
            following=following,
            consents=s.consents,
            policies=s.policies,
            register=s.register,
            reviews=s.reviews,
            hashes=self.hashes,
            links=TestLinks(),
            clock=clock,
        )
        self.reviewing = Reviewing(
            ledger=ledger,
            following=following,
            consents=s.consents,
            reviews=s.reviews,
            requests=s.requests,
            policies=s.policies,
            audit=s.audit,
            clock=clock,
        )
        self.voiding = Voiding(ledger, s.requests)
        self.upkeep = ConsentUpkeep(
            ledger, s.consents, s.policies, self.reviewing, clock, self.failures.append
        )

    def give(self, purpose: str = "newsletter", who: Address = ANNA, **changes: Any) -> Recorded:
        """Somebody agrees; a moment passes, as it would."""
        recorded = self.one(EventType.GIVEN, who=who, purpose=purpose, **changes)
        self.clock.pass_(timedelta(minutes=1))
        return recorded

    def withdraw(self, *purposes: str, who: Address = ANNA, channel: str = "*") -> Said:
        said = self.withdrawing.withdraw(who, purposes, channel, Telling(MACHINE))
        self.clock.pass_(timedelta(minutes=1))
        return said

    def object(self, purpose: str, who: Address = ANNA, channel: str = "*") -> Said:
        said = self.withdrawing.object(who, purpose, channel, Telling(MACHINE))
        self.clock.pass_(timedelta(minutes=1))
        return said

    def link(self, purpose: str = "newsletter", channel: str = "email") -> str:
        """The token that a message to Anna would bear."""
        own = self.hashes.pseudonym(SUPPORT)
        return seal_link(KEY, WithdrawalLink(self.pseudonym(), purpose, channel, own))

    def holds_messages(self, *classes: str, who: Address = ANNA) -> None:
        """Let a person have messages in these classes."""
        entries = {cls: RegisterEntry(b"h" * 16, None, "2026-03") for cls in classes}  # type: ignore[arg-type]
        pseudonym = self.pseudonym(who)
        self.stores.world.register[pseudonym] = RegisterItem(pseudonym, entries=entries)

    def under(self, document: Policy | None = None) -> None:
        """Put the policy of the scene in force, as the stores of memory hold it."""
        world = self.stores.world
        world.policies[-1] = document or policy()
