"""Logs and metrics that are private by construction: a filter below the loggers.

No call site can forget it. A log line is a constant from `LogMessage` and ids from an allow-list;
anything else that a library or a later line of ours tries to log is withheld: its text, its
arguments, an exception's value. What stays is the place, the exception's class and its frames.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import PurePath
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from typing_extensions import override

if TYPE_CHECKING:
    from types import TracebackType

    from aws_lambda_powertools.utilities.typing import LambdaContext

NAMESPACE: Final = "Lethe"

Handler = Callable[[dict[str, Any], "LambdaContext"], Any]


class LogMessage(StrEnum):
    """Everything that Lethe ever writes to a log."""

    CONSENT_FAILED = "consent of one person not looked after"
    CONSENTS_LOOKED_AFTER = "consents looked after"
    FAILED = "unhandled error answered"
    INVOCATION_FAILED = "invocation failed"
    RECORD_FAILED = "queue record failed"
    REPORTED = "daily report published"
    SWEPT = "sweep finished"
    WITHHELD = "message withheld"


class Metric(StrEnum):
    """Everything that Lethe counts; no dimension but the service."""

    UNHANDLED_ERRORS = "UnhandledErrors"
    CONSENTS_EXPIRED = "consents_expired"
    EVIDENCE_ENDED = "evidence_ended"
    REVIEWS_OVERDUE = "reviews_overdue"
    REVIEWS_ESCALATED = "reviews_escalated"
    GATE_UNAVAILABLE = "gate_unavailable"
    DISPATCHES_DELAYED = "dispatches_delayed"
    DISPATCHES_UNCERTAIN = "dispatches_uncertain"
    REFUSED = "refused"
    MESSAGES_EXPIRED = "messages_expired"
    OLDEST_OVERDUE_SECONDS = "oldest_overdue_seconds"


IDS: Final = frozenset(
    {"request_id", "message_id", "privacy_request_id", "dry_run", "error", "frames"}
)
"""The only keys that a log line may carry beside its message."""

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({})))
_MAX_FRAMES: Final = 30


class Redaction(logging.Filter):
    """Reduces each record to what may be known of it; it stands on handlers: none goes past."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if not isinstance(record.msg, LogMessage):
            record.msg = LogMessage.WITHHELD
        error = record.exc_info[1] if record.exc_info else None
        for name in vars(record).keys() - _STANDARD - IDS:
            delattr(record, name)
        if error is not None:
            vars(record).update(described(error))
        record.args = None
        record.exc_info = record.exc_text = record.stack_info = None
        return True


class InvocationFailedError(RuntimeError):
    """What the Lambda runtime sees of a failure, whose value it would print into the log."""


def described(error: BaseException) -> Mapping[str, object]:
    """Name an error's class and the places it went through, without any value."""
    return {"error": type(error).__qualname__, "frames": _frames(error.__traceback__)}


logger: Final = Logger(use_rfc3339=True)
logger.registered_handler.addFilter(Redaction())
metrics: Final = Metrics(namespace=NAMESPACE)


def count(metric: Metric, value: float = 1, unit: MetricUnit = MetricUnit.Count) -> None:
    """Add to a metric of this invocation."""
    metrics.add_metric(name=metric, unit=unit, value=value)


def unhandled(message: LogMessage, error: BaseException) -> None:
    """Log and count a failure that nobody expected; the alarm of the template watches the count."""
    count(Metric.UNHANDLED_ERRORS)
    logger.error(message, extra=described(error), stacklevel=3)


def entrypoint(handler: Handler) -> Handler:
    """Wrap a Lambda handler: request id on each line, metrics at the end, no value in a failure."""

    @functools.wraps(handler)
    def wrapper(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ANN401 - Lambda's own
        _guard_root()
        logger.append_keys(request_id=context.aws_request_id)
        try:
            return handler(event, context)
        except Exception as error:  # noqa: BLE001 - the last resort
            unhandled(LogMessage.INVOCATION_FAILED, error)
            raise InvocationFailedError("see the log line with this request id") from None
        finally:
            if metrics.metric_set:
                metrics.flush_metrics()

    return wrapper


def _guard_root() -> None:
    """Put the filter on every handler of the root logger, which other libraries write to."""
    for root_handler in logging.getLogger().handlers:
        if not any(isinstance(found, Redaction) for found in root_handler.filters):
            root_handler.addFilter(Redaction())


def _frames(traceback: TracebackType | None) -> list[str]:
    places = [
        f"{PurePath(frame.f_code.co_filename).name}:{line} {frame.f_code.co_name}"
        for frame, line in walk_tb(traceback)
    ]
    return places[-_MAX_FRAMES:]
