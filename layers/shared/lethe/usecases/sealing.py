"""Seal a planned message: its item, an entry per participant, and the objects beside it."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lethe.crypto import envelope, stream
from lethe.domain.archive import Entry, MessageItem, attempt_prefix, entry_key
from lethe.domain.content import (
    Content,
    encode,
    encode_identity,
    identity_of,
    notes_of,
)
from lethe.domain.envelope import Header
from lethe.domain.holders import PublicHolder
from lethe.domain.register import RegisterEntry
from lethe.usecases.plan import Party, Plan

INLINE_LIMIT: Final = 8 * 1024
"""Ciphertexts above this are objects: beyond eight write units S3 is the cheaper place."""

BODY, ORIGINAL = "body", "original"


def attachment_part(number: int) -> str:
    """The name of an attachment's part; numbers start at 1."""
    return f"attachment-{number}"


@dataclass(frozen=True, slots=True)
class SealedObject:
    """An object to write: its name and its ciphertext in pieces."""

    name: str
    chunks: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class SealedMessage:
    """All that one capture attempt writes, in the order of writing."""

    entries: tuple[Entry, ...]
    objects: tuple[SealedObject, ...]
    item: MessageItem


def seal(
    plan: Plan, version: int, entries: Sequence[RegisterEntry], period: PublicHolder
) -> SealedMessage:
    """Seal a plan to its day and its parties' keys under a new attempt."""
    header = Header(
        message_id=plan.message_id,
        version=version,
        attempt=os.urandom(12),
        cls=plan.cls,
        day=plan.day,
        end=plan.end,
        time=plan.time,
        rule=plan.rule,
        channel=plan.message.channel,
        direction=plan.message.direction,
        fingerprint=plan.fingerprint,
    )
    with_original = plan.keep_original and plan.message.original is not None
    sealed, blocks, keys = envelope.seal(
        header,
        encode(_content(plan)),
        period,
        [_party(plan, party, entry) for party, entry in zip(plan.parties, entries, strict=True)],
        original=with_original,
    )
    in_object = plan.kept or len(sealed.ciphertext) > INLINE_LIMIT
    item = MessageItem(
        sealed=replace(sealed, ciphertext=b"") if in_object else sealed,
        shards=tuple(_shard(plan, entry) for entry in entries),
        keep=plan.kept,
        in_object=in_object,
    )
    prefix = attempt_prefix(header)
    objects = [SealedObject(prefix + BODY, [sealed.ciphertext])] if in_object else []
    for number, attachment in enumerate(plan.message.attachments, start=1):
        part = attachment_part(number)
        chunks = stream.seal_stream(keys.part_key(part), attachment.source, part.encode())
        objects.append(SealedObject(prefix + part, chunks))
    if plan.message.original is not None and keys.original_key is not None:
        chunks = stream.seal_stream(keys.original_key, [plan.message.original], ORIGINAL.encode())
        objects.append(SealedObject(prefix + ORIGINAL, chunks))
    return SealedMessage(_entries(item, blocks), tuple(objects), item)


def _content(plan: Plan) -> Content:
    message = plan.message
    return Content(
        body=message.body,
        html=message.html,
        subject=message.subject,
        thread=message.thread,
        headers=(*message.headers, *message.stamps),
        roles=tuple(party.participant.role for party in plan.parties),
        identities={
            number: identity_of(party.participant)
            for number, party in enumerate(plan.parties)
            if plan.kept or not party.needs_key
        },
        attachments=notes_of(message),
        purpose=plan.purpose,
        legal_basis=plan.legal_basis,
    )


def _party(plan: Plan, party: Party, entry: RegisterEntry) -> envelope.Party:
    sealed_alone = party.needs_key and not plan.kept
    return envelope.Party(
        holder=entry.holder if sealed_alone else None,
        holder_id=entry.holder_id,
        flags=party.flags,
        identity=encode_identity(identity_of(party.participant)) if sealed_alone else b"",
    )


def _shard(plan: Plan, entry: RegisterEntry) -> int | None:
    if not entry.shards:
        return None
    return zlib.crc32(plan.message_id.encode()) % entry.shards


def _entries(item: MessageItem, blocks: Sequence[bytes]) -> tuple[Entry, ...]:
    head = item.head
    return tuple(
        Entry(key, block, head.header.cls, head.header.end)
        for index, block in enumerate(blocks)
        if (key := entry_key(head, index))
    )
