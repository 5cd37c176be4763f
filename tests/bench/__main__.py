"""`make bench`: every figure in one run, one JSON line each; the exit code is 1 if a bar is missed.

With `--write` what was measured goes to tests/bench/measured.json and the tables of docs/costs.md.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.bench import (
    capture_bench,
    cold_start,
    costs_document,
    crypto_bench,
    erase_bench,
    gate_bench,
    minimisation_bench,
    throughput_bench,
    upkeep_bench,
)
from tests.bench.figures import Figure
from tools.local_aws import LocalAws
from tools.run import step
from tools.stack import deploy


def main(arguments: list[str]) -> int:
    """Print the figures as they come."""
    missed = [figure["name"] for figure in _printed(_figures(write="--write" in arguments))]
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)  # noqa: T201 - speaks to a terminal
    return 1 if missed else 0


def _printed(figures: Iterable[Figure]) -> Iterator[Figure]:
    """Print each figure; yield those that miss their bar."""
    for figure in figures:
        print(json.dumps(figure, ensure_ascii=False), flush=True)  # noqa: T201 - what it is for
        if not figure["ok"]:
            yield figure


def _figures(*, write: bool) -> Iterator[Figure]:
    # What compares processes comes first, while nothing else of ours runs.
    yield from crypto_bench.figures()
    yield from minimisation_bench.figures()
    yield from gate_bench.in_process()
    yield from cold_start.figures()
    with (
        tempfile.TemporaryDirectory(prefix="lethe-", ignore_cleanup_errors=True) as home,
        LocalAws(Path(home)) as aws,
    ):
        with step("building and deploying"):
            stack = deploy(aws)
        with step("counting what messages take"):
            costs = capture_bench.measure(stack)
        yield from capture_bench.figures(costs)
        with step("sending as many messages as the machine carries"):
            carried = throughput_bench.measure(stack)
        yield from throughput_bench.figures(carried, costs)
        with step("asking the gate"):
            asked = gate_bench.measure(stack)
        yield from gate_bench.figures(asked)
        with step("reading, searching, purging"):
            upkeep = upkeep_bench.measure(stack)
        with step("erasing persons with 10, 1,000 and 100,000 messages"):
            erased = erase_bench.measure(stack)
        yield from erase_bench.figures(erased)
    if write:
        costs_document.write(costs, upkeep, erased)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
