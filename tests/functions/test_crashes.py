"""Each call to AWS fails once, before its effect or after it; then the world goes on as it would.

The client repeats what was not answered, queues deliver again, the next sweep comes. Whatever
failed where: nothing acknowledged is lost, nothing is double, nothing erased is readable, and every
request ends in its final state.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from lethe.crypto import stream
from lethe.domain.archive import Head, attempt_prefix
from lethe.domain.errors import ErasedError, LetheError, NotFoundError
from lethe.domain.messages import Message, Participant, Role
from lethe.domain.requests import Act, RequestState
from lethe.store.queues import load_request, load_work
from lethe.store.wrap import KmsKeyWrap
from lethe.usecases import sweep
from lethe.usecases.capture import Captured
from lethe.usecases.erasure import ReviewDecision
from lethe.usecases.sealing import attachment_part

from tests.aws_store import AwsStores, on_aws
from tests.faults import CrashError, Faults
from tests.scenes import LONG, Scene, address, attachment, message
from tests.snapshots import Snapshot, items, objects, queue, tables
from tests.system import STAFF, Clock

START = datetime(2020, 3, 10, 12, tzinfo=UTC)
"""Long ago, so that what is locked until an end of the test's own is locked no more."""

DAYS_AHEAD = 1
FAILURES = (CrashError, ClientError, LetheError)


@dataclass
class Place:
    """An account with the company in it, and what fails."""

    stores: AwsStores
    faults: Faults
    opened: Snapshot

    def scene(self, clock: datetime = START) -> Scene:
        self.stores._build()
        return Scene(self.stores, clock=Clock(clock))


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with pytest.MonkeyPatch.context() as patch, on_aws() as stores:
        patch.setattr(sweep, "DAYS_AHEAD", DAYS_AHEAD)
        key = stores.kms.create_key()["KeyMetadata"]["KeyId"]
        stores.wrap = KmsKeyWrap(stores.kms, holders_key=key)
        faults = Faults()
        faults.watch(*stores.clients)
        Scene(stores, clock=Clock(START)).open()
        yield Place(stores, faults, Snapshot.of(stores))


@dataclass(frozen=True)
class Case:
    """What stood before, what is done and repeated until it is answered, and what must be then."""

    prepare: Callable[[Scene], object]
    act: Callable[[Scene], object]
    check: Callable[[Scene], object]


def work(scene: Scene) -> None:
    """Let every queue run empty; what fails is delivered again."""
    handlers: dict[str, Callable[[str], object]] = {
        "EraseQueue": lambda body: scene.erasure.resume(load_request(body)),
        "PurgeQueue": lambda body: scene.purge.handle(load_work(body)),
    }
    for _ in range(60):
        waiting = [(name, one) for name in handlers for one in queue(name)]
        if not waiting:
            return
        for name, one in waiting:
            queue(name).remove(one)
            try:
                handlers[name](one.body)
            except FAILURES:
                queue(name).append(one)
        scene.clock.pass_(timedelta(seconds=30))
    raise AssertionError("the queues never run empty")


def fails_anywhere(place: Place, case: Case) -> None:
    """Run the case with each of its calls failing in turn, in each way."""
    place.opened.restore()
    scene = place.scene()
    case.prepare(scene)
    begun, clock = Snapshot.of(place.stores), scene.clock.now
    place.faults.plan(None)
    case.act(scene)
    calls = len(place.faults.calls)
    place.faults.plan(None)
    work(scene)
    case.check(scene)
    assert calls > 0
    for number in range(1, calls + 1):
        for after in (False, True):
            begun.restore()
            scene = place.scene(clock)
            crash = after is bool(number % 2)
            place.faults.plan(number, after=after, crash=crash)
            try:
                case.act(scene)
            except FAILURES:
                scene.clock.pass_(timedelta(seconds=1))
                if number % 3 == 0:  # the queues are sometimes faster than the client
                    work(scene)
                case.act(scene)  # the client repeats it; now it is answered
            finally:
                failed = f"{number}: {place.faults.failed} after={after} crash={crash}"
                place.faults.plan(None)
            try:
                work(scene)
                case.check(scene)
            except Exception as error:
                error.add_note(failed)
                raise


