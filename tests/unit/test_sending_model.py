"""Any interleaving of agreeing, withdrawing, stopping, erasing, handing in and delivering.

Whatever happens in whatever order, and however often a queue delivers: at the moment at which a
message leaves, its person allows it; and no message leaves twice.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from lethe.domain.addresses import Address
from lethe.domain.consent import EventType
from lethe.domain.erasure import Grounds
from lethe.domain.outbox import (
    FINAL,
    Answered,
    OutMessage,
    Refused,
    SendState,
    Sent,
    TryAgain,
    Unknown,
)
from lethe.usecases.consent_ledger import Act
from lethe.usecases.erasure import IdentityProof

from tests.sending_scene import ANNA, BERT, PHONE, SendingScene
from tests.system import STAFF

PEOPLE = (ANNA, BERT)
ANSWERS: tuple[Answered | None, ...] = (
    None,
    Refused("21211"),
    Refused("21610", opted_out=True),
    TryAgain("20429"),
    Unknown("no_answer"),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("agree"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("withdraw"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("stop"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("erase"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("submit"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("deliver"), st.integers(0, 5)),
        st.tuples(st.just("deliver again"), st.integers(0, 5)),
        st.tuples(st.just("answer"), st.sampled_from(ANSWERS)),
        st.tuples(st.just("wait"), st.sampled_from((1, 61, 90_000))),
    ),
    min_size=4,
    max_size=30,
)


class World:
    """The shop, and beside it what each person last said."""

    def __init__(self) -> None:
        self.scene = SendingScene()
        self.scene.open()
        self.allows: dict[Address, bool] = dict.fromkeys(PEOPLE, False)
        self.left: Counter[str] = Counter()
        self.planned: list[Answered | None] = []
        self.count = 0
        self.scene.vendor.send = self.vendor  # type: ignore[method-assign]

    def vendor(self, message: OutMessage) -> Answered:
        [recipient] = message.recipients
        assert self.allows[recipient.address], "it leaves although the person does not allow it"
        answer = self.planned.pop(0) if self.planned else None
        if answer is None or isinstance(answer, Unknown):
            self.left[message.text] += 1
        if isinstance(answer, Refused) and answer.opted_out:
            self.allows[recipient.address] = False
        return answer or Sent(f"V{message.text}")

    def act(self, kind: EventType, who: Address, **changes: str) -> None:
        act = Act(kind, channel="sms", **changes)  # type: ignore[arg-type]
        self.scene.consent_ledger.record(who, [act], caller=STAFF)

    def step(self, name: str, what: object) -> None:
        scene = self.scene
        scene.clock.pass_(timedelta(seconds=1))
        match name, what:
            case "agree", str():
                scene.consent(Address(what))
                self.allows[Address(what)] = True
            case "withdraw", str():
                self.act(EventType.WITHDRAWN, Address(what), purpose="tips")
                self.allows[Address(what)] = False
            case "stop", str():
                own = scene.hashes.pseudonym(PHONE)
                self.act(EventType.STOPPED, Address(what), own=own)
                self.allows[Address(what)] = False
            case "erase", str():
                scene.erasure.request(
                    [Address(what)],
                    Grounds.CONSENT_WITHDRAWN,
                    IdentityProof.IN_PERSON,
                    idempotency_key=None,
                    caller=STAFF,
                )
                self.allows[Address(what)] = False
            case "submit", str():
                self.count += 1
                scene.submit(Address(what), text=f"{self.count}", key=f"message-{self.count}")
            case "deliver" | "deliver again", int(place):
                self.deliver(place, again=name == "deliver again")
            case "answer", answer:
                self.planned.append(answer)  # type: ignore[arg-type]
            case "wait", int(seconds):
                scene.clock.pass_(timedelta(seconds=seconds))
                self.make_days()

    def make_days(self) -> None:
        """Make the keys of today and, since a queue may wait past midnight, of tomorrow."""
        clock = self.scene.clock
        for day in (timedelta(0), timedelta(1)):
            clock.pass_(day)
            self.scene.make_days()
            clock.pass_(-day)

    def deliver(self, place: int, *, again: bool) -> None:
        queues = self.scene.stores.send_queue, self.scene.stores.sent_queue
        works = [(queue, work) for queue in queues for work in queue.works]
        if not works:
            return
        queue, work = works[place % len(works)]
        if not again:
            queue.works.remove(work)
        if queue is queues[0]:
            self.scene.delivery.work(*work[0])
        else:
            self.scene.sent_capture.handle(*work[0])

    def settle(self) -> None:
        self.scene.work()
        items = [item for _, item in self.scene.stores.outbox.rows.values()]
        states = Counter(item.state for item in items)
        assert states.keys() <= FINAL
        assert not any(item.sealed for item in items)
        assert set(self.left.values()) <= {1}, "nothing leaves twice"


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_nothing_leaves_that_is_not_allowed_when_it_leaves(steps: list[tuple[str, object]]) -> None:
    world = World()
    for name, what in steps:
        world.step(name, what)
    world.settle()


def test_the_world_of_the_model_does_send() -> None:
    world = World()
    for step in (("agree", ANNA), ("submit", ANNA), ("answer", None), ("submit", ANNA)):
        world.step(*step)
    world.settle()
    assert len(world.left) == 2
    assert [i.state for _, i in world.scene.stores.outbox.rows.values()] == [
        SendState.CAPTURED,
        SendState.CAPTURED,
    ]
