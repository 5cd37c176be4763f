"""The house stands: every function starts, callers are told apart, roles are enforced."""

import time

import pytest
from botocore.exceptions import ClientError

from tools.callers import GROUPS, MACHINES
from tools.stack import Stack

FUNCTIONS = [
    "Access",
    "Consent",
    "Dispatch",
    "Erase",
    "Govern",
    "Ingest",
    "Purge",
    "RetentionSweep",
]


def test_every_function_is_deployed(stack: Stack) -> None:
    assert [name.removesuffix("Function") for name in stack.functions] == FUNCTIONS


def test_the_sweep_runs_on_demand_and_says_what_it_did(stack: Stack) -> None:
    assert isinstance(stack.invoke("RetentionSweepFunction", {"dry_run": True}), dict)


@pytest.mark.parametrize("machine", MACHINES)
def test_machines_get_tokens(stack: Stack, machine: str) -> None:
    assert stack.callers.machine(machine)


@pytest.mark.parametrize("group", GROUPS)
def test_staff_of_every_group_get_tokens(stack: Stack, group: str) -> None:
    assert stack.callers.staff(group)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/messages"), ("GET", "/messages/0"), ("GET", "/policy"), ("GET", "/requests/0")],
)
def test_nobody_is_refused(stack: Stack, method: str, path: str) -> None:
    assert stack.call(method, path).status == 401


def test_a_capturing_machine_may_not_read(stack: Stack) -> None:
    token = stack.callers.machine("capture")
    assert stack.call("GET", "/messages/0", token=token).status in {401, 403}


def test_roles_are_enforced(stack: Stack) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        stack.assume("GovernFunction").client("dynamodb").scan(
            TableName=stack.resources["MessagesTable"]
        )


def test_requests_are_counted_by_function(stack: Stack) -> None:
    start = time.time()
    stack.invoke("RetentionSweepFunction", {"dry_run": True})
    assert stack.recorder.requests("RetentionSweepFunction", since=start)


def test_time_to_live_and_backups_are_on(stack: Stack) -> None:
    dynamodb = stack.client("dynamodb")
    messages, keys = stack.resources["MessagesTable"], stack.resources["KeysTable"]
    ttl = dynamodb.describe_time_to_live(TableName=messages)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=keys)["ContinuousBackupsDescription"]
    assert ttl["TimeToLiveStatus"] == "ENABLED"
    assert ttl["AttributeName"] == "ttl"
    assert backups["ContinuousBackupsStatus"] == "ENABLED"


@pytest.mark.parametrize("bucket", ["KeepBucket", "LedgerBucket"])
def test_what_the_law_keeps_is_locked(stack: Stack, bucket: str) -> None:
    lock = stack.client("s3").get_object_lock_configuration(Bucket=stack.resources[bucket])
    assert lock["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"
