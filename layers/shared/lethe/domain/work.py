"""Work that goes through a queue: random ids only, never a person."""

from __future__ import annotations

from dataclasses import dataclass

from lethe.domain.holders import HolderId
from lethe.domain.messages import MessageId
from lethe.domain.requests import RequestId


@dataclass(frozen=True, slots=True)
class PurgeHolder:
    """Delete what a shredded holder leaves; `verify` is the pass that may call it done."""

    request_id: RequestId
    holder_id: HolderId
    since: str
    shards: int
    verify: bool = False


@dataclass(frozen=True, slots=True)
class PurgeMessage:
    """Delete what a deletion tombstone ended of one message."""

    message_id: MessageId
    verify: bool = False


PurgeWork = PurgeHolder | PurgeMessage