def delivering(*messages: Message) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        for outcome in scene.deliver(*messages):
            if not isinstance(outcome, Captured):
                raise outcome

    return act


def archived(*messages: Message, versions: int = 1) -> Callable[[Scene], None]:
    """Each message stands once, whole, and is found once by everybody in it."""

    def check(scene: Scene) -> None:
        assert len(items("MessagesTable")) == versions * len(messages)
        for sent in messages:
            message_id = scene.id_of(sent)
            read = scene.read(message_id)
            assert sent.body in [version.body for version in read.versions]
            assert {p.address for p in read.participants} >= {p.address for p in sent.participants}
            for participant in sent.participants:
                person = participant.address.removeprefix("mailto:").split("@")[0]
                assert scene.found(person).count(message_id) == 1, person
            _attachments_open(scene, sent)
        _keyring_is_whole()

    return check


def _attachments_open(scene: Scene, sent: Message) -> None:
    _, policy = scene.stores.policies.current()
    opened = scene.access._open(scene.id_of(sent), policy)[-1]
    for number, one in enumerate(sent.attachments, start=1):
        part = attachment_part(number)
        name = attempt_prefix(opened.head.header) + part
        chunks = scene.stores.objects.get(name, keep=opened.head.keep)
        plain = stream.open_stream(opened.keys.part_key(part), chunks, part.encode())
        assert b"".join(plain) == b"".join(one.source)


def _keyring_is_whole() -> None:
    """Every key is named by the register, and every holder that has a key there has it."""
    named = [
        (entry["M"]["h"]["B"], "k" in entry["M"])
        for item in items("RegisterTable")
        for entries in (
            [v for k, v in item.items() if k.startswith("e:")],
            item.get("q", {}).get("L", []),
        )
        for entry in entries
    ]
    with_key = Counter(_hex(holder) for holder, has_key in named if has_key)
    rows = {item["pk"]["S"][2:] for item in items("KeysTable") if "cls" in item}
    assert rows == with_key.keys()
    assert set(with_key.values()) <= {1}


def _hex(value: Any) -> str:
    return (value if isinstance(value, bytes) else base64.b64decode(value)).hex()


def after(*acts: Callable[[Scene], object]) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        for one in acts:
            one(scene)

    return act


def nothing(_: Scene) -> None:
    pass


def everybody_known(scene: Scene) -> None:
    scene.captured(message("before", "a", "bx"))
    for table in ("MessagesTable", "EntriesTable"):
        tables()[table].items.clear()


SMALL = message("m", "a", "x")
LARGE = message(
    "m", "a", "bx", body=LONG, attachments=(attachment(b"one"), attachment(b"two", "b"))
)
KEPT = message("m", "a", "x", purpose="law", attachments=(attachment(b"file"),))
MAIL = message("m", "x", "a", content_identified=True)
COPY = replace(MAIL, participants=(*MAIL.participants, Participant(address("b"), Role.BCC)))

CAPTURES = {
    "of new persons": Case(nothing, delivering(SMALL), archived(SMALL)),
    "of known persons": Case(everybody_known, delivering(SMALL), archived(SMALL)),
    "with objects": Case(everybody_known, delivering(LARGE), archived(LARGE)),
    "of a kept class": Case(nothing, delivering(KEPT), archived(KEPT)),
    "of a batch": Case(
        nothing,
        delivering(*(message(name, "a", "x") for name in "mn")),
        archived(*(message(name, "a", "x") for name in "mn")),
    ),
    "of a copy": Case(lambda s: s.captured(MAIL), delivering(COPY), archived(COPY, versions=2)),
    "of an edit": Case(
        lambda s: s.captured(SMALL),
        delivering(replace(SMALL, body="edited", edit=True)),
        archived(replace(SMALL, body="edited"), versions=2),
    ),
}


@pytest.mark.parametrize("case", CAPTURES.values(), ids=CAPTURES)
def test_capture(place: Place, case: Case) -> None:
    fails_anywhere(place, case)


def of_two_persons(scene: Scene) -> None:
    scene.captured(message("m", "a", "x"))
    scene.captured(message("n", "x", "bc", body=LONG, attachments=(attachment(b"f"),)))
    scene.captured(message("o", "c", "ab"))
    scene.captured(message("r", "b", "x", purpose="review"))


