"""The deployed stack under the bench; its handlers run here too, under their roles, counted."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from time import perf_counter, process_time
from types import SimpleNamespace
from typing import Any

from botocore.session import get_session
from lethe import bootstrap
from lethe.store.clients import config, s3_config

from tests.bench.counting import Tally
from tests.bench.prices import LOG_EVENT_OVERHEAD, Work, gb_seconds
from tests.bench.texts import text
from tools.local_aws import REGION, ROOT
from tools.stack import Stack

CONTEXT: Any = SimpleNamespace(aws_request_id="5f0c7d3e-8a42-4b6e-9c1d-2e3f4a5b6c7d")
OWN = "tel:+493055500001"
REASON = "audit BENCH"


@dataclass
class Function:
    """One function's handler, running here as the deployed one runs there."""

    name: str
    memory_mb: int
    tally: Tally = field(default_factory=Tally)
    wall: float = 0
    cpu: float = 0

    def call(self, event: dict[str, Any]) -> Any:
        """Send it an event; time and processor time of it are added up."""
        handler = import_module(f"functions.{self.name}.app").handler
        wall, cpu = perf_counter(), process_time()
        answer = handler(event, CONTEXT)
        self.wall += perf_counter() - wall
        self.cpu += process_time() - cpu
        return answer

    def http(
        self, event: str, body: object = None, path: str = "", expect: int = 200, **headers: str
    ) -> Any:
        """Send it an event of `events/` with another body, path or header; its answer's JSON."""
        given = json.loads((ROOT / "events" / self.name / f"{event}.json").read_text("utf-8"))
        if body is not None:
            given["body"] = base64.b64encode(json.dumps(body).encode()).decode()
        given["path"] = path or given["path"]
        given["headers"] |= {key.replace("_", "-"): value for key, value in headers.items()}
        answer = self.call(given)
        if answer["statusCode"] != expect:
            raise AssertionError(f"{self.name} answered {answer['statusCode']}: {answer['body']}")
        return json.loads(answer["body"])

    def forget(self) -> None:
        """Begin to count anew."""
        self.tally.forget()
        self.wall = self.cpu = 0

    def work(self, *, by_api: bool, calls: int = 1) -> Work:
        """What was counted since `forget`, for one of so many calls; time is added elsewhere."""
        tally = self.tally
        return Work(
            api_requests=calls if by_api else 0,
            lambda_requests=calls,
            gb_seconds=gb_seconds(self.wall * 1_000, self.memory_mb),
            write_units=tally.write_units,
            read_units=tally.read_units,
            log_bytes=calls * (log_bytes_of_a_run() + (log_bytes_of_a_call() if by_api else 0)),
            kms_requests=tally.of("kms"),
            s3_puts=tally.puts,
            s3_gets=tally.of("s3") - tally.puts,
            sqs_requests=tally.of("sqs"),
        ).shared_by(calls)


@contextmanager
def running_here(stack: Stack, name: str) -> Iterator[Function]:
    """Run a function's handler in this process: its environment, its role, its tables, counted."""
    logical_id = f"{''.join(word.title() for word in name.split('_'))}Function"
    configured = stack.client("lambda").get_function_configuration(
        FunctionName=stack.resources[logical_id]
    )
    function = Function(name, configured["MemorySize"])
    credentials: dict[str, Any] = stack.assume(logical_id).credentials

    def client(service: str) -> Any:
        made = get_session().create_client(
            service,
            region_name=REGION,
            endpoint_url=stack.aws.endpoint,
            config=s3_config() if service == "s3" else config(),
            **credentials,
        )
        function.tally.watch(made)
        return made

    before = dict(os.environ)
    os.environ.update(configured["Environment"]["Variables"])
    bootstrap.use(bootstrap.World(client=client))
    try:
        yield function
    finally:
        bootstrap.use(bootstrap.World())
        os.environ.clear()
        os.environ.update(before)


def list_own_address(stack: Stack) -> None:
    """Say that one address is an employee's."""
    listed = {"own_addresses": [{"address": OWN, "kind": "person", "valid_from": "2020-01-01"}]}
    token = stack.callers.staff("operator")
    answer = stack.call("POST", "/own-addresses", listed, token=token)
    if answer.status >= 300:
        raise AssertionError(f"own addresses: {answer.status} {answer.body!r}")


def external(number: int) -> str:
    """Return the address of one of the people outside."""
    return f"tel:+49151{number:08d}"


_sent = iter(range(10**9))


def message(sender: str, **changes: object) -> dict[str, Any]:
    """Return a new text message of 1,000 characters from somebody outside to the employee."""
    number = next(_sent)
    return {
        "channel": "sms",
        "external_id": f"bench-{number}",
        "direction": "inbound",
        "participants": [
            {"address": sender, "role": "sender", "name": "Anna Example"},
            {"address": OWN, "role": "recipient", "name": "Eve Example"},
        ],
        "body": text(number),
        **changes,
    }


RUN_LINES: Any = (
    {
        "time": "2026-03-10T12:00:00.000Z",
        "type": "platform.start",
        "record": {"requestId": CONTEXT.aws_request_id, "version": "$LATEST"},
    },
    {
        "time": "2026-03-10T12:00:00.000Z",
        "type": "platform.report",
        "record": {
            "requestId": CONTEXT.aws_request_id,
            "metrics": {
                "durationMs": 100.123,
                "billedDurationMs": 101,
                "memorySizeMB": 1024,
                "maxMemoryUsedMB": 160,
            },
            "status": "success",
        },
    },
)
"""What Lambda itself logs of a run, as JSON; Lethe adds nothing to a run that succeeds."""

CALL_LINE = {
    "requestId": "5f0c7d3e-8a42-4b6e-9c1d-2e3f4a5b6c7d",
    "requestTime": "10/Mar/2026:12:00:00 +0000",
    "httpMethod": "POST",
    "resourcePath": "/messages/{message_id}/attachments/{number}",
    "status": "201",
    "error.responseType": "-",
    "responseLatency": "1000",
    "responseLength": "10000",
    "tlsVersion": "TLSv1.3",
}


def log_bytes_of_a_run() -> int:
    """Return the bytes that a successful run leaves in a function's log."""
    return sum(len(json.dumps(line)) + LOG_EVENT_OVERHEAD for line in RUN_LINES)


def log_bytes_of_a_call() -> int:
    """Return the bytes of a line of the API's access log, in the format that the template gives."""
    from tests.aws_store import declared  # noqa: PLC0415 - it loads moto, which not all need

    line: str = declared("AWS::Serverless::Api")["Api"]["AccessLogSetting"]["Format"]
    for name, value in CALL_LINE.items():
        line = line.replace(f"$context.{name}", value)
    if "$context" in line:
        raise AssertionError("the access log has a field that the bench does not know")
    return len(line) + LOG_EVENT_OVERHEAD
