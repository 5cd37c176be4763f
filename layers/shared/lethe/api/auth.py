"""Who may call what: one table of routes, and the caller from claims that the gateway verified."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lethe.domain.callers import Caller, Group, require
from lethe.domain.errors import ForbiddenError

if TYPE_CHECKING:
    from collections.abc import Mapping

CAPTURE: Final = "lethe/capture"
IMPORT: Final = "lethe/import"
REQUESTS: Final = "lethe/requests"
STAFF: Final = frozenset({"lethe/staff", "aws.cognito.signin.user.admin"})
"""What a token of the staff application carries; groups count in no other token."""

_OFFICER: Final = frozenset({Group.PRIVACY_OFFICER})
_READERS: Final = _OFFICER | {Group.INVESTIGATOR}
_KEEPERS: Final = _OFFICER | {Group.OPERATOR}
_ANYONE: Final = frozenset(Group)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a route: machines with one of the scopes, staff in one of the groups."""

    scopes: frozenset[str] = frozenset()
    groups: frozenset[Group] = frozenset()

    @property
    def token_scopes(self) -> frozenset[str]:
        """What the gateway asks of the token, before groups are looked at."""
        return self.scopes | (STAFF if self.groups else frozenset())


_CAPTURE: Final = Access(scopes=frozenset({CAPTURE, IMPORT}))
_READ: Final = Access(groups=_READERS)
_REQUESTS: Final = Access(frozenset({REQUESTS}), _OFFICER)

ROUTES: Final[Mapping[tuple[str, str], Access]] = {
    ("POST", "/messages"): _CAPTURE,
    ("POST", "/messages/batch"): _CAPTURE,
    ("POST", "/channels/email"): _CAPTURE,
    ("POST", "/uploads"): _CAPTURE,
    ("GET", "/messages/<message_id>"): _READ,
    ("POST", "/messages/search"): _READ,
    ("GET", "/messages/<message_id>/original"): _READ,
    ("GET", "/messages/<message_id>/attachments/<number>"): _READ,
    ("POST", "/messages/<message_id>/deletion"): _REQUESTS,
    ("POST", "/requests"): _REQUESTS,
    ("GET", "/requests/<request_id>"): Access(_REQUESTS.scopes, _OFFICER | {Group.AUDITOR}),
    ("POST", "/requests/<request_id>/decisions"): _REQUESTS,
    ("GET", "/policy"): Access(groups=_ANYONE),
    ("PUT", "/policy"): Access(groups=_OFFICER),
    ("POST", "/policy/explanations"): Access(groups=_ANYONE),
    ("POST", "/own-addresses"): Access(groups=_KEEPERS),
    ("POST", "/own-addresses/search"): Access(groups=_KEEPERS),
}
"""Every route of Lethe; one that does not stand here is not answered."""


def admit(claims: Mapping[str, object], access: Access) -> Caller:
    """Return the caller of a route, or refuse."""
    caller = caller_of(claims)
    require(caller, scopes=access.scopes, groups=access.groups)
    return caller


def caller_of(claims: Mapping[str, object]) -> Caller:
    """Read the claims of an access token; the gateway has verified its signature."""
    if claims.get("token_use", "access") != "access":
        raise ForbiddenError("Send the access token, not the id token.")
    scopes = frozenset(str(claims.get("scope", "")).split())
    is_staff = bool(scopes & STAFF)
    actor = claims.get("sub") if is_staff else claims.get("client_id") or claims.get("sub")
    if not isinstance(actor, str) or not actor:
        raise ForbiddenError("The token names no caller.")
    groups = _groups(claims.get("cognito:groups")) if is_staff else frozenset()
    return Caller(actor, scopes, groups)


def _groups(claim: object) -> frozenset[Group]:
    """Read groups, which the gateway passes as a list, as `[a, b]`, as `["a","b"]` or as `a,b`."""
    names = _names(claim) if isinstance(claim, str) else claim if isinstance(claim, list) else []
    return frozenset(group for group in Group if group.value in names)


def _names(claim: str) -> list[object]:
    try:
        names = json.loads(claim)
    except ValueError:
        return [*claim.strip("[] ").replace(",", " ").split()]
    return names if isinstance(names, list) else []
