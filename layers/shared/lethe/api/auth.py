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
CONSENT: Final = "lethe/consent"
DISPATCH: Final = "lethe/dispatch"
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
    public: bool = False
    """Anybody: the route itself asks for what proves the caller, if anything does."""

    @property
    def token_scopes(self) -> frozenset[str]:
        """What the gateway asks of the token, before groups are looked at."""
        return self.scopes | (STAFF if self.groups else frozenset())


_CAPTURE: Final = Access(scopes=frozenset({CAPTURE, IMPORT}))
_READ: Final = Access(groups=_READERS)
_REQUESTS: Final = Access(frozenset({REQUESTS}), _OFFICER)

_RECORD: Final = Access(frozenset({CONSENT}), _OFFICER)
_ASK: Final = Access(frozenset({CONSENT, DISPATCH}), _OFFICER)
_WITHDRAW: Final = Access(frozenset({CONSENT, REQUESTS}), _OFFICER)
_GOVERN: Final = Access(groups=_OFFICER)
_APPROVE: Final = Access(groups=_OFFICER | {Group.APPROVER})
_PUBLIC: Final = Access(public=True)

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
    ("POST", "/policy/proposals"): _GOVERN,
    ("GET", "/policy/proposals/<proposal_id>"): Access(groups=_ANYONE),
    ("POST", "/policy/proposals/<proposal_id>/preview"): _APPROVE,
    ("POST", "/policy/proposals/<proposal_id>/approval"): _APPROVE,
    ("POST", "/policy/explanations"): Access(groups=_ANYONE),
    ("POST", "/own-addresses"): Access(groups=_KEEPERS),
    ("POST", "/own-addresses/search"): Access(groups=_KEEPERS),
    ("GET", "/doctor"): Access(groups=_ANYONE),
    ("GET", "/reports/<day>"): Access(groups=_ANYONE),
    ("POST", "/notices/<audience>/drafts"): _GOVERN,
    ("POST", "/notices/<audience>/approval"): _APPROVE,
    ("GET", "/notice-versions/<audience>/<version>"): Access(groups=_ANYONE),
    ("GET", "/notices/<audience>/<language>"): _PUBLIC,
    ("GET", "/records-of-processing"): Access(groups=_ANYONE),
    ("POST", "/consents"): _RECORD,
    ("POST", "/consents/import"): Access(frozenset({IMPORT}), _OFFICER),
    ("POST", "/consents/search"): Access(_ASK.scopes, _OFFICER | {Group.AUDITOR}),
    ("POST", "/consents/proof"): Access(groups=_OFFICER | {Group.AUDITOR}),
    ("POST", "/withdrawals"): _WITHDRAW,
    ("GET", "/withdrawals/<token>"): _PUBLIC,
    ("POST", "/withdrawals/<token>"): _PUBLIC,
    ("POST", "/objections"): _WITHDRAW,
    ("POST", "/objections/<event_id>/decision"): _GOVERN,
    ("POST", "/basis-events"): _RECORD,
    ("POST", "/opt-outs"): _ASK,
    ("GET", "/reviews"): _GOVERN,
    ("POST", "/reviews/<review_id>/decision"): _GOVERN,
    ("GET", "/.well-known/jwks.json"): _PUBLIC,
    ("GET", "/schemas/consent-record.json"): _PUBLIC,
    ("POST", "/dispatches"): Access(frozenset({DISPATCH})),
    ("GET", "/dispatches/<dispatch_id>"): Access(frozenset({DISPATCH}), _OFFICER | {Group.AUDITOR}),
    ("POST", "/suppressions/search"): _ASK,
    ("POST", "/2010-04-01/Accounts/<sid>/Messages.json"): _PUBLIC,
    ("GET", "/2010-04-01/Accounts/<sid>/Messages/<message_sid>"): _PUBLIC,
}
"""Every route of Lethe; one that does not stand here is not answered."""


ANYBODY: Final = Caller("anybody")
"""The caller of a public route."""


def admit(claims: Mapping[str, object], access: Access) -> Caller:
    """Return the caller of a route, or refuse."""
    if access.public:
        return ANYBODY
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
