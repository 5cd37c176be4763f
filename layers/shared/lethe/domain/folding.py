"""Folding: what people type differently and mean alike becomes the same words."""

from __future__ import annotations

import unicodedata
from typing import Final

_SPELLED: Final = 3
"""From so many single letters on they are one word: S T O P."""
_UNSEEN: Final = frozenset({"Mn", "Me", "Cf"})
_NO_ACCENT: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "æ": "ae", "œ": "oe"}
)
"""Letters that Unicode does not take apart and people write without the mark all the same."""


def fold(text: str) -> str:
    """Return the bare words: no case, no accents, no punctuation, no emoji, single blanks."""
    bare = text.lower() if text.isascii() else _bare(text)
    words = "".join(c if c.isalnum() else " " for c in bare).split()
    if len(words) >= _SPELLED and all(len(word) == 1 for word in words):
        return "".join(words)
    return " ".join(words)


def _bare(text: str) -> str:
    plain = "".join(
        character
        for character in unicodedata.normalize("NFKD", text)
        if unicodedata.category(character) not in _UNSEEN
    )
    return plain.casefold().translate(_NO_ACCENT)
