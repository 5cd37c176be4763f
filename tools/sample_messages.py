"""What a message of the sample traffic is: how it is delivered, and how it must be read back."""

from __future__ import annotations

import base64
import hashlib
import random
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

Document = dict[str, Any]

KEPT: Final = frozenset({"invoices"})
REVIEWED: Final = frozenset({"claims", "staff"})
SHARED_BY_ALL: Final = frozenset({"calls"})


@dataclass(frozen=True)
class File:
    """An attachment."""

    name: str
    media_type: str
    content: bytes

    @property
    def note(self) -> tuple[str, str, int, str]:
        """What a reader is told of it."""
        digest = hashlib.sha256(self.content).hexdigest()
        return self.name, self.media_type, len(self.content), digest


@dataclass(frozen=True)
class Place:
    """Who takes part and how; `kind` is external, person or function."""

    role: str
    address: str
    name: str
    kind: str


@dataclass(frozen=True)
class Request:
    """A call of the API: by whom (`capture` or `import`), and the status of each message in it."""

    caller: str
    path: str
    body: Document | bytes
    messages: tuple[Said, ...]
    statuses: tuple[int, ...]
    mailbox: str = ""

    @property
    def headers(self) -> dict[str, str]:
        if isinstance(self.body, bytes):
            return {"Content-Type": "message/rfc822", "Lethe-Mailbox": self.mailbox}
        return {}


@dataclass(frozen=True)
class Said:
    """A message as somebody said it; a mail has a `raw` form and the mailbox that it came to."""

    name: str
    day: date
    channel: str
    cls: str
    direction: str
    places: tuple[Place, ...]
    body: str
    html: str = ""
    subject: str = ""
    thread: str = ""
    purpose: str = ""
    files: tuple[File, ...] = ()
    time: datetime | None = None
    raw: bytes = b""
    mailbox: str = ""

    @property
    def document(self) -> Document:
        """The JSON of `POST /messages`."""
        document: Document = {
            "channel": self.channel,
            "external_id": self.name,
            "direction": self.direction,
            "participants": [
                {"role": place.role, "address": place.address, "name": place.name}
                for place in self.places
            ],
            "body": self.body,
            "thread": self.thread,
        }
        if self.files:
            document["attachments"] = [
                {
                    "name": file.name,
                    "media_type": file.media_type,
                    "content_base64": base64.b64encode(file.content).decode(),
                }
                for file in self.files
            ]
        if self.purpose:
            document["purpose"] = self.purpose
        if self.time:
            document["time"] = self.time.isoformat()
        return document

    def request(self, status: int = 201) -> Request:
        """Return how the message is delivered by itself."""
        caller = "import" if self.time else "capture"
        if self.raw:
            path = "/channels/email"
            return Request(caller, path, self.raw, (self,), (status,), mailbox=self.mailbox)
        return Request(caller, "/messages", self.document, (self,), (status,))

    @property
    def people(self) -> frozenset[str]:
        """Addresses of everybody who takes part."""
        return frozenset(place.address for place in self.places)

    @property
    def bound_to(self) -> frozenset[str]:
        """Addresses of those on whose keys the message depends; see `fate`."""
        outside = [place for place in self.places if place.kind == "external"]
        authors = [place for place in outside if place.role == "sender"]
        bound = outside if self.cls in KEPT | SHARED_BY_ALL else authors or outside
        return frozenset(place.address for place in bound)

    def fate(self, erased: frozenset[str]) -> str:
        """Say what an erasure of these addresses does, as docs/policy.md has it.

        `untouched`; `restricted`; `ended`; or `cut`: it lives on without them.
        """
        if not erased & self.people:
            return "untouched"
        if self.cls in KEPT | REVIEWED:
            return "restricted" if erased & self.bound_to else "untouched"
        several = self.cls in SHARED_BY_ALL
        is_ended = bool(erased & self.bound_to) if several else self.bound_to <= erased
        return "ended" if is_ended else "cut"


def batches(messages: list[Said], *, caller: str, size: int) -> list[Request]:
    """Return deliveries of many messages at once."""
    return [
        Request(
            caller,
            "/messages/batch",
            {"messages": [said.document for said in part]},
            tuple(part),
            (201,) * len(part),
        )
        for part in (messages[at : at + size] for at in range(0, len(messages), size))
    ]


_MEDIA_TYPES: Final = {
    "jpg": ("image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"),
    "pdf": ("application/pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    "xml": ("application/xml", b'<?xml version="1.0" encoding="UTF-8"?>\n'),
    "csv": ("text/csv", b"breite;hoehe\n"),
}


def made_file(name: str, size: int) -> File:
    """Return a file of this name and size; its bytes follow from the name."""
    media_type, beginning = _MEDIA_TYPES[name.rpartition(".")[2]]
    noise = random.Random(name).randbytes(size)  # noqa: S311 - content, no secret
    return File(name, media_type, beginning + base64.encodebytes(noise))
