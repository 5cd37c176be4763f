"""What consent takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError
from pydantic_core import from_json

from lethe.api.bodies import Body, ReasonCode
from lethe.domain.addresses import Address
from lethe.domain.classification import Name
from lethe.domain.consent import EVERY, EventType
from lethe.domain.errors import FieldProblem, InvalidInputError, LetheError, TooLargeError
from lethe.domain.evidence import Evidence
from lethe.domain.human_review import ReviewDecision
from lethe.domain.requests import RequestId
from lethe.domain.reviews import Text
from lethe.domain.validation import CanonicalAddress, invalid
from lethe.usecases.consent_ledger import Act
from lethe.usecases.consenting import MAX_CONSENTS, MAX_ROWS, BasisEvent, ImportRow, Telling
from lethe.usecases.withdrawing import MAX_PURPOSES, OptOut

if TYPE_CHECKING:
    from lethe.api.calls import Call

ChannelOrEvery = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z][a-z0-9-]{0,31})$")]
"""The name of a channel, or `*` for all."""
HexId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
CaseNumber = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{0,31}$")]
"""As with the reason of a read: no text that could name a person."""


class ConsentIn(Body):
    """One answer to one question: a purpose on a channel."""

    decision: Literal["given", "renewed", "refused"]
    purpose: Name
    channel: Name
    evidence: Evidence | None = None
    until: AwareDatetime | None = None
    notice_version: int = Field(default=0, ge=0)

    def act(self, pointer: str) -> Act:
        return Act(
            EventType(self.decision),
            purpose=self.purpose,
            channel=self.channel,
            until=self.until,
            evidence=self.evidence,
            notice_version=self.notice_version,
            pointer=pointer,
        )


class ConsentsIn(Body):
    """POST /consents: the answers of one person, each for itself."""

    address: CanonicalAddress
    consents: list[ConsentIn] = Field(min_length=1, max_length=MAX_CONSENTS)

    @property
    def who(self) -> Address:
        return Address(self.address)

    @property
    def acts(self) -> list[Act]:
        return [each.act(f"/consents/{at}") for at, each in enumerate(self.consents)]


class ImportRowIn(Body):
    """A row of POST /consents/import: also a withdrawal that another system heard of."""

    address: CanonicalAddress
    decision: Literal["given", "renewed", "refused", "withdrawn"]
    purpose: Name | Literal["*"]
    channel: ChannelOrEvery
    evidence: Evidence | None = None
    until: AwareDatetime | None = None
    notice_version: int = Field(default=0, ge=0)

    def row(self, pointer: str) -> ImportRow:
        act = Act(
            EventType(self.decision),
            purpose=self.purpose,
            channel=self.channel,
            until=self.until,
            evidence=self.evidence,
            notice_version=self.notice_version,
            pointer=pointer,
        )
        return ImportRow(Address(self.address), act)


class AddressIn(Body):
    """POST /consents/search."""

    address: CanonicalAddress

    @property
    def who(self) -> Address:
        return Address(self.address)


class WithdrawalIn(Body):
    """POST /withdrawals: an address alone withdraws everything, everywhere."""

    address: CanonicalAddress
    purposes: list[Name] = Field(default_factory=list, max_length=MAX_PURPOSES)
    channel: ChannelOrEvery = EVERY
    evidence: Evidence | None = None

    @property
    def what(self) -> tuple[Address, list[str], str]:
        return Address(self.address), list(dict.fromkeys(self.purposes)), self.channel


class ObjectionIn(Body):
    """POST /objections: to a purpose, or to `direct-marketing`."""

    address: CanonicalAddress
    purpose: Name
    channel: ChannelOrEvery = EVERY
    evidence: Evidence | None = None

    @property
    def what(self) -> tuple[Address, str, str]:
        return Address(self.address), self.purpose, self.channel


class BalancingIn(Body):
    """POST /objections/{event_id}/decision."""

    outcome: Literal["upheld", "overruled"]
    grounds: ReasonCode
    reference: CaseNumber | None = None

    @property
    def decision(self) -> ReviewDecision:
        return ReviewDecision(self.outcome)


class BasisEventIn(Body):
    """POST /basis-events."""

    address: CanonicalAddress
    event: Name
    state: Literal["begun", "ended"]
    time: AwareDatetime | None = None
    opt_out_offered: bool = False
    reference: Text | None = None

    @property
    def what(self) -> tuple[Address, BasisEvent]:
        event = BasisEvent(
            self.event,
            begun=self.state == "begun",
            time=self.time,
            opt_out_offered=self.opt_out_offered,
            reference=self.reference,
        )
        return Address(self.address), event


class OptOutIn(Body):
    """POST /opt-outs: without an own address, at all of them."""

    address: CanonicalAddress
    channel: Name
    own_address: CanonicalAddress | None = None
    kind: OptOut
    evidence: Evidence | None = None

    @property
    def what(self) -> tuple[Address, str, Address | None, OptOut]:
        own = None if self.own_address is None else Address(self.own_address)
        return Address(self.address), self.channel, own, self.kind


class ReviewDecisionIn(Body):
    """POST /reviews/{review_id}/decision."""

    decision: Literal["withdrawal", "no_withdrawal", "erase", "keep"]
    reason: ReasonCode | None = None
    request_id: HexId | None = None

    @property
    def decided(self) -> ReviewDecision:
        return ReviewDecision(self.decision)

    @property
    def request(self) -> RequestId | None:
        return None if self.request_id is None else RequestId(self.request_id)


def telling(call: Call, evidence: Evidence | None = None) -> Telling:
    """Return who tells it, and under which Idempotency-Key."""
    return Telling(call.caller, call.idempotency_key(), evidence)


def import_rows(raw: bytes) -> list[ImportRow | LetheError]:
    """Return each row of an import, or what is wrong with it."""
    rows = _rows(raw)
    return [_row(document, f"/rows/{at}") for at, document in enumerate(rows)]


def _rows(raw: bytes) -> list[object]:
    try:
        document = from_json(raw, allow_inf_nan=False)
    except ValueError:
        problem = FieldProblem("", "Send one JSON document in UTF-8.")
        raise InvalidInputError("The body is not JSON.", (problem,)) from None
    rows = document.get("rows") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(rows, list) or not rows:
        problem = FieldProblem("/rows", f"Send a list of 1 to {MAX_ROWS} rows.")
        raise InvalidInputError("The body is no import.", (problem,))
    if len(document) > 1:
        problem = FieldProblem("", "An import has the field rows alone.")
        raise InvalidInputError("The body has fields that an import has not.", (problem,))
    if len(rows) > MAX_ROWS:
        raise TooLargeError(f"An import has at most {MAX_ROWS} rows; send several.")
    return rows


def _row(document: object, pointer: str) -> ImportRow | LetheError:
    try:
        return ImportRowIn.model_validate_json(json.dumps(document)).row(pointer)
    except ValidationError as error:
        return invalid(error, "The row is not valid.", pointer)
