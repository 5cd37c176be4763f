"""What capture notes of channels: seldom, about nobody, and never at the price of a message."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from lethe.domain.errors import UnavailableError
from lethe.domain.figures import (
    SEEN_INBOUND,
    SEEN_OUTBOUND,
    UNKNOWN_CHANNELS,
    UNLISTED_SENDER,
    unknown_channels,
)

from tests.memory_store import MemoryStores
from tests.scenes import Scene, address, message


@pytest.fixture
def scene() -> Scene:
    made = Scene(MemoryStores())
    made.open()
    return made


def figures(scene: Scene, channel: str = "chat", day: date | None = None) -> dict[str, int]:
    read = scene.stores.activity.read(day or scene.clock().date(), [channel])
    return dict(read[channel])


def test_what_comes_and_goes_is_noted_once_in_ten_minutes(scene: Scene) -> None:
    scene.deliver(*(message(f"in {n}", "a", "x") for n in range(5)))
    scene.deliver(message("out", "x", "a"))
    assert figures(scene) == {SEEN_INBOUND: 1, SEEN_OUTBOUND: 1}
    scene.clock.pass_(timedelta(minutes=10))
    scene.deliver(message("later", "a", "x"))
    assert figures(scene) == {SEEN_INBOUND: 2, SEEN_OUTBOUND: 1}


def test_an_outbound_sender_that_nobody_listed_is_noted(scene: Scene) -> None:
    scene.deliver(message("out", "x", "a"))
    assert UNLISTED_SENDER not in figures(scene)
    unlisted = message("unlisted", "z", "a", direction=message("out", "x", "a").direction)
    scene.deliver(unlisted)
    assert figures(scene)[UNLISTED_SENDER] == 1
    assert address("z") not in str(scene.stores.activity.figures)


def test_a_channel_that_the_policy_does_not_know_is_named(scene: Scene) -> None:
    scene.deliver(message("m", "a", "x"), message("n", "a", "x", channel="pager"))
    assert unknown_channels(figures(scene, UNKNOWN_CHANNELS)) == {"chat", "pager"}


def test_a_duplicate_a_refusal_and_an_old_message_say_nothing_of_today(scene: Scene) -> None:
    old = message("old", "a", "x", time=scene.clock() - timedelta(days=1))
    scene.sweep.make_day("short", old.time.date(), old.time.date() + timedelta(31))  # type: ignore[union-attr]
    scene.captured(old, importing=True)
    assert figures(scene) == {}
    scene.deliver(message("m", "a", "x", edit=True))
    assert figures(scene) == {}


def test_a_figure_that_cannot_be_noted_costs_no_message(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise UnavailableError("no")

    monkeypatch.setattr(scene.stores.activity, "add", fail)
    scene.captured(message("m", "a", "x"))
