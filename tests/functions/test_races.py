"""Between two steps of one act, another act: each order is tried, none is left to chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from lethe.domain.archive import MessageItem, Tombstone
from lethe.domain.errors import ConflictError, ErasedError, NotFoundError, RestrictedError
from lethe.domain.messages import Message, Participant, Role
from lethe.domain.work import PurgeMessage
from lethe.usecases.capture import Captured, CaptureStatus, Outcome

from tests.memory_store import MemoryStores
from tests.model import Fate
from tests.scenes import LONG, Scene, address, attachment, message, policy
from tests.steps import Stepped, count

Act = Callable[[Scene], object]


def opened() -> Scene:
    made = Scene(Stepped(MemoryStores()))
    made.open()
    return made


@pytest.fixture
def scene() -> Scene:
    return opened()


def steps_of(prepare: Act, run: Act) -> range:
    """Every place between two calls of a run, the one after it too."""
    scene = opened()
    prepare(scene)
    return range(1, count(scene.stores, lambda: run(scene)) + 2)


def nothing(_: Scene) -> None:
    pass


def leftovers(scene: Scene) -> list[object]:
    """What is left that was sealed to a holder that an erasure ended."""
    world = scene.stores.world
    documents = [d for d in world.ledger.values() if d["type"] == "person"]
    dead = {holder for document in documents for holder in document["holders"].values()}
    assert not {holder.hex() for holder in world.keys} & dead
    items = [v for v in world.versions.values() if isinstance(v, MessageItem)]
    attempts = {item.sealed.header.attempt.hex() for item in items}
    attempts |= {key.attempt.hex() for key in world.entries}
    slots = [(item, s.holder_id) for item in items for s in item.sealed.slots if s.holder_id]
    return [
        *(key for key in world.entries if key.partition.split("#")[0] in dead),
        *(item for item, holder_id in slots if holder_id.hex() in dead),
        *(n for keep, n in world.objects if not keep and n.split("/")[-2] not in attempts),
        *(v for v in world.versions.values() if isinstance(v, Tombstone) and v.head),
    ]


def test_a_copy_reaches_its_new_reader_though_somebody_was_cut_out_before(scene: Scene) -> None:
    sent = message("m", "x", "ab", content_identified=True)
    message_id = scene.captured(sent)
    scene.erase("a")
    scene.work()
    blind = Participant(address("c"), Role.BCC)
    scene.captured(replace(sent, participants=(*sent.participants, blind)))
    assert scene.shown(message_id) == {"x", "b", "c"}
    assert scene.found("c") == [message_id]


def test_an_edit_leaves_out_who_ended_their_part(scene: Scene) -> None:
    sent = message("m", "x", "ab")
    message_id = scene.captured(sent)
    scene.delete(message_id, "a")
    scene.work()
    scene.captured(replace(sent, body="edited", edit=True))
    assert scene.read(message_id).versions[-1].body == "edited"
    assert scene.shown(message_id) == {"x", "b"}
    assert scene.found("a") == []


class TestAStrangerWhoKnowsAnId:
    @pytest.mark.parametrize("edit", [False, True])
    @pytest.mark.parametrize("body", ["words of m", "other words"])
    def test_changes_nothing(self, scene: Scene, body: str, *, edit: bool) -> None:
        message_id = scene.captured(message("m", "a", "x"))
        before = scene.read(message_id)
        [outcome] = scene.deliver(message("m", "e", "x", body=body, edit=edit))
        assert isinstance(outcome, ConflictError)
        assert scene.read(message_id) == before
        assert scene.found("x") == [message_id]
        assert scene.found("e") == []

    def test_does_not_bring_it_back(self, scene: Scene) -> None:
        message_id = scene.captured(message("m", "a", "x"))
        scene.erase("a")
        scene.work()
        [outcome] = scene.deliver(message("m", "e", "x", body="other", edit=True))
        assert isinstance(outcome, ErasedError)
        with pytest.raises(ErasedError):
            scene.read(message_id)

    def test_does_not_speak_for_the_author_by_a_repeated_edit(self, scene: Scene) -> None:
        sent = message("m", "a", "x")
        scene.captured(sent)
        edit = replace(sent, body="edited", edit=True)
        scene.captured(edit)
        [outcome] = scene.deliver(edit)
        assert isinstance(outcome, Captured)
        assert outcome.version == 2


class TestTwoErasures:
    """Of one person at once: by two requests, or by two runs of one."""

    @pytest.mark.parametrize("key", ["the same", "another"])
    def test_lose_nothing_of_what_either_recorded(self, key: str) -> None:
        def prepare(scene: Scene) -> None:
            scene.captured(message("m", "a", "x"))

        def run(scene: Scene) -> None:
            scene.erase("a", key="the same")

        for step in steps_of(prepare, run):
            scene = opened()
            prepare(scene)
            with scene.stores.before(step, lambda s=scene: s.erase("a", key=key)):
                run(scene)
            requests = scene.stores.world.requests
            assert any(r.cases[0].decisions for r in requests.values()), step
            scene.work()
            assert {r.state for r in requests.values()} == {"completed"}, step
            assert leftovers(scene) == [], step

    def test_an_old_one_that_goes_on_leaves_the_new_holder_alone(self) -> None:
        def prepare(scene: Scene) -> None:
            scene.captured(message("m", "a", "x"))
            scene.captured(message("r", "a", "x", purpose="review"))

        def run(scene: Scene) -> None:
            scene.erase("a", key="old")

        def meanwhile(scene: Scene) -> None:
            scene.erase("a", key="other")
            scene.captured(message("new", "a", "x"))
            scene.captured(message("new r", "a", "x", purpose="review"))

        for step in steps_of(prepare, run):
            scene = opened()
            prepare(scene)
            with scene.stores.before(step, lambda s=scene: meanwhile(s)) as calls:
                run(scene)
            if "requests.create" not in calls:
                continue  # it is no old request: it came after the new message
            scene.work()
            requests = scene.stores.world.requests
            assert {r.state for r in requests.values()} == {"completed"}, step
            for name in ("new", "new r"):
                assert scene.shown(scene.id_of(message(name, "a", "x"))) == {"a", "x"}, step
            assert leftovers(scene) == [], step


def _known(scene: Scene) -> None:
    scene.captured(message("before", "a", "bx"))


def _copied(scene: Scene) -> None:
    scene.captured(message("m", "b", "x", content_identified=True))


def _edited(scene: Scene) -> None:
    scene.captured(message("m", "x", "ab"))


CAPTURES: dict[str, tuple[Act, Message]] = {
    "of a new person": (nothing, message("m", "a", "x")),
    "of a known person": (_known, message("m", "a", "x")),
    "of several": (_known, message("m", "x", "abf")),
    "of any party": (_known, message("m", "b", "ax", purpose="any")),
    "with objects": (
        _known,
        message("m", "a", "bx", body=LONG, attachments=(attachment(b"file"),)),
    ),
    "with its original": (_known, message("m", "b", "ax", purpose="original")),
    "under review": (_known, message("m", "a", "x", purpose="review")),
    "kept": (_known, message("m", "a", "x", purpose="law")),
    "of a copy": (_copied, message("m", "b", "xa", content_identified=True)),
    "of an edit": (_edited, message("m", "x", "ab", body="edited", edit=True)),
}


@pytest.mark.parametrize("capture", CAPTURES)
class TestAnErasureAndACapture:
    """The message is dead if it was sealed before, else it has the person's new holder."""

    def test_an_erasure_between_two_steps_of_a_capture(self, capture: str) -> None:
        prepare, sent = CAPTURES[capture]

        def run(scene: Scene) -> list[Outcome]:
            return scene.deliver(sent)

        for step in steps_of(prepare, run):
            scene = opened()
            prepare(scene)
            with scene.stores.before(step, lambda s=scene: s.erase("a")):
                outcomes = run(scene)
            _is_settled(scene, sent, outcomes[0])

    def test_a_capture_between_two_steps_of_an_erasure(self, capture: str) -> None:
        prepare, sent = CAPTURES[capture]
        outcomes: list[Outcome] = []

        def run(scene: Scene) -> None:
            scene.erase("a")

        def meanwhile(scene: Scene) -> None:
            scene.clock.pass_(timedelta(milliseconds=1))
            outcomes[:] = scene.deliver(sent)

        for step in steps_of(prepare, run):
            scene = opened()
            prepare(scene)
            with scene.stores.before(step, lambda s=scene: meanwhile(s)):
                run(scene)
            _is_settled(scene, sent, outcomes[0])

    def test_a_capture_between_two_steps_of_a_purge(self, capture: str) -> None:
        prepare, sent = CAPTURES[capture]
        outcomes: list[Outcome] = []

        def run(scene: Scene) -> None:
            scene.work()

        def before(scene: Scene) -> None:
            prepare(scene)
            scene.erase("a")

        def meanwhile(scene: Scene) -> None:
            outcomes[:] = scene.deliver(sent)

        for step in steps_of(before, run):
            scene = opened()
            before(scene)
            with scene.stores.before(step, lambda s=scene: meanwhile(s)):
                run(scene)
            _is_settled(scene, sent, outcomes[0])


