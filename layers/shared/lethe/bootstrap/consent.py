"""Wires what records consent, takes it back and looks after it."""
# ruff: noqa: PLC0415

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from lethe.bootstrap.parts import Recording
from lethe.bootstrap.world import REQUESTS_KEPT, wired, world
from lethe.settings import ConsentSettings, load

if TYPE_CHECKING:
    from lethe.store.requests import DynamoRequests
    from lethe.store.reviews import DynamoReviews
    from lethe.usecases.consent_upkeep import ConsentUpkeep
    from lethe.usecases.consenting import Consenting
    from lethe.usecases.following import Following
    from lethe.usecases.reviewing import Reviewing
    from lethe.usecases.voiding import Voiding
    from lethe.usecases.withdrawing import Withdrawing


@wired
def consent() -> Consent:
    """Wire what records consent."""
    return Consent(world(), load(ConsentSettings))


class Consent(Recording[ConsentSettings]):
    """What the function consent does."""

    @property
    def texts_table(self) -> str:
        return self.env.notices_table

    @cached_property
    def consenting(self) -> Consenting:
        from lethe.usecases.consenting import Consenting

        return Consenting(
            self.ledger, self.consents, self.policies, self.audit, self.hashes, self.world.clock
        )

    @cached_property
    def withdrawing(self) -> Withdrawing:
        from lethe.usecases.withdrawing import Withdrawing

        return Withdrawing(
            ledger=self.ledger,
            following=self._following,
            consents=self.consents,
            policies=self.policies,
            register=self.register,
            reviews=self._reviews,
            hashes=self.hashes,
            links=self.links,
            clock=self.world.clock,
        )

    @cached_property
    def reviewing(self) -> Reviewing:
        from lethe.usecases.reviewing import Reviewing

        return Reviewing(
            ledger=self.ledger,
            following=self._following,
            consents=self.consents,
            reviews=self._reviews,
            requests=self._requests,
            policies=self.policies,
            audit=self.audit,
            clock=self.world.clock,
        )

    @cached_property
    def voiding(self) -> Voiding:
        from lethe.usecases.voiding import Voiding

        return Voiding(self.ledger, self._requests)

    @cached_property
    def upkeep(self) -> ConsentUpkeep:
        from lethe.observability import LogMessage, unhandled
        from lethe.usecases.consent_upkeep import ConsentUpkeep

        return ConsentUpkeep(
            self.ledger,
            self.consents,
            self.policies,
            self.reviewing,
            self.world.clock,
            noted=lambda error: unhandled(LogMessage.CONSENT_FAILED, error),
        )

    @cached_property
    def _following(self) -> Following:
        from lethe.usecases.following import Following

        return Following(self.consents, self.register, self._reviews, self.world.clock)

    @cached_property
    def _reviews(self) -> DynamoReviews:
        from lethe.store.reviews import DynamoReviews

        table = self.env.reviews_table
        return DynamoReviews(self.world.dynamodb, reviews=table, period=REQUESTS_KEPT)

    @cached_property
    def _requests(self) -> DynamoRequests:
        from lethe.store.requests import DynamoRequests

        table = self.env.requests_table
        return DynamoRequests(self.world.dynamodb, requests=table, period=REQUESTS_KEPT)
