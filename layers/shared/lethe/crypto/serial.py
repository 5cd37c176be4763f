"""The slots of an envelope as one short binary value."""

from __future__ import annotations

from collections.abc import Sequence

from lethe.domain.envelope import Slot
from lethe.domain.errors import SealError
from lethe.domain.holders import HolderId
from lethe.domain.rules import Flag

_FLAGS = 0x3F
_HAS_HOLDER, _HAS_DIGEST = 0x40, 0x80
_HOLDER_ID, _DIGEST = 16, 32


def pack_slots(slots: Sequence[Slot]) -> bytes:
    """Give a byte of flags, the holder id if there is one, the digest if there is one, per slot."""
    packed = bytearray()
    for slot in slots:
        holder_id = slot.holder_id or b""
        packed.append(slot.flags | _HAS_HOLDER * bool(holder_id) | _HAS_DIGEST * bool(slot.digest))
        packed += holder_id + slot.digest
    return bytes(packed)


def unpack_slots(packed: bytes) -> tuple[Slot, ...]:
    """Undo `pack_slots`."""
    slots: list[Slot] = []
    at = 0
    while at < len(packed):
        head = packed[at]
        holder_end = at + 1 + _HOLDER_ID * bool(head & _HAS_HOLDER)
        end = holder_end + _DIGEST * bool(head & _HAS_DIGEST)
        if end > len(packed):
            raise SealError
        holder_id = HolderId(packed[at + 1 : holder_end])
        slots.append(Slot(holder_id or None, Flag(head & _FLAGS), packed[holder_end:end]))
        at = end
    return tuple(slots)
