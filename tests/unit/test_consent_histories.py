"""Whatever people do in whatever order: projection, chain and proof agree with the events."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lethe.domain import consent_fold as fold
from lethe.domain.consent import EVERY, ConsentState, EventId, EventType
from lethe.usecases.consent_ledger import event_id

from tests.consent_scene import OWN, ConsentScene
from tests.memory_store import MemoryStores
from tools import verify_proof

SCOPES: dict[EventType, dict[str, Any]] = {
    EventType.STOPPED: {"purpose": EVERY, "own": OWN},
    EventType.VENDOR_BLOCKED: {"purpose": EVERY, "own": OWN},
    EventType.VENDOR_UNBLOCKED: {"purpose": EVERY, "own": OWN},
    EventType.BASIS_BEGUN: {"purpose": "contract", "channel": EVERY},
    EventType.BASIS_ENDED: {"purpose": "contract", "channel": EVERY},
    EventType.VOIDED: {"purpose": EVERY, "channel": EVERY},
}
KINDS = st.sampled_from([k for k in EventType if k is not EventType.OBJECTION_OVERRULED])
NOES = {EventType.WITHDRAWN, EventType.REFUSED, EventType.OBJECTED, EventType.STOPPED}
Step = tuple[EventType, str, timedelta, int]
STEPS = st.lists(
    st.tuples(
        KINDS,
        st.sampled_from(["newsletter", "newsletter", EVERY]),
        st.integers(min_value=0, max_value=3).map(lambda n: timedelta(days=200 * n)),
        st.integers(min_value=0, max_value=8),  # the id: sometimes one that was used
    ),
    max_size=8,
)


def acted(step: Step) -> tuple[EventType, dict[str, Any], EventId]:
    """The act of a step; the same scope and name have the same id."""
    kind, purpose, _, name = step
    scope = dict(SCOPES.get(kind, {}))
    if kind in {EventType.WITHDRAWN, EventType.OBJECTED}:
        scope["purpose"] = purpose
    return kind, scope, event_id("history", kind, scope.get("purpose", ""), str(name))


def played(steps: list[Step]) -> tuple[ConsentScene, list[bool]]:
    """Play a history; after each step, whether a consent was in force."""
    scene = ConsentScene(MemoryStores())
    scene.open()
    in_force = []
    for step in steps:
        kind, scope, name = acted(step)
        scene.one(kind, event_id=name, **scope)
        in_force.append(scene.consents())
        scene.clock.pass_(step[2])
    return scene, in_force


def folded(state: ConsentState) -> tuple[Any, ...]:
    """What the fold made of the events."""
    return (
        state.lines,
        state.objections,
        state.overrulings,
        state.stops,
        state.vendor_blocks,
        state.vendor_unblocks,
        state.bases,
        state.voided_at,
    )


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_the_projection_is_the_fold_of_the_events(
    steps: list[Step],
) -> None:
    scene, _ = played(steps)
    state = scene.state()
    events = list(scene.stores.consents.events(state.ledger)) if state.ledger else []
    assert folded(fold.rebuild(state.pseudonym, reversed(events))) == folded(state)
    assert state.sequence == len(events) == len({event.id for event in events})
    days = [event.expires or date.max for event in events]
    assert days == sorted(days)
    if events:
        proof = scene.proof()
        assert proof.breaks == ()
        key = proof.document["public_key"]
        assert list(verify_proof.problems(proof.document, {key["kid"]: key})) == []


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_nobody_consents_right_after_a_no(
    steps: list[Step],
) -> None:
    _, in_force = played(steps)
    used: set[EventId] = set()
    for at, step in enumerate(steps):
        kind, _, name = acted(step)
        if kind in NOES and name not in used:
            assert not in_force[at]
        if kind is EventType.VENDOR_UNBLOCKED and in_force[at]:
            assert in_force[at - 1]
        used.add(name)
