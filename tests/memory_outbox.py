"""The outbox, its data keys and its queues in memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lethe.domain.errors import ConflictError, NotFoundError, SealError
from lethe.domain.outbox import DispatchId, OutItem, SendState
from lethe.domain.vendor_secrets import TwilioSecret, WhatsAppSecret

_EMPTY: dict[str, Any] = {"sealed": b"", "vendor_sealed": b"", "wrapped_key": b""}


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
            return [replace(item, **_EMPTY) for _, item in rows]

    def claim(self, item: OutItem, at: datetime) -> OutItem | None:
        with self.lock:
            row = self.rows.get((item.dispatch, item.number))
            if row is None or row[1].state is not SendState.QUEUED:
                return None
            claimed: dict[str, Any] = {"state": SendState.SENDING, "claimed_at": _ms(at)}
            self._move(item, basis=item.basis, flags=item.flags, **claimed)
            return replace(item, **claimed)

    def release(self, item: OutItem) -> bool:
        return self._move(item, state=SendState.QUEUED, claimed_at=None)

    def sent(self, item: OutItem, vendor_sealed: bytes) -> bool:
        return self._move(item, state=SendState.SENT, vendor_sealed=vendor_sealed)

    def finish(
        self, item: OutItem, state: SendState, reason: str, *, keep_sealed: bool = False
    ) -> bool:
        return self._move(item, state=state, reason=reason, **({} if keep_sealed else _EMPTY))

    def settle(self, item: OutItem, reason: str = "") -> bool:
        state = SendState.CAPTURED if item.state is SendState.SENT else item.state
        said = {"reason": reason} if reason else {}
        return self._move(item, state=state, **said, **_EMPTY)

    def _move(self, seen: OutItem, **changes: Any) -> bool:
        with self.lock:
            key = seen.dispatch, seen.number
            if key not in self.rows:
                return False
            request_hash, stands = self.rows[key]
            if (stands.state, stands.claimed_at) != (seen.state, seen.claimed_at):
                return bool(stands.state is changes["state"])
            self.rows[key] = request_hash, replace(stands, **changes)
            return True


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
