"""Each call to AWS of what the function consent does fails once, before its effect or after it.

The caller repeats it under its key, queues deliver again, the next daily run comes. Whatever failed
where: a no is recorded once and holds, what it proposes waits once, a decision is carried out once,
and an erasure is heard of by everybody whom it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from lethe.crypto.holders import Kem, generate
from lethe.domain.consent import EventType
from lethe.domain.erasure import Grounds
from lethe.domain.human_review import ReviewDecision, ReviewKind, possible_withdrawal, waiting
from lethe.domain.messages import MessageId
from lethe.domain.ports import NewPersonKey
from lethe.domain.register import EVERY_CLASS, RegisterEntry
from lethe.domain.requests import RequestState
from lethe.store.queues import load_request
from lethe.usecases.consenting import Telling
from lethe.usecases.erasure import IdentityProof

from tests.consent_calls import MACHINE, OFFICER, ConsentCalls
from tests.consent_crashes import Place, place_of
from tests.consent_scene import ANNA, BERT
from tests.snapshots import queue
from tests.system import STAFF

Acting = Callable[[ConsentCalls], object]


@pytest.fixture(scope="module")
def place() -> Iterator[Place[ConsentCalls]]:
    with place_of(ConsentCalls, fewest=3) as made:
        yield made


def kinds(scene: ConsentCalls) -> list[EventType]:
    state = scene.state()
    assert state.ledger is not None
    return [event.type for event in scene.stores.consents.events(state.ledger)]


def open_kinds(scene: ConsentCalls) -> list[ReviewKind]:
    return [waiting(one).kind for one in scene.stores.reviews.open()]


def agreed(scene: ConsentCalls) -> None:
    """Anna agreed to marketing, and has messages of the class that it alone leads to."""
    holder, private = generate(Kem.X25519)
    entry = RegisterEntry(holder.id, holder, "2026-03")
    key = NewPersonKey(scene.stores.wrap.wrap(private, holder.id), b"sealed")
    seen = scene.stores.register.item(scene.pseudonym())
    scene.stores.register.create(seen, "marketing", entry, key)
    scene.give("marketing")


def test_a_withdrawal_is_recorded_once_and_proposes_once(place: Place[ConsentCalls]) -> None:
    def withdraw(scene: ConsentCalls) -> None:
        told = Telling(MACHINE, key="withdrawal-1")
        said = scene.withdrawing.withdraw(ANNA, ["marketing"], "*", told)
        assert [proposal.classes for proposal in said.follows.proposals] == [("marketing",)]

    def check(scene: ConsentCalls) -> None:
        assert kinds(scene) == [EventType.GIVEN, EventType.WITHDRAWN]
        assert open_kinds(scene) == [ReviewKind.ERASURE_PROPOSAL]

    place.fails_anywhere(agreed, withdraw, check)


def test_a_link_withdraws_once(place: Place[ConsentCalls]) -> None:
    def check(scene: ConsentCalls) -> None:
        assert kinds(scene) == [EventType.GIVEN, EventType.WITHDRAWN]
        assert open_kinds(scene) == [ReviewKind.ERASURE_PROPOSAL]

    place.opened.restore()
    token = place.scene().link("marketing")
    place.fails_anywhere(agreed, lambda scene: scene.withdrawing.by_link(token), check)


def test_an_objection_waits_for_its_balancing_once(place: Place[ConsentCalls]) -> None:
    def objecting(scene: ConsentCalls) -> None:
        said = scene.withdrawing.object(ANNA, "survey", "*", Telling(MACHINE, key="objection-1"))
        assert len(said.pending) == 1

    def check(scene: ConsentCalls) -> None:
        assert kinds(scene) == [EventType.OBJECTED]
        assert open_kinds(scene) == [ReviewKind.OBJECTION]

    place.fails_anywhere(lambda _: None, objecting, check)


def test_a_balancing_is_recorded_once_and_closes_its_review(place: Place[ConsentCalls]) -> None:
    def prepare(scene: ConsentCalls) -> None:
        scene.withdrawing.object(ANNA, "survey", "*", Telling(MACHINE))

    def balance(scene: ConsentCalls) -> None:
        [(key, objection)] = scene.state().objections.items()
        assert key == ("survey", "*")
        overruled = ReviewDecision.OVERRULED
        scene.reviewing.balance(objection.event_id, overruled, grounds="safety", caller=OFFICER)

    def check(scene: ConsentCalls) -> None:
        assert kinds(scene) == [EventType.OBJECTED, EventType.OBJECTION_OVERRULED]
        assert open_kinds(scene) == []

    place.fails_anywhere(prepare, balance, check)


def test_what_a_human_decides_is_carried_out_once(place: Place[ConsentCalls]) -> None:
    def review(scene: ConsentCalls) -> str:
        new = possible_withdrawal(scene.pseudonym(), "email", "o" * 43, MessageId("ab" * 16))
        scene.stores.reviews.put(new.id, new.document, scene.clock.now)
        return new.id

    def prepare(scene: ConsentCalls) -> None:
        agreed(scene)
        review(scene)

    place.opened.restore()
    review_id = review(place.scene())

    def decide(scene: ConsentCalls) -> None:
        scene.reviewing.decide(review_id, ReviewDecision.WITHDRAWAL, caller=OFFICER)

    def check(scene: ConsentCalls) -> None:
        assert kinds(scene) == [EventType.GIVEN, EventType.STOPPED]
        assert open_kinds(scene) == [ReviewKind.ERASURE_PROPOSAL]

    place.fails_anywhere(prepare, decide, check)


def test_an_erasure_is_heard_of_by_everybody_it_is_about(place: Place[ConsentCalls]) -> None:
    def prepare(scene: ConsentCalls) -> None:
        agreed(scene)
        scene.give("newsletter", who=BERT)

    def erase(scene: ConsentCalls) -> None:
        scene.erasure.request(
            [ANNA, BERT],
            Grounds.CONSENT_WITHDRAWN,
            IdentityProof.IN_PERSON,
            idempotency_key="erase-1",
            caller=STAFF,
        )

    def check(scene: ConsentCalls) -> None:
        deliver(scene)
        [request] = scene.stores.requests.open() or [None]
        assert scene.stores.requests.get(request).state is RequestState.SHREDDED
        for who in (ANNA, BERT):
            erased = scene.stores.register.item(scene.pseudonym(who)).erased[EVERY_CLASS]
            assert scene.state(who).voided_at == erased
            ledger = scene.state(who).ledger
            events = [event.type for event in scene.stores.consents.events(ledger)]
            assert events == [EventType.GIVEN, EventType.VOIDED]

    place.fails_anywhere(prepare, erase, check)


def test_an_erasure_of_one_without_messages_is_heard_of_before_it_is_complete(
    place: Place[ConsentCalls],
) -> None:
    def erase(scene: ConsentCalls) -> None:
        request = scene.erasure.request(
            [ANNA],
            Grounds.CONSENT_WITHDRAWN,
            IdentityProof.IN_PERSON,
            idempotency_key="erase-2",
            caller=STAFF,
        )
        assert request.state is RequestState.COMPLETED

    def check(scene: ConsentCalls) -> None:
        deliver(scene)
        assert not scene.consents()
        assert kinds(scene) == [EventType.GIVEN, EventType.VOIDED]

    place.fails_anywhere(lambda scene: scene.give(), erase, check)


def test_voiding_is_done_once_for_each_address(place: Place[ConsentCalls]) -> None:
    def prepare(scene: ConsentCalls) -> None:
        scene.give()
        scene.erasure.request(
            [ANNA, BERT],
            Grounds.CONSENT_WITHDRAWN,
            IdentityProof.IN_PERSON,
            idempotency_key="erase-3",
            caller=STAFF,
        )

    place.opened.restore()
    prepare(place.scene())
    request_id = load_request(queue("ConsentQueue")[0].body)

    def check(scene: ConsentCalls) -> None:
        assert kinds(scene) == [EventType.GIVEN, EventType.VOIDED]
        assert scene.state(BERT).voided_at is not None

    place.fails_anywhere(prepare, lambda scene: scene.voiding.void(request_id), check)


def test_the_daily_look_ends_what_it_may_whatever_fails(place: Place[ConsentCalls]) -> None:
    def prepare(scene: ConsentCalls) -> None:
        scene.give()
        scene.give("newsletter", who=BERT)
        scene.withdraw(who=BERT)
        scene.days(3 * 366)

    def look(scene: ConsentCalls) -> None:
        while scene.upkeep.run().failed:
            pass

    def check(scene: ConsentCalls) -> None:
        assert kinds(scene) == [EventType.GIVEN, EventType.EXPIRED]
        assert (scene.state(BERT).ledger, scene.state(BERT).due) == (None, None)
        assert not list(scene.stores.consents.due(scene.clock.now))

    place.fails_anywhere(prepare, look, check)


def deliver(scene: ConsentCalls) -> None:
    """Let the queues of erase and consent run empty, duplicates and all."""
    for _ in range(20):
        works = [(name, one) for name in ("EraseQueue", "ConsentQueue") for one in queue(name)]
        if not works:
            return
        for name, one in works:
            queue(name).remove(one)
            request_id = load_request(one.body)
            if name == "EraseQueue":
                scene.erasure.resume(request_id)
            else:
                scene.voiding.void(request_id)
    raise AssertionError("the queues never run empty")
