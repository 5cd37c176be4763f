"""Each call to AWS and each call of a vendor fails once; then the world goes on as it would.

The caller repeats what was not answered, the queues deliver again, some messages twice. Whatever
failed where: the vendor has each message once at most, each comes to a final state, and what left,
or may have left, is in the archive once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from lethe.domain.addresses import Address
from lethe.domain.errors import LetheError
from lethe.domain.outbox import (
    FINAL,
    Answered,
    DispatchId,
    OutMessage,
    Refused,
    SendState,
    TryAgain,
    Unknown,
)
from lethe.store.clients import ses_config
from lethe.store.queues import load_out
from lethe.usecases.delivery import LONGEST_RUN
from lethe.vendors.http import ANSWER_SECONDS, CONNECT_SECONDS

from tests.aws_store import TEMPLATE, AwsStores, _Loader, declared, on_aws
from tests.faults import CrashError, Faults
from tests.sending_scene import ANNA, BERT, MARA, SendingScene, Vendor
from tests.snapshots import Snapshot, items, queue
from tests.system import STAFF, Clock

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
FAILURES = (CrashError, ClientError, LetheError)
CARL = Address("mailto:carl@example.org")
S = SendState
CLOCK = START + timedelta(minutes=1)
WAYS = [(after, crash) for after in (False, True) for crash in (False, True)]
UNKNOWN = {"unavailable", "no_answer", "interrupted"}
BEFORE = {"BatchGetItem", "GetItem", "PutItem", "UpdateItem"}
"""What the gate reads and counts at the call."""
CLAIMED = {"vendor", "UpdateItem", "SendMessageBatch"}
"""What claims, sends, records and hands on."""


@dataclass
class WatchedVendor(Vendor):
    """A vendor whose calls are counted with those of AWS and can fail as they do."""

    faults: Faults = field(default_factory=Faults)
    broken: Answered = field(default_factory=lambda: Unknown("no_answer"))
    """What the client makes of a failure before the effect: certain, or not."""

    def send(self, message: OutMessage) -> Answered:
        send = self.faults._watched(lambda *_: super(WatchedVendor, self).send(message))
        try:
            answered: Answered = send("vendor", {})
        except ClientError:
            return Unknown("no_answer") if self.faults.after else self.broken
        return answered


@dataclass
class Place:
    """An account with the shop in it, and what fails."""

    stores: AwsStores
    faults: Faults
    opened: Snapshot

    def scene(self, clock: datetime, broken: Answered) -> SendingScene:
        self.stores._build()
        vendor = WatchedVendor(faults=self.faults, broken=broken)
        return SendingScene(self.stores, clock=Clock(clock), vendor=vendor)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with on_aws() as stores:
        scene = SendingScene(stores, clock=Clock(START))
        scene.open()
        for who in (ANNA, BERT):
            scene.consent(who)
        stores.transit.new(DispatchId("0" * 32))  # makes the keys, before calls are counted
        faults = Faults()
        faults.watch(*stores.clients)
        yield Place(stores, faults, Snapshot.of(stores))


@dataclass(frozen=True)
class Case:
    """What the caller hands in, what happens before the queue comes to it, and what must be."""

    submit: Callable[[SendingScene], object]
    check: Callable[[SendingScene], object]
    meanwhile: Callable[[SendingScene], object] | None = None
    answers: tuple[Answered, ...] = ()
    uncertain: bool = False


def work(scene: SendingScene, *, twice: bool) -> None:
    """Let the queues run empty; what fails is delivered again, and in `twice` everything is."""
    handlers: dict[str, Callable[..., object]] = {
        "SendQueue": scene.delivery.work,
        "SentQueue": scene.sent_capture.handle,
    }
    again: Counter[str] = Counter()
    for _ in range(60):
        waiting = [(name, one) for name in handlers for one in queue(name)]
        if not waiting:
            return
        for name, one in waiting:
            queue(name).remove(one)
            again[one.id] += 1
            try:
                handlers[name](*load_out(one.body))
            except FAILURES:
                queue(name).append(one)
            else:
                if twice and again[one.id] == 1:
                    queue(name).append(one)
        scene.clock.pass_(LONGEST_RUN / 2 + timedelta(seconds=1))
    raise AssertionError("the queues never run empty")


def whole(scene: SendingScene, case: Case, *, twice: bool) -> None:
    """All of it, from the call to the last queue message; a call that fails is repeated once."""
    scene.vendor.answers(*case.answers)
    try:
        case.submit(scene)
    except FAILURES:
        scene.clock.pass_(timedelta(seconds=1))
        if twice and case.meanwhile is None:  # the queue may be faster than the caller
            work(scene, twice=twice)
        case.submit(scene)
    if case.meanwhile is not None:
        case.meanwhile(scene)
    work(scene, twice=twice)


def fails_anywhere(place: Place, case: Case) -> None:
    place.opened.restore()
    scene = place.scene(CLOCK, Unknown("no_answer"))
    place.faults.plan(None)
    whole(scene, case, twice=False)
    calls = [operation for operation, _ in place.faults.calls]
    _holds(scene)
    case.check(scene)
    for number, operation in enumerate(calls, start=1):
        # Around the claim each way counts; elsewhere the cases together try them all.
        for after, crash in WAYS if operation in CLAIMED else [WAYS[number % len(WAYS)]]:
            _fails_at(place, case, number, after=after, crash=crash)


def _fails_at(place: Place, case: Case, number: int, *, after: bool, crash: bool) -> None:
    place.opened.restore()
    broken = (Unknown("no_answer"), TryAgain("not_connected"))[number % 2]
    scene = place.scene(CLOCK, broken)
    place.faults.plan(number, after=after, crash=crash)
    try:
        whole(scene, case, twice=bool(number % 3))
        failed = place.faults.failed
        place.faults.plan(None)
        _holds(scene)
        # A gate that could not be asked was a no; from the claim on nobody is sure.
        if not UNKNOWN & {row.get("why", {}).get("S") for row in outbox()}:
            case.check(scene)
        elif not case.uncertain:
            assert failed in BEFORE | CLAIMED, failed
    except Exception as error:
        error.add_note(f"{number}: {place.faults.failed} {after=} {crash=}")
        raise


def outbox() -> list[dict[str, Any]]:
    return [row for row in items("OutboxTable") if row["sk"]["S"] != "head"]


def _holds(scene: SendingScene) -> None:
    """What is true whatever failed."""
    rows = outbox()
    assert rows
    states = Counter(S(row["state"]["S"]) for row in rows)
    assert states.keys() <= FINAL, states
    assert not [row for row in rows if row.keys() & {"m", "v", "w"}], "nothing is left sealed"
    taken = Counter(
        (message.text, tuple(r.address for r in message.recipients))
        for message in scene.vendor.taken
    )
    assert set(taken.values()) <= {1}, "at the vendor once"
    captured = [row for row in items("MessagesTable") if "x" not in row]
    assert len(captured) == states[S.CAPTURED] + states[S.UNCERTAIN]
    assert states[S.CAPTURED] <= len(scene.vendor.taken)
    assert len(scene.vendor.taken) <= len(captured), "what left is in the archive"


def captured(texts: dict[str, int]) -> Callable[[SendingScene], None]:
    """So many messages of each text left, and are in the archive by the vendor's id."""

    def check(scene: SendingScene) -> None:
        assert Counter(message.text for message in scene.vendor.taken) == texts
        assert {row["state"]["S"] for row in outbox()} == {S.CAPTURED}
        for number, message in enumerate(scene.vendor.taken, start=1):
            message_id = scene.hashes.message_id(message.channel, f"V{number}")
            read = scene.access.read(message_id, reason="test", caller=STAFF)
            assert read.versions[0].body == message.text

    return check


