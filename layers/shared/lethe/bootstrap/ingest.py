"""Wires what captures, and what is done with what an inbound message says of further ones."""
# ruff: noqa: PLC0415

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lethe import settings
from lethe.bootstrap.world import NOT_HERE, REQUESTS_KEPT, KeyedHashes, World, wired
from lethe.bootstrap.world import world as current
from lethe.settings import IngestSettings, load

if TYPE_CHECKING:
    from lethe.api.intake import Intake
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.consents import DynamoConsents
    from lethe.store.policies import DynamoPolicies
    from lethe.store.register import DynamoRegister
    from lethe.usecases.capture import Capture
    from lethe.usecases.first_contact import FirstContact
    from lethe.usecases.gathered import Gathered
    from lethe.usecases.keyword_events import KeywordEvents
    from lethe.usecases.observing import Observing
    from lethe.usecases.reception import Reception
    from lethe.usecases.sent_capture import SentCapture
    from lethe.usecases.stamping import Stamping


@wired
def ingest() -> Intake:
    """Wire what captures."""
    from lethe.api.intake import Intake
    from lethe.store.staging import S3Staging
    from lethe.usecases.uploads import Uploads

    world, env = current(), load(settings.IngestSettings)
    house = _House(world, env)
    return Intake(
        capture=house.capture,
        uploads=Uploads(staging=S3Staging(world.s3, staging=env.staging_bucket), clock=world.clock),
        policies=house.policies,
        stamping=house.stamping,
        reception=house.reception,
        observing=lambda: house.observing,
        sent=lambda: house.sent,
        public_url=env.public_url,
    )


