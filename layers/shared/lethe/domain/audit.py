"""Audit events: who did what, by which basis and policy version; no personal data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class AccessReason(StrEnum):
    """Why a member of staff reads content; a word of ours, so that no text of theirs is kept."""

    SERVICE = "service"
    COMPLAINT = "complaint"
    DATA_SUBJECT_REQUEST = "data-subject-request"
    LEGAL_CLAIM = "legal-claim"
    AUDIT = "audit"
    SUPERVISION = "supervision"
    INCIDENT = "incident"


_REASON: Final = re.compile(rf"({'|'.join(AccessReason)})( [A-Z0-9][A-Z0-9-]{{0,31}})?")


def is_reason(text: str) -> bool:
    """Say whether this is a reason, alone or with the number of a case: `complaint 2026-17`."""
    return _REASON.fullmatch(text) is not None


REASON_EXPECTED: Final = (
    f"Say why you read: {', '.join(AccessReason)}; then, if there is one, the number of the case"
    " in capitals, digits and hyphens."
)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One act, told in random ids and coded words.

    `actor` is a client id or a staff user's opaque id, `target` a random id, `facts` coded words.
    """

    time: datetime
    action: str
    actor: str
    target: str
    policy_version: int = 0
    facts: Mapping[str, str] = field(default_factory=dict)
