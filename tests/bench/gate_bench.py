"""What the gate takes: in the process, in requests to AWS, in time on the local stack.

The peers stand for asking less: in the process a dictionary of who agreed, with no word of basis,
objection, erasure or time; on the stack one read of one item, which any check against a database
needs. Both run in the same run as the gate. `deployed` goes through the gateway and Lambda, and has
in it the 50 ms for which the local AWS waits for log lines that do not come (`LOG_WAIT_MS`).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import median, quantiles
from time import perf_counter
from typing import Any, Final

from lethe.domain.addresses import Address
from lethe.domain.consent import BasisSpan, ConsentLine, EventId
from lethe.domain.gate import Question, Subject
from lethe.domain.gating import decide

from tests.bench.deployed import OWN, Function, external, list_own_address, running_here
from tests.bench.figures import Figure, at_most, informs
from tests.gate_scenes import NOW, SHOP, GateScene, known, question, subject
from tools.client import Client
from tools.stack import Stack

PEOPLE: Final = 1_000
ROUNDS: Final = 15
ALLOWS: Final = 300
MANY: Final = 100
LOOKS_BAR: Final = 3
"""The sender with what is in force; the register; the states of consent."""
READS_BAR: Final = 2
_FIRST: Final = 5 * 10**7
_EVENT: Final = EventId("e" * 32)
_STOPS: Final = {("sms", "*"): NOW - timedelta(days=1)}


@dataclass(frozen=True)
class Measured:
    """What was counted of a call on 1 recipient and on 100, and the milliseconds of allows."""

    looks: dict[int, int]
    reads: dict[int, float]
    requests: dict[int, int]
    handler_ms: list[float]
    deployed_ms: list[float]
    get_item_ms: list[float]


def in_process() -> Iterator[Figure]:
    """Yield decisions a second: the rule alone, the whole use case in memory, the dictionary."""
    people = [_somebody(number) for number in range(PEOPLE)]
    asked, facts = question("newsletter"), known(notice_version=1)
    agreed = {(at, "newsletter", "sms"): NOW + timedelta(days=at % 3 - 1) for at in range(PEOPLE)}
    scene = GateScene()
    addresses = [Address(external(number)) for number in range(PEOPLE)]

    def rule() -> None:
        for person in people:
            decide(asked, facts, person)

    def use_case() -> None:
        scene.gate.decide(Question("newsletter", "sms", SHOP), addresses, actor="bench")

    def dictionary() -> None:
        for at in range(PEOPLE):
            until = agreed.get((at, "newsletter", "sms"))
            _ = until is not None and until > NOW

    for name, act in (
        ("gate_decisions_per_second", use_case),
        ("gate_decisions_per_second.rule_alone", rule),
        ("gate_decisions_per_second.peer_dictionary", dictionary),
    ):
        yield informs(name, PEOPLE / _best(act), "decisions/s")


def measure(stack: Stack) -> Measured:
    """Count at the handler, then take the time of allows: here, deployed, and of one read."""
    list_own_address(stack)
    with running_here(stack, "dispatch") as dispatch:
        for size in (1, MANY):
            _allowed(dispatch, size)  # keys are derived, the policy is read
        counted = {size: _counted(dispatch, size) for size in (1, MANY)}
        handler_ms = _milliseconds(lambda: _allowed(dispatch, 1))
    client = Client(stack.api_url, lambda: stack.callers.machine("dispatch"))
    dynamodb, policy = stack.client("dynamodb"), stack.resources["PolicyTable"]
    key: Any = {"pk": {"S": "head"}}
    return Measured(
        looks={size: looks for size, (looks, _, _) in counted.items()},
        reads={size: reads for size, (_, reads, _) in counted.items()},
        requests={size: requests for size, (_, _, requests) in counted.items()},
        handler_ms=handler_ms,
        deployed_ms=_milliseconds(lambda: client.read("POST", "/dispatches", _body(1))),
        get_item_ms=_milliseconds(
            lambda: dynamodb.get_item(TableName=policy, Key=key, ConsistentRead=True)
        ),
    )


def figures(measured: Measured) -> Iterator[Figure]:
    """Yield what the issue bounds, then the times beside those of one read."""
    for size in (1, MANY):
        place = f"{size}_recipient{'s' if size > 1 else ''}"
        yield at_most(f"gate_looks_per_call.{place}", measured.looks[size], "requests", LOOKS_BAR)
        yield at_most(f"gate_reads_per_recipient.{place}", measured.reads[size], "items", READS_BAR)
        yield informs(f"gate_requests_per_call.{place}", measured.requests[size], "requests")
    times = {
        "gate_allow": measured.handler_ms,
        "gate_allow.deployed": measured.deployed_ms,
        "gate_allow.peer_get_item": measured.get_item_ms,
    }
    for name, taken in times.items():
        yield informs(f"{name}.p99", quantiles(taken, n=100)[98], "ms")
        yield informs(f"{name}.p50", median(taken), "ms")


def _somebody(number: int) -> Subject:
    """One of four sorts of people: silent, agreed, withdrawn, a customer who stopped."""
    given = ConsentLine(NOW - timedelta(days=number), NOW + timedelta(days=100), _EVENT)
    withdrawn = ConsentLine(NOW - timedelta(9), event_id=_EVENT, withdrawn_at=NOW - timedelta(1))
    sorts: tuple[dict[str, Any], ...] = (
        {},
        {"lines": {("newsletter", "sms"): given}},
        {"lines": {("newsletter", "sms"): withdrawn}, "notified": 1},
        {"bases": {"order": BasisSpan(NOW - timedelta(9), event_id=_EVENT)}, "stops": _STOPS},
    )
    return subject(**sorts[number % len(sorts)])


def _body(recipients: int) -> dict[str, Any]:
    """An invoice, on a channel of the bench's own: the day of no vendor's review decides on it."""
    people = [{"address": external(_FIRST + number)} for number in range(recipients)]
    what = {"from": OWN, "channel": "bench", "purpose": "invoices", "recipients": people}
    return {**what, "text": "Your invoice is in your account."}


def _allowed(dispatch: Function, recipients: int) -> None:
    answer = dispatch.http("post-dispatch", _body(recipients))
    if {each["decision"] for each in answer["recipients"]} != {"allow"}:
        raise AssertionError(f"the gate answered {answer['recipients'][0]}")


def _counted(dispatch: Function, recipients: int) -> tuple[int, float, int]:
    """Batched reads, items read for each recipient, and all requests."""
    dispatch.forget()
    _allowed(dispatch, recipients)
    tally = dispatch.tally
    if tally.of("kms"):
        raise AssertionError("a warm process asks KMS for nothing")
    about_the_call = 2  # the sender, and what is in force
    reads = (tally.read_units - about_the_call) / recipients
    return tally.requests["dynamodb:BatchGetItem"], reads, sum(tally.requests.values())


def _milliseconds(act: Callable[[], object]) -> list[float]:
    act()
    taken = []
    for _ in range(ALLOWS):
        begun = perf_counter()
        act()
        taken.append((perf_counter() - begun) * 1_000)
    return taken


def _best(act: Callable[[], object]) -> float:
    """The seconds of the fastest round: the others had to wait for the machine."""
    act()
    gc.collect()
    taken = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        act()
        taken.append(perf_counter() - begun)
    return min(taken)