@dataclass(frozen=True)
class _House:
    """The parts of ingest, each made when first asked for."""

    world: World
    env: IngestSettings

    @cached_property
    def hashes(self) -> KeyedHashes:
        return KeyedHashes(
            self.world.kms,
            pseudonym_key_id=self.env.pseudonym_key_id,
            message_id_key_id=self.env.message_id_key_id,
            authorisation_key_id=self.env.authorisation_key_id,
        )

    @cached_property
    def policies(self) -> DynamoPolicies:
        from lethe.store.policies import DynamoPolicies

        return DynamoPolicies(self.world.dynamodb, policy=self.env.policy_table)

    @cached_property
    def register(self) -> DynamoRegister:
        from lethe.store.register import DynamoRegister

        return DynamoRegister(
            self.world.dynamodb,
            register=self.env.register_table,
            keys=self.env.keys_table,
            messages=self.env.messages_table,
            policy=self.env.policy_table,
        )

    @cached_property
    def capture(self) -> Capture:
        from lethe.crypto.holders import Kem
        from lethe.store.activity import DynamoActivity
        from lethe.store.archive import DynamoArchive
        from lethe.store.counts import DynamoCounts
        from lethe.store.days import DynamoDays
        from lethe.store.keys import DynamoKeys
        from lethe.store.objects import S3Objects
        from lethe.store.queues import SqsDayRequests
        from lethe.store.wrap import KmsKeyWrap
        from lethe.usecases.activity import Activity
        from lethe.usecases.capture import Capture

        world, env = self.world, self.env
        return Capture(
            register=self.register,
            keys=DynamoKeys(world.dynamodb, keys=env.keys_table, day_keys=env.day_keys_table),
            days=DynamoDays(
                world.dynamodb, day_keys=env.day_keys_table, register=env.register_table
            ),
            day_requests=SqsDayRequests(world.sqs, days_queue=env.days_queue_url),
            archive=DynamoArchive(
                world.dynamodb, messages=env.messages_table, entries=env.entries_table
            ),
            objects=S3Objects(world.s3, objects=env.objects_bucket, keep=env.keep_bucket),
            wrap=KmsKeyWrap(world.kms, holders_key=env.holders_key_id),
            counts=DynamoCounts(world.dynamodb, counts=env.counts_table),
            policies=self.policies,
            hashes=self.hashes,
            activity=Activity(DynamoActivity(world.dynamodb, counts=env.counts_table), world.clock),
            clock=world.clock,
            kem=Kem[env.kem],
        )

    @cached_property
    def stamping(self) -> Stamping:
        from lethe.usecases.stamping import Stamping

        return Stamping(self.hashes, self.hashes.authorisation_key, self.gathered, self.world.clock)

    @cached_property
    def gathered(self) -> Gathered:
        from lethe.store.activity import DynamoActivity
        from lethe.usecases.gathered import Gathered

        log = DynamoActivity(self.world.dynamodb, counts=self.env.counts_table)
        return Gathered(log, self.world.clock)

    @cached_property
    def audit(self) -> DynamoAuditTrail:
        from lethe.store.audit import DynamoAuditTrail

        return DynamoAuditTrail(self.world.dynamodb, audit=self.env.audit_table)

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
    def observing(self) -> Observing:
        from lethe.api.problems import gate_failed
        from lethe.usecases.gate import Gate
        from lethe.usecases.observing import Observing

        gate = Gate(
            register=self.register,
            consents=self.consents,
            policies=self.policies,
            activity=self.gathered,
            audit=self.audit,
            hashes=self.hashes,
            clock=self.world.clock,
            noted=gate_failed,
        )
        return Observing(gate)

    @cached_property
    def reception(self) -> Reception:
        from lethe.usecases.reception import Reception

        return Reception(
            consents=self.consents,
            register=self.register,
            keyword_events=lambda: self.keyword_events,
            first_contact=lambda: self.first_contact,
            hashes=self.hashes,
            clock=self.world.clock,
        )

    @cached_property
    def keyword_events(self) -> KeywordEvents:
        from lethe.crypto.holders import Kem
        from lethe.store.reviews import DynamoReviews
        from lethe.store.signer import KmsSigner
        from lethe.store.texts import DynamoTexts
        from lethe.store.wrap import KmsKeyWrap
        from lethe.usecases.consent_ledger import ConsentLedger
        from lethe.usecases.following import Following
        from lethe.usecases.keyword_events import KeywordEvents

        world, env = self.world, self.env
        reviews = DynamoReviews(world.dynamodb, reviews=env.reviews_table, period=REQUESTS_KEPT)
        ledger = ConsentLedger(
            consents=self.consents,
            texts=DynamoTexts(world.dynamodb, notices=NOT_HERE),
            signer=KmsSigner(world.kms, key_id=env.receipts_key_id),
            wrap=KmsKeyWrap(world.kms, holders_key=env.holders_key_id),
            policies=self.policies,
            register=self.register,
            audit=self.audit,
            hashes=self.hashes,
            clock=world.clock,
            kem=Kem[env.kem],
            storage=f"AWS {world.dynamodb.meta.region_name}",
        )
        following = Following(self.consents, self.register, reviews, world.clock)
        return KeywordEvents(ledger, following, reviews, self.hashes, world.clock)

    @cached_property
    def first_contact(self) -> FirstContact:
        from lethe.store.outbox import DynamoOutbox
        from lethe.store.queues import SqsSendQueue
        from lethe.store.transit import KmsTransitKeys
        from lethe.usecases.first_contact import FirstContact
        from lethe.usecases.outgoing import Outgoing

        world, env = self.world, self.env
        outgoing = Outgoing(
            DynamoOutbox(world.dynamodb, outbox=env.outbox_table),
            KmsTransitKeys(world.kms, transit_key=env.transit_key_id),
            SqsSendQueue(world.sqs, send_queue=env.send_queue_url),
            world.clock,
        )
        return FirstContact(outgoing, self.hashes, world.clock)

    @cached_property
    def sent(self) -> SentCapture:
        from lethe.store.outbox import DynamoOutbox
        from lethe.store.transit import KmsTransitKeys
        from lethe.usecases.sent_capture import SentCapture

        outbox = DynamoOutbox(self.world.dynamodb, outbox=self.env.outbox_table)
        transit = KmsTransitKeys(self.world.kms, transit_key=self.env.transit_key_id)
        return SentCapture(outbox, transit, self.capture)
