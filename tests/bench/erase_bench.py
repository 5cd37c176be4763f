"""What an erasure asks of AWS until all is unreadable: as much for 100,000 messages as for 10.

Up to 1,000 messages of a person are captured as any others are. The rest is put into the tables
beside them, under the same holders, in copies that no key ever opened: before the erasure they
would fail, after it they are gone, and what a reader is told shows that keys are looked at first.
Purge is held up meanwhile, so what makes them unreadable is the end of the keys alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from tests.bench.capture_bench import BATCH
from tests.bench.deployed import REASON, Function, external, message, running_here
from tests.bench.figures import Figure
from tests.bench.prices import Work
from tools.client import Client
from tools.stack import Stack

SIZES: Final = (10, 1_000, 100_000)
CAPTURED: Final = 1_000
SAMPLE: Final = 20
A_WRITE: Final = 25
WRITERS: Final = 3
READ, GONE = 200, 410

Item = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """Somebody with messages: the ids of some that were captured, and of some that were copied."""

    address: str
    captured: tuple[str, ...]
    copied: tuple[str, ...]


@dataclass(frozen=True)
class Erased:
    """What was measured."""

    requests: dict[int, dict[str, int]]
    work: Work


def measure(stack: Stack) -> Erased:
    """Erase persons with 10, 1,000 and 100,000 messages, and count what it asks."""
    hold_up_purge(stack)
    with running_here(stack, "ingest") as ingest:
        warm = _person(stack, ingest, 1, 3 * 10**7)
        people = {
            size: _person(stack, ingest, size, 3 * 10**7 + at) for at, size in enumerate(SIZES, 1)
        }
    reader = Client(stack.api_url, lambda: stack.callers.staff("investigator"))
    counted = {}
    with running_here(stack, "erase") as erase:
        _erase(erase, warm)  # the process derives its key and learns the policy
        for size, person in people.items():
            _expect(reader, person.captured, READ)
            erase.forget()
            _erase(erase, person)
            counted[size] = dict(erase.tally.requests)
            _expect(reader, (*person.captured, *person.copied), GONE)
        return Erased(counted, erase.work(by_api=True))


def figures(erased: Erased) -> Iterator[Figure]:
    """Yield the number of requests for each size; all must be the same."""
    totals = {size: sum(requests.values()) for size, requests in erased.requests.items()}
    least = min(totals.values())
    for size, total in totals.items():
        yield {
            "name": f"erase_requests.{size}",
            "value": total,
            "unit": "requests",
            "bar": least,
            "ok": total == least,
        }


def hold_up_purge(stack: Stack) -> None:
    """Stop the function that deletes ciphertext from being told of work."""
    client = stack.client("lambda")
    mappings = client.list_event_source_mappings(FunctionName=stack.resources["PurgeFunction"])
    for mapping in mappings["EventSourceMappings"]:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def _erase(erase: Function, person: Person) -> None:
    body = {
        "type": "erasure",
        "addresses": [person.address],
        "ground": "17(1)(b)",
        "identity_verified_by": "code_to_address",
    }
    erase.http("post-request", body, expect=202, Idempotency_Key=f"bench{person.address}")


def _expect(reader: Client, ids: Sequence[str], status: int) -> None:
    found = {
        reader.call("GET", f"/messages/{each}", headers={"Access-Reason": REASON}).status
        for each in ids
    }
    if found - {status}:
        raise AssertionError(f"messages answered {found}, not {status}")


def _person(stack: Stack, ingest: Function, size: int, number: int) -> Person:
    """Capture what is captured for real, and fill up with copies."""
    sender, captured = external(number), []
    for _ in range(-(-min(size, CAPTURED) // BATCH)):
        documents = [message(sender) for _ in range(min(size, BATCH))]
        results = ingest.http("post-batch", {"messages": documents})["results"]
        captured += [result["message"]["message_id"] for result in results]
    copied = _copies(stack, captured[0], size - len(captured))
    return Person(sender, tuple(_some(captured)), tuple(_some(copied)))


def _copies(stack: Stack, message_id: str, number: int) -> list[str]:
    """Put copies of a message and of its author's entry under ids of their own."""
    if not number:
        return []
    dynamodb = stack.client("dynamodb")
    messages, entries = stack.resources["MessagesTable"], stack.resources["EntriesTable"]
    (item,) = dynamodb.query(
        TableName=messages,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": message_id}},
    )["Items"]
    author = bytes(item["h"]["L"][0]["B"]).hex()
    (entry,) = (
        found
        for found in dynamodb.query(
            TableName=entries,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={
                ":pk": {"S": f"{author}#{time.strftime('%Y-%m', time.gmtime())}"}
            },
        )["Items"]
        if message_id in found["sk"]["S"]
    )
    ids = [os.urandom(16).hex() for _ in range(number)]

    def put(some: Sequence[str]) -> None:
        asked = {
            messages: [_put(item | {"pk": {"S": each}}) for each in some],
            entries: [
                _put(entry | {"sk": {"S": entry["sk"]["S"].replace(message_id, each)}})
                for each in some
            ],
        }
        if dynamodb.batch_write_item(RequestItems=asked)["UnprocessedItems"]:
            raise AssertionError("the local AWS left writes out")

    with ThreadPoolExecutor(WRITERS) as pool:
        rest = iter(ids)
        list(pool.map(put, iter(lambda: list(islice(rest, A_WRITE // 2)), [])))
    return ids


def _put(item: Item) -> dict[str, Any]:
    return {"PutRequest": {"Item": item}}


def _some(ids: Sequence[str]) -> Sequence[str]:
    return ids[:: max(1, len(ids) // SAMPLE)]
