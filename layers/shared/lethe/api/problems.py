"""Every failure as one answer: problem+json (RFC 9457) that names fields and never a value."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from aws_lambda_powertools.event_handler.api_gateway import Response

from lethe.domain.errors import ErasedError, InvalidInputError, LetheError, UnavailableError
from lethe.observability import LogMessage, Metric, count, unhandled

CONTENT_TYPE: Final = "application/problem+json"
_RETRY: Final = 503
_SERVER: Final = 500
_RETRY_SOON_SECONDS: Final = 1
MAX_FIELDS: Final = 50
"""How many wrong fields one answer names."""


@dataclass
class MethodNotAllowedError(LetheError):
    """The path is right and the method wrong."""

    allow: tuple[str, ...] = ()
    status: ClassVar[int] = 405
    title: ClassVar[str] = "Method not allowed"


UNKNOWN: Final = LetheError("The failure was recorded; send the request again, it is safe.")
"""What a caller learns of a failure that nobody foresaw."""


def name(error: LetheError) -> str:
    """Return the last part of a problem's type: the class in kebab case, without `Error`."""
    if error.status == _SERVER:
        return "internal"
    words = re.findall(r"[A-Z][a-z]*", type(error).__name__.removesuffix("Error"))
    return "-".join(words).lower()


def document(error: LetheError, request_id: str) -> dict[str, Any]:
    """Return the members of a problem."""
    problem: dict[str, Any] = {
        "type": f"urn:lethe:problem:{name(error)}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": f"urn:lethe:request:{request_id}",
    }
    if isinstance(error, InvalidInputError) and error.fields:
        problem["errors"] = [
            {"pointer": field.pointer, "detail": field.detail}
            for field in error.fields[:MAX_FIELDS]
        ]
    return problem


def noted(error: Exception) -> LetheError:
    """Count a failure where somebody must know of it, and return what the caller may know of it."""
    if isinstance(error, ErasedError):
        count(Metric.REFUSED)
    if isinstance(error, LetheError) and (error.status < _SERVER or error.status == _RETRY):
        return error
    unhandled(LogMessage.FAILED, error)
    return error if isinstance(error, LetheError) else UNKNOWN


def gate_failed(error: Exception) -> None:
    """Count what kept the gate from knowing, so that an alarm sees it; the caller is told no."""
    count(Metric.GATE_UNAVAILABLE)
    if not isinstance(error, LetheError) or error.status == _SERVER:
        unhandled(LogMessage.FAILED, error)


def answer(error: Exception, request_id: str) -> Response[str]:
    """Return the answer for a failure, known or not."""
    known = noted(error)
    headers: dict[str, str | list[str]] = {"Cache-Control": "no-store"}
    if known.status == _RETRY:
        seconds = (
            known.retry_after_seconds
            if isinstance(known, UnavailableError)
            else _RETRY_SOON_SECONDS
        )
        headers["Retry-After"] = str(seconds)
    if isinstance(known, MethodNotAllowedError):
        headers["Allow"] = ", ".join(known.allow)
    body = json.dumps(document(known, request_id), ensure_ascii=False)
    return Response(known.status, CONTENT_TYPE, body, headers)
