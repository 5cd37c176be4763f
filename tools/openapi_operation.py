"""What the code does not say of a route by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True)
class Operation:
    """A summary, the answers, which problems there may be, and what else a call takes."""

    summary: str
    answers: dict[str, str]
    problems: str = "400 403 500 503"
    body: type[BaseModel] | None = None
    others: dict[str, Any] | None = None
    headers: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    by_account: bool = False
    """Callers prove themselves by the company's account and token at Twilio (HTTP Basic)."""
