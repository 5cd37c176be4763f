"""An HTTP client of the API, for the demo, the tests and the bench.

It keeps its connection, asks for the token at every call (so a renewed one counts at once), and
repeats what the API asks to repeat: 503 and 429, after the time that Retry-After names.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from tools.local_aws import Answer

REPEATABLE = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS})
PATIENCE_SECONDS = 90.0
TIMEOUT_SECONDS = 60.0


class UnexpectedAnswerError(RuntimeError):
    """The API answered with another status than the caller could do with."""


class Client:
    """Calls the API as one caller; several threads may share it, each has its own connection."""

    def __init__(
        self, url: str, token: Callable[[], str], *, patience: float = PATIENCE_SECONDS
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.netloc
        self._path = parts.path.rstrip("/")
        self._connect = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._token = token
        self._patience = patience
        self._local = threading.local()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call, and repeat while the API asks for it; a body is JSON unless it is bytes."""
        data = body if isinstance(body, bytes) else _json(body)
        sent = {"Accept": "*/*"}  # without it, an original comes as base64
        if data:
            sent["Content-Type"] = "application/json"
        deadline = time.monotonic() + self._patience
        while True:
            answer = self._once(method, path, data, {**sent, **(headers or {})})
            pause = _pause(answer)
            if pause is None or time.monotonic() + pause > deadline:
                return answer
            time.sleep(pause)

    def read(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Call and return the JSON of a successful answer; any other one is an error.

        `Access_Reason="…"` is the header Access-Reason.
        """
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.call(method, path, body, named)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise UnexpectedAnswerError(f"{method} {path}: {answer.status} {answer.body!r}")
        return answer.json()

    def capture(self, documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Capture a batch; messages that are answered with 503 are sent again, they alone.

        Returns per message its result: `status`, and `message` or `problem`.
        """
        results: dict[int, dict[str, Any]] = {}
        left = list(range(len(documents)))
        deadline = time.monotonic() + self._patience
        while left:
            batch = {"messages": [documents[at] for at in left]}
            answered = self.read("POST", "/messages/batch", batch)["results"]
            results |= dict(zip(left, answered, strict=True))
            left = [at for at in left if results[at]["status"] in REPEATABLE]
            if left and time.monotonic() > deadline:
                break
            if left:
                time.sleep(1)
        return [results[at] for at in range(len(documents))]

    def close(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection:
            connection.close()
            self._local.connection = None

    def _once(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        sent = {**headers, "Authorization": f"Bearer {self._token()}"}
        for is_last in (False, True):
            connection = self._connection()
            try:
                connection.request(method, self._path + path, data, sent)
                answer = connection.getresponse()
                return Answer(answer.status, answer.headers, answer.read())
            except (http.client.HTTPException, ConnectionError):
                # A kept connection may have been closed at the other end; every call is repeatable.
                self.close()
                if is_last:
                    raise
        raise AssertionError("unreachable")

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect(self._host, timeout=TIMEOUT_SECONDS)
            self._local.connection = connection
        return connection


def _json(body: Any) -> bytes | None:
    return None if body is None else json.dumps(body).encode()


def _pause(answer: Answer) -> float | None:
    """Return how long to wait before the call is repeated; None if it is not to be."""
    if answer.status not in REPEATABLE:
        return None
    named = answer.headers.get("Retry-After", "")
    return float(named) if named.isdecimal() else 1.0
