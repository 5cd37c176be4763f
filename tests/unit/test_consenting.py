"""Giving, refusing, importing: each purpose for itself, with evidence, and what is shown of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from lethe.domain.consent import EventType
from lethe.domain.consent_words import Word
from lethe.domain.errors import ConflictError, InvalidInputError, LetheError
from lethe.usecases.consent_ledger import Recorded, SuppressedError
from lethe.usecases.consenting import BasisEvent, ImportRow, Standing, Telling

from tests.consent_calls import MACHINE, ConsentCalls
from tests.consent_scene import ANNA, BERT, given


@pytest.fixture
def calls() -> ConsentCalls:
    made = ConsentCalls()
    made.under()
    return made


def standing(calls: ConsentCalls) -> dict[tuple[str, str], tuple[bool, Word]]:
    found: Standing = calls.consenting.standing(ANNA, caller=MACHINE)
    return {(line.purpose, line.channel): (line.allowed, line.word) for line in found.lines}


def test_each_purpose_is_answered_for_itself(calls: ConsentCalls) -> None:
    acts = [
        calls.act(EventType.GIVEN),
        calls.act(EventType.REFUSED, purpose="health"),
    ]

    first, second = calls.consenting.record(ANNA, acts, Telling(MACHINE))

    assert first.event_id != second.event_id
    assert standing(calls)["newsletter", "email"] == (True, Word.GIVEN)
    assert standing(calls)["health", "email"] == (False, Word.REFUSED)
    assert standing(calls)["game", "*"] == (False, Word.NEVER_ASKED)


def test_a_form_with_one_bad_answer_records_none(calls: ConsentCalls) -> None:
    acts = [
        calls.act(EventType.GIVEN, pointer="/consents/0"),
        calls.act(EventType.GIVEN, purpose="health", pointer="/consents/1"),
    ]

    with pytest.raises(InvalidInputError) as raised:
        calls.consenting.record(ANNA, acts, Telling(MACHINE))

    assert [field.pointer for field in raised.value.fields] == ["/consents/1/evidence/explicit"]
    assert calls.state().sequence == 0


def test_a_key_makes_a_repetition_one(calls: ConsentCalls) -> None:
    told = Telling(MACHINE, key="form-2026-17")
    acts = [calls.act(EventType.GIVEN)]

    [first] = calls.consenting.record(ANNA, acts, told)
    [again] = calls.consenting.record(ANNA, acts, told)

    assert (again.event_id, again.duplicate, again.receipt) == (first.event_id, True, first.receipt)
    assert calls.state().sequence == 1
    with pytest.raises(ConflictError):
        calls.consenting.record(BERT, acts, told)


def test_L16_a_refusal_is_kept_and_says_from_when_to_ask_again(calls: ConsentCalls) -> None:
    calls.consenting.record(ANNA, [calls.act(EventType.REFUSED)], Telling(MACHINE))

    [line] = [
        line
        for line in calls.consenting.standing(ANNA, caller=MACHINE).lines
        if line.purpose == "newsletter"
    ]

    assert (line.allowed, line.word) == (False, Word.REFUSED)
    assert line.may_ask_again_from == date(2026, 9, 11)
    calls.days(200)
    calls.give()
    found = calls.consenting.standing(ANNA, caller=MACHINE).lines
    [line] = [line for line in found if line.purpose == "newsletter"]
    assert (line.word, line.may_ask_again_from) == (Word.GIVEN, None)


def test_rows_of_an_import_stand_each_for_itself(calls: ConsentCalls) -> None:
    old = given(calls.clock.now - timedelta(days=300))
    rows = [
        ImportRow(ANNA, calls.act(EventType.GIVEN, evidence=old, pointer="/rows/0")),
        ImportRow(BERT, calls.act(EventType.GIVEN, purpose="orders", pointer="/rows/1")),
        ImportRow(BERT, calls.act(EventType.GIVEN, evidence=old, pointer="/rows/2")),
    ]

    first, second, third = calls.consenting.bring(rows, caller=MACHINE)

    assert isinstance(first, list)
    assert isinstance(third, list)
    assert isinstance(second, InvalidInputError)
    assert second.fields[0].pointer == "/rows/1/purpose"
    assert calls.consents(ANNA)
    assert calls.consents(BERT)


def test_an_import_run_again_adds_nothing(calls: ConsentCalls) -> None:
    old = given(calls.clock.now - timedelta(days=300))
    rows = [ImportRow(ANNA, calls.act(EventType.GIVEN, evidence=old))]

    [first] = calls.consenting.bring(rows, caller=MACHINE)
    calls.days(1)
    [again] = calls.consenting.bring(rows, caller=MACHINE)

    assert isinstance(first, list)
    assert isinstance(again, list)
    assert [one.event_id for one in again] == [one.event_id for one in first]
    assert again[0].duplicate


@pytest.mark.parametrize("said", ["withdrawn", "objected", "stopped", "erased"])
def test_an_import_brings_nobody_back(calls: ConsentCalls, said: str) -> None:
    calls.give()
    if said == "withdrawn":
        calls.withdraw()
    elif said == "objected":
        calls.object("direct-marketing")
    elif said == "stopped":
        calls.one(EventType.STOPPED, purpose="*", own="o" * 43)
    else:
        calls.one(EventType.VOIDED, purpose="*", channel="*", time=calls.clock.now)
    rows = [ImportRow(ANNA, calls.act(EventType.GIVEN, evidence=given(calls.clock.now)))]

    outcomes: list[list[Recorded] | LetheError] = list(
        calls.consenting.bring(rows * 2, caller=MACHINE)
    )

    assert [type(outcome) for outcome in outcomes] == [SuppressedError] * 2
    assert not calls.consents()


def test_a_basis_begins_and_ends(calls: ConsentCalls) -> None:
    began = calls.clock.now - timedelta(days=400)

    calls.consenting.basis(ANNA, BasisEvent("contract", begun=True, time=began), Telling(MACHINE))
    assert calls.state().bases["contract"].begun_at == began
    calls.consenting.basis(ANNA, BasisEvent("contract", begun=False), Telling(MACHINE))

    assert calls.state().bases["contract"].ended_at == calls.clock.now


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        (BasisEvent("lottery", begun=True), "/event"),
        (BasisEvent("sale", begun=False, opt_out_offered=True), "/opt_out_offered"),
    ],
)
def test_a_basis_that_grants_nothing_is_refused(
    calls: ConsentCalls, event: BasisEvent, pointer: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        calls.consenting.basis(ANNA, event, Telling(MACHINE))

    assert [field.pointer for field in raised.value.fields] == [pointer]


def test_words_for_every_state(calls: ConsentCalls) -> None:
    calls.give()
    calls.give("health", evidence=given(calls.clock.now, explicit=True))
    assert standing(calls)["survey", "*"] == (True, Word.ON_ANOTHER_BASIS)
    calls.days(250)
    assert standing(calls)["health", "email"] == (False, Word.EXPIRED)
    assert standing(calls)["newsletter", "email"] == (True, Word.GIVEN)
    calls.object("survey")
    assert standing(calls)["survey", "*"] == (False, Word.OBJECTION_PENDING)
    calls.object("similar")
    assert standing(calls)["similar", "*"] == (False, Word.OBJECTED)
    calls.withdraw("newsletter")
    assert standing(calls)["newsletter", "email"] == (False, Word.WITHDRAWN)
    calls.give()
    calls.one(EventType.STOPPED, purpose="*", channel="email", own="o" * 43)
    assert standing(calls)["newsletter", "email"] == (False, Word.STOPPED)
    calls.clock.pass_(timedelta(minutes=1))
    calls.give()
    calls.one(EventType.VOIDED, purpose="*", channel="*", time=calls.clock.now)
    assert standing(calls)["newsletter", "email"] == (False, Word.ERASED)


def test_a_look_is_audited_without_the_person(calls: ConsentCalls) -> None:
    calls.give()
    calls.consenting.standing(ANNA, caller=MACHINE)

    event = calls.stores.world.audit[-1]

    assert (event.action, event.actor, event.target) == (
        "consent_read",
        MACHINE.actor,
        calls.state().ledger,
    )
    assert calls.pseudonym() not in repr(calls.stores.world.audit)
