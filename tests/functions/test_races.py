"""Between two steps of one act, another act: each order is tried, none is left to chance."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lethe.domain.errors import ConflictError, ErasedError
from lethe.domain.messages import Participant, Role
from lethe.usecases.capture import Captured

from tests.memory_store import MemoryStores
from tests.scenes import Scene, address, message


@pytest.fixture
def scene() -> Scene:
    made = Scene(MemoryStores())
    made.open()
    return made


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
