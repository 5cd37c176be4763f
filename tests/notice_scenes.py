"""A policy that uses everything a notice speaks of, and the settings of a stack."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from lethe.domain.in_force import Audience
from lethe.domain.live import LiveSettings
from lethe.domain.notice_documents import NoticeDocument, PublishedWords, draft
from lethe.domain.policy import Policy, load_default

LIVE = LiveSettings(
    region="eu-central-1",
    api_url="https://lethe.example.com",
    key_backup_days=7,
    message_backup_days=35,
    log_retention_days=90,
    longest_capture_seconds=60,
    kem="X25519",
    sweep_schedule="rate(2 hours)",
)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCREENING = {
    "answered": "2025-12-05",
    "systematic_evaluation": False,
    "special_categories_at_large": False,
    "monitoring_of_public_space": False,
    "vulnerable_persons": False,
    "new_technology": False,
}
_PURPOSES: dict[str, Any] = {
    "service": {
        "description": "Answering questions and performing the contract with you.",
        "legal_basis": "Art. 6(1)(b)",
        "granted_by": {"inbound_within": "P30D"},
        "data_categories": ["order numbers", "delivery addresses"],
        "recipients": ["carriers"],
        "requirement": "Without an order number we cannot find your order.",
    },
    "correspondence": {
        "description": "Ordinary business correspondence with customers, suppliers and partners.",
        "legal_basis": "Art. 6(1)(f)",
        "legitimate_interest": "Being able to look up what was agreed.",
        "assessment": "Register of balancings, number 4.",
    },
    "news": {
        "description": "News for customers about similar products.",
        "legal_basis": "Art. 6(1)(f) with Art. 13(2) ePrivacy",
        "legitimate_interest": "Telling customers about what they may like.",
        "granted_by": {"event": "sale"},
        "direct_marketing": True,
    },
    "marketing": {
        "description": "Information about products, sent with the recipient's consent.",
        "legal_basis": "Art. 6(1)(a)",
        "direct_marketing": True,
        "special_categories": True,
        "children": True,
        "consent": {"validity": "P2Y", "ask_again_after": "P6M"},
    },
    "fraud-alert": {
        "description": "Warning of a payment that looks wrong.",
        "legal_basis": "Art. 6(1)(c)",
        "on_failure": "allow_and_flag",
    },
    "employment": {
        "description": "Communication among employees in the course of their work.",
        "legal_basis": "Art. 6(1)(f)",
        "legitimate_interest": "Running the business.",
    },
}
_CHANNELS: dict[str, Any] = {
    "email": {
        "description": "E-mail to and from our mailboxes.",
        "gate": "observed",
        "vendor": "ses",
        "headers": ["message-id", "in-reply-to", "references", "date"],
        "drop": ["html"],
        "screening": SCREENING,
        "withdrawal_line": {"en": "Stop: {url}"},
    },
    "sms": {
        "description": "Text messages.",
        "gate": "enforced",
        "vendor": "twilio",
        "headers": [],
        "outbound": {"iban": "mask", "card": "refuse", "special": "flag", "phone": "allow"},
        "tag_inbound": True,
        "first_contact": True,
        "first_contact_text": {
            "en": "How we handle your messages: {url}",
            "de": "So gehen wir mit Ihren Nachrichten um: {url}",
        },
        "screening": SCREENING,
    },
    "voice": {
        "description": "Telephone calls.",
        "gate": "off",
        "captures": False,
        "announcement": "This call is recorded.",
    },
}
_VENDORS: dict[str, Any] = {
    "ses": {
        "name": "Amazon Web Services EMEA SARL",
        "service": "Sending e-mail, and running this archive.",
        "country": "LU",
        "region": "eu-central-1",
        "adapter": "ses",
        "approved": True,
        "processing_agreement": {"reference": "DPA 1", "signed": "2026-01-02"},
        "sub_processors": [],
        "encrypted_in_transit": True,
        "encrypted_at_rest": True,
        "screening": SCREENING,
        "review": {"owner": "privacy", "due": "2027-01-01"},
    },
    "twilio": {
        "name": "Twilio Ireland Ltd.",
        "service": "Sending text messages.",
        "country": "IE",
        "region": "ie1",
        "adapter": "twilio",
        "approved": True,
        "processing_agreement": {"reference": "DPA 2", "signed": "2026-01-03"},
        "transfers": [
            {"country": "US", "safeguard": "standard contractual clauses (Art. 46(2)(c))"}
        ],
        "sub_processors": [{"name": "Twilio Inc.", "country": "US", "service": "operation"}],
        "screening": SCREENING,
        "review": {"owner": "privacy", "due": "2027-01-01"},
    },
    "unused": {"name": "Nobody AG", "service": "Nothing.", "country": "CH", "region": "zrh"},
}
_RULES: list[dict[str, Any]] = [
    {"when": {"purpose": "marketing"}, "class": "marketing"},
    {"when": {"external": False}, "class": "staff", "purpose": "employment"},
    {"when": {"own_kind": "function"}, "class": "support", "purpose": "service"},
]


def document() -> dict[str, Any]:
    """The policy as JSON, to be changed."""
    default: dict[str, Any] = load_default().model_dump(mode="json")
    kept = ("support", "correspondence", "staff", "claims", "calls", "marketing", "invoices")
    changed: dict[str, Any] = {
        "controller": {
            "name": "Example GmbH",
            "contact": "Example GmbH, Hauptstraße 1, 10115 Berlin, privacy@example.com",
            "country": "DE",
            "data_protection_officer": "Dr. A. Example, dpo@example.com",
            "supervisory_authority": "Berliner Beauftragte für Datenschutz, Alt-Moabit 59",
        },
        "default_class": "correspondence",
        "default_purpose": "correspondence",
        "classes": {name: default["classes"][name] for name in kept},
        "purposes": _PURPOSES,
        "rules": _RULES,
        "channels": _CHANNELS,
        "vendors": _VENDORS,
        "reclassifications": [
            {
                "from_class": "calls",
                "to_class": "support",
                "first_day": "2025-01-01",
                "last_day": "2025-12-31",
            }
        ],
        "earlier_periods": [
            {"of_class": "support", "period": "P6M", "last_day": "2025-06-30"},
        ],
        "notice": {
            "language": "en",
            "sources": ["our order system", "carriers"],
            "automated_decisions": "No decision is made by machine alone.",
            "requirement": "You need not give any data, but we cannot answer without an address.",
            "employees": "The works council agreed to the archive on 1 February 2026.",
            "security_measures": ["access by smart card", "yearly penetration test"],
            "translations": {
                "de": {"/purposes/service/description": "Fragen beantworten, Verträge erfüllen."}
            },
            "processor_for": [
                {
                    "controller": "Other AG",
                    "contact": "privacy@other.example",
                    "categories": ["archiving of chats"],
                }
            ],
        },
    }
    return default | deepcopy(changed)


def policy(changed: dict[str, Any] | None = None) -> Policy:
    """The policy, or a changed document of it."""
    return Policy.model_validate_json(json.dumps(document() if changed is None else changed))


def notice(audience: Audience = Audience.EXTERNAL, live: LiveSettings = LIVE) -> NoticeDocument:
    """The notice for an audience."""
    return draft(policy(), live, audience)


def words(code: str, audience: Audience = Audience.EXTERNAL) -> PublishedWords:
    """The notice in a language, as it was published."""
    made = notice(audience)
    return PublishedWords(3, made.words[code], tuple(sorted(made.words)), made.hash, AT)
