"""The record of a consent event as ISO/IEC TS 27560 structures it, made of policy and evidence.

The person stands in it as a commitment: whoever knows salt and address can check that it is about
them, and nobody else learns of whom it is. `schemas/consent-record.json` is its JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from lethe.domain.consent import EVERY, ConsentEvent, EventType
from lethe.domain.evidence import Evidence, Method
from lethe.domain.periods import Period
from lethe.domain.policy import Policy
from lethe.domain.purposes import EventGrant, Purpose
from lethe.domain.receipt_words import LANGUAGES, withdrawal_method
from lethe.domain.times import iso

SCHEMA_VERSION: Final = "lethe-consent-record/1"
CONFORMS_TO: Final = "ISO/IEC TS 27560:2023"
EVIDENCE_KEPT: Final = Period(years=3)
"""How long evidence is kept after the processing ends where the policy has no record `consent`."""

CONTROLLER: Final = "controller"
PRINCIPAL: Final = "pii_principal"
_INDEFINITE: Final = "indefinite"
_ANY_DATA: Final = "Address and content of messages"
_PROCESSING: Final = "Sending messages, and keeping them in an archive"
_RIGHTS: Final = (
    "access (Art. 15)",
    "rectification (Art. 16)",
    "erasure (Art. 17)",
    "restriction (Art. 18)",
    "portability (Art. 20)",
    "objection (Art. 21)",
    "withdrawal of consent (Art. 7(3))",
    "complaint (Art. 77)",
)
_ACTORS: Final = {
    EventType.EXPIRED: CONTROLLER,
    EventType.OBJECTION_OVERRULED: CONTROLLER,
    EventType.VENDOR_BLOCKED: "vendor",
    EventType.BASIS_BEGUN: CONTROLLER,
    EventType.BASIS_ENDED: CONTROLLER,
}
"""Whose act it was where it was not the person's."""
_STATES: Final = {
    EventType.GIVEN: "consent given",
    EventType.RENEWED: "consent renewed",
    EventType.REFUSED: "consent refused",
    EventType.WITHDRAWN: "consent withdrawn",
    EventType.EXPIRED: "consent expired",
    EventType.OBJECTED: "objection pending or in force",
    EventType.OBJECTION_OVERRULED: "objection overruled",
    EventType.STOPPED: "consent withdrawn and objection in force",
    EventType.VENDOR_BLOCKED: "blocked by the vendor",
    EventType.VENDOR_UNBLOCKED: "no longer blocked by the vendor",
    EventType.BASIS_BEGUN: "other basis in force",
    EventType.BASIS_ENDED: "other basis ended",
    EventType.VOIDED: "every earlier basis void by erasure",
}


def record(  # noqa: PLR0913  what a record is made of
    event: ConsentEvent,
    evidence: Evidence | None,
    policy: Policy,
    *,
    principal: str,
    text_sha256: str,
    storage: str,
) -> dict[str, Any]:
    """Return the record of one event; `principal` is the commitment in hexadecimal."""
    covered = tuple(_covered(event, policy))
    return {
        "schema_version": SCHEMA_VERSION,
        "conforms_to": CONFORMS_TO,
        "record_id": event.id,
        "pii_principal_id": principal,
        "pii_processing": {
            "privacy_notice": {
                "url": policy.notice.public_url or "",
                "version": event.notice_version,
                "text_sha256": text_sha256,
            },
            "language": language_of(evidence),
            "purposes": [
                _purpose(name, policy.purposes[name], event, evidence, policy, storage)
                for name in covered
            ],
            "policy_version": event.policy_version,
        },
        "party_identification": [*_parties(event, policy)],
        "events": [event_of(event, evidence)],
    }


def event_of(event: ConsentEvent, evidence: Evidence | None) -> dict[str, Any]:
    """Return the event itself, as records and receipts show it."""
    entity = _ACTORS.get(event.type, PRINCIPAL)
    if evidence is not None and evidence.child is not None and evidence.child.guardian is not None:
        entity = "guardian"
    shown = {
        "event_time": iso(event.time),
        "event_type": event.type.value,
        "event_state": _STATES[event.type],
        "entity_id": entity,
        "validity_duration": _INDEFINITE,
        "scope": {"purpose": event.purpose, "channel": event.channel},
    }
    if event.until is not None:
        shown["validity_duration"] = f"P{(event.until - event.time) // timedelta(days=1)}D"
        shown["valid_until"] = iso(event.until)
    return shown


