"""The bodies that routes take, as strict models: an unknown field is a mistake, not noise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from lethe.api.limits import MAX_REASON_CHARACTERS, MIN_REASON_CHARACTERS
from lethe.domain.addresses import Address
from lethe.domain.classification import Facts, Name
from lethe.domain.erasure import Grounds
from lethe.domain.messages import Direction
from lethe.domain.own_addresses import AddressKind
from lethe.domain.requests import Act
from lethe.domain.validation import CanonicalAddress, wrong
from lethe.usecases.erasure import MAX_ADDRESSES, IdentityProof, ReviewDecision
from lethe.usecases.search import MAX_PAGE, SearchQuery

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK_SKEW: Final = timedelta(days=1)


def _to_act(act: Act) -> Act:
    if act is Act.REVIEW:
        raise wrong("Decide to erase or to keep.")
    return act


Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=MIN_REASON_CHARACTERS,
        max_length=MAX_REASON_CHARACTERS,
    ),
]
ReasonCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,63}$")]
"""A word of the company's own list of reasons; free text could hold personal data."""


class Body(BaseModel):
    """What all bodies have in common."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,  # a cold start pays for the model that it uses
        validate_by_name=False,
        validate_by_alias=True,
    )


class SearchIn(Body):
    """POST /messages/search."""

    address: CanonicalAddress
    reason: Reason
    from_time: AwareDatetime = Field(default=_EARLIEST, alias="from", ge=_EARLIEST)
    to_time: AwareDatetime | None = Field(default=None, alias="to")
    limit: int = Field(default=MAX_PAGE, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=512)

    def query(self, now: datetime) -> SearchQuery:
        """Return the query; nothing was sent later than now."""
        latest = now + _CLOCK_SKEW
        to_time = min(self.to_time or latest, latest)
        return SearchQuery(Address(self.address), self.from_time, to_time, self.limit, self.cursor)


class DeletionIn(Body):
    """POST /messages/{id}/deletion."""

    participant: CanonicalAddress

    @property
    def address(self) -> Address:
        return Address(self.participant)


class RequestIn(Body):
    """POST /requests."""

    type: Literal["erasure"]
    addresses: list[CanonicalAddress] = Field(min_length=1, max_length=MAX_ADDRESSES)
    ground: Grounds
    identity_verified_by: IdentityProof

    @property
    def all_addresses(self) -> tuple[Address, ...]:
        return tuple(map(Address, self.addresses))


class DecisionIn(Body):
    """What a person decided of one class under review."""

    address_index: int = Field(ge=0, lt=MAX_ADDRESSES)
    cls: Name = Field(alias="class")
    act: Annotated[Act, AfterValidator(_to_act)]
    reason: ReasonCode

    @property
    def decision(self) -> ReviewDecision:
        return ReviewDecision(self.address_index, self.cls, self.act, self.reason)


class DecisionsIn(Body):
    """POST /requests/{id}/decisions."""

    decisions: list[DecisionIn] = Field(min_length=1, max_length=200)

    @property
    def all(self) -> tuple[ReviewDecision, ...]:
        return tuple(each.decision for each in self.decisions)


class UploadIn(Body):
    """POST /uploads."""

    size: int = Field(ge=1)
    media_type: str | None = Field(default=None, max_length=127)


class FactsIn(Body):
    """POST /policy/explanations: a message that might come."""

    channel: Name
    direction: Direction
    own_addresses: list[CanonicalAddress] = Field(default_factory=list, max_length=100)
    own_kinds: list[AddressKind] = Field(default_factory=list, max_length=2)
    purpose: Name | Literal[""] = ""
    external: bool = True

    @property
    def facts(self) -> Facts:
        return Facts(
            channel=self.channel,
            own_addresses=frozenset(map(Address, self.own_addresses)),
            own_kinds=frozenset(self.own_kinds),
            direction=self.direction,
            purpose=self.purpose,
            external=self.external,
        )


class OwnAddressQuery(Body):
    """POST /own-addresses/search."""

    address: CanonicalAddress

    @property
    def own(self) -> Address:
        return Address(self.address)
