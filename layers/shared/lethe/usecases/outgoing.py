"""Put messages on their way: sealed items, then the head, then the queue.

Whoever sends, a dispatch or the first-contact notice, comes this way. The queue is told last, so
that a crash leaves nothing that is half there and sent all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from lethe.crypto.transit import seal_message
from lethe.domain.errors import TooLargeError
from lethe.domain.outbox import DispatchId, OutItem, OutMessage, SendState
from lethe.domain.ports_sending import Outbox, OutQueue, TransitKeys

KEPT: Final = timedelta(days=30)
"""How long an item stays, without its content once that is not needed any more."""
MAX_SEALED: Final = 360_000
"""Bytes; an item of DynamoDB has 400 KB."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One item to be: a message to `covers` recipients, or a refusal of one with its reason."""

    number: int
    message: OutMessage | None
    covers: int = 1
    reason: str = ""
    basis: str = ""
    flags: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Outgoing:
    """The use case."""

    outbox: Outbox
    transit: TransitKeys
    send_queue: OutQueue
    clock: Callable[[], datetime]

    def put(
        self,
        dispatch: DispatchId,
        request_hash: bytes,
        drafts: Sequence[Draft],
        not_after: datetime,
    ) -> Sequence[OutItem]:
        """Record and queue a dispatch; where it was recorded before, what stands goes on.

        ConflictError if the id was used for another call. What is queued already may be queued
        again: an item is claimed once.
        """
        items = self._items(dispatch, drafts, not_after)
        if not self.outbox.create(dispatch, request_hash, items, self.clock() + KEPT):
            items = list(self.outbox.items(dispatch))
        waiting = [item for item in items if item.state is SendState.QUEUED]
        self.send_queue.send([(item.dispatch, item.number) for item in waiting])
        return [replace(item, sealed=b"", vendor_sealed=b"", wrapped_key=b"") for item in items]

    def _items(
        self, dispatch: DispatchId, drafts: Sequence[Draft], not_after: datetime
    ) -> list[OutItem]:
        key = wrapped = b""
        if any(draft.message for draft in drafts):
            key, wrapped = self.transit.new(dispatch)
        return [self._item(dispatch, draft, not_after, key, wrapped) for draft in drafts]

    def _item(
        self, dispatch: DispatchId, draft: Draft, not_after: datetime, key: bytes, wrapped: bytes
    ) -> OutItem:
        sealed = b""
        if draft.message is not None:
            sealed = seal_message(key, draft.message, dispatch, draft.number)
            if len(sealed) > MAX_SEALED:
                raise TooLargeError(
                    "The message is too long to be sent: shorten /text or /html to some 300 KB."
                )
        return OutItem(
            dispatch=dispatch,
            number=draft.number,
            state=SendState.QUEUED if draft.message else SendState.DENIED,
            not_after=not_after,
            wrapped_key=wrapped if draft.message else b"",
            covers=draft.covers,
            sealed=sealed,
            reason=draft.reason,
            basis=draft.basis,
            flags=draft.flags,
        )
