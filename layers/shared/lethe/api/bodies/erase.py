"""What erase takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from lethe.api.bodies import Body, ReasonCode
from lethe.domain.addresses import Address
from lethe.domain.classification import Name
from lethe.domain.erasure import Grounds
from lethe.domain.requests import Act
from lethe.domain.validation import CanonicalAddress, wrong
from lethe.usecases.erasure import MAX_ADDRESSES, IdentityProof, ReviewDecision


def _to_act(act: Act) -> Act:
    if act is Act.REVIEW:
        raise wrong("Decide to erase or to keep.")
    return act


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