def _is_erased(*readable: str, gone: str, requests: int = 1) -> Callable[[Scene], None]:
    def check(scene: Scene) -> None:
        for name in gone:
            with pytest.raises(ErasedError):
                scene.read(scene.hashes.message_id("chat", name))
        for name in readable:
            scene.read(scene.hashes.message_id("chat", name))
        found = [scene.erasure.get(i["pk"]["S"]) for i in items("RequestsTable")]
        assert [request.state for request in found] == [RequestState.COMPLETED] * requests
        erased = [d for r in found for c in r.cases for d in c.decisions if d.act is Act.ERASE]
        dead = {decision.holder_id.hex() for decision in erased}
        assert dead
        _is_physically_gone(dead)
        assert dead == {h for d in _ledger(scene, "person") for h in d["holders"].values()}
        _keyring_is_whole()

    return check


def _is_physically_gone(dead: set[str]) -> None:
    assert not dead & {item["pk"]["S"][2:] for item in items("KeysTable")}
    assert not dead & {item["pk"]["S"].split("#")[0] for item in items("EntriesTable")}
    standing = [item for item in items("MessagesTable") if "x" not in item and "h" in item]
    assert not dead & {_hex(h["B"]) for i in standing for h in i["h"]["L"] if "B" in h}
    assert not [item for item in items("MessagesTable") if "x" in item and "m" in item]
    attempts = {key["sk"]["S"].split("#")[-1] for key in items("EntriesTable")}
    for name in objects("lethe-objectsbucket"):
        assert name.split("/")[-2] in attempts, name


def _ledger(scene: Scene, kind: str) -> list[dict[str, Any]]:
    s3, bucket = scene.stores.s3, scene.stores.buckets["LedgerBucket"]
    names = dict.fromkeys(objects(bucket))
    bodies = (s3.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names)
    return [document for document in map(json.loads, bodies) if document["type"] == kind]


def _decided(scene: Scene) -> None:
    [request] = [scene.erasure.get(item["pk"]["S"]) for item in items("RequestsTable")]
    decisions = [ReviewDecision(1, "review", Act.ERASE, "17(3)(e)")]
    scene.erasure.decide(request.id, decisions, caller=STAFF)


def _erased(scene: Scene) -> None:
    scene.erase("a", "b", key="k")


def _erased_and_purged(scene: Scene) -> None:
    of_two_persons(scene)
    _erased(scene)
    work(scene)