def language_of(evidence: Evidence | None) -> str:
    """Return the language in which the person was spoken to, as far as it is known."""
    return (evidence and evidence.language) or LANGUAGES[0]


def kept_after_processing(policy: Policy) -> Period:
    """Return how long evidence is kept once the processing that it is about has ended."""
    own = policy.records.get("consent")
    return own.period if own is not None and own.period is not None else EVIDENCE_KEPT


def _covered(event: ConsentEvent, policy: Policy) -> Iterator[str]:
    """Yield the purposes that an event speaks about; all of them if it names none that exists."""
    if event.type in {EventType.BASIS_BEGUN, EventType.BASIS_ENDED}:
        granted = [
            name
            for name, purpose in policy.purposes.items()
            if isinstance(purpose.granted_by, EventGrant)
            and purpose.granted_by.event == event.purpose
        ]
        yield from granted or policy.purposes
    elif event.purpose in policy.purposes:
        yield event.purpose
    else:
        yield from policy.purposes


def _purpose(  # noqa: PLR0913, PLR0917  what a purpose is shown with
    name: str,
    purpose: Purpose,
    event: ConsentEvent,
    evidence: Evidence | None,
    policy: Policy,
    storage: str,
) -> dict[str, Any]:
    recipients = (*purpose.recipients, *(policy.vendors[v].name for v in _vendors(event, policy)))
    method = evidence.method if evidence is not None else Method.SYSTEM
    return {
        "purpose": name,
        "description": purpose.description,
        "lawful_basis": purpose.legal_basis.value,
        "pii_information": [
            {"pii_type": category, "special_category": purpose.special_categories}
            for category in purpose.data_categories or (_ANY_DATA,)
        ],
        "pii_controllers": [CONTROLLER],
        "collection_method": method.value,
        "processing_method": _PROCESSING,
        "storage_locations": [storage],
        "retention_period": _retention(name, policy).iso(),
        "evidence_retention_period": kept_after_processing(policy).iso(),
        "jurisdiction": policy.controller.country,
        "recipient_third_parties": sorted(set(recipients)),
        "withdrawal_method": withdrawal_method(event.channel, language_of(evidence), policy),
        "privacy_rights": list(_RIGHTS),
        "authority_party": policy.controller.supervisory_authority or "",
    }


def _retention(purpose: str, policy: Policy) -> Period:
    """The longest period of a class that the rules name this purpose for, else the default's."""
    named = {
        rule.cls
        for rule in policy.rules
        if rule.purpose == purpose or (rule.purpose is None and purpose in rule.when.purpose)
    }
    periods = [policy.classes[cls].period for cls in named or {policy.default_class}]
    return max(periods, key=lambda period: period.over(date(2000, 1, 1)))


def _vendors(event: ConsentEvent, policy: Policy) -> Iterator[str]:
    for name, channel in policy.channels.items():
        if event.channel in {name, EVERY} and channel.vendor in policy.vendors:
            yield channel.vendor


def _parties(event: ConsentEvent, policy: Policy) -> Iterator[dict[str, Any]]:
    controller = policy.controller
    yield {
        "party_id": CONTROLLER,
        "party_name": controller.name,
        "party_address": controller.country,
        "party_contact": controller.contact,
        "party_type": "PII controller",
        "party_role": "controller (Art. 4(7))",
        "data_protection_officer": controller.data_protection_officer or "",
    }
    for name in sorted(set(_vendors(event, policy))):
        vendor = policy.vendors[name]
        yield {
            "party_id": name,
            "party_name": vendor.name,
            "party_address": f"{vendor.country}, {vendor.region}",
            "party_contact": controller.contact,
            "party_type": "PII processor",
            "party_role": "processor (Art. 4(8))",
        }
