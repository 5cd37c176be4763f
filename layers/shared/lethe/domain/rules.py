"""The erasure rule: whose key's end is the message's end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag, StrEnum


class Rule(StrEnum):
    """Who holds the party half of a message's content key; `period` means that nobody does."""

    AUTHOR = "author"
    ANY_PARTY = "any_party"
    PERIOD = "period"


class Flag(IntFlag):
    """What a participant is in a message, in clear, so that purge needs no key."""

    SHARE = 1
    AUTHOR = 2
    EXTERNAL = 4


@dataclass(frozen=True, slots=True)
class Part:
    """What the erasure rule needs to know of a participant."""

    external: bool
    author: bool


def shares(
    erasure_rule: Rule, parts: Sequence[Part], *, kept: bool
) -> tuple[Rule, tuple[Flag, ...]]:
    """Who holds the party half: the rule as sealed, and each participant's flags.

    A class kept by law and a message without external participants have no party half (`period`).
    Several external authors always seal by `any_party`: none of them wrote it alone.
    """
    externals = [part.external for part in parts]
    authors = [part.external and part.author for part in parts]
    if kept or not any(externals):
        rule, holders = Rule.PERIOD, [False] * len(parts)
    elif erasure_rule is Rule.ANY_PARTY or sum(authors) > 1:
        rule, holders = Rule.ANY_PARTY, externals
    else:
        rule, holders = Rule.AUTHOR, authors if any(authors) else externals
    return rule, tuple(
        _flags(part, holds_share=holds) for holds, part in zip(holders, parts, strict=True)
    )


def ended(rule: Rule, flags: Sequence[Flag], dead: Sequence[bool]) -> bool:
    """Whether the message has ended, given whose keys are gone."""
    gone = [is_dead for flag, is_dead in zip(flags, dead, strict=True) if Flag.SHARE in flag]
    match rule:
        case Rule.PERIOD:
            return False
        case Rule.ANY_PARTY:
            return any(gone)
        case Rule.AUTHOR:
            return all(gone)


def _flags(part: Part, *, holds_share: bool) -> Flag:
    flags = Flag(0)
    for is_set, flag in (
        (holds_share, Flag.SHARE),
        (part.author, Flag.AUTHOR),
        (part.external, Flag.EXTERNAL),
    ):
        flags |= flag if is_set else Flag(0)
    return flags
