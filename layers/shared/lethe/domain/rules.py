"""The erasure rule: whose key's end is the message's end."""

from __future__ import annotations

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
