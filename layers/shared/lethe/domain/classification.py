"""Classification: the class and purpose of a message, by the first rule that matches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from lethe.domain.addresses import Address
from lethe.domain.messages import Direction
from lethe.domain.own_addresses import AddressKind
from lethe.domain.validation import CanonicalAddress

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
"""The name of a class, a purpose, a channel or a record."""


class LegalBasis(StrEnum):
    """Why a message may be processed (Art. 6(1) GDPR)."""

    CONSENT = "Art. 6(1)(a)"
    CONTRACT = "Art. 6(1)(b)"
    LEGAL_OBLIGATION = "Art. 6(1)(c)"
    VITAL_INTERESTS = "Art. 6(1)(d)"
    PUBLIC_TASK = "Art. 6(1)(e)"
    LEGITIMATE_INTERESTS = "Art. 6(1)(f)"
    SOFT_OPT_IN = "Art. 6(1)(f) with Art. 13(2) ePrivacy"
    """Own similar products, to an address obtained in a sale, with an opt-out each time."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a message when it is classified.

    `own_addresses` and `own_kinds` are those of its participants that are the controller's on its
    day; `external` says whether anybody else took part; `purpose` is the declared one or empty.
    """

    channel: str
    own_addresses: frozenset[Address]
    own_kinds: frozenset[AddressKind]
    direction: Direction
    purpose: str = ""
    external: bool = True
    tags: frozenset[str] = frozenset()
    """What detectors found in an inbound text."""


@dataclass(frozen=True, slots=True)
class Classification:
    """What a message got; `rule_index` is None where no rule matched."""

    cls: str
    purpose: str
    legal_basis: LegalBasis
    rule_index: int | None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """How one rule fared: the conditions that failed, and whether it was the one that decided."""

    index: int
    failed: tuple[str, ...]
    decided: bool


def _one_or_more(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


class Conditions(BaseModel):
    """What must hold for a rule to match; several values mean any of them, nothing means always."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True
    )

    channel: Annotated[tuple[Name, ...], BeforeValidator(_one_or_more)] = ()
    own_address: Annotated[tuple[CanonicalAddress, ...], BeforeValidator(_one_or_more)] = ()
    own_kind: Annotated[tuple[AddressKind, ...], BeforeValidator(_one_or_more)] = ()
    direction: Annotated[tuple[Direction, ...], BeforeValidator(_one_or_more)] = ()
    purpose: Annotated[tuple[Name, ...], BeforeValidator(_one_or_more)] = ()
    external: bool | None = None
    tag: Annotated[tuple[Name, ...], BeforeValidator(_one_or_more)] = ()

    def failed(self, facts: Facts) -> tuple[str, ...]:
        """Return the names of the conditions that the facts do not meet."""
        holds = {
            "channel": not self.channel or facts.channel in self.channel,
            "own_address": not self.own_address
            or not facts.own_addresses.isdisjoint(map(Address, self.own_address)),
            "own_kind": not self.own_kind or not facts.own_kinds.isdisjoint(self.own_kind),
            "direction": not self.direction or facts.direction in self.direction,
            "purpose": not self.purpose or facts.purpose in self.purpose,
            "external": self.external is None or facts.external is self.external,
            "tag": not self.tag or not facts.tags.isdisjoint(self.tag),
        }
        return tuple(name for name, held in holds.items() if not held)


class ClassificationRule(BaseModel):
    """If `when` holds: the class, and the purpose unless the declared one is to stand."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    when: Conditions = Field(default_factory=Conditions)
    cls: Name = Field(alias="class")
    purpose: Name | None = None