def _to_two(scene: SendingScene) -> None:
    scene.submit(ANNA, BERT, text="Tip.", key="campaign-1")


def _together(scene: SendingScene) -> None:
    call: dict[str, Any] = {"purpose": "service", "channel": "email", "key": "mail-1"}
    scene.submit(MARA, CARL, text="Hi all.", together=True, **call)


def _notice(scene: SendingScene) -> None:
    scene.submit(
        purpose="service", text="Notice.", key="notice-1", is_notice=True, notice_version=2
    )


def _is_marked(scene: SendingScene) -> None:
    captured({"Notice.": 1})(scene)
    anna = scene.hashes.pseudonym(ANNA)
    assert scene.stores.consents.states([anna])[anna].notified == 2


def _service(scene: SendingScene) -> None:
    scene.submit(purpose="service", text="Parcel.", key="parcel-1")


def _tip(scene: SendingScene) -> None:
    scene.submit(text="Tip.", key="tip-1")


def _withdrawn(scene: SendingScene) -> None:
    try:
        scene.withdraw(ANNA)
    except FAILURES:
        scene.withdraw(ANNA)


def _denied(scene: SendingScene) -> None:
    assert not scene.vendor.taken
    assert [(r["state"]["S"], r["why"]["S"]) for r in outbox()] == [(S.DENIED, "consent_withdrawn")]


