"""As Twilio's Messages resource: code that sends through Twilio changes its base URL alone.

The caller proves itself as Twilio asks for it, by the company's own account and token. What Twilio
would do and this does not, such as files or a later time, is refused; what changes nothing of the
message, such as a status callback, is ignored: docs/sending.md lists both.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from dataclasses import dataclass
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from aws_lambda_powertools.event_handler.api_gateway import Response

from lethe.api.bodies.dispatch import MAX_TEXT
from lethe.domain.addresses import Address, parse
from lethe.domain.callers import Caller
from lethe.domain.errors import InvalidInputError, LetheError, NotFoundError
from lethe.domain.gate import Reason
from lethe.domain.messages import Role
from lethe.domain.outbox import DispatchId, OutItem, OutMessage, OutRecipient, SendState
from lethe.usecases.dispatching import Dispatching, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from lethe.api.calls import Call
    from lethe.domain.ports import Policies
    from lethe.domain.ports_sending import VendorSecrets
    from lethe.usecases.sending import Sending

_ACTOR: Final = Caller("twilio-account")
_API: Final = "2010-04-01"
_SID: Final = re.compile(r"SM([0-9a-f]{32})\.json")
_REPEATS: Final = "I-Twilio-Idempotency-Token"
_WHATSAPP: Final = "whatsapp:"
_NOT_HERE: Final = (
    "MediaUrl",
    "ContentSid",
    "ContentVariables",
    "PersistentAction",
    "ScheduleType",
    "SendAt",
    "SendAsMms",
)
"""They would change what leaves, or when."""
_PERIOD: Final = re.compile(r"[1-9]\d{0,4}")
_LONGEST_PERIOD: Final = 36_000

_OPTED_OUT: Final = 21610
_BLOCKED: Final = 30004
_UNKNOWN: Final = 30008
_CODES: Final[Mapping[str, int]] = {
    Reason.CONSENT_REFUSED: _OPTED_OUT,
    Reason.CONSENT_WITHDRAWN: _OPTED_OUT,
    Reason.ERASED: _OPTED_OUT,
    Reason.OBJECTED: _OPTED_OUT,
    Reason.OBJECTION_PENDING: _OPTED_OUT,
    Reason.RESTRICTED: _OPTED_OUT,
    Reason.STOPPED: _OPTED_OUT,
    Reason.SENDER: 21606,
    Reason.VENDOR: 20403,
    Reason.CONTENT: 30007,
    Reason.UNAVAILABLE: 20503,
    Reason.TOO_LATE: 30036,
}
"""Twilio's number for each reason; others are a message that was blocked."""
_STATUSES: Final[Mapping[int, int]] = {20003: 401, 20403: 403, 20404: 404, 20503: 503}
_WORDS: Final[Mapping[SendState, str]] = {
    SendState.QUEUED: "queued",
    SendState.SENDING: "sending",
    SendState.SENT: "sent",
    SendState.CAPTURED: "sent",
    SendState.DENIED: "failed",
    SendState.REFUSED: "failed",
    SendState.UNCERTAIN: "sent",
}
"""An uncertain one is not called failed: whoever reads that sends it again."""
_FIELDS: Final[Mapping[str, int]] = {"/from": 21212, "/recipients/0/address": 21211}
_BAD_PARAMETER: Final = 20001


@dataclass
class TwilioError(LetheError):
    """A refusal in Twilio's own form."""

    code: int = _BLOCKED


@dataclass(frozen=True, slots=True)
class AsTwilio:
    """The ways in."""

    secrets: VendorSecrets
    dispatching: Dispatching
    sending: Sending
    policies: Policies
    clock: Callable[[], datetime]
    public_url: str

    def send(self, account: str, call: Call) -> Response[str]:
        """Make a message: 201 with its sid, or why not."""
        try:
            self._admit(account, call)
            return self._sent(account, call)
        except TwilioError as error:
            return _refusal(error)
        except InvalidInputError as error:
            return _refusal(_of_field(error))

    def fetch(self, account: str, message_sid: str, call: Call) -> Response[str]:
        """Say how far a message has come."""
        try:
            self._admit(account, call)
            [item] = self.sending.status(_dispatch(message_sid)).items
        except TwilioError as error:
            return _refusal(error)
        except (NotFoundError, ValueError):
            return _refusal(TwilioError("There is no such message.", 20404))
        return _answer(200, _resource(account, item))

    def _admit(self, account: str, call: Call) -> None:
        """Compare account, token and path in constant time, whatever of them is wrong."""
        known = self.secrets.twilio()
        user, password = _credentials(call.header("Authorization") or "")
        given = f"{user}\n{password}\n{account}"
        right = f"{known.account_sid}\n{known.auth_token}\n{known.account_sid}"
        if not hmac.compare_digest(given.encode(), right.encode()):
            raise TwilioError("Authenticate", 20003)

    def _sent(self, account: str, call: Call) -> Response[str]:
        form, now, url = _form(call), self.clock(), self.public_url or call.api_url
        message, period = self._message(form), _period(form)
        not_after = now + period if period else None
        refuse = partial(self.sending.check, message, together=False, not_after=not_after)
        checked = self.dispatching.check(
            Request(message, send=True), actor=_ACTOR.actor, public_url=url, refuse=refuse
        )
        [decision] = checked.decisions
        if not decision.allowed:
            reason = decision.reason or Reason.UNAVAILABLE
            raise TwilioError(f"Denied: {reason}.", _CODES.get(reason, _BLOCKED))
        submitted = self.sending.submit(
            checked.content.message,
            checked.decisions,
            together=False,
            idempotency_key=call.header(_REPEATS) or call.idempotency_key(),
            caller=_ACTOR,
            public_url=url,
            not_after=not_after,
        )
        [item] = submitted.items
        said = {
            "body": checked.content.message.text,
            "from": form["From"],
            "to": form["To"],
            "date_created": format_datetime(now),
            "date_updated": format_datetime(now),
        }
        return _answer(201, _resource(account, item) | said)

    def _message(self, form: Mapping[str, str]) -> OutMessage:
        to, is_whatsapp = _party(form, "To", 21604, 21211)
        sender, from_whatsapp = _party(form, "From", 21603, 21212)
        if is_whatsapp is not from_whatsapp:
            raise TwilioError("To and From must be of the same channel.", 21910)
        text = form.get("Body", "")
        if not text:
            raise TwilioError("Message body is required.", 21602)
        if len(text) > MAX_TEXT:
            raise TwilioError("Message body is too long.", 21617)
        channel = "whatsapp" if is_whatsapp else "sms"
        return OutMessage(
            purpose=form.get("Purpose") or self._default_purpose(channel),
            channel=channel,
            vendor="",
            sender=sender,
            recipients=(OutRecipient(0, to, Role.RECIPIENT),),
            text=text,
        )

    def _default_purpose(self, channel: str) -> str:
        _, policy = self.policies.current()
        settings = policy.channels.get(channel)
        if settings is None or settings.default_purpose is None:
            expected = "Send Purpose, or give the channel a default_purpose in the policy."
            raise TwilioError(expected, _BAD_PARAMETER)
        return settings.default_purpose


