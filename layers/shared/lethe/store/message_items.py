"""A version of a message as an item of MessagesTable, packed so that a short one takes one unit.

| attribute | content |
|---|---|
| `pk`, `sk` | message id; `v#00001`, or `p#` and the digest of an ended part |
| `ttl` | 30 days after the end date |
| `m` | the header and the head's marks, packed (below) |
| `h` | list: a holder id a slot, NULL once cut out |
| `s` | packed: a slot's flags, digest and shard |
| `p`, `c` | period seal; ciphertext |
| `x`, `e` | a tombstone's ending and end date; the head is gone once all is deleted |

`m` is: layout (1 byte), marks (1), rule (1), KEM (1), time in ms (8), day and end date as ordinals
(4 each), then attempt, class, channel, fingerprint and, if it is not the body, the part, each
behind its length (1 byte).
A slot in `s` is: a byte of `Flag` and of what follows, 32 bytes of digest, 2 bytes of shard.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from datetime import date
from enum import IntFlag
from typing import Final

from lethe.domain.archive import Ending, Head, MessageItem, Tombstone
from lethe.domain.envelope import Header, Sealed, Slot
from lethe.domain.holders import HolderId
from lethe.domain.messages import Direction, MessageId
from lethe.domain.rules import Flag, Rule
from lethe.store.dynamo import Attribute, Item, b, blob, from_ms, s, text, to_ms, ttl

CLEAR: Final = ("pk", "sk", "m", "h", "s", "x", "e")
"""What capture, erase and purge may read of an item."""
PART = "p#"
CUT: Final[Attribute] = {"NULL": True}

_LAYOUT = 1
_BODY = "body"
_FIXED = struct.Struct(">BBBBqII")
_RULES = (Rule.AUTHOR, Rule.ANY_PARTY, Rule.PERIOD)
_DIGEST_SIZE = 32
_SHARD_SIZE = 2
_FLAGS = Flag.SHARE | Flag.AUTHOR | Flag.EXTERNAL
_HAS_DIGEST = 64
_HAS_SHARD = 128


class _Mark(IntFlag):
    KEEP = 1
    IN_OBJECT = 2
    HAS_ORIGINAL = 4
    OUTBOUND = 8


def key(message_id: MessageId, version: int) -> Item:
    """Where a version lies."""
    return {"pk": s(message_id), "sk": s(f"v#{version:05d}")}


def part_key(message_id: MessageId, digest: str) -> Item:
    """Where it is recorded that a person's part ended."""
    return {"pk": s(message_id), "sk": s(f"{PART}{digest}")}


def dump(item: MessageItem) -> Item:
    """The item of a version."""
    sealed = item.sealed
    header = sealed.header
    dumped = {
        **key(header.message_id, header.version),
        "ttl": ttl(header.end),
        **dump_head(item.head, sealed.kem),
        "p": b(sealed.period_seal),
    }
    return dumped | {"c": b(sealed.ciphertext)} if sealed.ciphertext else dumped


def dump_head(head: Head, kem: int = 0) -> Item:
    """The clear fields of an item."""
    return {
        "m": b(_pack_header(head, kem)),
        "h": {"L": [CUT if slot.holder_id is None else b(slot.holder_id) for slot in head.slots]},
        "s": b(b"".join(map(_pack_slot, head.slots, head.shards))),
    }


def load(item: Item) -> MessageItem | Tombstone:
    """A whole version, or its tombstone."""
    if "x" in item:
        return _tombstone(item)
    head, kem = _head(item)
    sealed = Sealed(
        head.header, blob(item, "p"), blob(item, "c"), head.slots, head.has_original, kem
    )
    return MessageItem(sealed, head.shards, head.keep, head.in_object)


def load_clear(item: Item) -> Head | Tombstone:
    """The clear fields of a version, or its tombstone."""
    return _tombstone(item) if "x" in item else _head(item)[0]


