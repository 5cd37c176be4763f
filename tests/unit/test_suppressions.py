"""What a suppression search answers: whom an act of their own keeps from being written to."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from lethe.domain.addresses import Address
from lethe.domain.consent import EVERY, BasisSpan, ConsentLine, EventId, Objection
from lethe.domain.errors import InvalidInputError
from lethe.domain.gate import Reason
from lethe.domain.holders import HolderId
from lethe.domain.register import RegisterEntry, RegisterItem, RestrictedEntry
from lethe.usecases.suppressions import Suppressions

from tests.gate_scenes import ANNA, BERT, NOW, SHOP, GateScene

EVENT = EventId("e" * 32)
BEFORE, LATER = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
OTHER_SHOP = Address("tel:+493055500002")


class Scene(GateScene):
    def search(self, *addresses: Address, channel: str = "sms", **about: Any) -> Any:
        stores = self.steps
        suppressions = Suppressions(
            stores.register, stores.consents, stores.policies, self.hashes, self.clock
        )
        return suppressions.search(addresses or (ANNA,), channel, **about)

    def one(self, **about: Any) -> Reason | None:
        [found] = self.search(**about)
        return found  # type: ignore[no-any-return]

    def erase(self, *, restricted: bool = False) -> None:
        name = self.hashes.pseudonym(ANNA)
        held = RestrictedEntry("law", RegisterEntry(HolderId(bytes(16)), None, "2026-01"), BEFORE)
        self.world.register[name] = RegisterItem(
            name, erased={EVERY: BEFORE}, restricted=(held,) if restricted else ()
        )


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.say(ANNA)
    return made


def test_nobody_is_suppressed_who_said_nothing(scene: Scene) -> None:
    assert scene.search(ANNA, BERT, ANNA) == [None] * 3
    assert scene.search(ANNA, BERT, purpose="newsletter") == [None] * 2


def test_a_stop_counts_on_its_channel_and_for_its_own_address(scene: Scene) -> None:
    scene.say(ANNA, stops={("sms", scene.hashes.pseudonym(SHOP)): BEFORE})
    assert scene.search(ANNA, BERT) == [Reason.STOPPED, None]
    assert scene.one(channel="email") is None
    assert scene.one(own_address=SHOP) is Reason.STOPPED
    assert scene.one(own_address=OTHER_SHOP) is None
    assert scene.one(purpose="newsletter", own_address=SHOP) is Reason.STOPPED
    assert scene.one(purpose="newsletter", own_address=OTHER_SHOP) is None
    assert scene.one(purpose="service") is None


def test_with_a_purpose_a_later_yes_counts_and_without_one_it_does_not(scene: Scene) -> None:
    lines = {
        ("newsletter", "sms"): ConsentLine(LATER, event_id=EVENT, withdrawn_at=BEFORE),
        ("tips", "sms"): ConsentLine(BEFORE, event_id=EVENT, withdrawn_at=LATER),
    }
    scene.say(ANNA, lines=lines, stops={("sms", EVERY): BEFORE})
    assert scene.one(purpose="newsletter") is None
    assert scene.one(purpose="tips") is Reason.CONSENT_WITHDRAWN
    assert scene.one() is Reason.STOPPED


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"objections": {("catalogue", "email"): Objection(BEFORE, EVENT)}}, Reason.OBJECTED),
        ({"objections": {("survey", "sms"): Objection(BEFORE, EVENT)}}, None),
        ({"lines": {(EVERY, "sms"): ConsentLine(withdrawn_at=BEFORE)}}, "consent_withdrawn"),
        ({"lines": {(EVERY, EVERY): ConsentLine(refused_at=BEFORE)}}, "consent_refused"),
        ({"lines": {("tips", "sms"): ConsentLine(withdrawn_at=BEFORE)}}, None),
        ({"voided_at": BEFORE}, "basis_void_by_erasure"),
        ({"voided_at": BEFORE, "bases": {"order": BasisSpan(LATER)}}, None),
        ({"voided_at": BEFORE, "inbound": {("email", "o"): LATER}}, None),
        ({"voided_at": LATER, "lines": {("tips", "sms"): ConsentLine(BEFORE)}}, Reason.ERASED),
    ],
)
def test_without_a_purpose_what_was_ended_as_a_whole(
    scene: Scene, state: dict[str, Any], reason: str | None
) -> None:
    scene.say(ANNA, **state)
    assert scene.one() == reason


def test_an_erasure_suppresses_and_a_restriction_does(scene: Scene) -> None:
    scene.erase()
    assert scene.one() is Reason.ERASED
    scene.erase(restricted=True)
    assert scene.one() is Reason.RESTRICTED
    assert scene.one(purpose="survey") is Reason.RESTRICTED
    assert scene.one(purpose="recall") is None


def test_that_a_basis_lacks_suppresses_nobody(scene: Scene) -> None:
    scene.say(ANNA, lines={("tips", "sms"): ConsentLine(BEFORE, until=LATER, event_id=EVENT)})
    for purpose in ("tips", "offers", "delivery", "support"):
        assert scene.one(purpose=purpose) is None


def test_an_unknown_purpose_is_named(scene: Scene) -> None:
    with pytest.raises(InvalidInputError) as failed:
        scene.one(purpose="gone")
    assert [field.pointer for field in failed.value.fields] == ["/purpose"]


def test_a_thousand_take_two_reads_a_hundred(scene: Scene) -> None:
    people = [Address(f"tel:+4915{number:09}") for number in range(1000)]
    with scene.steps.before(0, lambda: None) as calls:
        assert scene.search(*people) == [None] * 1000
    assert Counter(calls) == {
        "policies.current": 1,
        "register.items": 10,
        "consents.states": 10,
    }
