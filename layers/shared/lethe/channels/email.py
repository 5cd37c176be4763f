"""A raw mail (RFC 5322, MIME) → the domain's message.

`docs/channels.md` states every rule, limit and stand-in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Final, NoReturn

from lethe.channels.charsets import decode
from lethe.channels.mailboxes import Mailbox, mailboxes
from lethe.channels.mime import Part, Reader, header_text
from lethe.channels.plaintext import text_of
from lethe.domain.addresses import Address, from_email
from lethe.domain.errors import FieldProblem, InvalidInputError, TooLargeError
from lethe.domain.messages import Attachment, Direction, Message, Participant, Role

CHANNEL: Final = "email"
MAX_PARTICIPANTS: Final = 1_001
"""1,000 external participants and the own mailbox."""
MAX_FURTHER: Final = 200
MAX_FURTHER_BYTES: Final = 1_000
"""So many further headers, and so much of each, are offered to the policy."""
_MAX_MENTIONS: Final = 5_000
_MAX_ADDRESS_HEADERS: Final = 1_048_576
_MAX_UNPARSED: Final = 50
_MAX_ID: Final = 512
_MAX_FILE_NAME: Final = 200
_MAX_EXTENSION: Final = 19

_ROLES: Final = {
    "from": Role.SENDER,
    "sender": Role.SENDER,
    "to": Role.RECIPIENT,
    "cc": Role.CC,
    "bcc": Role.BCC,
}
_RANK: Final = {role: rank for rank, role in enumerate(Role)}
_REPORT: Final = {
    "sender": Role.SENDER,
    "to": Role.RECIPIENT,
    "cc": Role.CC,
    "bcc": Role.BCC,
    "recipient": Role.BCC,
}
_CONTENT_HEADERS: Final = (
    "date",
    "mime-version",
    "content-language",
    "importance",
    "priority",
    "x-priority",
    "sensitivity",
    "auto-submitted",
    "precedence",
    "keywords",
    "expires",
    "user-agent",
    "x-mailer",
)
_ID_HEADERS: Final = ("message-id", "in-reply-to", "references", "list-id")
_READ_ELSEWHERE: Final = frozenset(
    (*_CONTENT_HEADERS, *_ID_HEADERS, *_ROLES, "reply-to", "subject", "content-type")
)
_ID: Final = re.compile(r"<[^<>\s]+>")
_INVISIBLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_EXTENSIONS: Final = {
    "message/rfc822": ".eml",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "application/pdf": ".pdf",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
}


def parse(raw: bytes, mailbox: Address) -> Message:
    """Return the message that a raw mail is, seen from the own mailbox that sent or received it.

    Raises InvalidInputError for an empty mail and TooLargeError for too many addresses; any other
    bytes are a mail.
    """
    if not raw.strip():
        raise InvalidInputError("The mail is empty.", (FieldProblem("", "Send the raw mail."),))
    reader = Reader()
    mail = reader.read(raw)
    envelope: list[tuple[str, str]] = []
    if inner := _journaled(mail):
        envelope = _envelope(reader, mail)
        reader = Reader()
        mail = reader.read(inner.content)
    parties = _parties(mail, mailbox, envelope)
    body = _Body(reader)
    body.read(mail)
    subject, thread = mail.text("subject"), _thread(mail)
    headers = tuple(_content_headers(mail, parties, body))
    return Message(
        channel=CHANNEL,
        external_id=f"{_message_id(mail)}\n{_content_hash(mail, subject, thread, body)}",
        direction=Direction.OUTBOUND if parties.is_sender(mailbox) else Direction.INBOUND,
        participants=parties.participants(),
        body=body.text,
        html=body.html,
        subject=subject,
        thread=thread,
        headers=headers,
        further_headers=tuple(_further_headers(mail)),
        attachments=tuple(body.attachments),
        original=raw,
        content_identified=True,
        own_address=mailbox,
    )


@dataclass(slots=True)
class _Party:
    role: Role
    name: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Parties:
    """Who took part, and under which headers; addresses that can't be read go to the mailbox."""

    mailbox: Address
    found: dict[Address, _Party] = field(default_factory=dict)
    unparsed: list[tuple[str, str]] = field(default_factory=list)
    _mentions: int = 0
    _characters: int = 0

    def add(self, header: str, role: Role, value: str, *, only_new: bool = False) -> None:
        """Add everybody whom the header names; of two roles the higher one counts."""
        for entry, address in self._read(header, value):
            party = self.found.get(address)
            if party is None:
                party = self.found[address] = _Party(role)
                if len(self.found) > MAX_PARTICIPANTS:
                    _too_many()
            elif only_new:
                continue
            party.role = min(party.role, role, key=_RANK.__getitem__)
            party.name = party.name or entry.name
            party.headers.append((header, entry.written))

    def note(self, header: str, value: str) -> None:
        """Keep the header with those participants whom it names, and with nobody else."""
        for entry, address in self._read(header, value):
            if party := self.found.get(address):
                party.headers.append((header, entry.written))

    def add_mailbox(self) -> None:
        """The mailbox took part, even if no header says so: as a blind copy, or by a list."""
        self.found.setdefault(self.mailbox, _Party(Role.BCC))

    def is_sender(self, address: Address) -> bool:
        return address in self.found and self.found[address].role is Role.SENDER

    def has_sender(self) -> bool:
        return any(party.role is Role.SENDER for party in self.found.values())

    def takes(self, header: str, message_id: str) -> bool:
        """Keep an id that is a participant's address, as some mailers write, with that person."""
        try:
            party = self.found.get(from_email(message_id.strip("<>")))
        except InvalidInputError:
            return False
        if party:
            party.headers.append((header, message_id))
        return party is not None

    def participants(self) -> tuple[Participant, ...]:
        unparsed = [(f"x-unparsed-{header}", text) for header, text in self.unparsed]
        return tuple(
            Participant(
                address,
                party.role,
                party.name,
                (*party.headers, *(unparsed if address == self.mailbox else ())),
            )
            for address, party in self.found.items()
        )

    def _read(self, header: str, value: str) -> Iterator[tuple[Mailbox, Address]]:
        self._characters += len(value)
        if self._characters > _MAX_ADDRESS_HEADERS:
            _too_many()
        for entry in mailboxes(value):
            self._mentions += 1
            if self._mentions > _MAX_MENTIONS:
                _too_many()
            try:
                yield entry, from_email(entry.spec)
            except InvalidInputError:
                if len(self.unparsed) < _MAX_UNPARSED:
                    self.unparsed.append((header, header_text(entry.written)[:1_000]))


