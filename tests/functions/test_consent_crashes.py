"""Each call to AWS of the consent ledger fails once, before its effect or after it.

The caller repeats what was not answered. Whatever failed where: each act is recorded once, whole,
with one receipt, the fold is that of the events, and no key is left that no state names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from lethe.domain import consent_fold
from lethe.domain.consent import EVERY, ConsentState, EventType
from lethe.usecases.consent_ledger import Act, event_id

from tests.consent_crashes import Place, place_of
from tests.consent_scene import OWN, ConsentScene
from tests.snapshots import items
from tests.system import STAFF

Acting = Callable[[ConsentScene], object]


@pytest.fixture(scope="module")
def place() -> Iterator[Place[ConsentScene]]:
    with place_of(ConsentScene) as made:
        yield made


def act(kind: EventType, name: str, **changes: Any) -> Callable[[ConsentScene], Act]:
    def made(scene: ConsentScene) -> Act:
        return scene.act(kind, event_id=event_id("test", name), **changes)

    return made


def recording(*acts: Callable[[ConsentScene], Act]) -> Acting:
    return lambda scene: scene.record(*(made(scene) for made in acts))


def stands(*kinds: EventType) -> Acting:
    """These events and no others, whole."""

    def check(scene: ConsentScene) -> None:
        state = scene.state()
        assert state.ledger is not None
        events = list(scene.stores.consents.events(state.ledger))
        assert [event.type for event in events] == list(kinds)
        assert scene.proof().breaks == ()
        assert len(items("ConsentTable")) == 2 * len(kinds)
        built = consent_fold.rebuild(scene.pseudonym(), events)
        assert _fold(built) == _fold(state)
        keys = [item["pk"]["S"] for item in items("ConsentKeysTable")]
        assert state.holder is not None
        assert keys == [state.holder.id.hex()]
        audited = {event["target"]["S"] for event in items("AuditTable")}
        assert audited >= {event.id for event in events}

    return check


def _fold(state: ConsentState) -> ConsentState:
    return replace(
        ConsentState(state.pseudonym),
        lines=state.lines,
        objections=state.objections,
        stops=state.stops,
        bases=state.bases,
        vendor_blocks=state.vendor_blocks,
    )


GIVE = act(EventType.GIVEN, "give")
WITHDRAW = act(EventType.WITHDRAWN, "withdraw")
STOP = act(EventType.STOPPED, "stop", purpose=EVERY, own=OWN)
BLOCK = act(EventType.VENDOR_BLOCKED, "block", purpose=EVERY, own=OWN)
REFUSE = act(EventType.REFUSED, "refuse", purpose="survey")


def nothing(scene: ConsentScene) -> None:
    """Nobody was here before."""
    assert scene.state().revision == 0


def test_a_first_consent_is_recorded_once(place: Place[ConsentScene]) -> None:
    calls = place.fails_anywhere(nothing, recording(GIVE), stands(EventType.GIVEN))
    # The version in force, the state, the id, a key, the text, public key and signature, the
    # transaction, and the audit; the policy is read once in a process.
    assert calls == 10


def test_several_acts_are_recorded_whole(place: Place[ConsentScene]) -> None:
    acts = recording(GIVE, REFUSE)
    place.fails_anywhere(nothing, acts, stands(EventType.GIVEN, EventType.REFUSED))


def test_a_withdrawal_is_recorded_once(place: Place[ConsentScene]) -> None:
    check = stands(EventType.GIVEN, EventType.WITHDRAWN)

    def withdrawn(scene: ConsentScene) -> None:
        check(scene)
        assert not scene.consents()

    calls = place.fails_anywhere(recording(GIVE), recording(WITHDRAW), withdrawn)
    assert calls == 6  # version in force, state, id, signature, transaction, audit


def test_a_stop_and_a_block_are_recorded_once(place: Place[ConsentScene]) -> None:
    check = stands(EventType.GIVEN, EventType.STOPPED, EventType.VENDOR_BLOCKED)
    place.fails_anywhere(recording(GIVE), recording(STOP, BLOCK), check)


def test_by_pseudonym_alone_it_is_recorded_once(place: Place[ConsentScene]) -> None:
    def by_link(scene: ConsentScene) -> None:
        scene.ledger.record_for(scene.pseudonym(), [WITHDRAW(scene)], caller=STAFF)

    check = stands(EventType.GIVEN, EventType.WITHDRAWN)
    place.fails_anywhere(recording(GIVE), by_link, check)


def test_the_end_of_evidence_is_whole(place: Place[ConsentScene]) -> None:
    def end(scene: ConsentScene) -> None:
        state = scene.state()
        if state.ledger is not None:
            scene.stores.consents.end_evidence(state)

    def ended(scene: ConsentScene) -> None:
        state = scene.state()
        assert (state.ledger, state.holder) == (None, None)
        assert state.lines["newsletter", "email"].withdrawn_at is not None
        assert items("ConsentKeysTable") == []

    calls = place.fails_anywhere(recording(GIVE, WITHDRAW), end, ended)
    assert calls == 2


def test_marks_are_made_whatever_fails(place: Place[ConsentScene]) -> None:
    def mark(scene: ConsentScene) -> None:
        scene.stores.consents.mark_inbound(scene.pseudonym(), "email", OWN, scene.clock.now)

    def marked(scene: ConsentScene) -> None:
        assert ("email", OWN) in scene.state().inbound

    place.fails_anywhere(nothing, mark, marked)
    place.fails_anywhere(recording(GIVE), mark, marked)
