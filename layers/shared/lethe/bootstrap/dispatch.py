"""Wires what decides whether a message may be sent, and sends it."""
# ruff: noqa: PLC0415

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from lethe import settings
from lethe.bootstrap.world import NOT_HERE, KeyedHashes, World, wired
from lethe.bootstrap.world import world as current
from lethe.settings import DispatchSettings, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from lethe.api.dispatches import Dispatches
    from lethe.api.twilio import AsTwilio
    from lethe.crypto.withdrawal_link import WithdrawalLink
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.consents import DynamoConsents
    from lethe.store.outbox import DynamoOutbox
    from lethe.store.policies import DynamoPolicies
    from lethe.store.queues import SqsSendQueue
    from lethe.store.register import DynamoRegister
    from lethe.store.secrets import SecretsManagerVendorSecrets
    from lethe.store.transit import KmsTransitKeys
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
            house.gate, house.hashes, house.hashes.authorisation_key, house.token
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
    from lethe.crypto.holders import Kem
    from lethe.domain.vendors import Adapter
    from lethe.store.mail import SesMailer
    from lethe.store.queues import SqsSentQueue
    from lethe.store.signer import KmsSigner
    from lethe.store.texts import DynamoTexts
    from lethe.store.wrap import KmsKeyWrap
    from lethe.usecases.consent_ledger import ConsentLedger
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
        send_queue=house.send_queue,
        sent_queue=SqsSentQueue(world.sqs, sent_queue=env.sent_queue_url),
        vendors={
            Adapter.SES: Ses(SesMailer(world.ses)),
            Adapter.TWILIO: Twilio(house.secrets, Endpoint(env.twilio_url, is_local)),
            Adapter.WHATSAPP: WhatsApp(house.secrets, Endpoint(env.whatsapp_url, is_local)),
        },
        ledger=ConsentLedger(
            consents=house.consents,
            texts=DynamoTexts(world.dynamodb, notices=NOT_HERE),
            signer=KmsSigner(world.kms, key_id=env.receipts_key_id),
            wrap=KmsKeyWrap(world.kms, holders_key=env.holders_key_id),
            policies=house.policies,
            register=house.register,
            audit=house.audit,
            hashes=house.hashes,
            clock=world.clock,
            kem=Kem[env.kem],
            storage=f"AWS {world.dynamodb.meta.region_name}",
        ),
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
    return _House(current(), load(settings.DispatchSettings))


@dataclass(frozen=True)
class _House:
    """The parts of dispatch, each made when first asked for."""

    world: World
    env: DispatchSettings

    @cached_property
    def hashes(self) -> KeyedHashes:
        return KeyedHashes(
            self.world.kms,
            pseudonym_key_id=self.env.pseudonym_key_id,
            authorisation_key_id=self.env.authorisation_key_id,
        )

    @cached_property
    def register(self) -> DynamoRegister:
        from lethe.store.register import DynamoRegister

        return DynamoRegister(
            self.world.dynamodb,
            register=self.env.register_table,
            keys=NOT_HERE,
            messages=NOT_HERE,
            policy=self.env.policy_table,
        )

    @cached_property
    def consents(self) -> DynamoConsents:
        from lethe.store.consents import DynamoConsents

        return DynamoConsents(
            self.world.dynamodb,
            consents=self.env.consent_table,
            states=self.env.consent_states_table,
            keys=self.env.consent_keys_table,
        )

    @cached_property
    def policies(self) -> DynamoPolicies:
        from lethe.store.policies import DynamoPolicies

        return DynamoPolicies(self.world.dynamodb, policy=self.env.policy_table)

    @cached_property
    def audit(self) -> DynamoAuditTrail:
        from lethe.store.audit import DynamoAuditTrail

        return DynamoAuditTrail(self.world.dynamodb, audit=self.env.audit_table)

    @cached_property
    def gate(self) -> Gate:
        from lethe.api.problems import gate_failed
        from lethe.store.activity import DynamoActivity
        from lethe.usecases.gate import Gate

        return Gate(
            register=self.register,
            consents=self.consents,
            policies=self.policies,
            activity=DynamoActivity(self.world.dynamodb, counts=self.env.counts_table),
            audit=self.audit,
            hashes=self.hashes,
            clock=self.world.clock,
            noted=gate_failed,
        )

    @cached_property
    def outbox(self) -> DynamoOutbox:
        from lethe.store.outbox import DynamoOutbox

        return DynamoOutbox(self.world.dynamodb, outbox=self.env.outbox_table)

    @cached_property
    def transit(self) -> KmsTransitKeys:
        from lethe.store.transit import KmsTransitKeys

        return KmsTransitKeys(self.world.kms, transit_key=self.env.transit_key_id)

    @cached_property
    def send_queue(self) -> SqsSendQueue:
        from lethe.store.queues import SqsSendQueue

        return SqsSendQueue(self.world.sqs, send_queue=self.env.send_queue_url)

    @cached_property
    def sending(self) -> Sending:
        from lethe.domain.vendors import Adapter
        from lethe.usecases.outgoing import Outgoing
        from lethe.usecases.sending import Sending

        return Sending(
            outgoing=Outgoing(self.outbox, self.transit, self.send_queue, self.world.clock),
            policies=self.policies,
            audit=self.audit,
            hashes=self.hashes,
            links=self.token,
            adapters=frozenset(Adapter),
            clock=self.world.clock,
        )

    @cached_property
    def secrets(self) -> SecretsManagerVendorSecrets:
        from lethe.store.secrets import SecretsManagerVendorSecrets

        return SecretsManagerVendorSecrets(
            self.world.secrets, secret=self.env.vendor_secret_id, clock=self.world.clock
        )

    @cached_property
    def token(self) -> Callable[[WithdrawalLink], str]:
        """What makes the token of a withdrawal link."""
        from lethe.bootstrap.consent import WithdrawalLinks

        links = WithdrawalLinks(self.world.kms, authorisation_key_id=self.env.authorisation_key_id)
        return links.seal
