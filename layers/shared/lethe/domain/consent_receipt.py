"""Receipts of consent events: the claims that are signed, and the text for the channel itself.

Both say the same: who, for what, since when and until when, and how to take it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lethe.domain.consent import EVERY, ConsentEvent, EventType
from lethe.domain.consent_record import language_of
from lethe.domain.evidence import Evidence
from lethe.domain.policy import Policy
from lethe.domain.receipt_words import withdrawal_method, words

TYP: Final = "lethe-consent-receipt+jwt"
_A_MOMENT: Final = timedelta(milliseconds=1)
_NAMED: Final = frozenset({EventType.BASIS_BEGUN, EventType.BASIS_ENDED})


def claims(
    record: Mapping[str, Any],
    event: ConsentEvent,
    policy: Policy,
    *,
    digest: bytes,
    contents_sha256: str,
) -> dict[str, Any]:
    """Return what is signed: the record's essence, bound to the event and to what is sealed."""
    processing = record["pii_processing"]
    [shown] = record["events"]
    return {
        "schema_version": record["schema_version"],
        "conforms_to": record["conforms_to"],
        "record_id": event.id,
        "pii_principal_id": record["pii_principal_id"],
        "privacy_notice": processing["privacy_notice"],
        "language": processing["language"],
        "purposes": _purposes(processing["purposes"], event, policy),
        "pii_controllers": [
            {"party_name": policy.controller.name, "party_contact": policy.controller.contact}
        ],
        "withdrawal_method": _withdrawal(processing["purposes"]),
        "policy_version": event.policy_version,
        "event": shown | {"ledger": event.ledger, "sequence": event.sequence},
        "event_sha256": digest.hex(),
        "contents_sha256": contents_sha256,
    }


def text(event: ConsentEvent, evidence: Evidence | None, policy: Policy) -> str:
    """Return the receipt in plain words, in the language of the evidence where we have it."""
    language = language_of(evidence)
    said = words(language)
    purpose = policy.purposes.get(event.purpose)
    about = said["every_purpose"] if event.purpose == EVERY else event.purpose
    if purpose is not None and event.type not in _NAMED:
        about = purpose.description.rstrip(".")
    return said[event.type.value].format(
        controller=policy.controller.name,
        day=_day(event.time),
        until=_day(event.until - _A_MOMENT) if event.until is not None else "",
        purposes=about,
        channel=said["every_channel"] if event.channel == EVERY else event.channel,
        withdrawal=withdrawal_method(event.channel, language, policy).rstrip("."),
        id=event.id,
    )


def is_of(told: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Say whether a receipt is about the text and the actor of this record."""
    processing, [shown] = record["pii_processing"], record["events"]
    same = all(told[name] == processing[name] for name in ("privacy_notice", "language"))
    entity: bool = told["event"]["entity_id"] == shown["entity_id"]
    return same and entity


def _purposes(
    covered: list[dict[str, Any]], event: ConsentEvent, policy: Policy
) -> list[dict[str, Any]]:
    """The purposes by name; where the act was about all of them, that, and the record has each."""
    if event.type not in _NAMED and event.purpose not in policy.purposes:
        return [{"purpose": EVERY, "description": "every purpose", "lawful_basis": EVERY}]
    names = ("purpose", "description", "lawful_basis")
    return [{name: purpose[name] for name in names} for purpose in covered]


def _withdrawal(purposes: list[dict[str, Any]]) -> str:
    return next((purpose["withdrawal_method"] for purpose in purposes), "")


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()
