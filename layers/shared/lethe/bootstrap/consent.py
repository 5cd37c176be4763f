"""Wires what records consent, takes it back and looks after it."""
# ruff: noqa: PLC0415

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lethe import settings
from lethe.bootstrap.world import NOT_HERE, REQUESTS_KEPT, pseudonyms, wired
from lethe.bootstrap.world import world as current
from lethe.settings import load

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

    from lethe.crypto.withdrawal_link import WithdrawalLink
    from lethe.domain.ports_sending import Signer
    from lethe.usecases.consent_upkeep import ConsentUpkeep
    from lethe.usecases.consenting import Consenting
    from lethe.usecases.reviewing import Reviewing
    from lethe.usecases.voiding import Voiding
    from lethe.usecases.withdrawing import Withdrawing


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


@dataclass(frozen=True, slots=True)
class Consent:
    """What the function consent does."""

    consenting: Consenting
    withdrawing: Withdrawing
    reviewing: Reviewing
    voiding: Voiding
    upkeep: ConsentUpkeep
    signer: Signer


@wired
def consent() -> Consent:
    """Wire what records consent."""
    from lethe.crypto.holders import Kem
    from lethe.observability import LogMessage, unhandled
    from lethe.store.audit import DynamoAuditTrail
    from lethe.store.consents import DynamoConsents
    from lethe.store.policies import DynamoPolicies
    from lethe.store.register import DynamoRegister
    from lethe.store.requests import DynamoRequests
    from lethe.store.reviews import DynamoReviews
    from lethe.store.signer import KmsSigner
    from lethe.store.texts import DynamoTexts
    from lethe.store.wrap import KmsKeyWrap
    from lethe.usecases.consent_ledger import ConsentLedger
    from lethe.usecases.consent_upkeep import ConsentUpkeep
    from lethe.usecases.consenting import Consenting
    from lethe.usecases.following import Following
    from lethe.usecases.reviewing import Reviewing
    from lethe.usecases.voiding import Voiding
    from lethe.usecases.withdrawing import Withdrawing

    world, env = current(), load(settings.ConsentSettings)
    clock, hashes = world.clock, pseudonyms(world, env.pseudonym_key_id)
    consents = DynamoConsents(
        world.dynamodb,
        consents=env.consent_table,
        states=env.consent_states_table,
        keys=env.consent_keys_table,
    )
    register = DynamoRegister(
        world.dynamodb,
        register=env.register_table,
        keys=NOT_HERE,
        messages=NOT_HERE,
        policy=env.policy_table,
    )
    policies = DynamoPolicies(world.dynamodb, policy=env.policy_table)
    audit = DynamoAuditTrail(world.dynamodb, audit=env.audit_table)
    requests = DynamoRequests(world.dynamodb, requests=env.requests_table, period=REQUESTS_KEPT)
    reviews = DynamoReviews(world.dynamodb, reviews=env.reviews_table, period=REQUESTS_KEPT)
    signer = KmsSigner(world.kms, key_id=env.receipts_key_id)
    ledger = ConsentLedger(
        consents=consents,
        texts=DynamoTexts(world.dynamodb, notices=env.notices_table),
        signer=signer,
        wrap=KmsKeyWrap(world.kms, holders_key=env.holders_key_id),
        policies=policies,
        register=register,
        audit=audit,
        hashes=hashes,
        clock=clock,
        kem=Kem[env.kem],
        storage=f"AWS {world.dynamodb.meta.region_name}",
    )
    following = Following(consents, register, reviews, clock)
    reviewing = Reviewing(
        ledger=ledger,
        following=following,
        consents=consents,
        reviews=reviews,
        requests=requests,
        policies=policies,
        audit=audit,
        clock=clock,
    )
    return Consent(
        consenting=Consenting(ledger, consents, policies, audit, hashes, clock),
        withdrawing=Withdrawing(
            ledger=ledger,
            following=following,
            consents=consents,
            policies=policies,
            register=register,
            reviews=reviews,
            hashes=hashes,
            links=WithdrawalLinks(world.kms, authorisation_key_id=env.authorisation_key_id),
            clock=clock,
        ),
        reviewing=reviewing,
        voiding=Voiding(ledger, requests),
        upkeep=ConsentUpkeep(
            ledger,
            consents,
            policies,
            reviewing,
            clock,
            noted=lambda error: unhandled(LogMessage.CONSENT_FAILED, error),
        ),
        signer=signer,
    )
