"""Own addresses: kinds with days of validity, and the list that fills them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lethe.domain.addresses import Address
from lethe.domain.errors import InvalidInputError
from lethe.domain.own_addresses import (
    MAX_OWN_ADDRESSES,
    AddressKind,
    OwnAddress,
    OwnAddressesIn,
    OwnSpan,
    kind_at,
    parse_own_addresses_csv,
)
from lethe.domain.validation import invalid
from pydantic import ValidationError

HEADER = "address,kind,valid_from,valid_to\n"
JULY = date(2026, 7, 1)


def test_an_address_is_external_outside_its_days() -> None:
    spans = [OwnSpan(AddressKind.PERSON, JULY, date(2026, 7, 31))]
    assert kind_at([], JULY) is AddressKind.EXTERNAL
    assert kind_at(spans, date(2026, 6, 30)) is AddressKind.EXTERNAL
    assert kind_at(spans, JULY) is AddressKind.PERSON
    assert kind_at(spans, date(2026, 7, 31)) is AddressKind.PERSON
    assert kind_at(spans, date(2026, 8, 1)) is AddressKind.EXTERNAL


def test_a_number_that_becomes_a_function_was_a_person_before() -> None:
    spans = [
        OwnSpan(AddressKind.FUNCTION, JULY, None),
        OwnSpan(AddressKind.PERSON, date(2025, 1, 1), None),
    ]
    assert kind_at(spans, date(2026, 6, 30)) is AddressKind.PERSON
    assert kind_at(spans, date(2099, 1, 1)) is AddressKind.FUNCTION


def test_a_csv_becomes_own_addresses() -> None:
    text = (
        "\ufeff" + HEADER + "mailto:Support@Example.com,function,2026-07-01,\r\n"
        "\r\n"
        '"tel:+49 151 12345678", person ,2026-07-01,2026-12-31\r\n'
    )
    assert parse_own_addresses_csv(text) == (
        OwnAddress(Address("mailto:support@example.com"), AddressKind.FUNCTION, JULY),
        OwnAddress(Address("tel:+4915112345678"), AddressKind.PERSON, JULY, date(2026, 12, 31)),
    )


def test_a_csv_of_a_german_spreadsheet_has_semicolons() -> None:
    text = HEADER.replace(",", ";") + "mailto:a@example.com;person;2026-07-01;\n"
    assert len(parse_own_addresses_csv(text)) == 1


def test_every_wrong_cell_of_a_csv_is_named_and_none_repeated() -> None:
    text = HEADER + (
        "mailto:ok@example.com,person,2026-07-01,\n"
        "canary-address,canary-kind,canary-day,\n"
        ",person,2026-07-02,2026-07-01\n"
        "mailto:b@example.com,external,2026-07-01,\n"
        "mailto:c@example.com,person,2026-07-02,2026-07-01\n"
        "canary\n"
    )
    with pytest.raises(InvalidInputError) as refused:
        parse_own_addresses_csv(text)
    assert [problem.pointer for problem in refused.value.fields] == [
        "/rows/1/address",
        "/rows/1/kind",
        "/rows/1/valid_from",
        "/rows/2/address",
        "/rows/3/kind",
        "/rows/4/valid_to",
        "/rows/5",
    ]
    assert "canary" not in repr(refused.value.fields) + str(refused.value)


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("", ""),
        ("canary\n", ""),
        ("address,kind,valid_to,valid_from\nx,x,x,x\n", ""),
        (HEADER + '"canary', ""),
        (HEADER, "/rows"),
        (HEADER + "mailto:a@example.com,person,2026-07-01,\n" * (MAX_OWN_ADDRESSES + 1), "/rows"),
    ],
)
def test_a_csv_needs_its_header_and_some_rows(text: str, pointer: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_own_addresses_csv(text)
    (problem,) = refused.value.fields
    assert problem.pointer == pointer
    assert "canary" not in problem.detail


def test_days_of_one_address_must_not_overlap_in_one_list() -> None:
    text = HEADER + (
        "mailto:a@example.com,person,2026-07-01,2026-07-31\n"
        "mailto:A@EXAMPLE.com,function,2026-07-31,\n"
        "mailto:a@example.com,person,2026-01-01,2026-06-30\n"
    )
    with pytest.raises(InvalidInputError) as refused:
        parse_own_addresses_csv(text)
    assert [problem.pointer for problem in refused.value.fields] == ["/rows/1/valid_from"]


def test_a_json_list_says_the_same_as_a_csv() -> None:
    body = """{"own_addresses": [
        {"address": "mailto:A@example.com", "kind": "person", "valid_from": "2026-07-01"}]}"""
    assert OwnAddressesIn.model_validate_json(body).all() == parse_own_addresses_csv(
        HEADER + "mailto:A@example.com,person,2026-07-01,\n"
    )


def test_every_wrong_field_of_a_json_list_is_named_and_none_repeated() -> None:
    body = """{"own_addresses": [
        {"address": "canary", "kind": "external", "valid_from": "canary", "nickname": "canary"},
        {"address": "mailto:a@example.com", "kind": "person", "valid_from": "2026-07-02",
         "valid_to": "2026-07-01"}]}"""
    with pytest.raises(ValidationError) as refused:
        OwnAddressesIn.model_validate_json(body)
    assert "canary" not in str(refused.value)
    fields = invalid(refused.value, "Not valid.").fields
    assert {problem.pointer for problem in fields} == {
        "/own_addresses/0/address",
        "/own_addresses/0/kind",
        "/own_addresses/0/valid_from",
        "/own_addresses/0/nickname",
        "/own_addresses/1/valid_to",
    }
    assert "canary" not in repr(fields)


def test_overlaps_in_a_json_list_are_named() -> None:
    entry = '{"address": "mailto:a@example.com", "kind": "person", "valid_from": "2026-07-01"}'
    with pytest.raises(ValidationError) as refused:
        OwnAddressesIn.model_validate_json(f'{{"own_addresses": [{entry}, {entry}]}}')
    (problem,) = invalid(refused.value, "Not valid.").fields
    assert problem.pointer == "/own_addresses/1/valid_from"


DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 1))
SPANS = st.builds(
    OwnSpan, st.sampled_from([AddressKind.PERSON, AddressKind.FUNCTION]), DAYS, st.none() | DAYS
)


@given(st.lists(SPANS, max_size=5), DAYS)
def test_a_kind_other_than_external_comes_from_a_span_that_covers_the_day(
    spans: list[OwnSpan], day: date
) -> None:
    kind = kind_at(spans, day)
    covering = {
        span.kind
        for span in spans
        if span.valid_from <= day < (span.valid_to or date.max - timedelta(1)) + timedelta(1)
    }
    assert kind in covering or (kind is AddressKind.EXTERNAL and not covering)
