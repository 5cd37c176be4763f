"""The age of digital consent (Art. 8)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lethe.domain.children import AGES, DEFAULT_AGE, age_in, needs_guardian, of_age_on
from lethe.domain.countries import EEA

BIRTHS = st.dates(date(1990, 1, 1), date(2030, 12, 31))
COUNTRIES = st.sampled_from([*AGES, "US", "CH", "XX"])


def test_L11_every_state_of_the_eea_has_its_age_with_its_source() -> None:
    assert AGES.keys() == EEA
    assert {age.years for age in AGES.values()} == {13, 14, 15, 16}  # the range of Art. 8(1)
    assert all(age.source for age in AGES.values())


@pytest.mark.parametrize(
    ("country", "age"),
    [("DE", 16), ("FR", 15), ("DK", 15), ("AT", 14), ("BE", 13), ("SE", 13), ("IE", 16)],
)
def test_L11_the_age_is_that_of_the_country(country: str, age: int) -> None:
    born = date(2012, 5, 20)
    birthday = date(2012 + age, 5, 20)
    assert age_in(country) == age
    assert of_age_on(country, born) == birthday
    assert needs_guardian(country, born, birthday.replace(day=19))
    assert not needs_guardian(country, born, birthday)


@pytest.mark.parametrize("country", ["US", "CH", "XX", "", "de"])
def test_L11_an_unknown_country_has_the_age_of_the_regulation(country: str) -> None:
    assert age_in(country) == DEFAULT_AGE == 16


@pytest.mark.parametrize(
    ("country", "of_age"), [("DE", date(2028, 2, 29)), ("FR", date(2027, 3, 1))]
)
def test_a_child_of_29_february_is_of_age_no_day_too_early(country: str, of_age: date) -> None:
    assert of_age_on(country, date(2012, 2, 29)) == of_age


@given(COUNTRIES, BIRTHS, st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_L11_who_is_of_age_stays_so(country: str, born: date, at: date) -> None:
    assert needs_guardian(country, born, at) is (at < of_age_on(country, born))
    assert not needs_guardian(country, born, date(born.year + 17, born.month, 1))