def _is_settled(scene: Scene, sent: Message, outcome: Outcome) -> None:
    """What is readable names a holder that lives; what is not is gone once purge has verified."""
    assert isinstance(outcome, Captured | ErasedError), outcome
    fate = _fate(scene, sent)
    [again] = scene.deliver(sent)
    if fate is not Fate.GONE:
        assert isinstance(again, Captured), again
    elif isinstance(outcome, Captured) and not sent.content_identified:
        assert isinstance(again, ErasedError), again
    fate = _fate(scene, sent)
    scene.work()
    assert _fate(scene, sent) is fate
    assert leftovers(scene) == []
    for request in scene.stores.world.requests.values():
        assert request.state == "completed"


def _fate(scene: Scene, sent: Message) -> Fate:
    message_id = scene.id_of(sent)
    try:
        read = scene.read(message_id)
    except (ErasedError, NotFoundError):
        return Fate.GONE
    except RestrictedError:
        return Fate.RESTRICTED
    assert sent.body in {version.body for version in read.versions} or sent.edit
    assert scene.found("a").count(message_id) == ("a" in scene.shown(message_id))
    return Fate.READABLE


class TestADeletion:
    """Of one message, or of one's part, beside whatever else happens to that message."""

    def test_of_a_part_of_one_of_two_copies_leaves_the_other_reader_theirs(
        self, scene: Scene
    ) -> None:
        sent = message("m", "x", "a", content_identified=True)
        message_id = scene.captured(sent)
        blind = Participant(address("b"), Role.BCC)
        scene.captured(replace(sent, participants=(*sent.participants, blind)))
        scene.delete(message_id, "a")
        assert scene.shown(message_id) == {"x", "b"}
        assert scene.found("a") == []
        scene.work()
        assert scene.shown(message_id) == {"x", "b"}
        assert scene.found("b") == [message_id]

    def test_of_all_parts_one_by_one_ends_the_message(self, scene: Scene) -> None:
        sent = message("m", "x", "abc")
        message_id = scene.captured(sent)
        for person, others in (("b", {"x", "a", "c"}), ("a", {"x", "c"})):
            scene.delete(message_id, person)
            assert scene.shown(message_id) == others
        scene.work()
        scene.erase("c")
        with pytest.raises(ErasedError):
            scene.read(message_id)
        scene.work()
        assert isinstance(scene.deliver(sent)[0], ErasedError)
        assert not scene.stores.world.entries