def _opted_out(scene: SendingScene) -> None:
    assert not scene.vendor.taken
    assert [(r["state"]["S"], r["why"]["S"]) for r in outbox()] == [(S.REFUSED, "21610")]
    events = Counter(row["t"]["S"] for row in items("ConsentTable") if "t" in row)
    assert events == {"given": 2, "stopped": 1, "vendor_blocked": 1}


CASES = {
    "to two persons": Case(_to_two, captured({"Tip.\nReply STOP to end.": 2})),
    "one mail to two": Case(_together, captured({"Hi all.": 1})),
    "a notice": Case(_notice, _is_marked),
    "a vendor that is too busy first": Case(
        _service, captured({"Parcel.": 1}), answers=(TryAgain("20429"),)
    ),
    "a consent withdrawn meanwhile": Case(_tip, _denied, _withdrawn),
    "an opt-out at the vendor": Case(_tip, _opted_out, answers=(Refused("21610", opted_out=True),)),
    "a vendor that falls silent": Case(
        _service, lambda _: None, answers=(Unknown("no_answer"),), uncertain=True
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_sending(place: Place, case: Case) -> None:
    fails_anywhere(place, case)


def test_a_crash_after_the_call_is_uncertain_and_captured(place: Place) -> None:
    place.opened.restore()
    scene = place.scene(CLOCK, Unknown("no_answer"))
    place.faults.plan(None)
    _service(scene)
    place.faults.plan(None)
    numbers = []
    for number in range(1, 40):
        place.faults.plan(number, after=True, crash=True)
        try:
            scene.delivery.work(*load_out(queue("SendQueue")[0].body))
        except CrashError:
            if place.faults.failed == "vendor":
                numbers.append(number)
                break
        place.opened.restore()
        _service(replace(scene))
    assert numbers
    assert len(scene.vendor.taken) == 1
    place.faults.plan(None)
    work(scene, twice=True)
    assert [row["state"]["S"] for row in outbox()] == [S.UNCERTAIN]
    _holds(scene)


def test_no_run_goes_on_when_it_is_given_up() -> None:
    """The function that sends ends well before its claim counts as that of a dead run."""
    globals_ = yaml.load(TEMPLATE.read_text("utf-8"), _Loader)["Globals"]["Function"]  # noqa: S506
    own = declared("AWS::Serverless::Function")["DispatchFunction"].get("Timeout")
    timeout = timedelta(seconds=own or globals_["Timeout"])
    assert timeout * 2 < LONGEST_RUN
    assert timedelta(seconds=CONNECT_SECONDS + ANSWER_SECONDS) < timeout
    ses: Any = ses_config()
    assert ses.connect_timeout + ses.read_timeout < timeout.total_seconds()
    assert ses.retries["total_max_attempts"] == 1
