"""Wires what captures, and what is done with what an inbound message says of further ones."""
# ruff: noqa: PLC0415

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from lethe.bootstrap.parts import Posting
from lethe.bootstrap.world import REQUESTS_KEPT, KeyedHashes, wired
from lethe.bootstrap.world import world as current
from lethe.settings import IngestSettings, load

if TYPE_CHECKING:
    from lethe.api.intake import Intake
    from lethe.store.register import DynamoRegister
    from lethe.usecases.acceptance import Acceptance
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

    world, env = current(), load(IngestSettings)
    house = _House(world, env)
    return Intake(
        acceptance=house.acceptance,
        uploads=Uploads(staging=S3Staging(world.s3, staging=env.staging_bucket), clock=world.clock),
        sent=lambda: house.sent,
        public_url=env.public_url,
    )


class _House(Posting[IngestSettings]):
    """The parts of ingest."""

    @cached_property
    def hashes(self) -> KeyedHashes:
        return KeyedHashes(
            self.world.kms,
            pseudonym_key_id=self.env.pseudonym_key_id,
            message_id_key_id=self.env.message_id_key_id,
            authorisation_key_id=self.env.authorisation_key_id,
        )

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
            activity=Activity(self.activity, world.clock),
            stamp=self.stamping.stamped,
            clock=world.clock,
            kem=Kem[env.kem],
        )

    @cached_property
    def acceptance(self) -> Acceptance:
        from lethe.usecases.acceptance import Acceptance

        return Acceptance(self.capture, self.policies, self.reception, lambda: self.observing)

    @cached_property
    def stamping(self) -> Stamping:
        from lethe.usecases.stamping import Stamping

        return Stamping(self.hashes, self.hashes.authorisation_key, self.gathered, self.world.clock)

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
    def gathered(self) -> Gathered:
        from lethe.usecases.gathered import Gathered

        return Gathered(self.activity, self.world.clock)

    @cached_property
    def observing(self) -> Observing:
        from lethe.usecases.observing import Observing

        return Observing(self.gate_with(self.gathered))

    @cached_property
    def keyword_events(self) -> KeywordEvents:
        from lethe.store.reviews import DynamoReviews
        from lethe.usecases.following import Following
        from lethe.usecases.keyword_events import KeywordEvents

        table, clock = self.env.reviews_table, self.world.clock
        reviews = DynamoReviews(self.world.dynamodb, reviews=table, period=REQUESTS_KEPT)
        following = Following(self.consents, self.register, reviews, clock)
        return KeywordEvents(self.ledger, following, reviews, self.hashes, clock)

    @cached_property
    def first_contact(self) -> FirstContact:
        from lethe.usecases.first_contact import FirstContact

        return FirstContact(self.outgoing, self.hashes, self.world.clock)

    @cached_property
    def sent(self) -> SentCapture:
        from lethe.usecases.sent_capture import SentCapture

        return SentCapture(self.outbox, self.transit, self.capture)
