"""Parts that several functions are made of, each made when first asked for: a cold start pays."""
# ruff: noqa: PLC0415

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from lethe.bootstrap.world import NOT_HERE, KeyedHashes, World
from lethe.settings import PostingSettings, RecordingSettings

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

    from lethe.crypto.withdrawal_link import WithdrawalLink
    from lethe.domain.ports_sending import ActivityLog
    from lethe.store.activity import DynamoActivity
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.consents import DynamoConsents
    from lethe.store.outbox import DynamoOutbox
    from lethe.store.policies import DynamoPolicies
    from lethe.store.register import DynamoRegister
    from lethe.store.signer import KmsSigner
    from lethe.store.transit import KmsTransitKeys
    from lethe.usecases.consent_ledger import ConsentLedger
    from lethe.usecases.gate import Gate
    from lethe.usecases.outgoing import Outgoing

R = TypeVar("R", bound=RecordingSettings)
P = TypeVar("P", bound=PostingSettings)


class WithdrawalLinks:
    """What opens withdrawal links, and makes them; its key is derived by KMS when first needed."""

    def __init__(self, kms: KMSClient, *, authorisation_key_id: str) -> None:
        self._kms = kms
        self._key_id = authorisation_key_id

    @cached_property
    def _key(self) -> bytes:
        from lethe.crypto.withdrawal_link import WITHDRAWAL_LABEL
        from lethe.store.wrap import derive

        return derive(self._kms, self._key_id, WITHDRAWAL_LABEL.decode())

    def open(self, token: str) -> WithdrawalLink:
        """Return what a link withdraws."""
        from lethe.crypto.withdrawal_link import open_link

        return open_link(self._key, token)

    def seal(self, link: WithdrawalLink) -> str:
        """Return the token of a link."""
        from lethe.crypto.withdrawal_link import seal_link

        return seal_link(self._key, link)


@dataclass(frozen=True)
class Recording(Generic[R]):
    """What records consent events is made of these."""

    world: World
    env: R

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
    def policies(self) -> DynamoPolicies:
        from lethe.store.policies import DynamoPolicies

        return DynamoPolicies(self.world.dynamodb, policy=self.env.policy_table)

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
    def signer(self) -> KmsSigner:
        from lethe.store.signer import KmsSigner

        return KmsSigner(self.world.kms, key_id=self.env.receipts_key_id)

    @cached_property
    def links(self) -> WithdrawalLinks:
        key_id = self.env.authorisation_key_id
        return WithdrawalLinks(self.world.kms, authorisation_key_id=key_id)

    @property
    def texts_table(self) -> str:
        """Where the texts lie that people were shown, if the function keeps any."""
        return NOT_HERE

    @cached_property
    def ledger(self) -> ConsentLedger:
        from lethe.crypto.holders import Kem
        from lethe.store.texts import DynamoTexts
        from lethe.store.wrap import KmsKeyWrap
        from lethe.usecases.consent_ledger import ConsentLedger

        return ConsentLedger(
            consents=self.consents,
            texts=DynamoTexts(self.world.dynamodb, notices=self.texts_table),
            signer=self.signer,
            wrap=KmsKeyWrap(self.world.kms, holders_key=self.env.holders_key_id),
            policies=self.policies,
            register=self.register,
            audit=self.audit,
            hashes=self.hashes,
            clock=self.world.clock,
            kem=Kem[self.env.kem],
            storage=f"AWS {self.world.dynamodb.meta.region_name}",
        )


class Posting(Recording[P]):
    """What also puts messages on their way out is made of these."""

    @cached_property
    def activity(self) -> DynamoActivity:
        from lethe.store.activity import DynamoActivity

        return DynamoActivity(self.world.dynamodb, counts=self.env.counts_table)

    @cached_property
    def outbox(self) -> DynamoOutbox:
        from lethe.store.outbox import DynamoOutbox

        return DynamoOutbox(self.world.dynamodb, outbox=self.env.outbox_table)

    @cached_property
    def transit(self) -> KmsTransitKeys:
        from lethe.store.transit import KmsTransitKeys

        return KmsTransitKeys(self.world.kms, transit_key=self.env.transit_key_id)

    @cached_property
    def outgoing(self) -> Outgoing:
        from lethe.store.queues import SqsSendQueue
        from lethe.usecases.outgoing import Outgoing

        queue = SqsSendQueue(self.world.sqs, send_queue=self.env.send_queue_url)
        return Outgoing(self.outbox, self.transit, queue, self.world.clock)

    def gate_with(self, activity: ActivityLog) -> Gate:
        """The gate, which counts what it says in that log."""
        from lethe.api.problems import gate_failed
        from lethe.usecases.gate import Gate

        return Gate(
            register=self.register,
            consents=self.consents,
            policies=self.policies,
            activity=activity,
            audit=self.audit,
            hashes=self.hashes,
            clock=self.world.clock,
            noted=gate_failed,
        )
