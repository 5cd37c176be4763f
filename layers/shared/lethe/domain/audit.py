"""Audit events: who did what, by which basis and policy version; no personal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One act: `actor` is a client id or a staff user's opaque id, `target` a random id, `facts` coded words."""

    time: datetime
    action: str
    actor: str
    target: str
    policy_version: int = 0
    facts: Mapping[str, str] = field(default_factory=dict)
