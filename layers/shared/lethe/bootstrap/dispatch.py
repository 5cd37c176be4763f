"""Wires what decides whether a message may be sent, and sends it."""
# ruff: noqa: PLC0415

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from lethe.bootstrap.parts import Posting
from lethe.bootstrap.world import wired
from lethe.bootstrap.world import world as current
from lethe.settings import DispatchSettings, load

if TYPE_CHECKING:
    from lethe.api.dispatches import Dispatches
    from lethe.api.twilio import AsTwilio
    from lethe.store.secrets import SecretsManagerVendorSecrets
    from lethe.usecases.delivery import Delivery
    from lethe.usecases.gate import Gate
    from lethe.usecases.sending import Sending

_LOCAL: Final = "local"
"""The stage on one's own machine: its vendors speak plain HTTP."""


@wired
def dispatch() -> Dispatches:
    """Wire what decides and hands in."""
    from lethe.api.dispatches import Dispatches
    from lethe.usecases.dispatching import Dispatching
    from lethe.usecases.suppressions import Suppressions

    house = _house()
    return Dispatches(
        dispatching=Dispatching(
            house.gate, house.hashes, house.hashes.authorisation_key, house.links.seal
        ),
        suppressions=Suppressions(
            house.register, house.consents, house.policies, house.hashes, house.world.clock
        ),
        sending=house.sending,
        public_url=house.env.public_url,
    )


@wired
def delivery() -> Delivery:
    """Wire what sends."""
    from lethe.domain.vendors import Adapter
    from lethe.store.mail import SesMailer
    from lethe.store.queues import SqsSentQueue
    from lethe.usecases.delivery import Delivery
    from lethe.vendors.http import Endpoint
    from lethe.vendors.ses import Ses
    from lethe.vendors.twilio import Twilio
    from lethe.vendors.whatsapp import WhatsApp

    house = _house()
    world, env, is_local = house.world, house.env, house.env.lethe_stage == _LOCAL
    return Delivery(
        gate=house.gate,
        outbox=house.outbox,
        transit=house.transit,
        send_queue=house.outgoing.send_queue,
        sent_queue=SqsSentQueue(world.sqs, sent_queue=env.sent_queue_url),
        vendors={
            Adapter.SES: Ses(SesMailer(world.ses)),
            Adapter.TWILIO: Twilio(house.secrets, Endpoint(env.twilio_url, is_local)),
            Adapter.WHATSAPP: WhatsApp(house.secrets, Endpoint(env.whatsapp_url, is_local)),
        },
        ledger=house.ledger,
        consents=house.consents,
        policies=house.policies,
        audit=house.audit,
        hashes=house.hashes,
        clock=world.clock,
    )


@wired
def as_twilio() -> AsTwilio:
    """Wire what looks as Twilio does."""
    from lethe.api.twilio import AsTwilio

    house = _house()
    return AsTwilio(
        secrets=house.secrets,
        dispatching=dispatch().dispatching,
        sending=house.sending,
        policies=house.policies,
        clock=house.world.clock,
        public_url=house.env.public_url,
    )


@wired
def _house() -> _House:
    return _House(current(), load(DispatchSettings))


class _House(Posting[DispatchSettings]):
    """The parts of dispatch."""

    @cached_property
    def gate(self) -> Gate:
        return self.gate_with(self.activity)

    @cached_property
    def sending(self) -> Sending:
        from lethe.domain.vendors import Adapter
        from lethe.usecases.sending import Sending

        return Sending(
            outgoing=self.outgoing,
            policies=self.policies,
            audit=self.audit,
            hashes=self.hashes,
            links=self.links.seal,
            adapters=frozenset(Adapter),
            clock=self.world.clock,
        )

    @cached_property
    def secrets(self) -> SecretsManagerVendorSecrets:
        from lethe.store.secrets import SecretsManagerVendorSecrets

        return SecretsManagerVendorSecrets(
            self.world.secrets, secret=self.env.vendor_secret_id, clock=self.world.clock
        )
