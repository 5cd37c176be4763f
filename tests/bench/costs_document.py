"""The tables of docs/costs.md: generated from what was measured, by the arithmetic of `prices`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any, Final

from tests.aws_store import declared
from tests.bench import prices
from tests.bench.capture_bench import Costs
from tests.bench.erase_bench import Erased
from tests.bench.prices import Stored, Work

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "costs.md"
MEASURED = Path(__file__).with_name("measured.json")
YEARS: Final = (1, 5, 7)

_TERMS: Final = {
    "api_requests": "REST API requests",
    "lambda_requests": "Lambda requests",
    "gb_seconds": "Lambda GB-seconds",
    "write_units": "write units",
    "read_units": "read units",
    "log_bytes": "bytes of logs",
    "kms_requests": "KMS requests",
    "s3_puts": "S3 PUT, LIST",
    "s3_gets": "S3 GET",
    "sqs_requests": "SQS requests",
}
_ACTS: Final = {
    "kept": "a message of a class that a law keeps, alone",
    "new_person": "a person's first message, on top",
    "read": "reading a message",
    "search": "a search that opens a page of 100",
    "erase": "erasing a person with one address and one class",
    "purge": "purging a message, when its key is gone",
}
_METRICS_A_ROUTE: Final = 5
_POLLERS: Final = 5
_POLL_SECONDS: Final = 20
_KEY_CACHED_MINUTES: Final = 5
_SWEEP = Work(lambda_requests=1, gb_seconds=1, read_units=1_000)


@dataclass(frozen=True)
class Measured:
    """What the tables are made of."""

    works: Mapping[str, Work]
    stored: Mapping[str, Stored]
    erase_requests: Mapping[str, int]


def write(costs: Costs, upkeep: Mapping[str, Work], erased: Erased) -> None:
    """Record what was measured, and put the tables into the document."""
    works = {name: way.work for name, way in costs.ways.items()}
    works |= {"kept": costs.kept, "new_person": costs.new_person, "erase": erased.work, **upkeep}
    stored = {"ordinary": costs.stored, "kept": costs.stored_kept}
    document: dict[str, Any] = {
        "works": {name: _rounded(asdict(work)) for name, work in works.items()},
        "stored": {name: _rounded(asdict(one)) for name, one in stored.items()},
        "erase_requests": dict(sorted(next(iter(erased.requests.values())).items())),
    }
    MEASURED.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    DOCUMENT.write_text(filled(DOCUMENT.read_text("utf-8"), read()), "utf-8")


def read() -> Measured:
    """Return what was measured last."""
    document = json.loads(MEASURED.read_text("utf-8"))
    return Measured(
        works={name: Work(**work) for name, work in document["works"].items()},
        stored={name: Stored(**one) for name, one in document["stored"].items()},
        erase_requests=document["erase_requests"],
    )


def filled(text: str, measured: Measured) -> str:
    """Return the document with its tables made anew between their markers."""
    for name, lines in tables(measured).items():
        begin, end = f"<!-- table: {name} -->", f"<!-- end: {name} -->"
        pattern = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
        table = "\n".join([begin, *lines, end])
        text, found = pattern.subn(lambda _, table=table: table, text)  # type: ignore[misc]
        if found != 1:
            raise ValueError(f"docs/costs.md needs the markers of the table {name} once")
    return text


def tables(measured: Measured) -> dict[str, list[str]]:
    """Return every table's lines by its name."""
    return {
        "message": _message(measured.works["single"], measured.works["batch"]),
        "acts": _acts(measured.works),
        "erasure": _requests(measured.erase_requests),
        "storage": _storage(measured.stored),
        "floor": _floor(),
    }


