"""What docs/openapi.yaml says of the routes of consent."""

from __future__ import annotations

from typing import Any, Final

from lethe.api.bodies.consent import (
    AddressIn,
    BalancingIn,
    BasisEventIn,
    ConsentsIn,
    ImportRowIn,
    ObjectionIn,
    OptOutIn,
    ReviewDecisionIn,
    WithdrawalIn,
)
from lethe.api.calls import IDEMPOTENCY_KEY
from lethe.usecases.consenting import MAX_ROWS
from pydantic import BaseModel

from tools.openapi_operation import Operation

_KEYED: Final = (IDEMPOTENCY_KEY,)
_RECORDS: Final = "400 403 409 500 503"
_DECIDES: Final = "400 403 404 409 500 503"
_PAGE: Final = {"200": "A page in the language asked for.", "404": "A page: this is no link."}
_RECORDED: Final = {"201": "The events, with record and receipt.", "200": "It was there already."}
_SAID: Final = {"201": "The events, and what follows.", "200": "It was there already."}

ROWS: Final[dict[str, Any]] = {
    "application/json": {
        "type": "object",
        "additionalProperties": False,
        "required": ["rows"],
        "properties": {
            "rows": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_ROWS,
                "items": {"$ref": "#/components/schemas/ImportRowIn"},
            }
        },
    }
}
MODELS: Final[tuple[type[BaseModel], ...]] = (ImportRowIn,)
"""Models that stand inside of a body."""

CONSENT: Final[dict[tuple[str, str], Operation]] = {
    ("POST", "/consents"): Operation(
        "Record what a person agreed to and refused",
        _RECORDED,
        _RECORDS,
        ConsentsIn,
        headers=_KEYED,
    ),
    ("POST", "/consents/import"): Operation(
        "Bring consents from another system, each row for itself",
        {"200": "A result per row, in order."},
        "400 403 413 500 503",
        others=ROWS,
    ),
    ("POST", "/consents/search"): Operation(
        "See where a person stands", {"200": "Per purpose and channel, in words."}, body=AddressIn
    ),
    ("POST", "/withdrawals"): Operation(
        "Withdraw consent to some purposes or to all", _SAID, _RECORDS, WithdrawalIn, headers=_KEYED
    ),
    ("GET", "/withdrawals/<token>"): Operation(
        "See what a link withdraws; it changes nothing", _PAGE, "500 503"
    ),
    ("POST", "/withdrawals/<token>"): Operation(
        "Withdraw by a link, at once (RFC 8058)",
        _PAGE,
        "500 503",
        others={
            "application/x-www-form-urlencoded": {
                "type": "object",
                "properties": {"List-Unsubscribe": {"const": "One-Click"}},
            }
        },
    ),
    ("POST", "/objections"): Operation(
        "Object to a purpose, or to direct marketing", _SAID, _RECORDS, ObjectionIn, headers=_KEYED
    ),
    ("POST", "/objections/<event_id>/decision"): Operation(
        "Record the balancing of an objection", {"200": "What was decided."}, _DECIDES, BalancingIn
    ),
    ("POST", "/basis-events"): Operation(
        "Record that a contract, a sale or the like began or ended",
        _RECORDED,
        _RECORDS,
        BasisEventIn,
        headers=_KEYED,
    ),
    ("POST", "/opt-outs"): Operation(
        "Record a STOP, a START or a vendor's block that another system heard of",
        _SAID,
        _RECORDS,
        OptOutIn,
        headers=_KEYED,
    ),
    ("GET", "/reviews"): Operation(
        "See what waits for a human", {"200": "Oldest first, with what is overdue."}, "403 500 503"
    ),
    ("POST", "/reviews/<review_id>/decision"): Operation(
        "Decide what waits",
        {"200": "What was decided, and what follows."},
        _DECIDES,
        ReviewDecisionIn,
    ),
    ("GET", "/.well-known/jwks.json"): Operation(
        "Get the public key of receipts", {"200": "A JWK set (RFC 7517)."}, "500 503"
    ),
    ("GET", "/schemas/consent-record.json"): Operation(
        "Get the JSON Schema of a consent record", {"200": "The schema."}, "500 503"
    ),
}
