"""From pydantic's errors to problems that name fields and never repeat a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from lethe.domain.addresses import Address, parse
from lethe.domain.errors import FieldProblem, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

_OURS: Final = "lethe"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_SAFE: Final = re.compile(
    r"missing|extra_forbidden|json_invalid|enum|literal_error|too_(long|short)|finite_number"
    r"|(greater|less)_than(_equal)?|multiple_of|none_required|recursion_loop"
    r"|(string|int|bool|float|bytes|list|tuple|set|frozen_set|dict|date|datetime|model)"
    r"_(type|parsing|parsing_size|from_float|too_long|too_short|pattern_mismatch|unicode)"
    r"|date_from_datetime_(inexact|parsing)|model_attributes_type|timezone_(aware|naive)"
)
"""The errors of pydantic whose text says what is expected and quotes nothing of the input."""


def line(value: str) -> str:
    """Validate a text of one line: it holds no control character."""
    if _CONTROL.search(value):
        raise wrong("This holds a control character. Remove it.")
    return value


def text(value: str) -> str:
    """Validate a text of several lines: it holds no other control character."""
    if _CONTROL_IN_TEXT.search(value):
        raise wrong("This holds a control character other than a line end or a tab. Remove it.")
    return value


def wrong(expected: str) -> PydanticCustomError:
    """Return the error that a validator raises; a plain ValueError's text is never shown."""
    return PydanticCustomError(_OURS, expected)


def wrong_at(places: Iterable[tuple[tuple[str | int, ...], str]], title: str) -> ValidationError:
    """Return one error for several places; a model validator may raise it."""
    lines = [InitErrorDetails(type=wrong(text), loc=loc, input=None) for loc, text in places]
    return ValidationError.from_exception_data(title, lines, hide_input=True)


def problems(error: ValidationError, prefix: str = "") -> tuple[FieldProblem, ...]:
    """Return a problem per error with its JSON Pointer below `prefix`."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple(
        FieldProblem(
            prefix + pointer(line["loc"]),
            line["msg"] if _is_safe(line["type"]) else "This value is not valid here.",
        )
        for line in found
        if line["type"] != "default_factory_not_called"  # an echo of another field's problem
    )


def invalid(error: ValidationError, detail: str, prefix: str = "") -> InvalidInputError:
    """Return the domain's error for pydantic's; raise it `from None`, which drops the input."""
    return InvalidInputError(detail, problems(error, prefix))


def pointer(location: Iterable[str | int]) -> str:
    """Return the JSON Pointer (RFC 6901), up to the first name that might itself be data."""
    path = ""
    for step in location:
        if isinstance(step, str) and not _PLAIN_NAME.fullmatch(step):
            break
        path += f"/{step}"
    return path


def _is_safe(kind: str) -> bool:
    return kind == _OURS or _SAFE.fullmatch(kind) is not None


def _canonical(value: str) -> Address:
    try:
        return parse(value)
    except InvalidInputError as error:
        raise wrong(error.fields[0].detail) from None


CanonicalAddress = Annotated[str, AfterValidator(_canonical)]
"""An address in a pydantic model; what the model holds is canonical."""