@pytest.mark.parametrize(
    "change",
    [
        message("m", "x", "ab", body="edited", edit=True),
        message("m", "x", "abc", content_identified=True),
        message("m", "x", "ab", content_identified=True),
    ],
    ids=["an edit", "a further copy", "the same again"],
)
@pytest.mark.parametrize("who", ["x", "a"])
class TestADeletionAndACapture:
    """`x`, who wrote it, ends the message where any participant may; `a` ends a part of it."""

    def test_a_deletion_between_two_steps_of_a_capture(self, change: Message, who: str) -> None:
        prepare, change = self._prepared(change, who)

        def run(scene: Scene) -> None:
            scene.deliver(change)

        for step in steps_of(prepare, run):
            scene = opened()
            prepare(scene)
            with scene.stores.before(step, lambda s=scene: s.delete(s.id_of(change), who)):
                run(scene)
            self._is_settled(scene, change, who)

    def test_a_capture_between_two_steps_of_a_deletion(self, change: Message, who: str) -> None:
        prepare, change = self._prepared(change, who)

        def run(scene: Scene) -> None:
            scene.delete(scene.id_of(change), who)
            scene.work()

        for step in steps_of(prepare, run):
            scene = opened()
            prepare(scene)
            with scene.stores.before(step, lambda s=scene: s.deliver(change)):
                run(scene)
            self._is_settled(scene, change, who)

    @staticmethod
    def _prepared(change: Message, who: str) -> tuple[Act, Message]:
        purpose = {"x": "any", "a": "short"}[who]
        first = replace(message("m", "x", "ab"), content_identified=change.content_identified)
        return (
            lambda scene: scene.captured(replace(first, purpose=purpose)),
            replace(change, purpose=purpose),
        )

    @staticmethod
    def _is_settled(scene: Scene, change: Message, who: str) -> None:
        message_id = scene.id_of(change)
        for _ in range(2):
            if who == "x":
                with pytest.raises(ErasedError):
                    scene.read(message_id)
            else:
                assert {"x", "b"} <= scene.shown(message_id) <= {"x", "b", "c"}
            assert scene.found("a") == []
            # the pass that verifies comes when no capture of before can still be under way
            scene.purge.handle(PurgeMessage(message_id, verify=True))
            scene.work()
        world = scene.stores.world
        people = scene.stores.register.item(scene.hashes.pseudonym(address("a")))
        part_of = people.entries[change.purpose].holder_id
        heads = [v.head for v in world.versions.values() if isinstance(v, MessageItem)]
        assert not any(slot.holder_id == part_of for head in heads for slot in head.slots)
        assert bool(heads) is (who == "a")
        named = {head.header.attempt for head in heads}
        counted = [key for key in world.entries if key.attempt in named]
        assert not any(key.partition.startswith(part_of.hex()) for key in counted)


