"""Own addresses: which addresses are the controller's, of which kind, from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lethe.domain.addresses import Address
from lethe.domain.errors import FieldProblem, InvalidInputError
from lethe.domain.validation import CanonicalAddress, problems, wrong_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_OWN_ADDRESSES: Final = 1000
_COLUMNS: Final = ("address", "kind", "valid_from", "valid_to")
_OVERLAP: Final = "The days overlap those of an earlier entry for the same address."


class AddressKind(StrEnum):
    """Whose an address is: somebody else's, an employee's, or nobody's in particular."""

    EXTERNAL = "external"
    PERSON = "person"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class OwnSpan:
    """Days on which an address is the controller's; `valid_to` is the last, None means open."""

    kind: AddressKind
    valid_from: date
    valid_to: date | None

    def covers(self, day: date) -> bool:
        """Say whether the address is the controller's on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """An address of the controller's with its kind and its days."""

    address: Address
    kind: AddressKind
    valid_from: date
    valid_to: date | None = None

    @property
    def span(self) -> OwnSpan:
        return OwnSpan(self.kind, self.valid_from, self.valid_to)


def kind_at(spans: Iterable[OwnSpan], day: date) -> AddressKind:
    """Return an address's kind on a day; where spans overlap, the one that began last decides."""
    covering = [span for span in spans if span.covers(day)]
    if not covering:
        return AddressKind.EXTERNAL
    return max(covering, key=lambda span: span.valid_from).kind


class OwnAddressIn(BaseModel):
    """One own address as the API and a CSV row state it."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True
    )

    address: CanonicalAddress
    kind: Literal["person", "function"]
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            expected = "The last day must not lie before the first."
            raise wrong_at([(("valid_to",), expected)], "OwnAddressIn")
        return self

    def own_address(self) -> OwnAddress:
        """Return the domain's own address."""
        kind = AddressKind(self.kind)
        return OwnAddress(Address(self.address), kind, self.valid_from, self.valid_to)


class OwnAddressesIn(BaseModel):
    """A list of own addresses, as the API takes it."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True
    )

    own_addresses: list[OwnAddressIn] = Field(min_length=1, max_length=MAX_OWN_ADDRESSES)

    @model_validator(mode="after")
    def _do_not_overlap(self) -> Self:
        overlaps = _overlapping([entry.own_address() for entry in self.own_addresses])
        if overlaps:
            places = [(("own_addresses", at, "valid_from"), _OVERLAP) for at in overlaps]
            raise wrong_at(places, "OwnAddressesIn")
        return self

    def all(self) -> tuple[OwnAddress, ...]:
        """Return the domain's own addresses."""
        return tuple(entry.own_address() for entry in self.own_addresses)


def parse_own_addresses_csv(text: str) -> tuple[OwnAddress, ...]:
    """Read a CSV with the header address,kind,valid_from,valid_to; all bad rows are named at once.

    Commas or semicolons separate; `/rows/0` is the first row after the header.
    """
    import csv  # noqa: PLC0415 - capture imports this module and reads no CSV

    lines = text.removeprefix("\ufeff").splitlines()
    separator = ";" if lines and ";" in lines[0] else ","
    try:
        header, *rows = csv.reader(lines, delimiter=separator, strict=True)
    except (csv.Error, ValueError):
        raise _bad_csv(
            FieldProblem("", f"Write a CSV with the header {','.join(_COLUMNS)}.")
        ) from None
    if tuple(name.strip() for name in header) != _COLUMNS:
        raise _bad_csv(FieldProblem("", f"The first line must be {','.join(_COLUMNS)}."))
    rows = [row for row in rows if row]
    if not 1 <= len(rows) <= MAX_OWN_ADDRESSES:
        raise _bad_csv(FieldProblem("/rows", f"Send 1 to {MAX_OWN_ADDRESSES} rows."))
    own: list[OwnAddress] = []
    wrong: list[FieldProblem] = []
    for at, row in enumerate(rows):
        try:
            own.append(_row(row, at).own_address())
        except InvalidInputError as error:
            wrong.extend(error.fields)
    if not wrong:
        wrong = [FieldProblem(f"/rows/{at}/valid_from", _OVERLAP) for at in _overlapping(own)]
    if wrong:
        raise _bad_csv(*wrong)
    return tuple(own)


def _row(cells: Sequence[str], at: int) -> OwnAddressIn:
    if len(cells) != len(_COLUMNS):
        raise _bad_csv(FieldProblem(f"/rows/{at}", f"A row has {len(_COLUMNS)} cells."))
    row = {name: cell.strip() for name, cell in zip(_COLUMNS, cells, strict=True)}
    try:
        return OwnAddressIn.model_validate_strings(
            {name: cell for name, cell in row.items() if cell}
        )
    except ValidationError as error:
        raise _bad_csv(*problems(error, f"/rows/{at}")) from None


def _overlapping(own: Sequence[OwnAddress]) -> list[int]:
    """Return the places of entries whose days overlap those of an earlier entry."""
    seen: dict[Address, list[OwnSpan]] = {}
    overlaps = []
    for at, entry in enumerate(own):
        spans = seen.setdefault(entry.address, [])
        if any(
            span.covers(entry.valid_from) or entry.span.covers(span.valid_from) for span in spans
        ):
            overlaps.append(at)
        spans.append(entry.span)
    return overlaps


def _bad_csv(*fields: FieldProblem) -> InvalidInputError:
    return InvalidInputError("The list of own addresses is not valid.", fields)