def _lost_attempt(scene: Scene) -> None:
    """A capture that ended between its objects and its item, and was never repeated."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene.stores.archive, "put_items", _crash)
        with pytest.raises(CrashError):
            scene.deliver(message("lost", "a", "b", body=LONG))


def _crash(_: object) -> None:
    raise CrashError


ERASURES = {
    "of several addresses": Case(of_two_persons, _erased, _is_erased("n", "o", gone="m")),
    "after a review": Case(_erased_and_purged, _decided, _is_erased("n", "o", gone="mr")),
    "purged, with a lost attempt": Case(
        after(of_two_persons, _lost_attempt, _erased),
        work,
        _is_erased("n", "o", gone="m"),
    ),
}


@pytest.mark.parametrize("case", ERASURES.values(), ids=ERASURES)
def test_erasure(place: Place, case: Case) -> None:
    fails_anywhere(place, case)


def _deleting(person: str) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        try:
            scene.delete(scene.id_of(LARGE), person)
        except (ErasedError, NotFoundError):
            assert queue("PurgeQueue") or _ledger(scene, "message")  # it has happened already

    return act


def _whole_is_deleted(scene: Scene) -> None:
    with pytest.raises(ErasedError):
        scene.read(scene.id_of(LARGE))
    [redelivered] = scene.deliver(LARGE)
    assert isinstance(redelivered, ErasedError)
    assert [d["part"] for d in _ledger(scene, "message")] == [None]
    assert not items("EntriesTable")
    assert not objects("lethe-objectsbucket")
    assert [set(item) for item in items("MessagesTable")] == [{"pk", "sk", "x", "e", "ttl"}]


def _part_is_deleted(scene: Scene) -> None:
    assert scene.shown(scene.id_of(LARGE)) == {"a", "x"}
    assert scene.found("b") == []
    assert len(_ledger(scene, "message")) == 1
    assert len(items("EntriesTable")) == 2
    [head] = [h for h in scene.stores.archive.heads(scene.id_of(LARGE))[0] if isinstance(h, Head)]
    assert sum(slot.holder_id is None for slot in head.slots) == 1


def _large(scene: Scene) -> None:
    scene.captured(LARGE)


DELETIONS = {
    "of a message": Case(_large, _deleting("a"), _whole_is_deleted),
    "of a part": Case(_large, _deleting("b"), _part_is_deleted),
    "of a message, purged": Case(after(_large, _deleting("a")), work, _whole_is_deleted),
    "of a part, purged": Case(after(_large, _deleting("b")), work, _part_is_deleted),
}


@pytest.mark.parametrize("case", DELETIONS.values(), ids=DELETIONS)
def test_deletion(place: Place, case: Case) -> None:
    fails_anywhere(place, case)


def _swept(scene: Scene) -> None:
    scene.sweep.run(dry_run=False)


def _days_are_made(scene: Scene) -> None:
    """Every day ahead is there, and a kept one's key lies locked too."""
    _, policy = scene.stores.policies.current()
    days = {(d.cls, d.day): d for d in scene.stores.days.all() if not d.ended}
    copies = objects("lethe-keepbucket")
    for cls, retention in policy.classes.items():
        for ahead in range(DAYS_AHEAD + 1):
            day = scene.clock().date() + timedelta(ahead)
            assert (cls, day) in days
            if retention.keeps:
                place = f"keys/{cls}/{retention.end_date(day)}/{day}/"
                assert f"{place}{_holder_of(cls, day)}" in copies


def _holder_of(cls: str, day: date) -> str:
    [holder] = [
        _hex(item["h"]["B"])
        for item in items("DayKeysTable")
        if item["pk"]["S"] == cls and item["sk"]["S"].startswith(str(day))
    ]
    return holder


def _two_expire(scene: Scene) -> None:
    scene.captured(LARGE)
    scene.captured(replace(KEPT, external_id="k"))
    scene.clock.pass_(timedelta(days=60))
    _swept_ahead(scene)


def _swept_ahead(scene: Scene) -> None:
    """Make the days ahead alone, so that the run that is tried has little else to do."""
    scene.make_days()
    scene.clock.pass_(timedelta(days=DAYS_AHEAD))
    scene.make_days()
    scene.clock.pass_(timedelta(days=-DAYS_AHEAD))


def _is_expired(scene: Scene) -> None:
    for _ in range(2):  # the next hours: one ends what is left, one finds it gone
        _swept(scene)
    for name in "mk":
        with pytest.raises(ErasedError):
            scene.read(scene.hashes.message_id("chat", name))
    ended = [day for day in scene.stores.days.all() if day.ended]
    assert len(ended) == 5
    assert all(day.cleared for day in ended)
    assert not [i for i in items("DayKeysTable") if "ended" in i and "private" in i]
    assert not objects("lethe-objectsbucket")
    assert all(name.startswith("keys/law/2020-0") for name in objects("lethe-keepbucket"))
    assert not [n for n in objects("lethe-keepbucket") if n.endswith("/2020-03-10")]
    assert {d["class"] for d in _ledger(scene, "day")} == {day.cls for day in ended}
    _days_are_made(scene)


def _resumed(scene: Scene) -> None:
    _swept_ahead(scene)
    of_two_persons(scene)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene.stores.requests, "save", _crash_on_save)
        with pytest.raises(CrashError):
            _erased(scene)


def _crash_on_save(*_: object) -> None:
    raise CrashError


SWEEPS = {
    "makes days": Case(nothing, _swept, _days_are_made),
    "ends days": Case(_two_expire, _swept, _is_expired),
    "resumes erasures": Case(_resumed, _swept, _is_erased("n", "o", gone="m")),
}


@pytest.mark.parametrize("case", SWEEPS.values(), ids=SWEEPS)
def test_sweep(place: Place, case: Case) -> None:
    fails_anywhere(place, case)
