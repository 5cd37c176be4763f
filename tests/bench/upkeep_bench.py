"""What reading, searching and purging take, counted at the handlers for docs/costs.md."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any, Final

from tests.bench.capture_bench import BATCH, send
from tests.bench.deployed import REASON, Function, external, list_own_address, message, running_here
from tests.bench.erase_bench import hold_up_purge
from tests.bench.prices import Work
from tools.local_aws import LocalAwsError
from tools.stack import Stack

READS: Final = 20
SENDER: Final = external(4 * 10**7)


def measure(stack: Stack) -> dict[str, Work]:
    """Read, search, erase and purge the messages of one person."""
    list_own_address(stack)
    hold_up_purge(stack)
    with running_here(stack, "ingest") as ingest:
        send(ingest, [message(SENDER) for _ in range(BATCH)])
    with running_here(stack, "access") as access:
        found = _searched(access)
        access.forget()
        _searched(access)
        search = access.work(by_api=True)
        access.forget()
        for each in found["messages"][:READS]:
            path = f"/messages/{each['message_id']}"
            access.http("get-message", path=path, Access_Reason=REASON)
        read = access.work(by_api=True, calls=READS)
    with running_here(stack, "erase") as erase:
        request_id = _erased(erase)
    with running_here(stack, "purge") as purge:
        body = _queued(stack, request_id)
        for is_last in (False, True):
            purge.call(_event(body | {"verify": is_last}))
        purged = purge.work(by_api=False, calls=2)
    total = replace(purged, **{name: 2 * value for name, value in vars(purged).items()})
    return {"read": read, "search": search, "purge": total.shared_by(BATCH)}


def _searched(access: Function) -> Any:
    asked = {"address": SENDER, "reason": REASON, "from": "2026-01-01T00:00:00Z"}
    return access.http("search", asked)


def _erased(erase: Function) -> str:
    body = {
        "type": "erasure",
        "addresses": [SENDER],
        "ground": "17(1)(b)",
        "identity_verified_by": "code_to_address",
    }
    answer = erase.http("post-request", body, expect=202, Idempotency_Key="bench-upkeep")
    return str(answer["request_id"])


def _queued(stack: Stack, request_id: str) -> dict[str, Any]:
    """Return the work that the erasure left in the queue."""
    sqs, url = stack.client("sqs"), stack.resources["PurgeQueue"]
    for _ in range(20):
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        for each in received.get("Messages", ()):
            body: dict[str, Any] = json.loads(each["Body"])
            if body.get("request") == request_id:
                return body
        time.sleep(0.5)
    raise LocalAwsError("the erasure queued no work")


def _event(body: dict[str, Any]) -> dict[str, Any]:
    record = {"messageId": "1", "body": json.dumps(body), "eventSource": "aws:sqs"}
    return {"Records": [record]}
