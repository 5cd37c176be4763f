"""Lines of docs/conformance.md that the whole system shows in memory, and the document itself."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from hashlib import sha256

import pytest
from lethe.api import problems
from lethe.domain.erasure import Grounds
from lethe.domain.errors import ConflictError, ErasedError, RestrictedError
from lethe.domain.messages import MessageId
from lethe.domain.requests import Act
from lethe.observability import Metric

from tests.memory_store import MemoryStores
from tests.model import PERIOD
from tests.scenes import Scene, attachment, message
from tests.system import STAFF
from tools import conformance


@pytest.fixture
def scene() -> Scene:
    made = Scene(MemoryStores())
    made.open()
    return made


def of_each_kind(scene: Scene, person: str) -> dict[str, MessageId]:
    """A message by the person in a class that erases, one under review, one kept by law."""
    return {
        cls: scene.captured(message(f"{cls} of {person}", person, "x", purpose=cls))
        for cls in ("short", "review", "law")
    }


def test_L44_what_no_exemption_holds_back_goes_at_once(scene: Scene) -> None:
    ids = of_each_kind(scene, "a")
    scene.erase("a")
    with pytest.raises(ErasedError):
        scene.read(ids["short"])
    for held_back in ("review", "law"):
        with pytest.raises(RestrictedError):
            scene.read(ids[held_back])
    assert {ground.value for ground in Grounds} == {f"17(1)({letter})" for letter in "abcdef"}


def test_L50_what_comes_again_is_dropped_and_counted_and_makes_no_key(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[Metric] = []
    monkeypatch.setattr(problems, "count", counted.append)
    sent, mail = message("m", "a", "x"), message("n", "a", "x", content_identified=True)
    for one in (sent, mail):
        scene.captured(one)
    scene.erase("a")
    keys = dict(scene.stores.world.keys)
    late = message("never seen", "a", "x", time=scene.clock.now - timedelta(hours=1))
    for outcome in scene.deliver(sent, late, importing=True):
        assert isinstance(outcome, ErasedError)
        problems.noted(outcome)
    scene.work()
    for outcome in scene.deliver(sent, mail, late, importing=True):
        assert isinstance(outcome, ErasedError)
    assert counted == [Metric.REFUSED] * 2
    assert scene.stores.world.keys == keys
    assert scene.found("a") == []


def test_L54_a_file_that_two_persons_sent_ends_for_each_alone(scene: Scene) -> None:
    content = b"the same photograph"
    ids = {
        person: scene.captured(
            message(f"of {person}", person, "x", attachments=(attachment(content),))
        )
        for person in "ab"
    }
    scene.erase("a")
    scene.work()
    grant = {"version": 1, "reason": "test", "caller": STAFF}
    with pytest.raises(ErasedError):
        scene.access.attachment(ids["a"], 1, **grant)  # type: ignore[arg-type]
    note = scene.access.attachment(ids["b"], 1, **grant).note  # type: ignore[arg-type]
    assert note is not None
    assert note.sha256 == sha256(content).hexdigest()
    names = [n for _, n in scene.stores.world.objects if n.endswith("attachment-1")]
    assert [ids["b"] in name for name in names] == [True]


def test_L56_what_a_law_keeps_ends_by_itself_without_another_request(scene: Scene) -> None:
    message_id = of_each_kind(scene, "a")["law"]
    request = scene.erase("a")
    [kept] = [d for d in request.cases[0].decisions if d.act is Act.KEEP]
    assert kept.until is not None
    scene.clock.now = kept.until - timedelta(seconds=1)
    scene.sweep.run(dry_run=False)
    with pytest.raises(RestrictedError):
        scene.read(message_id)
    scene.clock.now = kept.until
    report = scene.sweep.run(dry_run=False)
    assert report.messages_expired > 0
    with pytest.raises(ErasedError):
        scene.read(message_id)


def test_L62_the_answer_says_what_happens_why_and_until_when(scene: Scene) -> None:
    of_each_kind(scene, "a")
    decisions = {d.cls: d for d in scene.erase("a").cases[0].decisions}
    assert {cls: d.act for cls, d in decisions.items()} == {
        "short": Act.ERASE,
        "review": Act.REVIEW,
        "law": Act.KEEP,
    }
    assert all(d.article and d.reason for d in decisions.values())
    assert decisions["law"].article == "§ 147 AO"
    until = scene.clock().date() + timedelta(days=PERIOD["law"] + 1)
    assert decisions["law"].until == datetime.combine(until, time(), UTC)


@pytest.mark.parametrize("cls", ["short", "law"])
def test_L69_it_is_hidden_from_the_second_of_its_end_on(scene: Scene, cls: str) -> None:
    message_id = of_each_kind(scene, "a")[cls]
    end = datetime.combine(scene.read(message_id).end, time(), UTC)
    scene.clock.now = end - timedelta(seconds=1)
    assert scene.read(message_id).message_id == message_id
    assert message_id in scene.found("a")
    scene.clock.now = end
    with pytest.raises(ErasedError):
        scene.read(message_id)
    assert message_id not in scene.found("a")


def test_L74_without_the_key_nothing_is_shown(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = scene.captured(message("m", "a", "x"))

    def denied(*_: object) -> bytes:
        raise PermissionError

    monkeypatch.setattr(scene.access.opening, "_unwrap", denied)
    with pytest.raises(PermissionError):
        scene.read(message_id)


def test_L88_nothing_ends_a_kept_message_early_and_what_no_law_keeps_goes(scene: Scene) -> None:
    ids = of_each_kind(scene, "a")
    scene.erase("a")
    with pytest.raises(ConflictError):
        scene.delete(ids["law"], "a")
    scene.work()
    scene.clock.pass_(timedelta(days=PERIOD["law"] - 1))
    scene.sweep.run(dry_run=False)
    with pytest.raises(RestrictedError):
        scene.read(ids["law"])
    with pytest.raises(ErasedError):
        scene.read(ids["short"])
    assert [n for keep, n in scene.stores.world.objects if keep and ids["law"] in n]


def test_L89_locks_are_for_what_a_law_keeps_alone_and_no_longer_than_the_duty(
    scene: Scene,
) -> None:
    files = (attachment(b"file"),)
    sent = {
        cls: scene.captured(
            message(cls, "a", "x", purpose=cls, body="words " * 9000, attachments=files)
        )
        for cls in PERIOD
    }
    world = scene.stores.world
    end = scene.read(sent["law"]).end
    of_messages = {n: until for n, until in world.locks.items() if not n.startswith("keys/")}
    assert {name.split("/")[3] for name in of_messages} == {sent["law"]}
    assert set(world.locks.values()) == {end}
    assert all(keep is (n in world.locks) for keep, n in world.objects)
    assert not [1 for sealed in world.objects.values() if b"words" in sealed or b"file" in sealed]


def test_L89_the_key_ends_with_the_duty_where_bytes_stay_locked(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = scene.captured(message("m", "a", "x", purpose="law"))
    header = scene.stores.archive.versions(message_id).items[0].head.header
    scene.clock.now = datetime.combine(header.end, time(), UTC)
    monkeypatch.setattr(scene.stores.objects, "delete_prefix", lambda *_, **__: 0)
    scene.sweep.run(dry_run=False)
    assert not scene.stores.days.living(header.cls, header.day, header.end)
    assert [n for keep, n in scene.stores.world.objects if keep and message_id in n]
    with pytest.raises(ErasedError):
        scene.read(message_id)


def test_every_line_is_there_once_and_says_what_is_open() -> None:
    every = conformance.lines()
    assert [line.number for line in every] == list(conformance.LINES)
    assert not [line.number for line in every if not (line.articles and line.behaviour)]
    assert not [line.number for line in every if not line.tests and not line.open]


def test_every_test_bears_a_line_that_there_is() -> None:
    assert set(conformance.tests()) <= set(conformance.LINES)


def test_the_document_is_what_tests_and_lines_say() -> None:
    written = conformance.TARGET.read_text("utf-8")
    assert written == conformance.text(), "python -m tools.conformance"
