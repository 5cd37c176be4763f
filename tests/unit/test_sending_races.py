"""A message that is being sent, and something else between every two of its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lethe.domain.consent import EventType
from lethe.domain.erasure import Grounds
from lethe.domain.outbox import FINAL, Answered, DispatchId, SendState, Unknown
from lethe.usecases.consent_ledger import Act
from lethe.usecases.delivery import LONGEST_RUN
from lethe.usecases.erasure import IdentityProof

from tests.memory_store import MemoryStores
from tests.sending_scene import ANNA, PHONE, SendingScene
from tests.steps import Stepped, count
from tests.system import STAFF, Clock

S = SendState


def opened() -> tuple[SendingScene, Any]:
    stores: Any = MemoryStores()
    stepped: Any = Stepped(stores)
    for name in ("signer", "texts"):
        setattr(stepped, name, getattr(stores, name))
    scene = SendingScene(stepped, clock=Clock())
    scene.open()
    scene.consent(ANNA)
    return scene, stepped


def withdraws(scene: SendingScene) -> None:
    scene.withdraw(ANNA)


def stops(scene: SendingScene) -> None:
    own = scene.hashes.pseudonym(PHONE)
    act = Act(EventType.STOPPED, channel="sms", own=own)
    scene.consent_ledger.record(ANNA, [act], caller=STAFF)


def is_erased(scene: SendingScene) -> None:
    proof = IdentityProof.IN_PERSON
    ground = Grounds.CONSENT_WITHDRAWN
    scene.erasure.request([ANNA], ground, proof, idempotency_key=None, caller=STAFF)


READ_BY: dict[Callable[[SendingScene], None], str] = {
    withdraws: "consents.states",
    stops: "consents.states",
    is_erased: "register.items",
}
"""Which of the gate's two reads sees it."""


@pytest.mark.parametrize("act", READ_BY)
def test_a_no_counts_until_the_gate_has_looked(act: Callable[[SendingScene], None]) -> None:
    scene, stepped = opened()
    submitted = scene.submit()
    steps = count(stepped, lambda: scene.delivery.work(submitted.dispatch, 0))
    assert scene.vendor.taken
    outcomes = set()
    for step in range(1, steps + 2):
        scene, stepped = opened()
        submitted = scene.submit()
        with stepped.before(step, lambda scene=scene: act(scene)) as calls:
            scene.delivery.work(submitted.dispatch, 0)
        has_looked = READ_BY[act] in calls
        scene.work()
        [item] = scene.sending.status(submitted.dispatch).items
        assert item.state in FINAL
        assert len(scene.vendor.taken) == has_looked, calls
        outcomes.add(len(scene.vendor.taken))
    assert outcomes == {0, 1}


def test_two_runs_of_one_item_send_it_once() -> None:
    scene, stepped = opened()
    submitted = scene.submit()
    steps = count(stepped, lambda: scene.delivery.work(submitted.dispatch, 0))
    for step in range(1, steps + 2):
        scene, stepped = opened()
        submitted = scene.submit()
        work = (submitted.dispatch, 0)
        with stepped.before(step, lambda scene=scene, work=work: scene.delivery.work(*work)):
            scene.delivery.work(*work)
        assert len(scene.vendor.taken) == 1, step
        scene.work()
        assert len(scene.vendor.taken) == 1, step
        assert scene.states(submitted.dispatch) == [S.CAPTURED]
        assert len(scene.archived()) == 1


def test_a_slow_run_and_one_that_gives_it_up_agree() -> None:
    """A run that was thought to have ended says at last that the vendor has it."""
    scene, stepped = opened()
    submitted = scene.submit()
    work = (submitted.dispatch, 0)
    steps = count(stepped, lambda: scene.delivery.work(*work))

    def gives_up(scene: SendingScene) -> None:
        scene.clock.pass_(LONGEST_RUN * 2)
        scene.delivery.work(*work)

    for step in range(1, steps + 2):
        scene, stepped = opened()
        submitted = scene.submit()
        work = (submitted.dispatch, 0)
        with stepped.before(step, lambda scene=scene: gives_up(scene)):
            scene.delivery.work(*work)
        scene.work()
        assert len(scene.vendor.taken) <= 1
        [state] = scene.states(submitted.dispatch)
        assert state in {S.CAPTURED, S.UNCERTAIN}
        assert len(scene.archived()) == 1


def test_two_calls_with_one_key_are_one_dispatch() -> None:
    scene, stepped = opened()
    steps = count(stepped, lambda: scene.submit(key="tip-of-today"))
    for step in range(1, steps + 2):
        scene, stepped = opened()
        with stepped.before(step, lambda scene=scene: scene.submit(key="tip-of-today")):
            scene.submit(key="tip-of-today")
        scene.work()
        assert len(scene.vendor.taken) == 1, step
        assert len(scene.archived()) == 1


@pytest.mark.parametrize("answer", [None, Unknown("no_answer")])
def test_two_captures_of_what_left_are_one(answer: Answered | None) -> None:
    def has_left() -> tuple[SendingScene, Any, tuple[DispatchId, int]]:
        scene, stepped = opened()
        submitted = scene.submit()
        if answer:
            scene.vendor.answers(answer)
        scene.delivery.work(submitted.dispatch, 0)
        return scene, stepped, (submitted.dispatch, 0)

    first, its, one = has_left()
    steps = count(its, lambda: first.sent_capture.handle(*one))
    for step in range(1, steps + 2):
        scene, stepped, work = has_left()
        with stepped.before(step, lambda scene=scene, work=work: scene.sent_capture.handle(*work)):
            scene.sent_capture.handle(*work)
        scene.work()
        assert len(scene.archived()) == 1
