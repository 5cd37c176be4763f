"""Telemetry: no value of anybody's reaches a log line or a metric, whatever a call site does."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from lethe import observability
from lethe.observability import LogMessage, Metric, count, entrypoint, logger

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "canary-mara@example.org"
CONTEXT: Any = SimpleNamespace(aws_request_id="r-1")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What the logger writes."""
    written: list[str] = []
    handler = logger.registered_handler
    monkeypatch.setattr(handler, "emit", lambda record: written.append(handler.format(record)))
    return lambda: written


def test_a_constant_message_with_ids_is_written(lines: Callable[[], list[str]]) -> None:
    logger.info(LogMessage.SWEPT, extra={"dry_run": True, "address": CANARY})

    line = json.loads(lines()[0])
    assert (line["message"], line["dry_run"]) == ("sweep finished", True)
    assert "address" not in line


def log_text() -> None:
    logger.info(f"read {CANARY}")


def log_argument() -> None:
    logger.warning("read %s", CANARY)


def log_exception() -> None:
    try:
        int(CANARY)
    except ValueError:
        logger.exception(LogMessage.FAILED)


def log_stack() -> None:
    logger.error(CANARY, stack_info=True)


@pytest.mark.parametrize("log", [log_text, log_argument, log_exception, log_stack])
def test_everything_else_is_withheld(
    log: Callable[[], None], lines: Callable[[], list[str]]
) -> None:
    log()

    assert CANARY not in lines()[0]
    assert json.loads(lines()[0])["location"].startswith(log.__name__)


def test_an_exception_keeps_its_class_and_its_frames(lines: Callable[[], list[str]]) -> None:
    log_exception()

    line = json.loads(lines()[0])
    assert line["error"] == "ValueError"
    assert line["frames"][0].startswith("test_observability.py:")


def test_other_libraries_are_filtered_too(caplog: pytest.LogCaptureFixture) -> None:
    entrypoint(lambda _event, _context: None)({}, CONTEXT)

    logging.getLogger("botocore").warning("signed for %s", CANARY)

    assert CANARY not in caplog.text
    assert LogMessage.WITHHELD in caplog.text


def test_a_failure_leaves_the_process_without_its_value(
    lines: Callable[[], list[str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(observability.metrics.provider, "service", "lethe-example")

    def handler(event: dict[str, Any], _context: object) -> None:
        raise LookupError(event["body"])

    with pytest.raises(observability.InvocationFailedError) as error:
        entrypoint(handler)({"body": CANARY}, CONTEXT)

    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    assert CANARY not in str(error.value)
    line = json.loads(lines()[0])
    assert (line["error"], line["request_id"]) == ("LookupError", "r-1")
    metric = json.loads(capsys.readouterr().out)
    assert metric["UnhandledErrors"] == [1.0]
    assert metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]


def test_metrics_are_flushed_once(capsys: pytest.CaptureFixture[str]) -> None:
    entrypoint(lambda _event, _context: count(Metric.MESSAGES_EXPIRED, 3))({}, CONTEXT)
    entrypoint(lambda _event, _context: None)({}, CONTEXT)

    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["messages_expired"] == [3.0]


def test_every_log_message_is_lower_case() -> None:
    assert all(message == message.lower() for message in LogMessage)
