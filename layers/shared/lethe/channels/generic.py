"""`POST /messages`: the JSON of a channel without a parser of its own → the domain's message."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from lethe.domain.addresses import Address
from lethe.domain.errors import TooLargeError
from lethe.domain.messages import Attachment, Direction, Message, Participant, Role
from lethe.domain.validation import CanonicalAddress, invalid, line, text, wrong, wrong_at

MAX_PARTICIPANTS: Final = 1_001
"""1,000 external participants and an own one."""
MAX_BODY_CHARACTERS: Final = 1_000_000
MAX_ATTACHMENTS: Final = 50
MAX_ATTACHMENT_BYTES: Final = 4_000_000
"""All attachments of one message together, decoded; larger ones go by `POST /uploads`."""

_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_RANK: Final = {role: rank for rank, role in enumerate(Role)}


def _not_email(value: str) -> str:
    if value == "email":
        raise wrong("Send e-mail to POST /channels/email, as the raw mail.")
    return value


def _file_name(value: str) -> str:
    if "/" in value or "\\" in value:
        raise wrong("Give the file's name without a path.")
    return line(value)


def _header_name(value: str) -> str:
    if value.startswith("x-lethe-"):
        raise wrong("Names that begin with x-lethe- are Lethe's own.")
    return value


def _header_value(value: str) -> str:
    if "@" in value:
        raise wrong("A header holds no address. Name the person in participants.")
    return line(value)


def _bytes(value: object) -> object:
    if not isinstance(value, str):
        raise wrong("This must be a string in base64.")
    if len(value) % 4 or not _BASE64.fullmatch(value):
        raise wrong("This is not base64 (RFC 4648, section 4, with padding, without line ends).")
    return binascii.a2b_base64(value)


def _written_time(value: object) -> object:
    if not isinstance(value, str) or "T" not in value:
        raise wrong("Write the time as RFC 3339 does, such as 2026-01-31T09:30:00Z.")
    return value


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise wrong("The time needs its offset, such as Z.")
    if not 1971 <= value.year <= 9998:  # noqa: PLR2004 - what a day and its end can be told of
        raise wrong("The year must lie between 1971 and 9998.")
    return value.astimezone(UTC)


_MEDIA_TYPE: Final = r"^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$"
Name = Annotated[str, Field(max_length=256), AfterValidator(line)]
FileName = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_file_name)]
MediaType = Annotated[str, Field(pattern=_MEDIA_TYPE)]


class _Edge(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,  # a mail needs none of these
    )


class NewParticipant(_Edge):
    """One who took part, under an address written as a URI."""

    address: CanonicalAddress
    role: Role
    name: Name = ""


class NewAttachment(_Edge):
    """A small file, inside of the JSON."""

    name: FileName
    media_type: MediaType = "application/octet-stream"
    content_base64: Annotated[
        bytes,
        BeforeValidator(_bytes),
        WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
    ]


class StagedAttachment(_Edge):
    """A file that was put to the URL of an upload, with what must be found there."""

    name: FileName
    media_type: MediaType = "application/octet-stream"
    upload_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    size: Annotated[StrictInt, Field(ge=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _inside_or_staged(value: object) -> NewAttachment | StagedAttachment:
    if isinstance(value, dict) and "upload_id" in value:
        return StagedAttachment.model_validate(value)
    return NewAttachment.model_validate(value)


AnyAttachment = Annotated[
    NewAttachment | StagedAttachment,
    PlainValidator(_inside_or_staged, json_schema_input_type=NewAttachment | StagedAttachment),
]


class Authorisation(_Edge):
    """What `POST /dispatches` answered for one recipient."""

    recipient: CanonicalAddress
    token: Annotated[str, Field(max_length=1_024)]


class NewMessage(_Edge):
    """A message as a caller with the capture or import scope hands it in."""

    channel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$"), AfterValidator(_not_email)]
    external_id: Annotated[str, Field(min_length=1, max_length=512), AfterValidator(line)]
    direction: Direction
    participants: Annotated[tuple[NewParticipant, ...], Field(max_length=MAX_PARTICIPANTS)]
    body: Annotated[str, Field(max_length=MAX_BODY_CHARACTERS), AfterValidator(text)]
    subject: Annotated[str, Field(max_length=1_000), AfterValidator(line)] = ""
    thread: Annotated[str, Field(max_length=512), AfterValidator(line)] = ""
    headers: Annotated[
        tuple[
            tuple[
                Annotated[
                    str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$"), AfterValidator(_header_name)
                ],
                Annotated[str, Field(max_length=1_000), AfterValidator(_header_value)],
            ],
            ...,
        ],
        Field(max_length=50),
    ] = ()
    attachments: Annotated[tuple[AnyAttachment, ...], Field(max_length=MAX_ATTACHMENTS)] = ()
    purpose: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")] | None = None
    time: Annotated[datetime, BeforeValidator(_written_time), AfterValidator(_utc)] | None = None
    edit: StrictBool = False
    authorisations: Annotated[tuple[Authorisation, ...], Field(max_length=MAX_PARTICIPANTS)] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        wrong: list[tuple[tuple[str | int, ...], str]] = []
        if not any(participant.role is Role.SENDER for participant in self.participants):
            expected = "At least one participant must have the role sender."
            wrong.append((("participants",), expected))
        recipients = {p.address for p in self.participants if p.role is not Role.SENDER}
        if self.authorisations and self.direction is not Direction.OUTBOUND:
            wrong.append((("authorisations",), "Only an outbound message is authorised."))
        for at, each in enumerate(self.authorisations):
            if each.recipient not in recipients:
                expected = "This message has no such recipient."
                wrong.append((("authorisations", at, "recipient"), expected))
        if wrong:
            raise wrong_at(wrong, type(self).__name__)
        return self


def read(document: object, *, pointer: str = "") -> NewMessage:
    """Return the checked message of a JSON document.

    Raises InvalidInputError, whose problems point to each wrong field below `pointer`.
    """
    try:
        return NewMessage.model_validate(document)
    except ValidationError as error:
        raise invalid(error, "The message is not valid.", pointer) from None


def to_message(
    new: NewMessage,
    *,
    pointer: str = "",
    staged: Callable[[StagedAttachment], Attachment] | None = None,
) -> Message:
    """Return the domain's message; of several roles of one address the highest counts.

    `staged` finds an attachment that lies in an upload.
    """
    inside = [each for each in new.attachments if isinstance(each, NewAttachment)]
    size = sum(len(attachment.content_base64) for attachment in inside)
    if size > MAX_ATTACHMENT_BYTES:
        raise TooLargeError(
            f"The attachments at {pointer}/attachments exceed {MAX_ATTACHMENT_BYTES:,} bytes "
            "together. Upload them by POST /uploads."
        )
    return Message(
        channel=new.channel,
        external_id=new.external_id,
        direction=new.direction,
        participants=_merged(new.participants),
        body=new.body,
        subject=new.subject,
        thread=new.thread,
        headers=new.headers,
        attachments=tuple(_attachment(each, staged) for each in new.attachments),
        purpose=new.purpose or "",
        time=new.time,
        edit=new.edit,
        authorisations=tuple((Address(each.recipient), each.token) for each in new.authorisations),
    )


def _merged(given: tuple[NewParticipant, ...]) -> tuple[Participant, ...]:
    merged: dict[str, Participant] = {}
    for one in given:
        role, name = one.role, one.name
        if twin := merged.get(one.address):
            role = min(twin.role, role, key=_RANK.__getitem__)
            name = twin.name or name
        merged[one.address] = Participant(Address(one.address), role, name)
    return tuple(merged.values())


def _attachment(
    new: NewAttachment | StagedAttachment, staged: Callable[[StagedAttachment], Attachment] | None
) -> Attachment:
    if isinstance(new, StagedAttachment):
        if staged is None:
            raise TypeError("an upload without a place to find it")
        return staged(new)
    content = new.content_base64
    digest = sha256(content).digest()
    return Attachment(new.name, new.media_type, len(content), digest, (content,))
