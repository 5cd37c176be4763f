"""What calls of notices and records name in path and query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lethe.domain.errors import FieldProblem, InvalidInputError, NotFoundError
from lethe.domain.in_force import Audience
from lethe.domain.languages import available

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lethe.api.calls import Call

_VERSION: Final = re.compile(r"[1-9]\d{0,3}")


def audience(text: str) -> Audience:
    """Return an audience from a path."""
    if text not in [*Audience]:
        raise NotFoundError(f"There is no notice for these; there are {' and '.join(Audience)}.")
    return Audience(text)


def version(text: str) -> int:
    """Return a version of a notice from a path."""
    if not _VERSION.fullmatch(text):
        raise NotFoundError("There is no such version: they are numbered from 1.")
    return int(text)


def language(call: Call) -> str:
    """Return the language that the query asks for; English if it does not say."""
    return choice(call, "language", sorted(available(), key=lambda code: (code != "en", code)))


def choice(call: Call, name: str, choices: Sequence[str]) -> str:
    """Return which of these the query asks for; the first if it does not say."""
    asked = (call.event.query_string_parameters or {}).get(name, choices[0])
    if asked not in choices:
        expected = f"Choose {', '.join(choices[:-1])} or {choices[-1]}."
        raise InvalidInputError("The call is not valid.", (FieldProblem(f"?{name}", expected),))
    return asked