PAIRS: dict[str, tuple[Act, Message, Message]] = {
    "the same": (nothing, message("m", "a", "bx"), message("m", "a", "bx")),
    "the same, long": (
        nothing,
        message("m", "a", "x", body=LONG),
        message("m", "a", "x", body=LONG),
    ),
    "of a new person": (nothing, message("m", "a", "x"), message("n", "x", "a")),
    "of a new person, in another class": (
        nothing,
        message("m", "a", "x"),
        message("n", "a", "x", purpose="law"),
    ),
    "two edits": (
        _edited,
        message("m", "x", "ab", body="one", edit=True),
        message("m", "x", "ab", body="two", edit=True),
    ),
    "two copies": (
        _copied,
        message("m", "b", "xa", content_identified=True),
        message("m", "b", "xc", content_identified=True),
    ),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_two_captures_at_once(pair: str) -> None:
    """Both are taken, none is double, and each person has one holder a class."""
    prepare, one, other = PAIRS[pair]
    outcomes: list[Outcome] = []

    def run(scene: Scene) -> None:
        outcomes.extend(scene.deliver(one))

    for step in steps_of(prepare, run):
        scene = opened()
        prepare(scene)
        outcomes.clear()
        with scene.stores.before(step, lambda s=scene: outcomes.extend(s.deliver(other))):
            run(scene)
        taken = [outcome for outcome in outcomes if isinstance(outcome, Captured)]
        assert taken == outcomes
        texts = {v.body for sent in (one, other) for v in scene.read(scene.id_of(sent)).versions}
        assert texts >= {one.body, other.body}
        for sent in (one, other):
            for participant in sent.participants:
                person = participant.address.removeprefix("mailto:")[0]
                assert scene.found(person).count(scene.id_of(sent)) == 1
        entries = [
            e for item in scene.stores.world.register.values() for e in item.entries.values()
        ]
        assert scene.stores.world.keys.keys() == {e.holder_id for e in entries if e.holder}
        versions = {(outcome.message_id, outcome.version) for outcome in taken}
        assert len(versions) == (1 if one == other else 2)


class TestASweepAndACapture:
    """A message that met the end of its day is unreadable, and nothing of it stays behind."""

    @pytest.mark.parametrize("edit", [False, True])
    def test_that_a_shorter_period_ended(self, *, edit: bool) -> None:
        first = message("m", "a", "bx", body=LONG, attachments=(attachment(b"file"),))
        late = (
            replace(first, body=LONG[::-1], edit=True)
            if edit
            else message("n", "a", "x", body=LONG)
        )

        def prepare(scene: Scene) -> None:
            scene.captured(first)
            scene.clock.pass_(timedelta(days=7))

        def run(scene: Scene) -> None:
            time = None if edit else scene.clock.now - timedelta(days=7)
            scene.deliver(replace(late, time=time), importing=True)

        def meanwhile(scene: Scene) -> None:
            scene.put_in_force(policy(short=5))
            scene.sweep.run(dry_run=False)

        for step in steps_of(prepare, run):
            scene = opened()
            prepare(scene)
            with scene.stores.before(step, lambda s=scene: meanwhile(s)):
                run(scene)
            for _ in range(2):
                for sent in (first, late):
                    with pytest.raises((ErasedError, NotFoundError)):
                        scene.read(scene.id_of(sent))
                assert scene.found("a") == []
                scene.sweep.run(dry_run=False)
                scene.sweep.run(dry_run=False)
                scene.put_in_force(policy(short=30))  # a longer period brings nothing back
            assert not [name for keep, name in scene.stores.world.objects if not keep]
            if edit:
                [again] = scene.deliver(late)
                taken = isinstance(again, Captured) and again.status is CaptureStatus.CAPTURED
                assert not taken