def floor() -> dict[str, float]:
    """Return the dollars a month of a stack in which nothing happens, line by line."""
    keys = declared("AWS::KMS::Key").values()
    rotated = sum(bool(key.get("EnableKeyRotation")) for key in keys)
    functions = declared("AWS::Serverless::Function").values()
    events = [event for each in functions for event in each.get("Events", {}).values()]
    routes = sum(event["Type"] == "Api" for event in events)
    queues = sum(event["Type"] == "SQS" for event in events)
    alarms = len(declared("AWS::CloudWatch::Alarm"))
    settings = declared("AWS::Serverless::Api")["Api"]["MethodSettings"]
    detailed = any(setting.get("MetricsEnabled") for setting in settings)
    polls = queues * _POLLERS * prices.HOURS_A_MONTH * 3600 / _POLL_SECONDS
    tables = len(declared("AWS::DynamoDB::Table"))
    looks = tables * prices.HOURS_A_MONTH * 60 / _KEY_CACHED_MINUTES
    sweeps = prices.HOURS_A_MONTH * prices.dollars_per_million(_SWEEP) / prices.MILLION
    lines = {
        f"{len(keys)} KMS keys": len(keys) * prices.KMS_KEY_MONTH,
        f"former material of {rotated} keys, from the third year on": (
            2 * rotated * prices.KMS_KEY_MONTH
        ),
        f"{alarms} alarms": alarms * prices.ALARM_MONTH,
        "2 metrics that every sweep publishes": 2 * prices.METRIC_MONTH,
        f"polling {queues} queues": polls * prices.SQS_REQUEST,
        f"StorageKey, asked by one busy function for {tables} tables": looks * prices.KMS_REQUEST,
        "the hourly sweep (2 seconds, 1,000 read units a run)": sweeps,
        "a token an hour for one machine": prices.HOURS_A_MONTH * prices.TOKEN,
    }
    if detailed:
        name = f"metrics of {routes} routes, if each is called"
        lines[name] = routes * _METRICS_A_ROUTE * prices.METRIC_MONTH
    return lines


def _message(single: Work, batch: Work) -> list[str]:
    rows = [
        (label, *_cells(single, name), *_cells(batch, name))
        for name, label in _TERMS.items()
        if getattr(single, name) or name in {"kms_requests", "s3_puts"}
    ]
    total = [f"**{prices.dollars_per_million(work):.2f}**" for work in (single, batch)]
    head = ("a million messages", "alone: each takes", "USD", "in batches of 100", "USD")
    return _table(head, [*rows, ("**together**", "", total[0], "", total[1])])


def _acts(works: Mapping[str, Work]) -> list[str]:
    counted = [name for name in _TERMS if any(getattr(works[act], name) for act in _ACTS)]
    head = ("each takes", *(_TERMS[name] for name in counted), "USD for a million")
    return _table(
        head,
        [
            (
                label,
                *(_number(getattr(works[act], name)) for name in counted),
                f"**{prices.dollars_per_million(works[act]):.2f}**",
            )
            for act, label in _ACTS.items()
        ],
    )


def _requests(requests: Mapping[str, int]) -> list[str]:
    rows = [(name, str(number)) for name, number in requests.items()]
    return _table(("request", "how many"), [*rows, ("together", str(sum(requests.values())))])


def _storage(stored: Mapping[str, Stored]) -> list[str]:
    labels = {"ordinary": "an ordinary class", "kept": "a class that a law keeps"}
    rows = []
    for name, one in stored.items():
        for years in YEARS:
            parts = prices.storing_a_million(one, years)
            gigabytes = one.table_gb_of_a_million(), one.bucket_gb_of_a_million()
            rows.append(
                (
                    labels[name],
                    str(years),
                    *(f"{each:.2f}" for each in gigabytes),
                    *(f"{part:.2f}" for part in parts.values()),
                    f"**{sum(parts.values()):.2f}**",
                )
            )
    head = ("class", "years", "GB in tables", "GB in buckets", "tables", "PITR", "buckets", "USD")
    return _table(head, rows)


def _floor() -> list[str]:
    lines = floor()
    rows = [(what, f"{dollars:.2f}") for what, dollars in lines.items()]
    return _table(
        ("each month", "USD"), [*rows, ("**together**", f"**{sum(lines.values()):.2f}**")]
    )


def _cells(work: Work, name: str) -> tuple[str, str]:
    return _number(getattr(work, name)), f"{prices.terms(work)[name]:.3f}"


def _number(value: float) -> str:
    if value == ceil(value):
        return f"{value:,.0f}"
    return f"{value:.5f}".rstrip("0") if value < 1 else f"{value:,.2f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in values.items()}