def _tombstone(item: Item) -> Tombstone:
    message_id, version = _place(item)
    head = _head(item)[0] if "m" in item else None
    end = date.fromisoformat(text(item, "e"))
    return Tombstone(message_id, version, Ending(text(item, "x")), end, head)


def _place(item: Item) -> tuple[MessageId, int]:
    return MessageId(text(item, "pk")), int(text(item, "sk").removeprefix("v#"))


def _head(item: Item) -> tuple[Head, int]:
    packed = blob(item, "m")
    layout, marks, rule, kem, time, day, end = _FIXED.unpack_from(packed)
    if layout != _LAYOUT:
        raise ValueError("The layout of a stored message is unknown to this release.")
    attempt, cls, channel, fingerprint, *part = _split(packed[_FIXED.size :])
    message_id, version = _place(item)
    header = Header(
        message_id=message_id,
        version=version,
        attempt=attempt,
        cls=cls.decode(),
        day=date.fromordinal(day),
        end=date.fromordinal(end),
        time=from_ms(time),
        rule=_RULES[rule],
        channel=channel.decode(),
        direction=Direction.OUTBOUND if marks & _Mark.OUTBOUND else Direction.INBOUND,
        fingerprint=fingerprint,
        part=part[0].decode() if part else _BODY,
    )
    slots, shards = _load_slots(blob(item, "s"), item["h"]["L"])
    keep, in_object = bool(marks & _Mark.KEEP), bool(marks & _Mark.IN_OBJECT)
    has_original = bool(marks & _Mark.HAS_ORIGINAL)
    return Head(header, slots, shards, keep, in_object, has_original), kem


def _pack_header(head: Head, kem: int) -> bytes:
    header = head.header
    marks = _Mark(0)
    for mark, is_set in (
        (_Mark.KEEP, head.keep),
        (_Mark.IN_OBJECT, head.in_object),
        (_Mark.HAS_ORIGINAL, head.has_original),
        (_Mark.OUTBOUND, header.direction is Direction.OUTBOUND),
    ):
        marks |= mark if is_set else _Mark(0)
    pieces = [header.attempt, header.cls.encode(), header.channel.encode(), header.fingerprint]
    if header.part != _BODY:
        pieces.append(header.part.encode())
    fixed = _FIXED.pack(
        _LAYOUT,
        marks,
        _RULES.index(header.rule),
        kem,
        to_ms(header.time),
        header.day.toordinal(),
        header.end.toordinal(),
    )
    return fixed + b"".join(bytes([len(piece)]) + piece for piece in pieces)


def _split(packed: bytes) -> Iterator[bytes]:
    while packed:
        size = 1 + packed[0]
        yield packed[1:size]
        packed = packed[size:]


def _pack_slot(slot: Slot, shard: int | None) -> bytes:
    first = int(slot.flags)
    first |= _HAS_DIGEST if slot.digest else 0
    first |= 0 if shard is None else _HAS_SHARD
    tail = b"" if shard is None else shard.to_bytes(_SHARD_SIZE, "big")
    return bytes([first]) + slot.digest + tail


def _load_slots(
    packed: bytes, holders: Sequence[Attribute]
) -> tuple[tuple[Slot, ...], tuple[int | None, ...]]:
    slots: list[Slot] = []
    shards: list[int | None] = []
    at = 0
    for holder in holders:
        first = packed[at]
        digest_end = at + 1 + (_DIGEST_SIZE if first & _HAS_DIGEST else 0)
        end = digest_end + (_SHARD_SIZE if first & _HAS_SHARD else 0)
        holder_id = HolderId(bytes(holder["B"])) if "B" in holder else None
        slots.append(Slot(holder_id, Flag(first & _FLAGS), packed[at + 1 : digest_end]))
        tail = packed[digest_end:end]
        shards.append(int.from_bytes(tail, "big") if tail else None)
        at = end
    return tuple(slots), tuple(shards)
