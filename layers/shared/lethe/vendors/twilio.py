"""Twilio's Programmable Messaging: SMS, and WhatsApp through Twilio (Messages.json)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from lethe.domain.addresses import identifier
from lethe.domain.errors import LetheError
from lethe.domain.outbox import Answered, OutMessage, Refused, Sent, TryAgain, Unknown
from lethe.domain.ports_sending import VendorSecrets
from lethe.vendors.http import Endpoint, NoAnswerError, NotConnectedError, Response

OPTED_OUT: Final = "21610"
"""The person wrote STOP to this number, and Twilio lets nothing through any more."""
_LATER: Final = frozenset({"14107", "20003", "20429", "21611"})
"""Too fast, or a credential that an operator mends: Twilio has not made a message of it."""
_LATER_STATUS: Final = frozenset({401, 429})
_TIMED_OUT: Final = 408
_TAKEN: Final = range(200, 300)
_REFUSED: Final = range(400, 500)
_FAILED: Final = frozenset({"failed", "undelivered", "canceled"})


@dataclass(frozen=True, slots=True)
class Twilio:
    """One account."""

    secrets: VendorSecrets
    endpoint: Endpoint

    def send(self, message: OutMessage) -> Answered:
        """Make a message, once."""
        try:
            secret = self.secrets.twilio()
        except LetheError:
            return TryAgain("secret_missing")
        credentials = f"{secret.account_sid}:{secret.auth_token}".encode()
        headers = {
            "Authorization": f"Basic {base64.b64encode(credentials).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        path = f"/2010-04-01/Accounts/{quote(secret.account_sid, safe='')}/Messages.json"
        try:
            answer = self.endpoint.post(path, _form(message), headers)
        except NotConnectedError:
            return TryAgain("not_connected")
        except NoAnswerError:
            return Unknown("no_answer")
        return _classified(answer)


def _form(message: OutMessage) -> bytes:
    (recipient,) = message.recipients
    network = "whatsapp:" if message.channel == "whatsapp" else ""
    return urlencode(
        {
            "To": network + identifier(recipient.address),
            "From": network + identifier(message.sender),
            "Body": message.text,
        }
    ).encode()


def _classified(answer: Response) -> Answered:
    document = answer.document
    if answer.status in _TAKEN:
        sid = document.get("sid")
        if document.get("status") in _FAILED:
            return Refused(_code(document.get("error_code")) or "failed")
        return Sent(sid) if isinstance(sid, str) and sid else Unknown("no_id")
    code = _code(document.get("code"))
    if answer.status in _LATER_STATUS or code in _LATER:
        return TryAgain(code or f"http_{answer.status}")
    if answer.status in _REFUSED and answer.status != _TIMED_OUT:
        return Refused(code or f"http_{answer.status}", opted_out=code == OPTED_OUT)
    return Unknown(f"http_{answer.status}")


def _code(value: object) -> str:
    """The vendor's number for what went wrong; its words may repeat what was sent."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
