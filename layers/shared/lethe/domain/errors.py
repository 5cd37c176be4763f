"""What can go wrong, in the domain's own words; `api` maps each to one problem+json answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass
class LetheError(Exception):
    """The base of every failure that Lethe knows by name.

    `detail` says what, where and how to mend it; it never repeats a value that the caller sent.
    """

    detail: str
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __str__(self) -> str:
        return self.detail


@dataclass
class FieldProblem:
    """One field that is wrong: `pointer` is a JSON Pointer (RFC 6901), `detail` what we expect."""

    pointer: str
    detail: str


@dataclass
class InvalidInputError(LetheError):
    """The input breaks a rule; `fields` names each place."""

    fields: tuple[FieldProblem, ...] = ()
    status: ClassVar[int] = 400
    title: ClassVar[str] = "Invalid input"


@dataclass
class ForbiddenError(LetheError):
    """The caller may not do this."""

    status: ClassVar[int] = 403
    title: ClassVar[str] = "Forbidden"


@dataclass
class NotFoundError(LetheError):
    """There is no such thing, and never was."""

    status: ClassVar[int] = 404
    title: ClassVar[str] = "Not found"


@dataclass
class ConflictError(LetheError):
    """The same id was captured with other content, or the state forbids the step."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "Conflict"


@dataclass
class ErasedError(LetheError):
    """It was erased, deleted or has expired (Art. 17, Art. 5(1)(e))."""

    status: ClassVar[int] = 410
    title: ClassVar[str] = "Erased"


@dataclass
class TooLargeError(LetheError):
    """The input exceeds a limit; the detail names the limit and the way that is open."""

    status: ClassVar[int] = 413
    title: ClassVar[str] = "Too large"


@dataclass
class RestrictedError(LetheError):
    """It is stored only (Art. 18): no ordinary use."""

    status: ClassVar[int] = 423
    title: ClassVar[str] = "Restricted"


@dataclass
class UnavailableError(LetheError):
    """It can't be done now and is safe to retry."""

    retry_after_seconds: int = 30
    status: ClassVar[int] = 503
    title: ClassVar[str] = "Unavailable"


@dataclass
class RaceLostError(LetheError):
    """Another writer came first; read again and decide anew."""

    status: ClassVar[int] = 503
    title: ClassVar[str] = "Unavailable"


@dataclass
class SealError(LetheError):
    """What was stored doesn't open: one opaque error for every cause."""

    detail: str = "The stored message does not open."
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
