"""Open a version: keys are looked at first, then unwrapped, then used; what is gone has ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Final

from lethe.crypto import envelope
from lethe.domain.archive import EntryKey, Head, MessageItem, attempt_prefix, entry_key
from lethe.domain.content import Content, Identity, decode, decode_identity
from lethe.domain.envelope import Sealed
from lethe.domain.errors import ErasedError, RestrictedError
from lethe.domain.holders import HolderId
from lethe.domain.policy import Policy
from lethe.domain.ports import Archive, Keys, KeyWrap, Objects, OpenKeys, WrappedKey
from lethe.domain.rules import Flag, Rule, ended
from lethe.usecases.sealing import BODY

_CACHED_KEYS: Final = 2048


@dataclass(frozen=True, slots=True, repr=False)
class OpenedVersion:
    """A version in clear, for the length of one answer."""

    head: Head
    content: Content
    identities: Mapping[int, Identity]
    keys: envelope.ContentKeys
    original_key: bytes | None


class Opening:
    """Opens versions for readers who may; holds unwrapped keys by their ciphertext alone.

    A cached key is never used without the consistent look of `look`, so an erasure counts from the
    next read on, wherever the key is cached.
    """

    def __init__(
        self,
        *,
        archive: Archive,
        keys: Keys,
        objects: Objects,
        wrap: KeyWrap,
        clock: Callable[[], datetime],
    ) -> None:
        self._archive = archive
        self._keys = keys
        self._objects = objects
        self._clock = clock
        self._unwrap = lru_cache(_CACHED_KEYS)(wrap.unwrap)

    def look(self, head: Head, policy: Policy) -> OpenKeys:
        """The keys of a version; ErasedError if it has ended, RestrictedError if restricted."""
        header = head.header
        end = header.end
        if not head.keep:
            end = policy.effective_end(header.cls, header.day, header.end)
        if self._clock() >= datetime.combine(end, time(), UTC):
            raise ErasedError("This message has expired.")
        holders = [slot.holder_id for slot in head.slots if slot.holder_id is not None]
        found = self._keys.open_keys(
            holders, (header.cls, header.day, header.end), header.message_id
        )
        if found.deletion is not None and found.deletion.whole:
            raise ErasedError("This message was deleted.")
        if found.day is None:
            raise ErasedError("This message has expired.")
        if ended(header.rule, [s.flags for s in head.slots], self._dead(head, found)):
            raise ErasedError("This message was erased.")
        if self._restricted(head, found):
            raise RestrictedError("This message is restricted (Art. 18 GDPR); it is stored only.")
        return found

    def open(self, item: MessageItem, found: OpenKeys) -> OpenedVersion:
        """Open a version with the keys that `look` found."""
        head = item.head
        opened = self._open_blocks(head, found)
        day = found.day
        if day is None:
            raise ErasedError("This message has expired.")
        sealed = replace(item.sealed, ciphertext=self._body(item))
        private = self._day_private(day)
        shares = {n: b.share for n, b in opened.items() if b.share is not None}
        plaintext, keys = envelope.open_content(sealed, day.kem, private, shares)
        content = decode(plaintext)
        identities = dict(content.identities)
        identities |= {number: decode_identity(block.identity) for number, block in opened.items()}
        return OpenedVersion(
            head=head,
            content=content,
            identities=identities,
            keys=keys,
            original_key=_original_key(sealed, day.kem, private, opened),
        )

    def _body(self, item: MessageItem) -> bytes:
        if not item.in_object:
            return item.sealed.ciphertext
        return b"".join(
            self._objects.get(attempt_prefix(item.sealed.header) + BODY, keep=item.keep)
        )

    def _open_blocks(self, head: Head, found: OpenKeys) -> dict[int, envelope.OpenedBlock]:
        places: dict[int, tuple[EntryKey, HolderId, WrappedKey]] = {}
        gone = found.deletion.parts if found.deletion else frozenset()
        for index, slot in enumerate(head.slots):
            key, holder = entry_key(head, index), slot.holder_id
            if key is None or holder is None or not slot.digest or holder in gone:
                continue
            if (wrapped := found.persons.get(holder)) is not None:
                places[index] = (key, holder, wrapped)
        blocks = self._archive.blocks([key for key, _, _ in places.values()])
        return {
            index: envelope.open_block(
                head.header,
                head.slots[index],
                blocks[key],
                wrapped.kem,
                self._unwrap(wrapped.wrapped, holder),
            )
            for index, (key, holder, wrapped) in places.items()
            if key in blocks
        }

    def _day_private(self, day: WrappedKey) -> bytes:
        return self._unwrap(day.wrapped, day.holder_id)

    @staticmethod
    def _dead(head: Head, found: OpenKeys) -> list[bool]:
        gone = found.deletion.parts if found.deletion else frozenset()
        living = found.persons.keys() - gone
        return [slot.holder_id not in living for slot in head.slots]

    @staticmethod
    def _restricted(head: Head, found: OpenKeys) -> bool:
        """Restricted with a party whose words these are, or any external party of a kept class."""
        binding = Flag.EXTERNAL if head.header.rule is Rule.PERIOD else Flag.SHARE
        return any(
            slot.holder_id in found.restricted and slot.flags & binding for slot in head.slots
        )


def _original_key(
    sealed: Sealed, kem: int, private: bytes, opened: Mapping[int, envelope.OpenedBlock]
) -> bytes | None:
    """The original's key, or None once one of the persons that it shows was erased."""
    shares = {n: b.original_share for n, b in opened.items() if b.original_share is not None}
    if not sealed.has_original or len(shares) < sum(bool(slot.digest) for slot in sealed.slots):
        return None
    return envelope.original_key(sealed, kem, private, shares)
