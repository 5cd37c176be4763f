"""docs/consent.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lethe.crypto.consent_chain import Damage
from lethe.domain.consent import EventType
from lethe.domain.consent_record import EVIDENCE_KEPT
from lethe.domain.evidence import Action, Evidence, Method

TEXT = (Path(__file__).parents[2] / "docs" / "consent.md").read_text("utf-8")


def first_column(heading: str) -> set[str]:
    """The words in code in the first column of the table below a heading."""
    _, _, section = TEXT.partition(f"## {heading}\n")
    rows = re.findall(r"^\| (`[^|]+) \|", section.partition("\n## ")[0], re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`(\w+)`", row)}


def test_every_type_of_event_is_explained() -> None:
    assert first_column("Events") == set(EventType)


def test_every_damage_is_explained() -> None:
    assert first_column("The chain") == set(Damage)


@pytest.mark.parametrize("words", [Method, Action])
def test_every_word_of_evidence_is_there(words: type[Method | Action]) -> None:
    assert not [word for word in words if f"`{word}`" not in TEXT]


def test_every_field_of_evidence_is_there() -> None:
    assert not [name for name in Evidence.model_fields if f"`{name}`" not in TEXT]


def test_the_period_is_the_codes() -> None:
    assert f"({EVIDENCE_KEPT.years} years if it says nothing)" in TEXT
