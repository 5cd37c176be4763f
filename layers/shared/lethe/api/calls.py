"""What a route may know of its call: the caller, the body, the headers, each checked."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import BaseModel, ValidationError

from lethe.api.limits import MAX_BODY_BYTES
from lethe.domain.addresses import Address, parse
from lethe.domain.audit import REASON_EXPECTED, is_reason
from lethe.domain.consent import EventId
from lethe.domain.errors import FieldProblem, InvalidInputError, NotFoundError, TooLargeError
from lethe.domain.messages import MessageId
from lethe.domain.proposals import ProposalId
from lethe.domain.requests import RequestId
from lethe.domain.validation import invalid

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

    from lethe.domain.callers import Caller
    from lethe.domain.own_addresses import OwnAddress

M = TypeVar("M", bound=BaseModel)
W = TypeVar("W")
G = TypeVar("G")

REASON: Final = "Access-Reason"
MAILBOX: Final = "Lethe-Mailbox"
UPLOAD: Final = "Lethe-Upload"
IDEMPOTENCY_KEY: Final = "Idempotency-Key"
IF_MATCH: Final = "If-Match"

_ID: Final = re.compile(r"[0-9a-f]{32}")
_IDEMPOTENCY_KEY: Final = re.compile(r"[!-~]{8,128}")
_ETAG: Final = re.compile(r'"?(\d{1,9})"?')
_COUNT: Final = re.compile(r"[1-9]\d{0,4}")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a route, after its caller was admitted."""

    caller: Caller
    event: APIGatewayProxyEvent

    @classmethod
    def of(cls, app: APIGatewayRestResolver) -> Call:
        """Return the call that a resolver is answering."""
        return cls(app.context["caller"], app.current_event)

    @property
    def id(self) -> str:
        """Return the gateway's id of the request, which every answer and log line bears."""
        return self.event.request_context.request_id or ""

    @property
    def api_url(self) -> str:
        """Return the address by which the API was called, with its stage."""
        context = self.event.request_context
        path, whole = self.event.path, context.path or self.event.path
        return f"https://{context.domain_name or ''}{whole.removesuffix(path)}"

    def raw(self) -> bytes:
        """Return the body as it was sent; API Gateway passes bytes as base64."""
        body = self.event.body or ""
        if len(body) > 2 * MAX_BODY_BYTES:
            raise _too_large()
        try:
            raw = base64.b64decode(body) if self.event.is_base64_encoded else body.encode()
        except (binascii.Error, UnicodeEncodeError):
            raise _wrong("", "Send the body as bytes.") from None
        if len(raw) > MAX_BODY_BYTES:
            raise _too_large()
        return raw

    def json(self, model: type[M]) -> M:
        """Return the body as a model; wrong fields are named, values are not."""
        try:
            return model.model_validate_json(self.raw())
        except ValidationError as error:
            raise invalid(error, "The body is not valid.") from None

    def text(self) -> str:
        """Return the body as text."""
        try:
            return self.raw().decode()
        except UnicodeDecodeError:
            raise _wrong("", "Send the body as UTF-8.") from None

    def own_addresses(self) -> tuple[OwnAddress, ...]:
        """Return the body's own addresses, written as CSV if it says so, else as JSON."""
        from lethe.domain.own_addresses import (  # noqa: PLC0415 - few calls are about these
            OwnAddressesIn,
            parse_own_addresses_csv,
        )

        media_type = (self.header("Content-Type") or "").partition(";")[0].strip().lower()
        if media_type == "text/csv":
            return parse_own_addresses_csv(self.text())
        return self.json(OwnAddressesIn).all()

    def header(self, name: str) -> str | None:
        """Return a header, whatever its case; an empty one counts as absent."""
        return (self.event.headers.get(name) or "").strip() or None

    def reason(self) -> str:
        """Return why the caller reads content."""
        reason = self.header(REASON) or ""
        if not is_reason(reason):
            raise _wrong(_place(REASON), REASON_EXPECTED)
        return reason

    def mailbox(self) -> Address:
        """Return the own mailbox that sent or received a mail."""
        return parse(self.header(MAILBOX) or "", pointer=_place(MAILBOX))

    def upload_id(self) -> str | None:
        """Return the upload that stands for the body, if one does."""
        upload_id = self.header(UPLOAD)
        if upload_id is not None and not _ID.fullmatch(upload_id):
            raise _wrong(_place(UPLOAD), "Send the upload_id that POST /uploads answered.")
        return upload_id

    def idempotency_key(self) -> str | None:
        """Return the key under which repeated calls are one."""
        key = self.header(IDEMPOTENCY_KEY)
        if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
            raise _wrong(_place(IDEMPOTENCY_KEY), "Send 8 to 128 visible ASCII characters.")
        return key

    def seen_version(self) -> int:
        """Return the version that the caller saw before changing it."""
        match = _ETAG.fullmatch(self.header(IF_MATCH) or "")
        if not match:
            raise _wrong(_place(IF_MATCH), 'Send the version that you read, such as "3".')
        return int(match[1])

    def version(self) -> int:
        """Return the version of a message that is asked for; the first if none is."""
        asked = (self.event.query_string_parameters or {}).get("version", "1")
        if not _COUNT.fullmatch(asked):
            raise _wrong("?version", "Send the number of a version.")
        return int(asked)

    def whole_or_grant(self, whole: W, grant: G) -> W | G:
        """Return the way to read that the caller asks for: the bytes, or what opens them."""
        asked = (self.event.query_string_parameters or {}).get("grant", "false")
        if asked not in {"true", "false"}:
            raise _wrong("?grant", "Send true or false.")
        return grant if asked == "true" else whole


def message_id(text: str) -> MessageId:
    """Return a message id from a path."""
    if not _ID.fullmatch(text):
        raise NotFoundError("There is no such message: an id has 32 hexadecimal digits.")
    return MessageId(text)


def request_id(text: str) -> RequestId:
    """Return a privacy request's id from a path."""
    if not _ID.fullmatch(text):
        raise NotFoundError("There is no such request.")
    return RequestId(text)


def event_id(text: str) -> EventId:
    """Return a consent event's id from a path."""
    if not _ID.fullmatch(text):
        raise NotFoundError("There is no such event.")
    return EventId(text)


def review_id(text: str) -> str:
    """Return a review's id from a path."""
    if not _ID.fullmatch(text):
        raise NotFoundError("There is no such review.")
    return text


def proposal_id(text: str) -> ProposalId:
    """Return a proposal's id from a path."""
    if not _ID.fullmatch(text):
        raise NotFoundError("There is no such proposal.")
    return ProposalId(text)


def day(text: str) -> date:
    """Return a day from a path."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFoundError("There is no such day: write it as 2026-03-09.") from None


def number(text: str) -> int:
    """Return an attachment's number from a path."""
    if not _COUNT.fullmatch(text):
        raise NotFoundError("There is no such attachment: they are numbered from 1.")
    return int(text)


def _place(header: str) -> str:
    return f"header {header}"


def _wrong(pointer: str, expected: str) -> InvalidInputError:
    return InvalidInputError("The call is not valid.", (FieldProblem(pointer, expected),))


def _too_large() -> TooLargeError:
    megabytes = MAX_BODY_BYTES // 1024**2
    return TooLargeError(
        f"A body has at most {megabytes} MB. Send fewer messages, or upload by POST /uploads."
    )
