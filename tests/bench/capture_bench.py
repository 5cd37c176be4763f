"""What a message costs: requests and units counted at the handler, time from the deployed function.

Steady state: everybody is known, the process is warm. Each message is an English text of 1,000
characters from one external person to one employee, in the class of ordinary correspondence.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import mean
from typing import Any, Final

from tests.bench.deployed import Function, external, list_own_address, message, running_here
from tests.bench.figures import Figure, at_most
from tests.bench.prices import Stored, Work, dollars_per_million, gb_seconds
from tools.client import Client
from tools.local_aws import ROOT
from tools.stack import Stack

BATCH: Final = 100
SINGLES: Final = 40
BATCHES: Final = 4
WRITE_UNITS_BAR: Final = 4
DOLLARS_BAR: Final = {"single": 8.50, "batch": 3.90}

LOG_WAIT_MS: Final = 50
"""The local AWS holds an answer back this long for log lines of a function that writes none."""

_REPORT = re.compile(r"REPORT RequestId: .*?Duration: (\d+) ms")
_PLATFORM = ("START RequestId: ", "END RequestId: ", "REPORT RequestId: ")


@dataclass(frozen=True)
class Way:
    """One way in, measured: the work for a message, and where a call's milliseconds go."""

    work: Work
    call_ms: float
    run_ms: float
    wait_ms: float
    aws_share: float


@dataclass(frozen=True)
class Costs:
    """Everything that was measured of capture."""

    ways: dict[str, Way]
    new_person: Work
    kept: Work
    stored: Stored
    stored_kept: Stored


def measure(stack: Stack) -> Costs:
    """Count at the handler, then take the time of the deployed function."""
    list_own_address(stack)
    people = [external(number) for number in range(BATCH)]
    with running_here(stack, "ingest") as ingest:
        first = _counted(ingest, [[message(external(10**6))]])
        send(ingest, [message(person) for person in people])
        counted = {
            "single": _counted(ingest, [[message(people[at])] for at in range(SINGLES)]),
            "batch": _counted(
                ingest, [[message(person) for person in people] for _ in range(BATCHES)]
            ),
        }
        counted_first = [
            _counted(ingest, [[message(external(10**6 + at))]]) for at in range(1, SINGLES)
        ]
        shares = {name: share for name, (_, share, _) in counted.items()}
        kept_document = {"purpose": "accounting"}
        send(ingest, [message(people[0], **kept_document)])
        kept = _counted(ingest, [[message(people[0], **kept_document)] for _ in range(SINGLES)])
    del first  # the process was cold: it derived its keys, read the day and the policy
    ways = {
        name: _timed(stack, works, shares[name], people, name)
        for name, (works, _, _) in counted.items()
    }
    single = ways["single"].work
    new_person = _average([works for works, _, _ in counted_first])
    return Costs(
        ways=ways,
        new_person=replace(new_person, gb_seconds=0).without(single),
        kept=replace(kept[0], gb_seconds=single.gb_seconds),
        stored=counted["single"][2],
        stored_kept=kept[2],
    )


def figures(costs: Costs) -> Iterator[Figure]:
    """Yield what the issue bounds."""
    for name, way in costs.ways.items():
        yield at_most(f"kms_requests_per_message.{name}", way.work.kms_requests, "requests", 0)
        puts_and_gets = way.work.s3_puts + way.work.s3_gets
        yield at_most(f"s3_requests_per_message.{name}", puts_and_gets, "requests", 0)
        units = way.work.write_units
        yield at_most(f"write_units_per_message.{name}", units, "units", WRITE_UNITS_BAR)
    for name in ("batch", "single"):
        dollars = dollars_per_million(costs.ways[name].work)
        yield at_most(f"dollars_per_million_{name}", dollars, "USD", DOLLARS_BAR[name])


def send(ingest: Function, messages: Sequence[dict[str, Any]]) -> None:
    """Capture messages, one alone as a call of its own; all must be new."""
    if len(messages) == 1:
        ingest.http("post-message", messages[0], expect=201)
        return
    results = ingest.http("post-batch", {"messages": list(messages)})["results"]
    if {result["status"] for result in results} != {201}:
        raise AssertionError(f"a batch was answered {results[0]}")


def durations(stack: Stack, function: str, since: float) -> list[int]:
    """Return how long each run of a function took by its log, in milliseconds."""
    lines = stack.logs(function, since=since)
    others = [line for line in lines if not line.startswith(_PLATFORM)]
    if others:
        raise AssertionError(f"{function} logs of runs that succeed: {others[0]}")
    return [int(found[1]) for line in lines if (found := _REPORT.match(line))]


def log_wait(stack: Stack) -> int:
    """Return what the local AWS adds to every run; nothing once a run that does nothing is fast."""
    refused = json.loads((ROOT / "events/ingest/staff-may-not-capture.json").read_text("utf-8"))
    stack.invoke("IngestFunction", refused)
    since = time.time()
    for _ in range(5):
        stack.invoke("IngestFunction", refused)
    return LOG_WAIT_MS if min(durations(stack, "IngestFunction", since)) >= LOG_WAIT_MS else 0


def capture_client(stack: Stack) -> Client:
    """Return a client that may capture."""
    return Client(stack.api_url, lambda: stack.callers.machine("capture"))


def _counted(
    ingest: Function, calls: Sequence[Sequence[dict[str, Any]]]
) -> tuple[Work, float, Stored]:
    """Make the calls; what a message takes, the share of time spent on AWS, what lies there."""
    ingest.forget()
    for messages in calls:
        send(ingest, messages)
    number = sum(map(len, calls))
    work = ingest.work(by_api=True, calls=len(calls)).shared_by(number // len(calls))
    written = ingest.tally.written.items()
    items = [size for place, sizes in written for size in sizes if _holds_messages(place)]
    objects = [size for place, sizes in written for size in sizes if "bucket" in place]
    stored = Stored(sum(items) / number, len(items) / number, sum(objects) / number)
    return work, ingest.tally.seconds / ingest.wall, stored


def _holds_messages(place: str) -> bool:
    return "MessagesTable" in place or "EntriesTable" in place


def _timed(stack: Stack, work: Work, share: float, people: Sequence[str], name: str) -> Way:
    """Take the time of the deployed function, one call after another."""
    client, wait = capture_client(stack), log_wait(stack)
    size, calls = (1, SINGLES) if name == "single" else (BATCH, BATCHES)
    for warm in (True, False):
        since, begun = time.time(), time.perf_counter()
        for _ in range(1 if warm else calls):
            documents = [message(person) for person in people[:size]]
            if size == 1:
                client.read("POST", "/messages", documents[0])
            else:
                client.capture(documents)
        elapsed = time.perf_counter() - begun
    run = mean(durations(stack, "IngestFunction", since)) - wait
    memory = stack.client("lambda").get_function_configuration(
        FunctionName=stack.resources["IngestFunction"]
    )["MemorySize"]
    return Way(
        work=replace(work, gb_seconds=gb_seconds(run, memory) / size),
        call_ms=elapsed / calls * 1_000,
        run_ms=run,
        wait_ms=wait,
        aws_share=share,
    )


def _average(works: Sequence[Work]) -> Work:
    total: dict[str, float] = {}
    for work in works:
        for name, value in vars(work).items():
            total[name] = total.get(name, 0) + value
    return Work(**total).shared_by(len(works))