def _dispatch(message_sid: str) -> DispatchId:
    found = _SID.fullmatch(message_sid)
    if found is None:
        raise NotFoundError("There is no such message.")
    return DispatchId(found[1])


def _credentials(header: str) -> tuple[str, str]:
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _form(call: Call) -> Mapping[str, str]:
    try:
        given = parse_qs(call.text(), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise TwilioError("Send the parameters as a form.", _BAD_PARAMETER) from None
    if refused := [name for name in _NOT_HERE if name in given]:
        raise TwilioError(f"Leave out {', '.join(refused)}: this is not here.", _BAD_PARAMETER)
    return {name: values[-1] for name, values in given.items()}


def _party(form: Mapping[str, str], name: str, missing: int, wrong: int) -> tuple[Address, bool]:
    given = form.get(name, "")
    if not given:
        raise TwilioError(f"A '{name}' phone number is required.", missing)
    bare = given.removeprefix(_WHATSAPP)
    scheme = "sms" if name == "From" and not given.startswith(_WHATSAPP) else "tel"
    try:
        return parse(f"{scheme}:{bare}"), given.startswith(_WHATSAPP)
    except InvalidInputError:
        raise TwilioError(f"The '{name}' number is not a valid phone number.", wrong) from None


def _period(form: Mapping[str, str]) -> timedelta | None:
    from datetime import timedelta  # noqa: PLC0415 - few calls state it

    given = form.get("ValidityPeriod")
    if given is None:
        return None
    if not _PERIOD.fullmatch(given) or int(given) > _LONGEST_PERIOD:
        raise TwilioError("ValidityPeriod takes 1 to 36000 seconds.", _BAD_PARAMETER)
    return timedelta(seconds=int(given))


def _of_field(error: InvalidInputError) -> TwilioError:
    if not error.fields:
        return TwilioError(error.detail, _BAD_PARAMETER)
    field = error.fields[0]
    return TwilioError(field.detail, _FIELDS.get(field.pointer, _BAD_PARAMETER))


def _resource(account: str, item: OutItem) -> dict[str, Any]:
    """A message as Twilio shows it; who and what it is about is not kept to be shown."""
    sid = f"SM{item.dispatch}"
    uri = f"/{_API}/Accounts/{account}/Messages/{sid}"
    code = _error_code(item)
    return {
        "sid": sid,
        "account_sid": account,
        "api_version": _API,
        "status": _WORDS[item.state],
        "direction": "outbound-api",
        "error_code": code,
        "error_message": item.reason or None if code else None,
        "body": None,
        "from": None,
        "to": None,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "date_created": None,
        "date_updated": None,
        "date_sent": None,
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


def _error_code(item: OutItem) -> int | None:
    match item.state:
        case SendState.DENIED:
            return _CODES.get(item.reason, _BLOCKED)
        case SendState.REFUSED:
            return int(item.reason) if item.reason.isdecimal() else _UNKNOWN
        case SendState.UNCERTAIN:
            return _UNKNOWN
        case _:
            return None


def _refusal(error: TwilioError) -> Response[str]:
    status = _STATUSES.get(error.code, 400)
    body = {
        "code": error.code,
        "message": error.detail,
        "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
        "status": status,
    }
    return _answer(status, body)


def _answer(status: int, body: Mapping[str, Any]) -> Response[str]:
    headers: dict[str, str | list[str]] = {"Cache-Control": "no-store"}
    if status == _STATUSES[20003]:
        headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return Response(status, "application/json", json.dumps(body, ensure_ascii=False), headers)
