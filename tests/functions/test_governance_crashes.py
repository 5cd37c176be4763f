"""Each call to AWS of a policy's change and of a report fails once; the repetition completes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count

import pytest
from botocore.exceptions import ClientError
from lethe.domain.errors import LetheError
from lethe.usecases import sweep

from tests.aws_store import AwsStores, on_aws
from tests.faults import CrashError, Faults
from tests.scenes import Scene, policy
from tests.system import APPROVER, STAFF

FAILURES = (CrashError, ClientError, LetheError)
WAYS = [(False, False), (True, False), (False, True), (True, True)]


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsStores]:
    with pytest.MonkeyPatch.context() as patch, on_aws() as stores:
        patch.setattr(sweep, "DAYS_AHEAD", 1)
        yield stores


@pytest.fixture(scope="module")
def faults(aws: AwsStores) -> Faults:
    made = Faults()
    made.watch(*aws.clients, aws.sns)
    return made


def failing(
    faults: Faults, act: Callable[[], object], *, after: bool, crash: bool
) -> Iterator[bool]:
    """Let the act's first call fail, then its second, and so on; False when none is left."""
    for number in count(1):
        faults.plan(number, after=after, crash=crash)
        try:
            act()
        except FAILURES:
            faults.plan(None)
            yield True
        else:
            faults.plan(None)
            yield False
            return


@pytest.mark.parametrize(("after", "crash"), WAYS)
def test_an_approval_that_failed_anywhere_is_repeated_and_makes_one_version(
    aws: AwsStores, faults: Faults, *, after: bool, crash: bool
) -> None:
    scene = Scene(aws)
    ready: list[tuple[str, str, int]] = []

    def propose() -> None:
        version, present = scene.govern.policy()
        shards = present.function_shards % 64 + 1
        document = policy(short=20).model_copy(update={"function_shards": shards})
        proposal_id = scene.changes.propose(document, version, caller=STAFF).proposal.id
        token = scene.changes.preview(proposal_id, caller=APPROVER).token
        ready[:] = [(proposal_id, token, version)]

    def approve() -> None:
        [(proposal_id, token, _)] = ready
        scene.changes.approve(proposal_id, token, caller=APPROVER)  # type: ignore[arg-type]

    propose()
    tried = 0
    for failed in failing(faults, approve, after=after, crash=crash):
        tried += 1
        if failed:
            approve()
        [(proposal_id, _, version)] = ready
        assert scene.govern.policy()[0] == version + 1
        approval = scene.changes.get(proposal_id).proposal.approval  # type: ignore[arg-type]
        assert approval is not None
        assert (approval.version, approval.actor) == (version + 1, APPROVER.actor)
        propose()
    assert tried > 5
    acts = [
        item["target"]["S"]
        for item in aws.dynamodb.scan(TableName="AuditTable")["Items"]
        if item["action"]["S"] == "policy_put_in_force"
    ]
    assert len(set(acts)) >= tried


@pytest.mark.parametrize(("after", "crash"), WAYS)
def test_a_proposal_that_failed_anywhere_is_whole_or_not_there(
    aws: AwsStores, faults: Faults, *, after: bool, crash: bool
) -> None:
    scene = Scene(aws)

    def propose() -> None:
        version, present = scene.govern.policy()
        scene.changes.propose(present, version, caller=STAFF)

    version = scene.govern.policy()[0]
    before = len(scene.stores.proposals.open(version))
    for number, _ in enumerate(failing(faults, propose, after=after, crash=crash), 1):
        listed = scene.stores.proposals.open(version)[before:]
        assert len(listed) <= number
        assert all(each.policy == scene.govern.policy()[1] for each in listed)


@pytest.mark.parametrize(("after", "crash"), WAYS)
def test_a_report_that_failed_anywhere_is_published_by_a_repetition(
    aws: AwsStores, faults: Faults, *, after: bool, crash: bool
) -> None:
    scene = Scene(aws)
    scene.clock.now += timedelta(days=100 * (1 + WAYS.index((after, crash))))
    for _ in failing(faults, scene.reports.run, after=after, crash=crash):
        day = scene.clock().date() - timedelta(days=1)
        for _ in range(2):
            scene.clock.pass_(timedelta(minutes=2))
            scene.reports.run()
        assert scene.stores.report_log.get(day) is not None
        scene.clock.pass_(timedelta(days=1))
