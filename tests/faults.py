"""AWS that fails when a test says so: the n-th call, before its effect or after it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError


class CrashError(BaseException):
    """The process ended here: nothing may catch it."""


@dataclass
class Faults:
    """Watches clients; it counts their calls from 1, over all of them, and can fail one.

    With `fail_at` the n-th call fails, after its effect if `after`: as the service's 503, or as a
    crash of the process if `crash`. Only one call fails; whoever tries again gets through.
    """

    fail_at: int | None = None
    after: bool = False
    crash: bool = False
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    failed: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, *clients: Any) -> None:
        """Watch these clients from now on."""
        for client in clients:
            client._make_api_call = self._watched(client._make_api_call)

    def plan(self, fail_at: int | None, *, after: bool = False, crash: bool = False) -> None:
        """Forget what was counted, and fail this call next."""
        self.fail_at, self.after, self.crash = fail_at, after, crash
        self.calls, self.failed = [], None

    @property
    def counts(self) -> Counter[str]:
        """How many calls there were of each operation."""
        return Counter(operation for operation, _ in self.calls)

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(operation: str, arguments: dict[str, Any]) -> object:
            with self._lock:
                self.calls.append((operation, arguments))
                fails = len(self.calls) == self.fail_at
                if fails:
                    self.failed = operation
            if fails and not self.after:
                raise self._error(operation)
            answer = call(operation, arguments)
            if fails:
                raise self._error(operation)
            return answer

        return watched

    def _error(self, operation: str) -> BaseException:
        if self.crash:
            return CrashError(operation)
        response: Any = {
            "Error": {"Code": "InternalServerError", "Message": "planned"},
            "ResponseMetadata": {"HTTPStatusCode": 503},
        }
        return ClientError(response, operation)
