"""The chain of a person's consent events: each names the digest of the one before it.

Nobody has the right to change an event, and the writer's condition excludes an overwrite; what
happened all the same, by whoever owns the account, shows here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from lethe.crypto.encoding import FORMAT, joined
from lethe.domain.consent import ConsentEvent, ConsentState

NOTHING_BEFORE: Final = bytes(32)
"""What the first event of a chain names as the digest of the one before."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Damage(StrEnum):
    """What is wrong at a place of the chain; a proof finds the last three."""

    CHANGED = "changed"
    """The next event, or the head, names another digest: it was overwritten or swapped."""
    MISSING = "missing"
    REMOVED_EARLY = "removed_early"
    """The beginning is gone before the day from which it may be."""
    UNREADABLE = "unreadable"
    """What is sealed does not open in this place, or is of another person."""
    RECEIPT = "receipt"
    """The signature does not hold, or the receipt is about something else."""
    TEXT = "text"
    """The text that was shown is not there, or is another one."""


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the chain does not hold."""

    sequence: int
    damage: Damage


def info(event_id: str, ledger: str, sequence: int) -> bytes:
    """HPKE's info of sealed evidence: it opens at its own place alone."""
    return joined(FORMAT, b"consent", event_id.encode(), ledger.encode(), _number(sequence))


def digest(event: ConsentEvent) -> bytes:
    """SHA-256 over every field of an event but its receipt, which names this digest."""
    return sha256(
        joined(
            FORMAT,
            b"consent event",
            event.id.encode(),
            event.ledger.encode(),
            _number(event.sequence),
            event.type.encode(),
            event.purpose.encode(),
            event.channel.encode(),
            event.own.encode(),
            _moment(event.time),
            _moment(event.until),
            event.sealed,
            event.previous,
            _number(event.policy_version),
            _number(event.notice_version),
            _day(event.expires),
            _day(event.previous_expires),
            b"\x01" if event.opt_out_offered else b"\x00",
            _moment(event.about),
        )
    ).digest()


def breaks(events: Iterable[ConsentEvent], state: ConsentState, today: date) -> Iterator[Break]:
    """Yield each place where the events that are there do not lead to the head of the state.

    A beginning that DynamoDB removed in its time is no damage.
    """
    before: tuple[int, bytes] | None = None
    for event in events:
        if before is None:
            yield from _beginning(event, today)
        elif event.sequence != before[0] + 1:
            yield Break(before[0] + 1, Damage.MISSING)
        elif event.previous != before[1]:
            yield Break(before[0], Damage.CHANGED)
        before = event.sequence, digest(event)
    if before is None:
        if state.sequence and today < state.expires:
            yield Break(state.sequence, Damage.REMOVED_EARLY)
    elif before[0] != state.sequence:
        yield Break(before[0] + 1, Damage.MISSING)
    elif before[1] != state.head:
        yield Break(before[0], Damage.CHANGED)


def _beginning(event: ConsentEvent, today: date) -> Iterator[Break]:
    if event.sequence == 1:
        if event.previous != NOTHING_BEFORE:
            yield Break(1, Damage.CHANGED)
    elif event.previous_expires is None or today < event.previous_expires:
        yield Break(event.sequence - 1, Damage.REMOVED_EARLY)


def _number(value: int) -> bytes:
    return value.to_bytes(8)


def _moment(at: datetime | None) -> bytes:
    """Milliseconds since 1970, as they are stored; nothing where there is no time."""
    if at is None:
        return b""
    milliseconds, rest = divmod(at - _EPOCH, _MILLISECOND)
    if rest:
        raise ValueError("a time of an event is not in whole milliseconds")
    return milliseconds.to_bytes(8, signed=True)


def _day(day: date | None) -> bytes:
    return day.isoformat().encode() if day else b""
