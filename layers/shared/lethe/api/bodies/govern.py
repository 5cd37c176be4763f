"""What govern takes beside the policy and lists of own addresses."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lethe.api.bodies import Body
from lethe.domain.addresses import Address
from lethe.domain.classification import Facts, Name
from lethe.domain.messages import Direction
from lethe.domain.own_addresses import AddressKind
from lethe.domain.validation import CanonicalAddress


class ApprovalIn(Body):
    """POST /policy/proposals/<proposal_id>/approval."""

    token: str = Field(pattern=r"^\d{1,12}\.[A-Za-z0-9_-]{43}$")


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
