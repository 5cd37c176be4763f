"""Read a message, a page of an address's messages, an original or attachment; with a reason."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final

from lethe.crypto import stream
from lethe.domain.addresses import Address
from lethe.domain.archive import EntryKey, Head, Tombstone, attempt_prefix, entry_key
from lethe.domain.audit import AuditEvent
from lethe.domain.callers import Caller
from lethe.domain.content import AttachmentNote, PartGrant
from lethe.domain.errors import ErasedError, LetheError, NotFoundError, RestrictedError
from lethe.domain.messages import MessageId, Role
from lethe.domain.policy import Policy
from lethe.domain.ports import Archive, AuditTrail, Objects, Policies, PseudonymHash, Register
from lethe.domain.rules import Rule
from lethe.store.parallel import each
from lethe.usecases.opening import OpenedVersion, Opening
from lethe.usecases.sealing import ORIGINAL, attachment_part
from lethe.usecases.search import Position, SearchQuery, find, position

GRANT_LIFETIME: Final = timedelta(minutes=5)
"""How long the URL of an attachment's ciphertext works."""


@dataclass(frozen=True, slots=True)
class ReadParticipant:
    """A participant as a reader sees it; `address` is None where that person was erased."""

    role: Role
    address: Address | None
    name: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ReadAttachment:
    """An attachment's description; its number is for `attachment`."""

    number: int
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ReadVersion:
    """One version in clear."""

    version: int
    time: datetime
    body: str
    html: str
    subject: str
    thread: str
    headers: tuple[tuple[str, str], ...]
    attachments: tuple[ReadAttachment, ...]
    has_original: bool


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """A message in clear: the participants of all its versions, and what each version says.

    Versions with one fingerprint are copies: they show as one, with the participants of them all.
    """

    message_id: MessageId
    channel: str
    direction: str
    cls: str
    purpose: str
    legal_basis: str
    end: date
    participants: tuple[ReadParticipant, ...]
    versions: tuple[ReadVersion, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of messages, newest first; `cursor` leads to the next one, None at the end."""

    messages: tuple[ReadMessage, ...]
    cursor: str | None


@dataclass(frozen=True)
class Access:
    """The use case; every read is audited before anything is shown."""

    register: Register
    archive: Archive
    objects: Objects
    policies: Policies
    audit: AuditTrail
    hashes: PseudonymHash
    opening: Opening
    clock: Callable[[], datetime]

    def read(self, message_id: MessageId, *, reason: str, caller: Caller) -> ReadMessage:
        """One message with all its versions; 404 never was, 410 ended, 423 restricted."""
        number, policy = self.policies.current()
        self._record("message_read", message_id, reason, caller, number)
        return _shown(self._open(message_id, policy))

    def search(self, query: SearchQuery, *, reason: str, caller: Caller) -> Page:
        """The messages of one address in a span of time, newest first; what ended is left out."""
        number, policy = self.policies.current()
        self._record("messages_searched", "", reason, caller, number)
        item = self.register.item(self.hashes.pseudonym(query.address))
        keys = find(self.archive, item, query)
        messages: dict[MessageId, ReadMessage] = {}
        last: Position | None = None
        while missing := query.limit - len(messages):
            some = list(islice(keys, missing))
            if not some:
                return Page(tuple(messages.values()), None)
            last = position(some[-1])
            fresh = {key.message_id for key in some} - messages.keys()
            opened = dict(each(lambda one: (one, self._found(one, policy)), fresh))
            for key in some:
                found = opened.get(key.message_id, ())
                if any(_names(version, key) for version in found):
                    messages[key.message_id] = _shown(found)
        more = any(key.message_id not in messages for key in keys)
        return Page(tuple(messages.values()), last.encode() if more and last else None)

    def original(
        self, message_id: MessageId, version: int, *, reason: str, caller: Caller
    ) -> Iterator[bytes]:
        """The raw original bit for bit, where the class keeps it and nobody in it was erased."""
        head, key = self._original(message_id, version, reason, caller)
        chunks = self.objects.get(attempt_prefix(head.header) + ORIGINAL, keep=head.keep)
        return stream.open_stream(key, chunks, ORIGINAL.encode())

    def original_grant(
        self, message_id: MessageId, version: int, *, reason: str, caller: Caller
    ) -> PartGrant:
        """What opens an original that is too large for one answer."""
        head, key = self._original(message_id, version, reason, caller)
        return self._grant(head, ORIGINAL, key, None)

    def attachment(
        self, message_id: MessageId, number: int, *, version: int, reason: str, caller: Caller
    ) -> PartGrant:
        """A short-lived URL of an attachment's ciphertext with that attachment's key."""
        policy_version, policy = self.policies.current()
        self._record("attachment_read", message_id, reason, caller, policy_version)
        opened = self._version(message_id, version, policy)
        if not 1 <= number <= len(opened.content.attachments):
            raise NotFoundError("The message has no attachment of this number.")
        part = attachment_part(number)
        note = opened.content.attachments[number - 1]
        return self._grant(opened.head, part, opened.keys.part_key(part), note)

    def _original(
        self, message_id: MessageId, version: int, reason: str, caller: Caller
    ) -> tuple[Head, bytes]:
        number, policy = self.policies.current()
        self._record("original_read", message_id, reason, caller, number)
        opened = self._version(message_id, version, policy)
        if not opened.head.has_original:
            raise NotFoundError("The class of this message keeps no original.")
        if opened.original_key is None:
            raise ErasedError("The original showed a person who was erased; the message lives on.")
        return opened.head, opened.original_key

    def _grant(self, head: Head, part: str, key: bytes, note: AttachmentNote | None) -> PartGrant:
        name = attempt_prefix(head.header) + part
        return PartGrant(
            url=self.objects.presign(name, keep=head.keep, lifetime=GRANT_LIFETIME),
            expires_at=self.clock() + GRANT_LIFETIME,
            key=base64.urlsafe_b64encode(key).decode(),
            part=part,
            note=note,
        )

    def _open(self, message_id: MessageId, policy: Policy) -> list[OpenedVersion]:
        """Every version that opens; the reason of the last refusal if none does.

        Where anybody's end is the message's end, one version's end is that of all: a later copy was
        sealed to further persons, but it is the same message.
        """
        found = self.archive.versions(message_id).items
        if not found:
            raise NotFoundError("There is no such message.")
        opened: list[OpenedVersion] = []
        refusal: LetheError = ErasedError("This message has ended.")
        ended = False
        for item in found:
            if isinstance(item, Tombstone):
                ended = True
                continue
            try:
                opened.append(self.opening.open(item, self.opening.look(item.head, policy)))
            except ErasedError as error:
                refusal, ended = error, True
        if ended:
            opened = [v for v in opened if v.head.header.rule is not Rule.ANY_PARTY]
        if not opened:
            raise refusal
        return opened

    def _found(self, message_id: MessageId, policy: Policy) -> Sequence[OpenedVersion]:
        """What opens of a message for a search: nothing if it ended or is restricted."""
        try:
            return self._open(message_id, policy)
        except (ErasedError, RestrictedError, NotFoundError):
            return ()

    def _version(self, message_id: MessageId, version: int, policy: Policy) -> OpenedVersion:
        for opened in self._open(message_id, policy):
            if opened.head.header.version == version:
                return opened
        raise NotFoundError("The message has no readable version of this number.")

    def _record(
        self, action: str, target: str, reason: str, caller: Caller, policy_version: int
    ) -> None:
        self.audit.put(
            AuditEvent(
                time=self.clock(),
                action=action,
                actor=caller.actor,
                target=target,
                policy_version=policy_version,
                facts={"reason": reason},
            )
        )


def _names(version: OpenedVersion, key: EntryKey) -> bool:
    """Whether an index entry is of this version, and its participant is still a part of it."""
    if version.head.header.attempt != key.attempt:
        return False
    return any(entry_key(version.head, number) == key for number in version.identities)


def _shown(versions: Sequence[OpenedVersion]) -> ReadMessage:
    newest = versions[-1]
    header, content = newest.head.header, newest.content
    return ReadMessage(
        message_id=header.message_id,
        channel=header.channel,
        direction=header.direction,
        cls=header.cls,
        purpose=content.purpose,
        legal_basis=content.legal_basis,
        end=header.end,
        participants=_participants(versions),
        versions=tuple(_shown_version(v) for v in _one_per_fingerprint(versions)),
    )


def _participants(versions: Sequence[OpenedVersion]) -> tuple[ReadParticipant, ...]:
    """The participants of all versions, each once; an erased one as often as a version names it."""
    known: dict[tuple[Role, Address], ReadParticipant] = {}
    erased: list[ReadParticipant] = []
    for version in versions:
        gone: list[ReadParticipant] = []
        for number, role in enumerate(version.content.roles):
            identity = version.identities.get(number)
            if identity is None:
                gone.append(ReadParticipant(role, None))
            else:
                known[role, identity.address] = ReadParticipant(
                    role, identity.address, identity.name, identity.headers
                )
        erased = max(erased, gone, key=len)
    return (*known.values(), *erased)


def _one_per_fingerprint(versions: Sequence[OpenedVersion]) -> list[OpenedVersion]:
    first: dict[bytes, OpenedVersion] = {}
    for version in versions:
        first.setdefault(version.head.header.fingerprint, version)
    return list(first.values())


def _shown_version(opened: OpenedVersion) -> ReadVersion:
    header, content = opened.head.header, opened.content
    return ReadVersion(
        version=header.version,
        time=header.time,
        body=content.body,
        html=content.html,
        subject=content.subject,
        thread=content.thread,
        headers=content.headers,
        attachments=tuple(
            ReadAttachment(number, a.name, a.media_type, a.size, a.sha256)
            for number, a in enumerate(content.attachments, start=1)
        ),
        has_original=opened.original_key is not None,
    )
