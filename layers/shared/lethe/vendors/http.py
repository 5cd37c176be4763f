"""One POST and its answer, told apart: not connected, no answer, an answer.

The library's own client is enough: it repeats nothing, follows no redirect, checks certificates,
and connecting is a step of its own. Only before that step has ended is it certain that the vendor
has nothing.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS: Final = 3
ANSWER_SECONDS: Final = 12
"""Together with what else a run does, below the 29 seconds of the function."""
_MAX_ANSWER: Final = 64 * 1024


class NotConnectedError(Exception):
    """No connection came to be: the vendor has nothing."""


class NoAnswerError(Exception):
    """The vendor may have it."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: its status, and its JSON object, empty if it had none."""

    status: int
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A vendor's API below a base URL; plain HTTP is for a stage on one's own machine."""

    url: str
    plain_allowed: bool = False
    connect_seconds: float = CONNECT_SECONDS
    answer_seconds: float = ANSWER_SECONDS

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Response:
        """Send once; NotConnectedError or NoAnswerError."""
        place = urlsplit(self.url)
        connection = self._connect(place)
        try:
            if connection.sock is not None:
                connection.sock.settimeout(self.answer_seconds)
            connection.request("POST", place.path.rstrip("/") + path, body, dict(headers))
            answer = connection.getresponse()
            return Response(answer.status, _document(answer.read(_MAX_ANSWER)))
        except (OSError, HTTPException) as error:
            raise NoAnswerError from error
        finally:
            connection.close()

    def _connect(self, place: SplitResult) -> HTTPConnection:
        connection: HTTPConnection
        if place.scheme == "https" and place.hostname:
            connection = HTTPSConnection(
                place.hostname,
                place.port,
                timeout=self.connect_seconds,
                context=ssl.create_default_context(),
            )
        elif place.scheme == "http" and place.hostname and self.plain_allowed:
            connection = HTTPConnection(place.hostname, place.port, timeout=self.connect_seconds)
        else:
            raise NotConnectedError
        try:
            connection.connect()
        except OSError as error:  # ssl.SSLError and socket.gaierror are some
            connection.close()
            raise NotConnectedError from error
        return connection


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
