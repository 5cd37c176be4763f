"""The outbox, its data keys and its queues in memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from lethe.domain.errors import ConflictError, NotFoundError, SealError
from lethe.domain.outbox import DispatchId, OutItem, SendState
from lethe.domain.vendor_secrets import TwilioSecret, WhatsAppSecret


def _ms(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(microsecond=time.microsecond // 1000 * 1000)


@dataclass
class MemoryOutbox:
    """Items by dispatch and number; `heads` has what was recorded whole."""

    rows: dict[tuple[DispatchId, int], tuple[bytes, OutItem]] = field(default_factory=dict)
    heads: dict[DispatchId, bytes] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def create(
        self, dispatch: DispatchId, request_hash: bytes, items: Sequence[OutItem], expires: datetime
    ) -> bool:
        del expires
        with self.lock:
            new = [] if dispatch in self.heads else items
            for item in new:
                row = request_hash, replace(item, not_after=_ms(item.not_after))
                if self.rows.setdefault((dispatch, item.number), row)[0] != request_hash:
                    raise ConflictError("another call")
            if self.heads.get(dispatch, request_hash) != request_hash:
                raise ConflictError("another call")
            if dispatch in self.heads:
                return False
            self.heads[dispatch] = request_hash
            return True

    def item(self, dispatch: DispatchId, number: int) -> OutItem | None:
        with self.lock:
            return self.rows.get((dispatch, number), (b"", None))[1]

    def items(self, dispatch: DispatchId) -> Sequence[OutItem]:
        with self.lock:
            if dispatch not in self.heads:
                raise NotFoundError("no dispatch")
            rows = sorted((key, item) for key, (_, item) in self.rows.items() if key[0] == dispatch)
            nothing = {"sealed": b"", "vendor_sealed": b"", "wrapped_key": b""}
            return [replace(item, **nothing) for _, item in rows]  # type: ignore[arg-type]

    def claim(self, item: OutItem, at: datetime) -> OutItem | None:
        claimed = replace(item, state=SendState.SENDING, claimed_at=_ms(at))
        with self.lock:
            row = self.rows.get((item.dispatch, item.number))
            queued = row is not None and row[1].state is SendState.QUEUED
            return claimed if queued and self._move(item, claimed) else None

    def release(self, item: OutItem) -> bool:
        return self._move(item, replace(item, state=SendState.QUEUED, claimed_at=None))

    def sent(self, item: OutItem, vendor_sealed: bytes) -> bool:
        return self._move(item, replace(item, state=SendState.SENT, vendor_sealed=vendor_sealed))

    def finish(
        self, item: OutItem, state: SendState, reason: str, *, keep_sealed: bool = False
    ) -> bool:
        after = replace(item, state=state, reason=reason)
        return self._move(item, after if keep_sealed else _emptied(after))

    def settle(self, item: OutItem, reason: str = "") -> bool:
        state = SendState.CAPTURED if item.state is SendState.SENT else item.state
        return self._move(item, _emptied(replace(item, state=state, reason=reason or item.reason)))

    def _move(self, seen: OutItem, after: OutItem) -> bool:
        with self.lock:
            key = seen.dispatch, seen.number
            if key not in self.rows:
                return False
            request_hash, stands = self.rows[key]
            if (stands.state, stands.claimed_at) != (seen.state, seen.claimed_at):
                return stands.state is after.state
            self.rows[key] = request_hash, after
            return True


def _emptied(item: OutItem) -> OutItem:
    return replace(item, sealed=b"", vendor_sealed=b"", wrapped_key=b"")


@dataclass
class MemoryTransitKeys:
    """Data keys that are no secret, and open for the right dispatch alone."""

    def new(self, dispatch: DispatchId) -> tuple[bytes, bytes]:
        key = os.urandom(32)
        return key, dispatch.encode() + key

    def open(self, wrapped: bytes, dispatch: DispatchId) -> bytes:
        if not wrapped.startswith(dispatch.encode()):
            raise SealError
        return wrapped.removeprefix(dispatch.encode())


@dataclass
class MemoryOutQueue:
    """What waits, with the delay that was asked for."""

    works: list[tuple[tuple[DispatchId, int], timedelta]] = field(default_factory=list)

    def send(self, works: Sequence[tuple[DispatchId, int]], delay: timedelta = timedelta()) -> None:
        self.works += [(work, delay) for work in works]


@dataclass(frozen=True)
class KnownSecrets:
    """What vendors know the company by, as a test sets it."""

    def twilio(self) -> TwilioSecret:
        return TwilioSecret("AC" + "0" * 32, "twilio-token")

    def whatsapp(self) -> WhatsAppSecret:
        return WhatsAppSecret("100000000000001", "whatsapp-token")
