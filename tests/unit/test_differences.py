"""Differences between documents point at the deepest place, and survive what is put between."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lethe.domain.differences import Act, Difference, differences

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


def found(before: Any, after: Any) -> list[Difference]:
    return list(differences(before, after))


@given(json_values)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert found(value, value) == []


@given(json_values, json_values)
def test_what_differs_is_found(before: Any, after: Any) -> None:
    assert bool(found(before, after)) is (before != after)


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, Difference("/a/b", Act.CHANGED, 1, 2)),
        ({"a": 1}, {"a": 1, "b": 2}, Difference("/b", Act.ADDED, after=2)),
        ({"a": 1, "b": 2}, {"a": 1}, Difference("/b", Act.REMOVED, 2)),
        ({"a/b~": 1}, {"a/b~": 2}, Difference("/a~1b~0", Act.CHANGED, 1, 2)),
        ([1, 2, 3], [0, 1, 2, 3], Difference("/0", Act.ADDED, after=0)),
        ([1, 2, 3], [1, 3], Difference("/1", Act.REMOVED, 2)),
        ([{"a": 1}, {"b": 1}], [{"a": 2}, {"b": 1}], Difference("/0/a", Act.CHANGED, 1, 2)),
        ({"a": [1]}, {"a": {"0": 1}}, Difference("/a", Act.CHANGED, [1], {"0": 1})),
        (1, None, Difference("", Act.CHANGED, 1)),
    ],
)
def test_one_place_differs(before: Any, after: Any, difference: Difference) -> None:
    assert found(before, after) == [difference]
