"""AuditTable: who did what, and why; only ever added to.

| attribute | content |
|---|---|
| `pk`, `sk` | day; time and a random id |
| `action`, `actor`, `target`, `policy` | the act, by whom, on what, under which policy version |
| `facts` | map of coded words |
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from uuid import uuid4

from lethe.domain.audit import AuditEvent
from lethe.store.dynamo import Table, n, s

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoAuditTrail:
    """The audit table; the condition makes an overwrite impossible."""

    def __init__(self, client: DynamoDBClient, *, audit: str) -> None:
        self._table = Table(client, audit)

    def put(self, event: AuditEvent) -> None:
        """Record an act."""
        time = event.time.astimezone(UTC)
        item = {
            "pk": s(time.date().isoformat()),
            "sk": s(f"{time.isoformat(timespec='milliseconds')}#{uuid4()}"),
            "action": s(event.action),
            "actor": s(event.actor),
            "target": s(event.target),
            "policy": n(event.policy_version),
            "facts": {"M": {name: s(fact) for name, fact in event.facts.items()}},
        }
        self._table.put_new(item)
