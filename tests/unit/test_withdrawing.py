"""Withdrawing, objecting, opting out: one call, at once, and what follows from it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from lethe.domain.addresses import Address
from lethe.domain.errors import InvalidInputError, NotFoundError
from lethe.domain.evidence import Evidence, Method
from lethe.domain.human_review import ReviewKind, waiting
from lethe.domain.own_addresses import AddressKind, OwnSpan
from lethe.domain.register import RegisterItem
from lethe.usecases.consenting import BasisEvent, Telling
from lethe.usecases.withdrawing import OptOut

from tests.consent_calls import KEY, MACHINE, SUPPORT, ConsentCalls
from tests.consent_scene import ANNA, policy


@pytest.fixture
def calls() -> ConsentCalls:
    made = ConsentCalls()
    made.under()
    return made


def types(calls: ConsentCalls) -> list[tuple[str, str, str]]:
    state = calls.state()
    assert state.ledger is not None
    events = calls.stores.consents.events(state.ledger)
    return [(event.type.value, event.purpose, event.channel) for event in events]


def reviews(calls: ConsentCalls) -> list[ReviewKind]:
    return [waiting(one).kind for one in calls.stores.reviews.open()]


def owning(calls: ConsentCalls, address: Address) -> None:
    pseudonym = calls.hashes.pseudonym(address)
    spans = (OwnSpan(AddressKind.FUNCTION, date(2020, 1, 1), None),)
    calls.stores.world.register[pseudonym] = RegisterItem(pseudonym, own=spans)


def test_L5_one_call_with_an_address_alone_withdraws_everything(calls: ConsentCalls) -> None:
    calls.give()
    calls.give("newsletter", channel="sms")

    said = calls.withdraw()

    assert {(one.purpose, one.channel) for one in said.follows.stopped} == {
        ("newsletter", "email"),
        ("newsletter", "sms"),
    }
    assert len(said.recorded) == 1
    assert not calls.consents()


def test_one_purpose_on_one_channel_leaves_the_others(calls: ConsentCalls) -> None:
    calls.give()
    calls.give("newsletter", channel="sms")

    said = calls.withdraw("newsletter", channel="sms")

    assert [(one.purpose, one.channel) for one in said.follows.stopped] == [("newsletter", "sms")]
    assert calls.consents()


def test_a_purpose_on_an_interest_is_objected_to_and_ends_all_the_same(calls: ConsentCalls) -> None:
    said = calls.withdraw("survey", "similar", channel="sms")

    assert types(calls) == [("objected", "survey", "sms"), ("objected", "similar", "*")]
    assert said.pending == (said.recorded[0].event_id,)
    assert reviews(calls) == [ReviewKind.OBJECTION]


@pytest.mark.parametrize(
    ("purposes", "pointer"), [(("newsletter", "orders"), "/purposes/1"), (("x",), "/purposes/0")]
)
def test_what_cannot_be_withdrawn_is_named_and_nothing_is_recorded(
    calls: ConsentCalls, purposes: tuple[str, ...], pointer: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        calls.withdraw(*purposes)

    assert [field.pointer for field in raised.value.fields] == [pointer]
    assert calls.state().sequence == 0


def test_evidence_that_several_acts_share_is_wrong_once_and_in_its_own_place(
    calls: ConsentCalls,
) -> None:
    early = Evidence(method=Method.CALL, at=calls.clock.now + timedelta(days=1))
    told = Telling(MACHINE, evidence=early)
    with pytest.raises(InvalidInputError) as raised:
        calls.withdrawing.withdraw(ANNA, ["newsletter", "marketing"], "*", told)

    assert [field.pointer for field in raised.value.fields] == ["/evidence/at"]


def test_L7_a_withdrawal_leaves_history_and_proposes_the_erasure(calls: ConsentCalls) -> None:
    marketing = {"when": {"purpose": "newsletter"}, "class": "marketing"}
    calls.under(policy(rules=[marketing]))
    calls.holds_messages("marketing", "support")
    calls.give()

    said = calls.withdraw("newsletter")

    [proposal] = said.follows.proposals
    assert (proposal.purpose, proposal.classes) == ("newsletter", ("marketing",))
    assert reviews(calls) == [ReviewKind.ERASURE_PROPOSAL]
    assert types(calls) == [("given", "newsletter", "email"), ("withdrawn", "newsletter", "*")]
    again = calls.withdraw("newsletter")
    assert [one.review_id for one in again.follows.proposals] == [proposal.review_id]
    assert len(reviews(calls)) == 1
    calls.give()
    calls.withdraw()
    assert len(reviews(calls)) == 2


def proposed(calls: ConsentCalls, *rules: tuple[str, str]) -> list[tuple[str, tuple[str, ...]]]:
    """What a withdrawal of the newsletter proposes, under rules of purposes and classes."""
    listed = [{"when": {"purpose": purpose}, "class": cls} for purpose, cls in rules]
    calls.under(policy(rules=listed))
    calls.holds_messages("marketing", "claims")
    calls.give()
    found = calls.withdraw("newsletter").follows.proposals
    return [(proposal.purpose, proposal.classes) for proposal in found]


def test_a_class_that_another_ended_consent_leads_to_is_proposed(calls: ConsentCalls) -> None:
    rules = [("newsletter", "marketing"), ("game", "marketing"), ("similar", "marketing")]

    assert proposed(calls, *rules) == [("newsletter", ("marketing",))]


@pytest.mark.parametrize("other", ["orders", "similar"])
def test_nothing_is_proposed_where_messages_may_rest_on_another_basis(
    calls: ConsentCalls, other: str
) -> None:
    event = {"orders": "contract", "similar": "purchase"}[other]
    began = BasisEvent(event, begun=True, time=calls.clock.now - timedelta(days=400))
    calls.consenting.basis(ANNA, began, Telling(MACHINE))
    calls.consenting.basis(ANNA, BasisEvent(event, begun=False), Telling(MACHINE))

    assert proposed(calls, ("newsletter", "marketing"), (other, "marketing")) == []
    assert reviews(calls) == []


def test_nothing_is_proposed_while_the_consent_stands_on_another_channel(
    calls: ConsentCalls,
) -> None:
    calls.under(policy(rules=[{"when": {"purpose": "newsletter"}, "class": "marketing"}]))
    calls.holds_messages("marketing")
    calls.give()
    calls.give("newsletter", channel="sms")

    assert calls.withdraw("newsletter", channel="sms").follows.proposals == ()
    assert len(calls.withdraw("newsletter").follows.proposals) == 1


@pytest.mark.parametrize(
    "rules",
    [
        (("newsletter", "marketing"), ("survey", "marketing")),
        (("newsletter", "invoices"),),
        (("newsletter", "staff"),),
        (("orders", "marketing"),),
    ],
)
def test_nothing_is_proposed_of_other_classes_kept_ones_or_where_nothing_is(
    calls: ConsentCalls, rules: tuple[tuple[str, str], ...]
) -> None:
    assert proposed(calls, *rules) == []


def test_L63_an_objection_to_direct_marketing_is_absolute(calls: ConsentCalls) -> None:
    calls.give()

    said = calls.object("direct-marketing", channel="sms")

    marketing = [name for name, one in policy().purposes.items() if one.direct_marketing]
    assert set(types(calls)[1:]) == {("objected", name, "*") for name in marketing}
    assert said.pending == ()
    assert reviews(calls) == []
    assert [one.purpose for one in said.follows.stopped] == ["newsletter"]
    assert not calls.consents()


def test_L64_another_objection_holds_until_it_is_weighed(calls: ConsentCalls) -> None:
    said = calls.object("survey")

    assert said.pending == (said.recorded[0].event_id,)
    [review] = map(waiting, calls.stores.reviews.open())
    assert (review.kind, review.id) == (ReviewKind.OBJECTION, said.pending[0])


def test_L66_automated_means_are_enough(calls: ConsentCalls) -> None:
    said = calls.withdrawing.object(ANNA, "similar", "*", Telling(MACHINE, key="gpc-signal-1"))

    again = calls.withdrawing.object(ANNA, "similar", "*", Telling(MACHINE, key="gpc-signal-1"))

    assert again.recorded[0].duplicate
    assert again.recorded[0].event_id == said.recorded[0].event_id


@pytest.mark.parametrize("purpose", ["orders", "nothing"])
def test_an_objection_that_the_law_does_not_know_is_refused(
    calls: ConsentCalls, purpose: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        calls.object(purpose)

    assert [field.pointer for field in raised.value.fields] == ["/purpose"]


def test_where_nothing_is_marketing_there_is_nothing_to_object_to(calls: ConsentCalls) -> None:
    document = calls.stores.world.policies[-1]
    purposes = {n: p for n, p in document.purposes.items() if not p.direct_marketing}
    calls.under(document.model_copy(update={"purposes": purposes}))

    with pytest.raises(InvalidInputError):
        calls.object("direct-marketing")


def test_a_stop_heard_elsewhere_ends_what_stop_ends(calls: ConsentCalls) -> None:
    owning(calls, SUPPORT)
    calls.give()
    calls.give("newsletter", channel="sms")

    said = calls.withdrawing.opt_out(ANNA, "sms", SUPPORT, OptOut.STOP, Telling(MACHINE))

    assert [(one.purpose, one.channel) for one in said.follows.stopped] == [("newsletter", "sms")]
    own = calls.hashes.pseudonym(SUPPORT)
    assert list(calls.state().stops) == [("sms", own)]
    assert calls.consents()


def test_start_lifts_the_vendors_block_and_is_no_consent(calls: ConsentCalls) -> None:
    owning(calls, SUPPORT)
    tell = calls.withdrawing.opt_out
    tell(ANNA, "sms", SUPPORT, OptOut.BLOCKED, Telling(MACHINE))
    assert calls.state().vendor_blocks
    calls.clock.pass_(timedelta(minutes=1))

    said = tell(ANNA, "sms", SUPPORT, OptOut.START, Telling(MACHINE))

    assert said.follows.stopped == ()
    assert not calls.state().vendor_blocks
    assert not calls.consents()


def test_an_opt_out_at_an_address_that_nobody_listed_is_not_lost_in_silence(
    calls: ConsentCalls,
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        calls.withdrawing.opt_out(ANNA, "sms", SUPPORT, OptOut.STOP, Telling(MACHINE))
    assert [field.pointer for field in raised.value.fields] == ["/own_address"]

    calls.withdrawing.opt_out(ANNA, "sms", None, OptOut.STOP, Telling(MACHINE))

    assert list(calls.state().stops) == [("sms", "*")]


def test_L5_a_link_withdraws_at_once_and_again_changes_nothing(calls: ConsentCalls) -> None:
    calls.give()
    token = calls.link()
    calls.withdrawing.shown(token)
    assert calls.consents()

    calls.withdrawing.by_link(token)
    calls.withdrawing.by_link(token)

    assert not calls.consents()
    assert types(calls) == [("given", "newsletter", "email"), ("withdrawn", "newsletter", "email")]


def test_an_old_link_withdraws_a_new_consent_too(calls: ConsentCalls) -> None:
    calls.give()
    token = calls.link()
    calls.withdrawing.by_link(token)
    calls.days(30)
    calls.give()
    assert calls.consents()

    calls.withdrawing.by_link(token)

    assert not calls.consents()
    assert calls.state().sequence == 4


def test_a_link_of_one_who_never_agreed_suppresses_all_the_same(calls: ConsentCalls) -> None:
    calls.withdrawing.by_link(calls.link())
    calls.withdrawing.by_link(calls.link())

    assert types(calls) == [("withdrawn", "newsletter", "email")]


def test_a_link_in_marketing_on_an_interest_is_an_objection(calls: ConsentCalls) -> None:
    for _ in range(2):
        calls.withdrawing.by_link(calls.link("similar"))

    assert types(calls) == [("objected", "similar", "*")]


def test_a_link_whose_purpose_is_gone_still_withdraws(calls: ConsentCalls) -> None:
    calls.withdrawing.by_link(calls.link("bygone"))

    assert types(calls) == [("withdrawn", "bygone", "email")]


def test_a_token_that_is_none_is_not_found(calls: ConsentCalls) -> None:
    for token in ("", "x" * 200, calls.link()[:-2] + "AA"):
        with pytest.raises(NotFoundError):
            calls.withdrawing.shown(token)
        with pytest.raises(NotFoundError):
            calls.withdrawing.by_link(token)
    assert KEY


def test_a_withdrawal_after_a_crash_before_the_proposal_still_proposes(
    calls: ConsentCalls,
) -> None:
    marketing = {"when": {"purpose": "newsletter"}, "class": "marketing"}
    calls.under(policy(rules=[marketing]))
    calls.holds_messages("marketing")
    calls.give()
    told = Telling(MACHINE, key="withdraw-1")
    calls.withdrawing.withdraw(ANNA, ["newsletter"], "*", told)
    calls.stores.world.reviews.clear()  # the process ended before it put the review

    said = calls.withdrawing.withdraw(ANNA, ["newsletter"], "*", told)

    assert said.recorded[0].duplicate
    assert reviews(calls) == [ReviewKind.ERASURE_PROPOSAL]
