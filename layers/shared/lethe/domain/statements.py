"""Statements: what a notice says, apart from any language, each with the place it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from lethe.domain.periods import Period

Document = dict[str, Any]
"""JSON: what is stored, hashed and compared."""


class Unit(StrEnum):
    """What is counted."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Count:
    """A number of units, such as seven days."""

    number: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Own:
    """The company's own words, and their place in the policy (JSON Pointer).

    As a `title` they lose their full stop: they stand over something or inside a sentence. A `name`
    or an address is in no language, until it is translated.
    """

    text: str
    at: str
    title: bool = False
    name: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A word that each language has in a table: a legal basis, a country, a kind of data."""

    table: str
    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """What is the same in every language: a region, a header's name."""

    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page on the web, where `{language}` stands for the language that it is shown in."""

    url: str


Value = Own | Word | Literal | Page | Count | Period | date | tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: the text `says` of a language, filled with values, under a label or none."""

    id: str
    says: str
    values: Mapping[str, Value] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one thing: a purpose, a class, a vendor; `id` is its name in the policy."""

    id: str
    title: Value
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of a document."""

    id: str
    statements: tuple[Statement, ...] = ()
    entries: tuple[Entry, ...] = ()


def model(sections: tuple[Section, ...]) -> Document:
    """Return sections as JSON, in which every statement has a pointer that no neighbour moves."""
    return {
        section.id: {
            "statements": _statements(section.statements),
            "entries": {
                entry.id: {
                    "title": _value(entry.title),
                    "statements": _statements(entry.statements),
                }
                for entry in section.entries
            },
        }
        for section in sections
    }


def canonical(document: object) -> str:
    """Return the one way in which a document is written for hashing."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Change:
    """One statement that differs; `before` or `after` is None where it is new or gone."""

    pointer: str
    before: Any
    after: Any


def changes(before: Document, after: Document) -> tuple[Change, ...]:
    """Return every statement and title that differs between two documents of one shape."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    return tuple(
        Change(pointer, old.get(pointer), new.get(pointer))
        for pointer in (*new, *(gone for gone in old if gone not in new))
        if old.get(pointer) != new.get(pointer)
    )


def _leaves(sections: Document) -> Iterator[tuple[str, Any]]:
    for section_id, section in sections.items():
        at = f"/{section_id}"
        if "title" in section:
            yield f"{at}/title", section["title"]
        yield from _of_statements(at, section)
        for entry_id, entry in section["entries"].items():
            yield f"{at}/entries/{entry_id}/title", entry["title"]
            yield from _of_statements(f"{at}/entries/{entry_id}", entry)


def _of_statements(at: str, holder: Document) -> Iterator[tuple[str, Any]]:
    for name, statement in holder["statements"].items():
        yield f"{at}/statements/{name}", statement


def _statements(statements: tuple[Statement, ...]) -> Document:
    return {
        each.id: {
            "says": each.says,
            "values": {name: _value(value) for name, value in each.values.items()},
        }
        for each in statements
    }


def _value(value: Value) -> Document:
    if isinstance(value, tuple):
        return {"list": [_value(each) for each in value]}
    return _WRITTEN[type(value)](value)


_WRITTEN: dict[type, Callable[[Any], Document]] = {
    Own: lambda own: {"own": own.text},
    Word: lambda word: {"word": f"{word.table}.{word.name}"},
    Literal: lambda literal: {"literal": literal.text},
    Page: lambda page: {"page": page.url},
    Count: lambda count: {"count": count.number, "unit": count.unit},
    Period: lambda period: {"period": period.iso()},
    date: lambda day: {"date": day.isoformat()},
}
