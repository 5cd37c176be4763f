"""What a person says by any of the ways that there are is what the gate answers next (L6, L63)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from lethe.domain import gating
from lethe.domain.consent import EventType
from lethe.domain.gate import Decision, Known, Question, Reason, Subject
from lethe.domain.human_review import ReviewDecision, possible_withdrawal
from lethe.domain.messages import MessageId
from lethe.domain.own_addresses import AddressKind, OwnSpan
from lethe.domain.register import RegisterItem
from lethe.usecases.consenting import BasisEvent, Telling
from lethe.usecases.withdrawing import OptOut

from tests import gate_scenes
from tests.consent_calls import MACHINE, OFFICER, SUPPORT, ConsentCalls
from tests.consent_scene import ANNA

_SPANS = (OwnSpan(AddressKind.FUNCTION, date(2020, 1, 1), None),)


@pytest.fixture
def calls() -> ConsentCalls:
    made = ConsentCalls()
    made.under(gate_scenes.policy())
    own = made.hashes.pseudonym(SUPPORT)
    made.stores.world.register[own] = RegisterItem(own, own=_SPANS)
    return made


def asked(calls: ConsentCalls, purpose: str, channel: str = "email") -> Decision:
    """What the gate answers now, for a message from support to Anna."""
    version, policy = calls.stores.policies.current()
    own = calls.hashes.pseudonym(SUPPORT)
    sender = calls.stores.register.item(own)
    subject = Subject(calls.stores.register.item(calls.pseudonym()), calls.state())
    known = Known(policy, version, 0, sender, calls.clock.now)
    return gating.decide(Question(purpose, channel, SUPPORT), known, subject)


def by_call(calls: ConsentCalls) -> None:
    calls.withdraw("newsletter")


def by_link(calls: ConsentCalls) -> None:
    calls.withdrawing.by_link(calls.link())


def by_everything(calls: ConsentCalls) -> None:
    calls.withdraw()


def by_refusing(calls: ConsentCalls) -> None:
    calls.one(EventType.REFUSED)


def by_keyword_elsewhere(calls: ConsentCalls) -> None:
    calls.withdrawing.opt_out(ANNA, "email", SUPPORT, OptOut.STOP, Telling(MACHINE))


def by_free_words(calls: ConsentCalls) -> None:
    own = calls.hashes.pseudonym(SUPPORT)
    new = possible_withdrawal(calls.pseudonym(), "email", own, MessageId("ab" * 16))
    calls.stores.reviews.put(new.id, new.document, calls.clock.now)
    calls.reviewing.decide(new.id, ReviewDecision.WITHDRAWAL, caller=OFFICER)


def by_objecting(calls: ConsentCalls) -> None:
    calls.object("direct-marketing")


WAYS: tuple[tuple[Callable[[ConsentCalls], None], Reason], ...] = (
    (by_call, Reason.CONSENT_WITHDRAWN),
    (by_link, Reason.CONSENT_WITHDRAWN),
    (by_everything, Reason.CONSENT_WITHDRAWN),
    (by_refusing, Reason.CONSENT_REFUSED),
    (by_keyword_elsewhere, Reason.STOPPED),
    (by_free_words, Reason.STOPPED),
    (by_objecting, Reason.OBJECTED),
)


@pytest.mark.parametrize(("way", "reason"), WAYS, ids=lambda part: getattr(part, "__name__", ""))
def test_L6_what_was_allowed_a_moment_ago_is_denied_at_the_next_look(
    calls: ConsentCalls, way: Callable[[ConsentCalls], None], reason: Reason
) -> None:
    calls.give()
    assert asked(calls, "newsletter").allowed

    way(calls)

    assert asked(calls, "newsletter").reason is reason
    calls.days(1)
    calls.give()
    assert asked(calls, "newsletter").allowed


def test_L63_an_objection_to_marketing_stops_all_of_it_on_every_channel(
    calls: ConsentCalls,
) -> None:
    sale = BasisEvent("sale", begun=True, opt_out_offered=True)
    calls.consenting.basis(ANNA, sale, Telling(MACHINE))
    calls.give()
    assert asked(calls, "offers", "sms").allowed
    assert asked(calls, "catalogue").allowed

    calls.object("offers", channel="sms")

    for purpose in ("offers", "catalogue"):
        for channel in ("sms", "email"):
            assert asked(calls, purpose, channel).reason is Reason.OBJECTED
    assert asked(calls, "survey").allowed
    assert asked(calls, "newsletter").allowed  # a declaration of its own
    calls.object("direct-marketing")
    assert asked(calls, "newsletter").reason is Reason.OBJECTED


def test_L64_another_objection_denies_until_it_is_overruled(calls: ConsentCalls) -> None:
    assert asked(calls, "survey").allowed

    [event] = calls.object("survey", channel="email").pending

    assert asked(calls, "survey").reason is Reason.OBJECTION_PENDING
    assert asked(calls, "survey", "sms").allowed
    overruled = ReviewDecision.OVERRULED
    calls.reviewing.balance(event, overruled, grounds="fraud_prevention", caller=OFFICER)
    assert asked(calls, "survey").allowed


def test_what_rests_on_a_contract_goes_on_after_every_no(calls: ConsentCalls) -> None:
    calls.give()
    by_everything(calls)
    by_objecting(calls)
    by_keyword_elsewhere(calls)

    assert asked(calls, "service").allowed
    assert asked(calls, "recall").allowed


def test_start_is_no_consent(calls: ConsentCalls) -> None:
    calls.give()
    by_keyword_elsewhere(calls)
    calls.clock.pass_(timedelta(minutes=1))

    calls.withdrawing.opt_out(ANNA, "email", SUPPORT, OptOut.START, Telling(MACHINE))

    assert asked(calls, "newsletter").reason is Reason.STOPPED
