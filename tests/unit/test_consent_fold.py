"""The fold of consent events: order makes no difference, and a no is never outvoted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lethe.domain import consent_fold as fold
from lethe.domain.consent import (
    EVERY,
    ConsentEvent,
    ConsentLine,
    ConsentState,
    EventId,
    EventType,
    LedgerId,
)
from lethe.domain.periods import Period
from lethe.domain.purposes import ConsentTerms
from lethe.domain.register import Pseudonym

ANNA = Pseudonym("A" * 43)
LEDGER = LedgerId("1" * 32)
AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
OWN, OTHER_OWN = "o" * 43, "p" * 43
THREE_YEARS = Period(years=3)


def hours(number: float) -> datetime:
    return AT + timedelta(hours=number)


def event(kind: EventType, at: float = 0, **changes: Any) -> ConsentEvent:
    made = ConsentEvent(
        id=EventId(f"{abs(hash((kind, at, str(changes)))):032x}"[:32]),
        ledger=LEDGER,
        sequence=1,
        type=kind,
        purpose="newsletter",
        channel="email",
        own=EVERY,
        time=hours(at),
        until=hours(at + 1000) if kind in fold.GRANTS else None,
        sealed=b"",
        previous=bytes(32),
        policy_version=1,
    )
    return replace(made, **changes)


def folded(*events: ConsentEvent) -> ConsentState:
    return fold.rebuild(ANNA, events)


def holds(state: ConsentState, at: float, own: str = OWN, channel: str = "email") -> bool:
    return fold.consents(state, "newsletter", channel, own, hours(at))


GRANTS = fold.GRANTS
IDS = st.integers(min_value=1, max_value=10**6).map(lambda number: EventId(f"{number:032d}"))
MOMENTS = st.integers(min_value=0, max_value=12).map(hours)
EVENTS = st.builds(
    ConsentEvent,
    id=IDS,
    ledger=st.just(LEDGER),
    sequence=st.just(1),
    type=st.sampled_from(EventType),
    purpose=st.sampled_from(["newsletter", "survey", EVERY]),
    channel=st.sampled_from(["email", "sms", EVERY]),
    own=st.sampled_from([OWN, OTHER_OWN, EVERY]),
    time=MOMENTS,
    until=st.none() | MOMENTS,
    sealed=st.just(b""),
    previous=st.just(bytes(32)),
    policy_version=st.just(1),
    notice_version=st.integers(min_value=0, max_value=3),
    opt_out_offered=st.booleans(),
    about=MOMENTS,
).map(
    lambda one: replace(one, purpose="newsletter", channel="email") if one.type in GRANTS else one
)
CHAINS = st.lists(EVENTS, max_size=12, unique_by=lambda one: one.id)


@settings(max_examples=300, deadline=None)
@given(CHAINS.flatmap(lambda events: st.tuples(st.just(events), st.permutations(events))))
def test_any_order_of_the_same_events_gives_the_same_state(
    orders: tuple[list[ConsentEvent], list[ConsentEvent]],
) -> None:
    one, other = orders
    assert folded(*one) == folded(*other)


@settings(max_examples=200, deadline=None)
@given(CHAINS, EVENTS)
def test_an_event_twice_is_an_event_once(events: list[ConsentEvent], one: ConsentEvent) -> None:
    assert folded(*events, one, one) == folded(*events, one)


@settings(max_examples=300, deadline=None)
@given(CHAINS, MOMENTS)
def test_a_consent_in_force_is_later_than_every_no(
    events: list[ConsentEvent], now: datetime
) -> None:
    state = folded(*events)
    if not fold.consents(state, "newsletter", "email", OWN, now):
        return
    covering = {("newsletter", "email"), ("newsletter", EVERY), (EVERY, "email"), (EVERY, EVERY)}
    grants = [e for e in events if e.type in fold.GRANTS and (e.purpose, e.channel) in covering]
    latest = max(grants, key=lambda e: (e.time, e.id))
    assert latest.time <= now
    assert latest.until is None or latest.until > now
    for other in events:
        about = (other.purpose, other.channel) in covering
        here = other.channel in {"email", EVERY} and other.own in {OWN, EVERY}
        against = {
            EventType.WITHDRAWN: about,
            EventType.REFUSED: about,
            EventType.OBJECTED: about,
            EventType.STOPPED: here,
            EventType.VOIDED: True,
        }
        assert not against.get(other.type, False) or other.time < latest.time


@settings(max_examples=200, deadline=None)
@given(CHAINS)
def test_evidence_ends_no_earlier_than_any_processing(events: list[ConsentEvent]) -> None:
    state = replace(folded(*events), ledger=LEDGER)
    ends = fold.settle(state, THREE_YEARS, AT).ends
    still = [hours(h) for h in range(14) if any_basis(state, hours(h))]
    for moment in still:
        assert ends is None or ends >= THREE_YEARS.over(moment.date())
    never = datetime(2100, 1, 1, tzinfo=UTC)
    if ends is None and any(e.type is not EventType.OBJECTION_OVERRULED for e in events):
        assert any_basis(state, never), "evidence is kept though nothing is processed"


def any_basis(state: ConsentState, now: datetime) -> bool:
    if any(fold.basis_begun(state, name, now) for name in state.bases):
        return True
    return any(fold.consents(state, *key, "", now) for key in state.lines)


def test_where_yes_and_no_have_one_time_the_no_counts() -> None:
    given_ = event(EventType.GIVEN)
    assert holds(folded(given_), 1)
    for kind in (EventType.WITHDRAWN, EventType.REFUSED, EventType.OBJECTED, EventType.VOIDED):
        assert not holds(folded(given_, event(kind)), 1), kind
        assert holds(folded(given_, event(kind, -1)), 1), kind
    assert not holds(folded(given_, event(EventType.STOPPED, own=OWN)), 1)


def test_a_stop_is_about_one_own_address_and_a_withdrawal_about_all() -> None:
    given_ = event(EventType.GIVEN)
    stopped = folded(given_, event(EventType.STOPPED, 1, purpose=EVERY, own=OWN))
    assert not holds(stopped, 2)
    assert holds(stopped, 2, OTHER_OWN)
    everywhere = folded(given_, event(EventType.STOPPED, 1, purpose=EVERY, channel=EVERY))
    assert not holds(everywhere, 2, OTHER_OWN)
    assert not holds(folded(given_, event(EventType.WITHDRAWN, 1)), 2, OTHER_OWN)


@pytest.mark.parametrize(
    "scope",
    [
        {"purpose": EVERY, "channel": EVERY},
        {"purpose": EVERY, "channel": "email"},
        {"purpose": "newsletter", "channel": EVERY},
    ],
)
def test_what_is_said_of_all_is_said_of_each(scope: dict[str, str]) -> None:
    given_ = event(EventType.GIVEN)
    for kind in (EventType.WITHDRAWN, EventType.REFUSED, EventType.OBJECTED):
        assert not holds(folded(given_, event(kind, 1, **scope)), 2)
    other = event(EventType.WITHDRAWN, 1, purpose="survey", channel="email")
    assert holds(folded(given_, other), 2)


def test_a_grant_ends_at_its_until_and_begins_at_its_time() -> None:
    state = folded(event(EventType.GIVEN, until=hours(5)))
    assert [holds(state, h) for h in (-1, 0, 4.9, 5)] == [False, True, True, False]


def test_a_renewal_takes_the_place_of_the_older_grant_alone() -> None:
    first, second = event(EventType.GIVEN), event(EventType.RENEWED, 10, until=hours(99))
    for order in ((first, second), (second, first)):
        assert fold.standing(folded(*order), "newsletter", "email").event_id == second.id
    assert not holds(folded(first, second), 99)


def test_an_objection_is_overruled_and_a_later_one_is_not() -> None:
    first = event(EventType.OBJECTED, 0, purpose="survey", channel=EVERY)
    ruling = event(
        EventType.OBJECTION_OVERRULED, 5, purpose="survey", channel=EVERY, about=first.time
    )
    later = event(EventType.OBJECTED, 3, purpose="survey", channel=EVERY)
    found = fold.objection(folded(first, ruling), "survey", "email")
    assert found is not None
    assert found.overruled_at == ruling.time
    assert fold.objection(folded(ruling, first), "survey", "email") == found
    standing = fold.objection(folded(first, ruling, later), "survey", "email")
    assert standing is not None
    assert standing.event_id == later.id
    assert standing.overruled_at is None
    assert fold.objection(folded(first), "newsletter", "email") is None


def test_of_two_objections_the_one_that_stands_is_answered() -> None:
    overruled = event(EventType.OBJECTED, 9, purpose="survey", channel="email")
    ruling = event(
        EventType.OBJECTION_OVERRULED, 9, purpose="survey", channel="email", about=overruled.time
    )
    of_all = event(EventType.OBJECTED, 1, purpose=EVERY, channel=EVERY)
    found = fold.objection(folded(overruled, ruling, of_all), "survey", "email")
    assert found is not None
    assert found.event_id == of_all.id


def test_a_vendors_block_is_in_force_until_it_is_lifted() -> None:
    blocked = event(EventType.VENDOR_BLOCKED, 1, channel="sms", own=OWN)
    lifted = event(EventType.VENDOR_UNBLOCKED, 2, channel="sms", own=OWN)
    again = event(EventType.VENDOR_BLOCKED, 3, channel="sms", own=OWN)
    at_once = event(EventType.VENDOR_UNBLOCKED, 3, channel="sms", own=OWN)
    assert fold.vendor_blocked_at(folded(blocked), "sms", OWN) == hours(1)
    assert fold.vendor_blocked_at(folded(blocked), "sms", OTHER_OWN) is None
    assert fold.vendor_blocked_at(folded(lifted, blocked), "sms", OWN) is None
    assert fold.vendor_blocked_at(folded(lifted, again, blocked), "sms", OWN) == hours(3)
    assert fold.vendor_blocked_at(folded(again, at_once), "sms", OWN) == hours(3)


def test_a_start_is_no_consent() -> None:
    state = folded(
        event(EventType.GIVEN),
        event(EventType.STOPPED, 1, purpose=EVERY, own=OWN),
        event(EventType.VENDOR_UNBLOCKED, 2, purpose=EVERY, own=OWN),
    )
    assert not holds(state, 3)


def test_a_basis_holds_from_its_beginning_to_its_end() -> None:
    sale = event(EventType.BASIS_BEGUN, 1, purpose="sale", channel=EVERY, opt_out_offered=True)
    end = event(EventType.BASIS_ENDED, 5, purpose="sale", channel=EVERY)
    void = event(EventType.VOIDED, 3, purpose=EVERY, channel=EVERY)
    span = fold.basis_begun(folded(sale), "sale", hours(2))
    assert span is not None
    assert span.opt_out_offered
    assert span.event_id == sale.id
    assert fold.basis_begun(folded(sale), "sale", hours(0)) is None
    assert fold.basis_begun(folded(sale), "contract", hours(2)) is None
    assert fold.basis_begun(folded(end, sale), "sale", hours(6)) is None
    assert fold.basis_begun(folded(void, sale), "sale", hours(6)) is None
    again = event(EventType.BASIS_BEGUN, 7, purpose="sale", channel=EVERY)
    span = fold.basis_begun(folded(again, end, sale), "sale", hours(8))
    assert span is not None
    assert not span.opt_out_offered


def test_L16_one_who_said_no_is_not_asked_again_before_the_time() -> None:
    terms = ConsentTerms(ask_again_after=Period(months=6))
    for kind in (EventType.REFUSED, EventType.WITHDRAWN):
        state = folded(event(kind))
        assert fold.ask_again_from(state, "newsletter", "email", terms) == date(2026, 9, 11)
        assert fold.ask_again_from(state, "survey", "email", terms) is None
        later = folded(event(kind), event(EventType.GIVEN, 1))
        assert fold.ask_again_from(later, "newsletter", "email", terms) is None
    assert fold.ask_again_from(folded(), "newsletter", "email", terms) is None


def test_whoever_ended_something_is_suppressed_for_imports() -> None:
    def suppressed(*events: ConsentEvent) -> bool:
        return fold.suppressed(folded(*events), "newsletter", "email")

    fresh = event(EventType.GIVEN, 50)
    assert not suppressed()
    assert not suppressed(fresh, event(EventType.REFUSED))
    assert suppressed(event(EventType.WITHDRAWN), fresh)
    assert suppressed(event(EventType.WITHDRAWN, purpose=EVERY, channel=EVERY))
    assert suppressed(event(EventType.OBJECTED, purpose=EVERY, channel=EVERY), fresh)
    assert suppressed(event(EventType.STOPPED, purpose=EVERY, own=OTHER_OWN), fresh)
    assert suppressed(event(EventType.VOIDED, purpose=EVERY, channel=EVERY), fresh)
    assert not suppressed(event(EventType.WITHDRAWN, purpose="survey"))
    assert not suppressed(event(EventType.STOPPED, channel="sms", own=OWN))


def ends(*events: ConsentEvent) -> date | None:
    state = replace(folded(*events), ledger=LEDGER)
    return fold.settle(state, THREE_YEARS, AT).ends


def test_evidence_ends_years_after_the_processing() -> None:
    in_two_years = datetime(2028, 3, 11, tzinfo=UTC)
    given_ = event(EventType.GIVEN, until=in_two_years)
    begun = event(EventType.BASIS_BEGUN, purpose="contract", channel=EVERY)
    ended = event(EventType.BASIS_ENDED, 24, purpose="contract", channel=EVERY)
    assert ends(given_) == date(2031, 3, 12)
    assert ends(given_, event(EventType.WITHDRAWN, 24)) == date(2029, 3, 12)
    assert ends(event(EventType.REFUSED)) == date(2029, 3, 11)
    assert ends(given_, begun) is None
    assert ends(begun, ended) == date(2029, 3, 12)
    assert ends(begun, event(EventType.VOIDED, 48, purpose=EVERY)) == date(2029, 3, 13)
    stopped = event(EventType.STOPPED, purpose=EVERY, own=OWN)
    assert ends(stopped) == date(2029, 3, 11)
    assert ends() is None


def test_an_expiry_is_due_once() -> None:
    until = hours(10)
    given_ = event(EventType.GIVEN, until=until)
    state = replace(folded(given_), ledger=LEDGER)
    assert list(fold.unrecorded_expiries(state)) == [(("newsletter", "email"), until)]
    assert fold.settle(state, THREE_YEARS, AT).due == until
    assert fold.settle(state, THREE_YEARS, hours(20)).due == hours(20)
    expired = event(EventType.EXPIRED, 10)
    after = replace(folded(given_, expired), ledger=LEDGER)
    assert list(fold.unrecorded_expiries(after)) == []
    assert fold.settle(after, THREE_YEARS, AT).due == datetime(2029, 3, 11, tzinfo=UTC)
    withdrawn = folded(given_, event(EventType.WITHDRAWN, 5))
    assert list(fold.unrecorded_expiries(withdrawn)) == []
    renewed = folded(given_, expired, event(EventType.RENEWED, 9, until=hours(30)))
    assert list(fold.unrecorded_expiries(renewed)) == [(("newsletter", "email"), hours(30))]


def test_what_stays_once_evidence_has_ended_is_what_suppresses() -> None:
    state = folded(
        event(EventType.GIVEN),
        event(EventType.WITHDRAWN, 1),
        event(EventType.REFUSED, purpose="survey"),
        event(EventType.GIVEN, purpose="health"),
        event(EventType.STOPPED, channel="sms", own=OWN),
        event(EventType.OBJECTED, purpose="survey", channel=EVERY),
        event(EventType.BASIS_BEGUN, purpose="contract"),
        event(EventType.VOIDED, 2),
    )
    stays = fold.ended(replace(state, ledger=LEDGER, revision=8, sequence=8))
    assert stays.ledger is None
    assert (stays.sequence, stays.revision) == (0, 9)
    assert stays.lines == {
        ("newsletter", "email"): ConsentLine(withdrawn_at=hours(1)),
        ("survey", "email"): ConsentLine(refused_at=hours(0)),
    }
    assert stays.stops == state.stops
    assert stays.objections == state.objections
    assert stays.bases == {}
    assert stays.voided_at == hours(2)
