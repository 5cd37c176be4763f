"""Messages a second from end to end: parallel clients, the gateway, Lambda, the tables.

Client, gateway, functions and tables share this machine's processors, so the figure says what the
machine carries, and the processor time that each of them takes for a message says why. On AWS the
limits are the stage's throttle and the account's concurrency.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Final

from tests.bench.capture_bench import BATCH, Costs, capture_client, durations
from tests.bench.deployed import external, list_own_address, message
from tests.bench.figures import Figure, informs
from tools.client import Client
from tools.stack import Stack

CLIENTS: Final = 6
SECONDS: Final = 12.0
_PROC = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Carried:
    """What a way in carried: messages a second, and where a call's and a message's time went."""

    messages_per_second: float
    call_ms: float
    run_ms: float
    processor_ms: dict[str, float]


def measure(stack: Stack) -> dict[str, Carried]:
    """Send messages from several clients at once, one by one and in batches."""
    list_own_address(stack)
    people = [external(number) for number in range(BATCH)]
    capture_client(stack).capture([message(person) for person in people])
    return {
        "batch": _carried(stack, people, BATCH),
        "single": _carried(stack, people, 1),
    }


def figures(carried: dict[str, Carried], costs: Costs) -> Iterator[Figure]:
    """Yield the throughput in batches as the main figure, then the rest with where time goes."""
    name = "messages_per_second_end_to_end"
    yield informs(name, carried["batch"].messages_per_second, "messages/s")
    yield informs(f"{name}.single", carried["single"].messages_per_second, "messages/s")
    for way, found in carried.items():
        place, alone = f"{name}.breakdown.{way}", costs.ways[way]
        yield informs(f"{place}.call", found.call_ms, "ms")
        yield informs(f"{place}.call_alone", alone.call_ms, "ms")
        gateway = alone.call_ms - alone.run_ms - alone.wait_ms
        yield informs(f"{place}.call_alone.client_and_gateway", gateway, "ms")
        yield informs(f"{place}.call_alone.local_aws_waits_for_logs", alone.wait_ms, "ms")
        aws = alone.run_ms * alone.aws_share
        yield informs(f"{place}.call_alone.aws_requests", aws, "ms")
        yield informs(f"{place}.call_alone.lethe", alone.run_ms - aws, "ms")
        for who, milliseconds in found.processor_ms.items():
            yield informs(f"{place}.processor_a_message.{who}", milliseconds, "ms")


def _carried(stack: Stack, people: list[str], size: int) -> Carried:
    clients = [capture_client(stack) for _ in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda client: _send(client, people, size, 0), clients))  # a process for each
        before, since, begun = _processor(stack), time.time(), time.perf_counter()
        until = begun + SECONDS
        calls = list(pool.map(lambda client: _send(client, people, size, until), clients))
        elapsed, after = time.perf_counter() - begun, _processor(stack)
    taken = [seconds for each in calls for seconds in each]
    number = len(taken) * size
    return Carried(
        messages_per_second=number / elapsed,
        call_ms=median(taken) * 1_000,
        run_ms=mean(durations(stack, "IngestFunction", since)),
        processor_ms={who: (after[who] - before[who]) / number * 1_000 for who in before},
    )


def _send(client: Client, people: list[str], size: int, until: float) -> list[float]:
    """Send one call, and more until then; the seconds that each took."""
    taken: list[float] = []
    while not taken or time.perf_counter() < until:
        documents = [message(people[(len(taken) + at) % len(people)]) for at in range(size)]
        begun = time.perf_counter()
        if size == 1:
            client.read("POST", "/messages", documents[0])
        elif any(result["status"] != 201 for result in client.capture(documents)):
            raise AssertionError("a message of a batch was refused")
        taken.append(time.perf_counter() - begun)
    return taken


def _processor(stack: Stack) -> dict[str, float]:
    """Seconds of processor time so far: the clients, the local AWS, its functions (Linux)."""
    own, server = sum(os.times()[:2]), stack.aws._process
    if not _PROC.exists() or server is None:
        return {"client": own}
    parents, used = {}, {}
    for status in _PROC.glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        process = int(status.parent.name)
        parents[process] = int(fields[1])
        used[process] = (int(fields[11]) + int(fields[12])) / _TICKS
    below = [process for process in used if _is_below(process, parents, server.pid)]
    return {
        "client": own,
        "gateway_and_tables": used.get(server.pid, 0),
        "functions": sum(used[process] for process in below),
    }


def _is_below(process: int, parents: dict[int, int], ancestor: int) -> bool:
    while process in parents:
        process = parents[process]
        if process == ancestor:
            return True
    return False
