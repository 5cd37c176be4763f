"""What docs/openapi.yaml says of the routes that look as Twilio's."""

from __future__ import annotations

from typing import Any, Final

from lethe.api.calls import IDEMPOTENCY_KEY

from tools.openapi_operation import Operation

_FORM: Final[dict[str, Any]] = {
    "application/x-www-form-urlencoded": {
        "type": "object",
        "required": ["To", "From", "Body"],
        "properties": {
            "To": {"type": "string"},
            "From": {"type": "string"},
            "Body": {"type": "string"},
            "Purpose": {"type": "string"},
            "ValidityPeriod": {"type": "integer", "minimum": 1, "maximum": 36_000},
        },
    }
}
_REFUSED: Final = {
    "400": "Not sent; `code` is Twilio's number.",
    "401": "Send the company's own account and token at Twilio (HTTP Basic).",
}

TWILIO: Final[dict[tuple[str, str], Operation]] = {
    ("POST", "/2010-04-01/Accounts/<sid>/Messages.json"): Operation(
        "Send a message as through Twilio",
        {"201": "Twilio's message resource.", **_REFUSED, "403": "The vendor is not allowed."},
        "500 503",
        others=_FORM,
        headers=("I-Twilio-Idempotency-Token", IDEMPOTENCY_KEY),
        by_account=True,
    ),
    ("GET", "/2010-04-01/Accounts/<sid>/Messages/<message_sid>"): Operation(
        "Follow a message as at Twilio; the path ends in .json",
        {"200": "Twilio's message resource.", **_REFUSED, "404": "There is no such message."},
        "500 503",
        by_account=True,
    ),
}
