"""Who calls: a machine with scopes or a member of staff with groups, known by an opaque id."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lethe.domain.errors import ForbiddenError


class Group(StrEnum):
    """What a member of staff is there for."""

    PRIVACY_OFFICER = "privacy-officer"
    APPROVER = "approver"
    INVESTIGATOR = "investigator"
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified caller; `actor` is a client id or a staff user's opaque id, never a name."""

    actor: str
    scopes: frozenset[str] = frozenset()
    groups: frozenset[Group] = frozenset()


def require(
    caller: Caller,
    *,
    scopes: frozenset[str] = frozenset(),
    groups: frozenset[Group] = frozenset(),
) -> None:
    """Refuse a caller who has none of these scopes and belongs to none of these groups."""
    if caller.scopes & scopes or caller.groups & groups:
        return
    ways = [
        *(f"the scope {scope}" for scope in sorted(scopes)),
        *(f"the group {group}" for group in sorted(groups)),
    ]
    raise ForbiddenError(f"This needs {' or '.join(ways)}.")
