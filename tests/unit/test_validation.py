"""From pydantic's errors to problems: fields are named, values are not."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import pytest
from lethe.domain.errors import FieldProblem
from lethe.domain.validation import CanonicalAddress, invalid, pointer, problems, wrong
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError


def _fail_with_the_value(value: str) -> str:
    raise ValueError(value)


def _fail_as_we_do(value: str) -> str:
    assert value
    raise wrong("Write {this} instead.")


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    number: int = 0
    uuid: UUID | None = None
    loose: Annotated[str, AfterValidator(_fail_with_the_value)] = ""
    ours: Annotated[str, AfterValidator(_fail_as_we_do)] = ""
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    to: list[CanonicalAddress] = []


def found(body: str, prefix: str = "") -> tuple[FieldProblem, ...]:
    with pytest.raises(ValidationError) as refused:
        Strict.model_validate_json(body)
    fields = problems(refused.value, prefix)
    assert invalid(refused.value, "Not valid.", prefix).fields == fields
    return fields


def test_what_pydantic_says_without_a_value_is_passed_on() -> None:
    (problem,) = found('{"number": "canary"}')
    assert problem == FieldProblem("/number", "Input should be a valid integer")


def test_what_pydantic_says_with_a_value_is_not() -> None:
    body = '{"uuid": "zanary", "loose": "canary", "pet": {"kind": "canary"}}'
    answers = found(body)
    assert [problem.pointer for problem in answers] == ["/uuid", "/loose", "/pet"]
    assert {problem.detail for problem in answers} == {"This value is not valid here."}


def test_our_own_texts_are_passed_on() -> None:
    assert found('{"ours": "x"}') == (FieldProblem("/ours", "Write {this} instead."),)


def test_an_address_says_what_it_expects() -> None:
    (problem,) = found('{"to": ["mailto:a@example.com", "canary"]}', "/messages/3")
    assert problem.pointer == "/messages/3/to/1"
    assert "mailto:" in problem.detail


def test_a_canonical_address_is_what_the_model_holds() -> None:
    assert Strict.model_validate_json('{"to": ["mailto:A@Example.com"]}').to == [
        "mailto:a@example.com"
    ]


def test_an_unknown_field_is_named_unless_its_name_might_be_data() -> None:
    assert found('{"colour": 1}')[0].pointer == "/colour"
    assert found('{"a@example.com": 1}')[0].pointer == ""
    assert found('{"+4915112345678": 1}')[0].pointer == ""


def test_a_pointer_ends_before_what_might_be_data() -> None:
    assert pointer(["rows", 3, "address"]) == "/rows/3/address"
    assert pointer(["classes", "a/b", "period"]) == "/classes"