def _too_many() -> NoReturn:
    raise TooLargeError(
        f"The mail's headers name more than {MAX_PARTICIPANTS - 1:,} addresses. "
        "Archive it in copies with fewer recipients each."
    )


def _parties(mail: Part, mailbox: Address, envelope: list[tuple[str, str]]) -> _Parties:
    parties = _Parties(mailbox)
    for header, role in _ROLES.items():
        for value in mail.values(header):
            parties.add(header, role, _raw_text(value))
    for label, text in envelope:
        parties.add(f"x-envelope-{label}", _REPORT[label], text, only_new=True)
    if not parties.has_sender():
        for value in mail.values("return-path")[:1]:
            parties.add("return-path", Role.SENDER, _raw_text(value))
    parties.add_mailbox()
    for value in mail.values("reply-to"):
        parties.note("reply-to", _raw_text(value))
    return parties


def _raw_text(value: bytes) -> str:
    """A header's value with its encoded words as they stand."""
    return decode(value)[0]


def _journaled(mail: Part) -> Part | None:
    """The mail inside of an Exchange journal report."""
    if not mail.values("x-ms-journal-report") or not mail.children:
        return None
    return next((leaf for leaf in mail.leaves() if leaf.media_type == "message/rfc822"), None)


def _envelope(reader: Reader, mail: Part) -> list[tuple[str, str]]:
    """The sender and the recipients that the journal report's text names, one a line."""
    report = next((leaf for leaf in mail.leaves() if leaf.media_type == "text/plain"), None)
    lines: list[tuple[str, str]] = []
    for line in reader.text(report).split("\n") if report else ():
        label, colon, value = line.partition(":")
        if colon and (header := label.strip().lower()) in _REPORT:
            # "To: a@b, Expanded: list@b": the list is how it came, not who got it.
            lines.append((header, value.partition(",")[0]))
    return lines


def _ids(mail: Part, header: str) -> list[str]:
    return [match for value in mail.values(header) for match in _ID.findall(_raw_text(value))]


def _message_id(mail: Part) -> str:
    """The Message-ID in angle brackets, or nothing: then the content alone identifies the mail."""
    ids = _ids(mail, "message-id") or [f"<{''.join(mail.text('message-id').split())}>"]
    if len(ids[0]) > _MAX_ID:
        return f"<{sha256(ids[0].encode()).hexdigest()}>"
    return "" if ids[0] == "<>" else ids[0]


def _thread(mail: Part) -> str:
    """The first mail of the thread: a hash of its id, since an id may hold an address."""
    for root in [*_ids(mail, "references")[:1], *_ids(mail, "in-reply-to")[:1], _message_id(mail)]:
        if root:
            return sha256(root.encode()).hexdigest()[:32]
    return ""


