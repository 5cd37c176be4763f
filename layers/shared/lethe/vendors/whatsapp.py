"""The WhatsApp Cloud API: text to who wrote within 24 hours, an approved template to others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from lethe.domain.addresses import identifier
from lethe.domain.errors import LetheError
from lethe.domain.outbox import Answered, OutMessage, Refused, Sent, TryAgain, Unknown
from lethe.domain.ports_sending import VendorSecrets
from lethe.vendors.http import Endpoint, NoAnswerError, NotConnectedError, Response

OPTED_OUT: Final = 131050
"""The person told WhatsApp to stop marketing from this business."""
_LATER: Final = frozenset({4, 80007, 130429, 131056, 131057, 0, 190})
"""Too fast (of the app, the account, the number, the pair), maintenance, or an expired token."""
_NOT_KNOWN: Final = frozenset({1, 2, 131000, 131016})
"""The service failed within itself: nobody says how far it had come."""
_LATER_STATUS: Final = frozenset({401, 429})
_TIMED_OUT: Final = 408
_TAKEN: Final = range(200, 300)
_REFUSED: Final = range(400, 500)


@dataclass(frozen=True, slots=True)
class WhatsApp:
    """One number of the business."""

    secrets: VendorSecrets
    endpoint: Endpoint

    def send(self, message: OutMessage) -> Answered:
        """Hand a message over, once."""
        try:
            secret = self.secrets.whatsapp()
        except LetheError:
            return TryAgain("secret_missing")
        headers = {
            "Authorization": f"Bearer {secret.access_token}",
            "Content-Type": "application/json",
        }
        body = json.dumps(_document(message), ensure_ascii=False).encode()
        path = f"/{quote(secret.phone_number_id, safe='')}/messages"
        try:
            answer = self.endpoint.post(path, body, headers)
        except NotConnectedError:
            return TryAgain("not_connected")
        except NoAnswerError:
            return Unknown("no_answer")
        return _classified(answer)


def _document(message: OutMessage) -> dict[str, object]:
    (recipient,) = message.recipients
    common: dict[str, object] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": identifier(recipient.address),
    }
    if message.template:
        template: dict[str, object] = {
            "name": message.template,
            "language": {"code": message.locale},
        }
        if message.text:
            parameters = [{"type": "text", "text": message.text}]
            template["components"] = [{"type": "body", "parameters": parameters}]
        return common | {"type": "template", "template": template}
    return common | {"type": "text", "text": {"preview_url": False, "body": message.text}}


def _classified(answer: Response) -> Answered:
    if answer.status in _TAKEN:
        vendor_id = _id(answer.document)
        return Sent(vendor_id) if vendor_id else Unknown("no_id")
    code = _code(answer.document)
    named = f"http_{answer.status}" if code is None else str(code)
    if code in _NOT_KNOWN:
        return Unknown(named)
    if answer.status in _LATER_STATUS or code in _LATER:
        return TryAgain(named)
    if answer.status in _REFUSED and answer.status != _TIMED_OUT:
        return Refused(named, opted_out=code == OPTED_OUT)
    return Unknown(named)


def _id(document: Mapping[str, Any]) -> str:
    messages = document.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    found = first.get("id") if isinstance(first, dict) else None
    return found if isinstance(found, str) else ""


def _code(document: Mapping[str, Any]) -> int | None:
    error = document.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None
