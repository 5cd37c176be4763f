"""ClientError → the domain's errors: what may be retried is unavailable, the unknown stays so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as ConnectionFailed

from lethe.domain.errors import RaceLostError, UnavailableError

_THROTTLED = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
        "KMSInternalException",
        "KeyUnavailableException",
    }
)
_SERVER_ERROR = 500


class ConditionFailedError(Exception):
    """A conditional write met another state; `item` is what stands there, if it was asked for."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("The condition of a write did not hold.")
        self.item = item


class TransactionCanceledError(Exception):
    """A transaction did not happen; `lost` are the places of the writes whose condition failed.

    It is empty where another transaction was at work on the same items at the same moment.
    """

    def __init__(self, lost: frozenset[int]) -> None:
        super().__init__("A transaction was cancelled.")
        self.lost = lost


@contextmanager
def calling() -> Iterator[None]:
    """Translate what a call to AWS raises."""
    try:
        yield
    except ClientError as error:
        raise _translated(error) from error
    except (ConnectionFailed, HTTPClientError) as error:
        raise UnavailableError("A service did not answer; try again.") from error


def code(error: ClientError) -> str:
    """The service's own word for what went wrong."""
    return error.response.get("Error", {}).get("Code", "")


def _translated(error: ClientError) -> Exception:
    response: Any = error.response
    word = code(error)
    if word == "ConditionalCheckFailedException":
        return ConditionFailedError(response.get("Item"))
    if word == "TransactionConflictException":
        return RaceLostError("Another writer is at work on this; read again and decide anew.")
    if word == "TransactionCanceledException":
        return _cancelled(error)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if word in _THROTTLED or status >= _SERVER_ERROR:
        return UnavailableError("A service is overloaded; try again.")
    return error


def _cancelled(error: ClientError) -> Exception:
    response: Any = error.response
    words = [reason.get("Code", "None") for reason in response.get("CancellationReasons", ())]
    if unknown := set(words) - {"None", "ConditionalCheckFailed", "TransactionConflict"}:
        if unknown <= _THROTTLED:
            return UnavailableError("A service is overloaded; try again.")
        return error
    lost = (place for place, word in enumerate(words) if word == "ConditionalCheckFailed")
    return TransactionCanceledError(frozenset(lost))
