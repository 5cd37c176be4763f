"""Counts what clients ask of AWS: each request on the wire, and the capacity that it takes.

Writes are counted as the local AWS reports them, true to size. Of reads it knows no sizes, so they
count by DynamoDB's rule: a unit for each 4 KB begun, of an item or of a page of a query, one for a
missing item, all of them read consistently. What a projection left out is not seen, which changes a
page of the index alone, by a few units.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from time import perf_counter
from typing import Any

Item = Mapping[str, Mapping[str, Any]]

READ_UNIT_BYTES = 4096
REPORTING = frozenset({"DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"})
READING = frozenset({"GetItem", "Query", "Scan"})
LISTING = frozenset({"DeleteObjects", "ListMultipartUploads", "ListObjectVersions", "PutObject"})


@dataclass
class Tally:
    """What was asked of AWS since the last `forget`."""

    requests: Counter[str] = field(default_factory=Counter)
    write_units: float = 0
    read_units: float = 0
    written: dict[str, list[int]] = field(default_factory=dict)
    """Bytes of each item that was put alone, and of each object, by table or bucket."""
    spans: list[tuple[float, float]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, client: Any) -> None:
        """Count everything that this client asks from now on."""
        events = client.meta.events
        events.register("before-parameter-build", self._ask_for_capacity)
        events.register("before-send", self._sent)
        events.register("after-call", self._answered)

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self.requests, self.written, self.spans = Counter(), {}, []
            self.write_units = self.read_units = 0

    def of(self, service: str) -> int:
        """How many requests went to a service."""
        return sum(
            number for name, number in self.requests.items() if name.startswith(f"{service}:")
        )

    @property
    def puts(self) -> int:
        """Requests to S3 that cost what a PUT does."""
        return sum(self.requests[f"s3:{name}"] for name in LISTING)

    @property
    def seconds(self) -> float:
        """How long at least one request was under way."""
        return sum(end - start for start, end in _merged(self.spans))

    def _ask_for_capacity(
        self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: object
    ) -> None:
        context["bench_start"] = perf_counter()
        if model.name == "PutObject":
            self._wrote(params["Bucket"], _body_size(params["Body"]))
        if model.service_model.service_name != "dynamodb":
            return
        if model.name in REPORTING:
            params["ReturnConsumedCapacity"] = "TOTAL"
        if model.name == "BatchGetItem":
            asked = params["RequestItems"].values()
            context["bench_keys"] = sum(len(table["Keys"]) for table in asked)
        if model.name == "PutItem":
            self._wrote(params["TableName"], item_size(params["Item"]))

    def _wrote(self, place: str, size: int) -> None:
        with self._lock:
            self.written.setdefault(place, []).append(size)

    def _sent(self, event_name: str, **_kwargs: object) -> None:
        service, operation = event_name.split(".")[1:]
        with self._lock:
            self.requests[f"{service}:{operation}"] += 1

    def _answered(
        self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: object
    ) -> None:
        end = perf_counter()
        with self._lock:
            self.spans.append((context["bench_start"], end))
            if model.name == "BatchGetItem":
                found = [item for items in parsed["Responses"].values() for item in items]
                self.read_units += context["bench_keys"] - len(found) + sum(map(read_units, found))
            elif model.name in READING:
                items = parsed.get("Items", [parsed.get("Item", {})])
                self.read_units += _units(sum(map(item_size, items)))
            elif model.name in REPORTING:
                self.write_units += _capacity(parsed)


def item_size(item: Item) -> int:
    """Return the bytes of an item as DynamoDB counts them."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def read_units(item: Item) -> int:
    """Return what reading an item consistently takes."""
    return _units(item_size(item))


def _units(size: int) -> int:
    return max(1, ceil(size / READ_UNIT_BYTES))


def _body_size(body: Any) -> int:
    return len(body) if isinstance(body, bytes | bytearray) else len(body.getbuffer())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return ceil(len(content.strip("-0.").replace(".", "")) / 2) + 1
        case "B":
            return len(content)
        case "L":
            return 3 + sum(1 + _value_size(each) for each in content)
        case "M":
            return 3 + len(content) + item_size(content)
    return 1  # BOOL, NULL


def _capacity(parsed: dict[str, Any]) -> float:
    reported: Any = parsed.get("ConsumedCapacity", ())
    listed: Iterable[dict[str, Any]] = [reported] if isinstance(reported, dict) else reported
    return float(sum(each["CapacityUnits"] for each in listed))


def _merged(spans: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Overlapping spans as one."""
    current: tuple[float, float] | None = None
    for start, end in sorted(spans):
        if current is None or start > current[1]:
            if current:
                yield current
            current = (start, end)
        else:
            current = (current[0], max(current[1], end))
    if current:
        yield current
