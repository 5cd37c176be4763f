"""What differs between two JSON documents, each place by its JSON Pointer (RFC 6901)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

Json = Any
"""What `json.loads` gives."""


class Act(StrEnum):
    """What became of a place."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that differs; in a list, what was removed has its old number, all else its new."""

    pointer: str
    act: Act
    before: Json = None
    after: Json = None


def differences(before: Json, after: Json, pointer: str = "") -> Iterator[Difference]:
    """Every difference, each at the deepest place that shows it."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            yield from _named(before, after, name, f"{pointer}/{_escaped(name)}")
    elif isinstance(before, list) and isinstance(after, list):
        yield from _listed(before, after, pointer)
    elif before != after:
        yield Difference(pointer, Act.CHANGED, before, after)


def _named(
    before: Mapping[str, Json], after: Mapping[str, Json], name: str, pointer: str
) -> Iterator[Difference]:
    if name not in after:
        yield Difference(pointer, Act.REMOVED, before[name])
    elif name not in before:
        yield Difference(pointer, Act.ADDED, after=after[name])
    else:
        yield from differences(before[name], after[name], pointer)


def _listed(before: Sequence[Json], after: Sequence[Json], pointer: str) -> Iterator[Difference]:
    """An element that was put in, or taken out, leaves the others as they are."""
    old, new = ([json.dumps(each, sort_keys=True) for each in side] for side in (before, after))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for _, start, end, new_start, new_end in matcher.get_opcodes():
        common = min(end - start, new_end - new_start)
        for at in range(common):
            place = f"{pointer}/{new_start + at}"
            yield from differences(before[start + at], after[new_start + at], place)
        for at in range(start + common, end):
            yield Difference(f"{pointer}/{at}", Act.REMOVED, before[at])
        for at in range(new_start + common, new_end):
            yield Difference(f"{pointer}/{at}", Act.ADDED, after=after[at])


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
