"""Queues and schedules: records fail one by one, and a sweep's figures become metrics."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from lethe.api import queues, sweeps
from lethe.domain.errors import UnavailableError
from lethe.observability import entrypoint
from lethe.usecases.sweep import SweepReport

CONTEXT: Any = SimpleNamespace(aws_request_id="r-1")
CANARY = "canary"


def records(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": f"m-{body}", "body": body} for body in bodies]}


def work(body: str) -> None:
    if body == "later":
        raise UnavailableError("Not yet.")
    if body == "bad":
        raise ValueError(CANARY)


def test_what_fails_comes_back_alone() -> None:
    failed = queues.work_off(records("good", "later", "good"), work)

    assert failed == {"batchItemFailures": [{"itemIdentifier": "m-later"}]}


@pytest.mark.parametrize(("body", "rings"), [("later", 0), ("bad", 1)])
def test_an_unknown_failure_rings(
    body: str, rings: int, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    entrypoint(lambda event, _: queues.work_off(event, work))(records(body), CONTEXT)

    out = capsys.readouterr().out
    assert out.count('"UnhandledErrors":') == rings
    assert CANARY not in out + caplog.text


def test_a_call_that_is_no_queue_s_goes_elsewhere() -> None:
    assert queues.answer({"httpMethod": "GET"}, work, lambda: {"other": 1}) == {"other": 1}
    assert queues.answer(records("good"), work, dict) == {"batchItemFailures": []}


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"canary": 1}', '{"type": "holder"}'])
def test_a_malformed_record_fails(body: str) -> None:
    for parse in (queues.purge_work, queues.request_id, queues.day):
        failed = queues.work_off(records(body), parse)
        assert failed["batchItemFailures"] == [{"itemIdentifier": f"m-{body}"}]


@pytest.mark.parametrize(
    "event", [{"dry_run": False}, {}, {"dry_run": 1}, {"source": "aws.scheduler"}]
)
def test_a_run_is_dry_on_demand_alone(event: dict[str, Any]) -> None:
    assert not sweeps.is_dry_run(event)
    assert sweeps.is_dry_run(event | {"dry_run": True})


def test_a_run_publishes_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    report = SweepReport(
        dry_run=False,
        days_ended=1,
        messages_expired=12,
        objects_deleted=3,
        days_stuck=2,
        days_made=4,
        requests_resumed=5,
        oldest_overdue_seconds=60,
    )

    answer = entrypoint(lambda _event, _context: sweeps.reported(report))({}, CONTEXT)

    assert answer["messages_expired"] == 12
    (line, *_) = [each for each in capsys.readouterr().out.splitlines() if "_aws" in each]
    metric = json.loads(line)
    assert (metric["messages_expired"], metric["oldest_overdue_seconds"]) == ([12.0], [60.0])
    assert metric["UnhandledErrors"] == [2.0], "days that are stuck raise the alarm"


def test_a_dry_run_publishes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    report = SweepReport(
        dry_run=True,
        days_ended=1,
        messages_expired=12,
        objects_deleted=0,
        days_stuck=0,
        days_made=4,
        requests_resumed=5,
        oldest_overdue_seconds=60,
    )

    entrypoint(lambda _event, _context: sweeps.reported(report))({}, CONTEXT)

    assert "_aws" not in capsys.readouterr().out
