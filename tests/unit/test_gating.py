"""The gate's rule, basis by basis: what is allowed on what, and why not (Art. 6, 7, 18, 21)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from lethe.domain.channel_settings import Gate
from lethe.domain.classification import LegalBasis
from lethe.domain.consent import EVERY, BasisSpan, ConsentLine, EventId, Objection
from lethe.domain.gate import Basis, Decision, Evidence, Flag, Reason, Subject
from lethe.domain.gating import decide, denied, figures, on_failure, together, watched
from lethe.domain.holders import HolderId
from lethe.domain.own_addresses import AddressKind, OwnSpan
from lethe.domain.register import RegisterEntry, RegisterItem, RestrictedEntry

from tests.gate_scenes import (
    CHANNELS,
    GOOD_VENDOR,
    NOW,
    OTHER_OWN,
    OWN,
    PURPOSES,
    known,
    policy,
    policy_with,
    question,
    subject,
)

EVENT = EventId("e" * 32)
HOUR = timedelta(hours=1)
BEFORE, EARLIER, LATER = NOW - HOUR, NOW - 2 * HOUR, NOW - HOUR / 2
"""`EARLIER` than `BEFORE`, which is before `LATER`."""
DUTIES = ["recall", "alarm"]
STANDING = ["catalogue", "survey", "service", "inspection", *DUTIES]
AUTUMN = date(2025, 10, 1)


def given(at: Any = BEFORE, purpose: str = "newsletter", channel: str = "sms", **line: Any) -> Any:
    return {(purpose, channel): ConsentLine(given_at=at, event_id=EVENT, **line)}


def order(begun_at: Any = BEFORE, name: str = "order", **span: Any) -> Any:
    return {name: BasisSpan(begun_at, event_id=EVENT, **span)}


def restricted(at: Any = BEFORE) -> dict[str, Any]:
    entry = RegisterEntry(HolderId(bytes(16)), None, "2026-01")
    return {"restricted": (RestrictedEntry("law", entry, at),), "erased": {EVERY: at}}


def objection(
    purpose: str = EVERY, channel: str = EVERY, at: Any = BEFORE, overruled_at: Any = None
) -> Any:
    return {(purpose, channel): Objection(at, EVENT, overruled_at)}


def stop(own: str = OWN, channel: str = "sms", at: Any = BEFORE) -> Any:
    return {(channel, own): at}


def asked(purpose: str, person: Subject | None = None, channel: str = "sms") -> Decision:
    return decide(question(purpose, channel), known(), person or subject())


def reason(purpose: str, person: Subject | None = None, channel: str = "sms") -> Reason | None:
    decision = asked(purpose, person, channel)
    assert decision.allowed is (decision.basis is not None) is (decision.reason is None)
    return decision.reason


def allowed(purpose: str, person: Subject | None = None, channel: str = "sms") -> str:
    decision = asked(purpose, person, channel)
    assert decision.basis is not None, decision.reason
    assert decision.basis.purpose == purpose
    assert decision.basis.legal_basis == PURPOSES[purpose]["legal_basis"]
    return decision.basis.evidence


def test_L1_what_nothing_speaks_for_is_denied() -> None:
    assert {purpose: reason(purpose) for purpose in PURPOSES} == {
        "newsletter": Reason.NO_CONSENT,
        "tips": Reason.NO_CONSENT,
        "offers": Reason.NO_EVENT,
        "support": Reason.NO_INBOUND,
        "delivery": Reason.NO_EVENT,
        "invoice": Reason.NO_EVENT,
        **dict.fromkeys(STANDING),
    }


def test_L2_a_contract_and_a_legal_duty_need_no_consent_and_are_named() -> None:
    customer = subject(bases=order())
    for purpose, basis in (
        ("delivery", LegalBasis.CONTRACT),
        ("invoice", LegalBasis.LEGAL_OBLIGATION),
    ):
        assert asked(purpose, customer).basis == Basis(purpose, basis, EVENT)
    assert asked("recall").basis == Basis("recall", LegalBasis.LEGAL_OBLIGATION, Evidence.STANDING)


def test_L3_consent_to_one_purpose_or_channel_is_none_to_another() -> None:
    person = subject(lines=given())
    assert allowed("newsletter", person) == EVENT
    assert reason("tips", person) is Reason.NO_CONSENT
    assert reason("newsletter", person, "email") is Reason.NO_CONSENT


def test_a_consent_may_be_for_every_channel() -> None:
    person = subject(lines=given(channel=EVERY))
    assert {allowed("newsletter", person, channel) for channel in ("sms", "email")} == {EVENT}


def test_L6_a_withdrawal_counts_from_its_moment_on() -> None:
    at_the_same_time = subject(lines=given(withdrawn_at=BEFORE))
    assert reason("newsletter", at_the_same_time) is Reason.CONSENT_WITHDRAWN
    given_again = subject(lines=given(withdrawn_at=EARLIER))
    assert allowed("newsletter", given_again) == EVENT


@pytest.mark.parametrize("place", [("newsletter", EVERY), (EVERY, "sms"), (EVERY, EVERY)])
def test_a_withdrawal_of_everything_is_one_of_this(place: tuple[str, str]) -> None:
    withdrawn = {place: ConsentLine(withdrawn_at=LATER)}
    assert reason("newsletter", subject(lines=given() | withdrawn)) is Reason.CONSENT_WITHDRAWN


def test_a_withdrawal_on_one_channel_leaves_the_others() -> None:
    lines = given(channel=EVERY) | {("newsletter", "sms"): ConsentLine(withdrawn_at=LATER)}
    person = subject(lines=lines)
    assert reason("newsletter", person) is Reason.CONSENT_WITHDRAWN
    assert allowed("newsletter", person, "email") == EVENT


def test_L15_a_consent_holds_until_its_last_moment() -> None:
    assert allowed("newsletter", subject(lines=given(until=NOW + timedelta.resolution))) == EVENT
    over = subject(lines=given(until=NOW))
    assert reason("newsletter", over) is Reason.CONSENT_EXPIRED


def test_a_consent_does_not_count_before_it_is_given() -> None:
    ahead = subject(lines=given(NOW + timedelta(seconds=1)))
    assert reason("newsletter", ahead) is Reason.NO_CONSENT


@pytest.mark.parametrize(
    ("no", "why"),
    [
        ({"lines": given() | {("newsletter", EVERY): ConsentLine(refused_at=LATER)}}, "refused"),
        ({"stops": stop(at=LATER)}, "stopped"),
        ({"objections": objection(at=LATER)}, "objected"),
        ({"voided_at": LATER}, "void"),
    ],
)
def test_the_latest_no_ends_a_consent_and_is_the_reason(no: dict[str, Any], why: str) -> None:
    found = reason("newsletter", subject(**{"lines": given(withdrawn_at=EARLIER)} | no))
    assert found is not None
    assert why in found


@pytest.mark.parametrize(
    "no",
    [
        {"stops": stop(at=EARLIER)},
        {"objections": objection(at=EARLIER)},
        {"voided_at": EARLIER},
        {"lines": given(refused_at=EARLIER, withdrawn_at=EARLIER)},
        {"register": restricted(EARLIER)},
    ],
)
def test_a_consent_after_a_no_counts(no: dict[str, Any]) -> None:
    assert allowed("newsletter", subject(**{"lines": given()} | no)) == EVENT


def test_an_erasure_voids_what_is_older() -> None:
    old: dict[str, Any] = {
        "lines": given(),
        "bases": order() | order(name="sale", opt_out_offered=True),
        "inbound": {("sms", OWN): BEFORE},
    }
    erased = {"erased": {"all": EARLIER, "law": BEFORE}}
    for purpose in ("newsletter", "offers", "delivery", "support", "invoice"):
        assert reason(purpose, subject(**old)) is None
        assert reason(purpose, subject(erased, **old)) is Reason.ERASED
        assert reason(purpose, subject({"erased": {"all": EARLIER}}, **old)) is None
    assert reason("newsletter", subject(erased)) is Reason.NO_CONSENT


def test_an_event_grants_from_its_beginning_to_its_end() -> None:
    assert reason("delivery", subject(bases=order(NOW + HOUR))) is Reason.NO_EVENT
    assert reason("delivery", subject(bases=order(ended_at=LATER))) is Reason.EVENT_ENDED
    assert reason("delivery", subject(bases=order(ended_at=BEFORE))) is Reason.EVENT_ENDED
    assert allowed("delivery", subject(bases=order(ended_at=EARLIER))) == EVENT
    assert reason("delivery", subject(bases=order(name="sale"))) is Reason.NO_EVENT


def test_who_wrote_may_be_answered_for_a_while_on_that_channel() -> None:
    month = NOW - timedelta(days=30)
    assert allowed("support", subject(inbound={("sms", OTHER_OWN): month})) == Evidence.INBOUND
    assert reason("support", subject(inbound={("sms", OWN): month - timedelta(days=1)}))
    elsewhere = subject(inbound={("email", OWN): BEFORE})
    assert reason("support", elsewhere) is Reason.NO_INBOUND


def test_L63_an_objection_to_marketing_ends_all_of_it_on_every_channel() -> None:
    sale = order(name="sale", opt_out_offered=True)
    for objected in (objection(channel="email"), objection(channel="email", overruled_at=LATER)):
        person = subject(objections=objected, bases=sale, lines=given(EARLIER))
        for purpose in ("newsletter", "offers", "catalogue"):
            assert reason(purpose, person) is Reason.OBJECTED
    one = subject(objections=objection("catalogue", "email"), bases=sale, lines=given(EARLIER))
    assert reason("catalogue", one) is Reason.OBJECTED
    assert reason("offers", one) is Reason.OBJECTED
    assert allowed("newsletter", one) == EVENT


def test_L63_no_later_sale_or_consent_revives_marketing_on_an_interest() -> None:
    sale = order(NOW, "sale", opt_out_offered=True)
    consented = given(NOW, "offers") | given(NOW, "catalogue")
    person = subject(objections=objection(), bases=sale, lines=consented)
    assert reason("offers", person) is Reason.OBJECTED
    assert reason("catalogue", person) is Reason.OBJECTED


@pytest.mark.parametrize("purpose", ["survey", "inspection"])
def test_L64_another_objection_holds_until_it_is_overruled(purpose: str) -> None:
    for objected in (objection(), objection(purpose), objection(purpose, "sms")):
        assert reason(purpose, subject(objections=objected)) is Reason.OBJECTION_PENDING
    overruled = subject(objections=objection(purpose, overruled_at=LATER))
    assert allowed(purpose, overruled) == Evidence.STANDING
    elsewhere = subject(objections=objection(purpose, "email") | objection("catalogue"))
    assert allowed(purpose, elsewhere) == Evidence.STANDING


def test_an_objection_reaches_no_contract_and_no_duty() -> None:
    person = subject(objections=objection(), bases=order())
    for purpose in ("service", "delivery", "invoice", *DUTIES):
        assert allowed(purpose, person)


def test_a_stop_ends_consent_and_interests_where_it_was_said_and_nothing_else() -> None:
    sale = order(name="sale", opt_out_offered=True)
    state: dict[str, Any] = {"lines": given(EARLIER), "bases": sale | order()}
    stopped = subject(stops=stop(), **state)
    for purpose in ("newsletter", "offers", "catalogue", "survey"):
        assert reason(purpose, stopped) is Reason.STOPPED
    for purpose in ("service", "delivery", "inspection", "invoice", *DUTIES):
        assert allowed(purpose, stopped)
    for elsewhere in (stop(OTHER_OWN), stop(channel="email")):
        assert allowed("newsletter", subject(stops=elsewhere, **state)) == EVENT
    for everywhere in (stop(EVERY), stop(channel=EVERY)):
        assert reason("newsletter", subject(stops=everywhere, **state)) is Reason.STOPPED


def test_a_consent_after_a_stop_opens_that_purpose_again() -> None:
    person = subject(stops=stop(), lines=given(LATER, "catalogue"))
    assert allowed("catalogue", person) == Evidence.STANDING
    assert reason("survey", person) is Reason.STOPPED


def test_what_the_vendor_blocks_goes_with_a_flag() -> None:
    blocked = subject(stops=stop(), vendor_blocks=stop(), bases=order())
    for purpose in ("delivery", "recall"):
        assert asked(purpose, blocked).flags == {Flag.VENDOR_BLOCKED}
    assert asked("delivery", blocked, "email").flags == frozenset()


def test_L91_the_soft_opt_in_needs_a_sale_and_an_offer_to_opt_out_each_time() -> None:
    sale = subject(bases=order(name="sale", opt_out_offered=True))
    assert allowed("offers", sale) == EVENT
    without = subject(bases=order(name="sale"))
    assert reason("offers", without) is Reason.OPT_OUT_NOT_OFFERED
    assert reason("offers", sale, "email") is Reason.OPT_OUT_NOT_OFFERED
    assert reason("offers", subject(bases=order())) is Reason.NO_EVENT
    for no in ({"objections": objection("offers")}, {"stops": stop()}):
        assert reason("offers", replace(sale, state=replace(sale.state, **no)))


def test_a_restriction_leaves_later_consent_duties_and_what_the_person_began_later() -> None:
    held = restricted()
    before: dict[str, Any] = {
        "lines": given(EARLIER),
        "bases": order(EARLIER) | order(LATER, "sale", opt_out_offered=True),
    }
    person = subject(held, **before)
    for purpose in ("catalogue", "survey", "service", "inspection", "offers"):
        assert reason(purpose, person) is Reason.RESTRICTED
    assert {allowed(purpose, person) for purpose in DUTIES} == {Evidence.STANDING}
    assert allowed("newsletter", subject(held, lines=given(LATER))) == EVENT
    assert allowed("delivery", subject(held, bases=order(LATER))) == EVENT
    wrote = subject(held, inbound={("sms", OWN): LATER})
    assert allowed("support", wrote) == Evidence.INBOUND


@pytest.mark.parametrize(
    "spans",
    [
        (),
        (OwnSpan(AddressKind.FUNCTION, AUTUMN, date(2026, 3, 9)),),
        (OwnSpan(AddressKind.PERSON, date(2026, 3, 11), None),),
    ],
)
def test_who_is_not_the_controllers_today_sends_nothing(spans: tuple[OwnSpan, ...]) -> None:
    decision = decide(question("recall"), known(sender=RegisterItem(OWN, own=spans)), subject())
    assert decision.reason is Reason.SENDER


def test_an_employee_sends_and_receives_like_anybody() -> None:
    own = (OwnSpan(AddressKind.PERSON, AUTUMN, None),)
    decision = decide(question("service"), known(sender=RegisterItem(OWN, own=own)), subject())
    assert decision.allowed
    assert reason("newsletter", subject({"own": own})) is Reason.NO_CONSENT


def test_an_own_address_that_is_nobodys_may_receive() -> None:
    own = {"own": (OwnSpan(AddressKind.FUNCTION, AUTUMN, None),)}
    decision = decide(question("newsletter"), known(notice_version=9), subject(own))
    assert decision.basis is not None
    assert decision.basis.evidence == Evidence.FUNCTION_ADDRESS
    assert decision.flags == frozenset()


def test_a_vendor_that_may_not_is_denied_or_warned_of() -> None:
    lacking = GOOD_VENDOR | {"processing_agreement": None}
    vendors = {
        "carrier": GOOD_VENDOR,
        "lacking": lacking,
        "tolerated": lacking | {"on_problem": "warn"},
        "narrow": GOOD_VENDOR | {"purposes": ["alarm"]},
    }
    changed = known(policy=policy_with(vendors=vendors))
    ask = {
        vendor: decide(question("recall", vendor=vendor), changed, subject())
        for vendor in (None, "carrier", "lacking", "tolerated", "narrow", "unknown")
    }
    assert {vendor for vendor, d in ask.items() if d.reason is Reason.VENDOR} == {
        "lacking",
        "narrow",
        "unknown",
    }
    assert ask["tolerated"].flags == {Flag.VENDOR_WARNED}
    assert ask[None].flags == ask["carrier"].flags == frozenset()


def test_a_notice_that_was_not_seen_is_flagged() -> None:
    def flags(notice_version: int, **state: Any) -> frozenset[Flag]:
        asked = question("newsletter")
        person = subject(**{"lines": given(notice_version=2)} | state)
        decision = decide(asked, known(notice_version=notice_version), person)
        assert decision.allowed
        return decision.flags

    assert flags(2) == frozenset()
    assert flags(3) == {Flag.NOTICE_OUTDATED}
    assert flags(3, notified=3) == frozenset()
    assert decide(question("recall"), known(notice_version=1), subject()).flags == {
        Flag.NOTICE_OUTDATED
    }


def test_an_observed_gate_lets_pass_and_says_what_it_would_have_said() -> None:
    decision = asked("newsletter", channel="chat")
    assert decision.gate is Gate.OBSERVED
    assert decision.reason is Reason.NO_CONSENT
    assert decision.flags == {Flag.OBSERVED}
    assert decision.basis == Basis("newsletter", LegalBasis.CONSENT, Evidence.OBSERVED)
    yes = asked("recall", channel="chat")
    assert (yes.reason, yes.flags, yes.gate) == (None, frozenset(), Gate.OBSERVED)


def test_a_gate_that_is_off_says_nothing() -> None:
    decision = asked("newsletter", subject(stops=stop(channel=EVERY)), "fax")
    assert decision.basis == Basis("newsletter", LegalBasis.CONSENT, Evidence.GATE_OFF)
    assert (decision.reason, decision.flags, decision.gate) == (None, frozenset(), Gate.OFF)


def test_a_channel_that_the_policy_does_not_name_is_enforced() -> None:
    assert asked("newsletter", channel="pigeon").gate is Gate.ENFORCED
    assert reason("newsletter", channel="pigeon") is Reason.NO_CONSENT


@pytest.mark.parametrize("channel", [*CHANNELS, "pigeon"])
def test_a_purpose_that_the_policy_does_not_know_goes_nowhere(channel: str) -> None:
    decision = asked("gone", channel=channel)
    assert (decision.allowed, decision.reason) == (False, Reason.PURPOSE)
    assert on_failure(question("gone", channel), policy()).allowed is False


def test_L1_what_cannot_be_known_is_denied_but_where_the_policy_marks_it() -> None:
    for purpose in PURPOSES:
        decision = on_failure(question(purpose), policy())
        marked = purpose in DUTIES
        assert (decision.allowed, decision.reason) == (marked, Reason.UNAVAILABLE)
        assert decision.flags == ({Flag.ON_FAILURE} if marked else frozenset())
        assert (decision.basis is not None) is marked
        assert on_failure(question(purpose), None).allowed is False
    asked = question("newsletter", "chat")
    observed = watched(on_failure(asked, policy()), asked, policy())
    assert (observed.allowed, observed.reason) == (True, Reason.UNAVAILABLE)
    assert observed.flags == {Flag.OBSERVED}


def test_together_or_not_at_all() -> None:
    yes, no = asked("recall"), asked("newsletter")
    assert together([yes, yes]) == [yes, yes]
    sent = together([yes, no, yes])
    assert [each.reason for each in sent] == [
        Reason.ANOTHER_RECIPIENT,
        Reason.NO_CONSENT,
        Reason.ANOTHER_RECIPIENT,
    ]
    assert not any(each.allowed or each.basis or each.flags for each in sent)
    assert denied(no, Reason.CONTENT) == no
    assert denied(yes, Reason.CONTENT).reason is Reason.CONTENT


def test_figures_name_no_person() -> None:
    decisions = [
        asked("recall"),
        asked("recall"),
        asked("newsletter"),
        asked("tips", channel="chat"),
    ]
    assert figures(decisions) == {
        "gate.allowed": 2,
        "gate.denied.no_consent": 1,
        "gate.let_pass.no_consent": 1,
        "gate.flag.observed": 1,
    }


def test_who_asks_why_is_told_coded_facts_and_times() -> None:
    person = subject(
        restricted(EARLIER),
        lines=given(BEFORE, until=NOW, withdrawn_at=EARLIER, notice_version=2),
        stops=stop(),
        vendor_blocks=stop(),
        objections=objection(),
    )
    decision = decide(question("newsletter"), known(notice_version=4), person, explain=True)
    before, earlier = "2026-03-10T11:00:00.000Z", "2026-03-10T10:00:00.000Z"
    assert decision.explanation == {
        "legal_basis": "Art. 6(1)(a)",
        "granted_by": "consent",
        "sender": "function",
        "recipient": "external",
        "vendor": "allowed",
        "policy_version": "3",
        "notice_version": "4",
        "notice_seen": "2",
        "given_at": before,
        "valid_until": "2026-03-10T12:00:00.000Z",
        "withdrawn_at": earlier,
        "stopped_at": before,
        "objected_at": before,
        "erased_at": earlier,
        "restricted_at": earlier,
        "vendor_blocked_at": before,
    }
    assert asked("newsletter").explanation == {}
    event = decide(question("delivery", "chat"), known(), subject(bases=order()), explain=True)
    assert event.explanation["granted_by"] == "event order"
    assert event.explanation["begun_at"] == before
    wrote = subject(inbound={("chat", OWN): BEFORE})
    inbound = decide(question("support", "chat"), known(), wrote, explain=True)
    assert inbound.explanation["granted_by"] == "inbound within P30D"
    no = decide(question("newsletter", "chat"), known(), subject(), explain=True)
    assert no.explanation["granted_by"] == "consent"