def _content_hash(mail: Part, subject: str, thread: str, body: _Body) -> str:
    """What copies of one mail have in common, however they were carried."""
    senders = [entry.spec for value in mail.values("from") for entry in mailboxes(_raw_text(value))]
    files = [[a.name, a.media_type, a.size, a.sha256.hex()] for a in body.attachments]
    parts = [senders, mail.text("date"), subject, thread, body.text, body.html, files]
    return sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def _content_headers(mail: Part, parties: _Parties, body: _Body) -> Iterator[tuple[str, str]]:
    """The headers that hold neither address nor name."""
    withheld = 0
    for header in _CONTENT_HEADERS:
        for value in mail.values(header)[:1]:
            text = header_text(value)
            if "@" in text:
                withheld += 1
            elif text:
                yield header, text
    for header in _ID_HEADERS:
        ids = [entry for entry in _ids(mail, header) if not parties.takes(header, entry)]
        if ids:
            yield header, " ".join(ids)
    yield "content-type", mail.media_type
    for text in body.outside:
        yield "x-lethe-outside", text
    defects = +body.reader.defects
    if withheld:
        defects["withheld"] = withheld
    if defects:
        yield "x-lethe-defects", " ".join(f"{name}={n}" for name, n in sorted(defects.items()))


def _further_headers(mail: Part) -> Iterator[tuple[str, str]]:
    """What else the mail carries: routes, devices, verdicts; without those that hold an address."""
    further = (
        (name, value)
        for name, value in mail.headers
        if name not in _READ_ELSEWHERE and not name.startswith("x-lethe-")
    )
    for name, value in islice(further, MAX_FURTHER):
        text = header_text(value[:MAX_FURTHER_BYTES])
        yield name, "" if "@" in text else text


@dataclass(slots=True)
class _Segment:
    """One stretch of the shown text, in one or both of its forms."""

    plain: list[Part] = field(default_factory=list)
    html: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class _Body:
    """The text that a reader sees; everything else is an attachment."""

    reader: Reader
    text: str = ""
    html: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def read(self, mail: Part) -> None:
        texts: list[str] = []
        htmls: list[str] = []
        for segment in self._segments(mail, is_root=True):
            plain = "\n\n".join(filter(None, map(self._decoded, segment.plain)))
            html = "\n".join(filter(None, map(self._decoded, segment.html)))
            texts.append(plain if plain.strip() else text_of(html))
            htmls.append(html)
        self.text = "\n\n".join(filter(None, texts))
        self.html = "\n".join(filter(None, htmls))

    def _decoded(self, part: Part) -> str:
        return self.reader.text(part).rstrip("\n")

    def _segments(self, part: Part, *, is_root: bool = False) -> list[_Segment]:
        if not part.children:
            return self._leaf(part, is_root=is_root)
        self.outside += filter(None, map(_lines, part.outside))
        found = [self._segments(child) for child in part.children]
        if part.media_type != "multipart/alternative":
            return [segment for segments in found for segment in segments]
        chosen = _Segment()
        for segments in found:
            plain = [leaf for segment in segments for leaf in segment.plain]
            html = [leaf for segment in segments for leaf in segment.html]
            self._choose(chosen.plain, plain)
            self._choose(chosen.html, html)
        return [chosen]

    def _choose(self, chosen: list[Part], offered: list[Part]) -> None:
        """Of several alternatives in one form, the first is the text and the others are files."""
        if not chosen:
            chosen += offered
        else:
            for part in offered:
                self._attach(part)

    def _leaf(self, part: Part, *, is_root: bool) -> list[_Segment]:
        shown = is_root or (part.disposition != "attachment" and not part.file_name)
        if shown and part.media_type == "text/plain":
            return [_Segment(plain=[part])]
        if shown and part.media_type == "text/html":
            return [_Segment(html=[part])]
        self._attach(part)
        return []

    def _attach(self, part: Part) -> None:
        name = _file_name(part, len(self.attachments) + 1)
        content = part.content
        self.attachments.append(
            Attachment(name, part.media_type, len(content), sha256(content).digest(), (content,))
        )


def _lines(data: bytes) -> str:
    return decode(data)[0].replace("\r\n", "\n").strip()


def _file_name(part: Part, number: int) -> str:
    """A bare name: no path, nothing invisible, at most 200 characters."""
    name = _INVISIBLE.sub("", re.split(r"[/\\]", part.file_name)[-1]).strip(" .")
    if not name:
        return f"attachment-{number}{_EXTENSIONS.get(part.media_type, '')}"
    stem, dot, extension = name.rpartition(".")
    if dot and len(extension) <= _MAX_EXTENSION:
        return f"{stem[: _MAX_FILE_NAME - len(extension) - 1]}.{extension}"
    return name[:_MAX_FILE_NAME]
