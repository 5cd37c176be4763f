"""What waits for a human: how long, what each decision does, and that it is done once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from lethe.domain.consent import EventId, EventType
from lethe.domain.erasure import Grounds
from lethe.domain.errors import ConflictError, InvalidInputError, NotFoundError
from lethe.domain.human_review import (
    ReviewDecision,
    ReviewKind,
    notice_drift,
    possible_withdrawal,
)
from lethe.domain.in_force import Audience, InForce
from lethe.domain.messages import MessageId
from lethe.domain.requests import AddressCase, PrivacyRequest, RequestId, RequestState

from tests.consent_calls import OFFICER, SUPPORT, ConsentCalls
from tests.consent_scene import ANNA, BERT, policy

MESSAGE = MessageId("ab" * 16)


@pytest.fixture
def calls() -> ConsentCalls:
    made = ConsentCalls()
    made.under()
    return made


def a_text_that_may_withdraw(calls: ConsentCalls) -> str:
    own = calls.hashes.pseudonym(SUPPORT)
    new = possible_withdrawal(calls.pseudonym(), "sms", own, MESSAGE)
    calls.stores.reviews.put(new.id, new.document, calls.clock.now)
    return new.id


def a_request(calls: ConsentCalls, *people: str) -> RequestId:
    request_id = RequestId("cd" * 16)
    cases = tuple(AddressCase(calls.hashes.pseudonym(p)) for p in people)  # type: ignore[arg-type]
    calls.stores.requests.create(
        PrivacyRequest(
            request_id,
            Grounds.CONSENT_WITHDRAWN,
            calls.clock.now,
            RequestState.RECEIVED,
            cases,
        )
    )
    return request_id


def a_proposal(calls: ConsentCalls) -> str:
    rule = {"when": {"purpose": "newsletter"}, "class": "marketing"}
    calls.under(policy(rules=[rule]))
    calls.holds_messages("marketing")
    calls.give()
    [proposal] = calls.withdraw("newsletter").follows.proposals
    return proposal.review_id


def test_L8_a_text_that_may_withdraw_waits_for_a_human_and_counts_when_late(
    calls: ConsentCalls,
) -> None:
    a_text_that_may_withdraw(calls)
    [review] = calls.reviewing.open().reviews
    assert review.target == calls.clock.now + timedelta(hours=24)
    assert calls.reviewing.overdue() == 0

    calls.clock.pass_(timedelta(hours=24, seconds=1))

    found = calls.reviewing.open()
    assert (found.overdue, found.reviews[0].overdue(found.now)) == (1, True)


def test_L8_what_a_human_reads_as_a_withdrawal_stops_what_stop_stops(calls: ConsentCalls) -> None:
    calls.give("newsletter", channel="sms")
    review_id = a_text_that_may_withdraw(calls)

    decided = calls.reviewing.decide(review_id, ReviewDecision.WITHDRAWAL, caller=OFFICER)

    assert decided.follows is not None
    assert [one.purpose for one in decided.follows.stopped] == ["newsletter"]
    assert list(calls.state().stops) == [("sms", calls.hashes.pseudonym(SUPPORT))]
    assert calls.reviewing.open().reviews == ()
    again = calls.reviewing.decide(review_id, ReviewDecision.WITHDRAWAL, caller=OFFICER)
    assert again.event_id == decided.event_id
    assert calls.state().sequence == 2
    with pytest.raises(ConflictError):
        calls.reviewing.decide(review_id, ReviewDecision.NO_WITHDRAWAL, caller=OFFICER)


def test_of_a_person_without_a_ledger_only_the_pseudonym_is_needed(calls: ConsentCalls) -> None:
    review_id = a_text_that_may_withdraw(calls)

    calls.reviewing.decide(review_id, ReviewDecision.WITHDRAWAL, caller=OFFICER)

    assert calls.state().ledger is not None
    assert calls.state().stops


def test_two_who_decide_the_same_at_once_are_both_answered(
    calls: ConsentCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    review_id = a_text_that_may_withdraw(calls)
    reviews = calls.stores.reviews
    close = type(reviews).close

    def after_another(*args: object) -> None:
        close(*args)
        close(*args)

    with monkeypatch.context() as patch:
        patch.setattr(type(reviews), "close", after_another)
        calls.reviewing.decide(review_id, ReviewDecision.WITHDRAWAL, caller=OFFICER)

    assert reviews.get(review_id)["decision"] == "withdrawal"
    assert calls.state().sequence == 1


def test_no_withdrawal_changes_nothing_but_the_queue(calls: ConsentCalls) -> None:
    calls.give("newsletter", channel="sms")
    review_id = a_text_that_may_withdraw(calls)

    calls.reviewing.decide(review_id, ReviewDecision.NO_WITHDRAWAL, caller=OFFICER)

    assert calls.state().sequence == 1
    assert calls.reviewing.open().reviews == ()
    event = calls.stores.world.audit[-1]
    assert (event.action, event.target, event.actor) == ("waiting_decided", review_id, "officer-1")
    assert event.facts == {"kind": "possible_withdrawal", "decision": "no_withdrawal"}


def test_a_withdrawal_that_was_recorded_but_not_closed_cannot_be_dismissed(
    calls: ConsentCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    review_id = a_text_that_may_withdraw(calls)
    with monkeypatch.context() as patch:
        patch.setattr(type(calls.stores.reviews), "close", _crash)
        with pytest.raises(RuntimeError):
            calls.reviewing.decide(review_id, ReviewDecision.WITHDRAWAL, caller=OFFICER)

    with pytest.raises(ConflictError):
        calls.reviewing.decide(review_id, ReviewDecision.NO_WITHDRAWAL, caller=OFFICER)
    calls.reviewing.decide(review_id, ReviewDecision.WITHDRAWAL, caller=OFFICER)

    assert calls.state().sequence == 1
    assert calls.reviewing.open().reviews == ()


def test_L7_a_proposal_is_carried_out_by_an_erasure_of_that_person(calls: ConsentCalls) -> None:
    review_id = a_proposal(calls)
    decide = calls.reviewing.decide

    for request_id in (None, RequestId("0" * 32)):
        with pytest.raises(InvalidInputError) as raised:
            decide(review_id, ReviewDecision.ERASE, request_id=request_id, caller=OFFICER)
        assert raised.value.fields[0].pointer == "/request_id"
    assert len(calls.reviewing.open().reviews) == 1
    decide(review_id, ReviewDecision.ERASE, request_id=a_request(calls, BERT, ANNA), caller=OFFICER)

    assert calls.reviewing.open().reviews == ()


def test_an_erasure_of_somebody_else_does_not_carry_it_out(calls: ConsentCalls) -> None:
    review_id = a_proposal(calls)

    with pytest.raises(InvalidInputError):
        calls.reviewing.decide(
            review_id, ReviewDecision.ERASE, request_id=a_request(calls, BERT), caller=OFFICER
        )


def test_to_keep_needs_a_reason(calls: ConsentCalls) -> None:
    review_id = a_proposal(calls)
    with pytest.raises(InvalidInputError) as raised:
        calls.reviewing.decide(review_id, ReviewDecision.KEEP, caller=OFFICER)
    assert raised.value.fields[0].pointer == "/reason"

    calls.reviewing.decide(review_id, ReviewDecision.KEEP, reason="claim_pending", caller=OFFICER)

    assert calls.reviewing.open().reviews == ()


@pytest.mark.parametrize(
    "decision", [ReviewDecision.ERASE, ReviewDecision.KEEP, ReviewDecision.OVERRULED]
)
def test_each_kind_has_its_own_decisions(calls: ConsentCalls, decision: ReviewDecision) -> None:
    with pytest.raises(InvalidInputError):
        calls.reviewing.decide(a_text_that_may_withdraw(calls), decision, caller=OFFICER)


def test_what_is_decided_elsewhere_is_not_decided_here(calls: ConsentCalls) -> None:
    calls.stores.reviews.put("d" * 32, {"kind": ReviewKind.NOTICE_DRIFT}, calls.clock.now)
    [objection] = calls.object("survey").pending

    for review_id in ("d" * 32, objection):
        with pytest.raises(ConflictError):
            calls.reviewing.decide(review_id, ReviewDecision.KEEP, caller=OFFICER)
    with pytest.raises(NotFoundError):
        calls.reviewing.decide("0" * 32, ReviewDecision.KEEP, caller=OFFICER)


def test_L64_overruled_the_objection_ends_and_upheld_it_stays(calls: ConsentCalls) -> None:
    [first] = calls.object("survey").pending
    balance = calls.reviewing.balance

    decided = balance(first, ReviewDecision.OVERRULED, grounds="fraud_prevention", caller=OFFICER)

    assert decided.event_id is not None
    assert calls.state().objections["survey", "*"].overruled_at is not None
    assert calls.reviewing.open().reviews == ()
    again = balance(first, ReviewDecision.OVERRULED, grounds="fraud_prevention", caller=OFFICER)
    assert again.event_id == decided.event_id
    with pytest.raises(ConflictError):
        balance(first, ReviewDecision.UPHELD, grounds="none", caller=OFFICER)
    calls.clock.pass_(timedelta(minutes=1))
    [second] = calls.object("survey").pending
    balance(second, ReviewDecision.UPHELD, grounds="no_compelling_ground", caller=OFFICER)
    assert calls.state().objections["survey", "*"].overruled_at is None
    assert calls.reviewing.open().reviews == ()


def test_L63_an_objection_to_direct_marketing_is_never_overruled(calls: ConsentCalls) -> None:
    [event] = calls.object("survey").pending
    document = calls.stores.world.policies[-1]
    survey = document.purposes["survey"].model_copy(update={"direct_marketing": True})
    purposes = {**document.purposes, "survey": survey}
    calls.under(document.model_copy(update={"purposes": purposes}))

    with pytest.raises(ConflictError):
        calls.reviewing.balance(event, ReviewDecision.OVERRULED, grounds="profit", caller=OFFICER)

    assert calls.state().objections["survey", "*"].overruled_at is None


def test_there_is_no_balancing_without_an_objection(calls: ConsentCalls) -> None:
    review_id = a_text_that_may_withdraw(calls)
    for event in (review_id, "0" * 32):
        with pytest.raises(NotFoundError):
            calls.reviewing.balance(
                EventId(event), ReviewDecision.UPHELD, grounds="none", caller=OFFICER
            )
    assert calls.one(EventType.REFUSED).event_id


def _crash(*_: object) -> None:
    raise RuntimeError


def test_a_new_notice_settles_what_asked_for_it(calls: ConsentCalls) -> None:
    for version in (1, 2):
        asked = notice_drift(Audience.EXTERNAL, version)
        calls.stores.reviews.put(asked.id, asked.document, calls.clock.now)
    assert calls.reviewing.settle_notices() == 0
    calls.stores.world.in_force = InForce(notice=2)

    assert calls.reviewing.settle_notices() == 1

    [left] = calls.reviewing.open().reviews
    assert left.document["version"] == "2"
    assert calls.reviewing.settle_notices() == 0
