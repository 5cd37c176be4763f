"""The ledger: what is recorded of an act, at what time it counts, and what a repetition answers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from lethe.crypto import consent_chain, jws
from lethe.domain import consent_fold
from lethe.domain.addresses import Address
from lethe.domain.consent import EVERY, EventId, EventType
from lethe.domain.errors import ConflictError, InvalidInputError, RaceLostError
from lethe.domain.evidence import Action, Child, Evidence, Guardian, Method
from lethe.usecases.consent_ledger import Act, SuppressedError, event_id

from tests.consent_scene import ANNA, BERT, OWN, TEXT, ConsentScene, given
from tests.memory_store import MemoryStores
from tests.system import STAFF

MONTH = timedelta(days=31)


@pytest.fixture
def scene() -> ConsentScene:
    made = ConsentScene(MemoryStores())
    made.open()
    return made


def fields(scene: ConsentScene, *acts: Act, **options: Any) -> list[str]:
    """The pointers of what is refused."""
    with pytest.raises(InvalidInputError) as caught:
        scene.record(*acts, **options)
    return [problem.pointer for problem in caught.value.fields]


def recorded(scene: ConsentScene) -> int:
    return len(scene.stores.consents.rows)


def test_a_consent_is_recorded_with_all_that_it_takes(scene: ConsentScene) -> None:
    made = scene.one(EventType.GIVEN, notice_version=2)
    state, event = scene.state(), made.event
    assert scene.consents()
    assert (state.sequence, state.revision, state.head) == (1, 1, consent_chain.digest(event))
    assert event.until == datetime(2028, 3, 11, tzinfo=UTC)
    assert event.expires == state.ends == date(2031, 3, 12)
    assert (event.policy_version, event.notice_version) == (1, 2)
    told = jws.verify(made.receipt, scene.stores.signer.public_key())
    assert told["event_sha256"] == state.head.hex()
    assert told["record_id"] == event.id == made.record["record_id"]
    assert "2028-03-10" in made.text
    assert "use the link in each message" in made.text
    [text] = scene.stores.texts.texts.values()
    assert text == {"text": TEXT, "language": "en", "version": ""}
    assert [e.action for e in scene.stores.world.audit][-1] == "consent_recorded"
    assert scene.stores.world.audit[-1].target == event.id


def test_nothing_outside_of_what_is_sealed_tells_of_whom_it_is(scene: ConsentScene) -> None:
    made = scene.one(EventType.GIVEN, who=BERT)
    everything = repr((made.event, made.record, made.text, scene.stores.world.audit))
    claims = json.dumps(jws.unverified(made.receipt))
    pseudonym = scene.pseudonym(BERT)
    for told in (everything, claims):
        assert "4915112345678" not in told
        assert pseudonym not in told


@pytest.mark.parametrize(
    ("who", "text"),
    [
        (ANNA, "May we write to Anna@Example.org?"),
        (BERT, "May we call you at +49 151 1234-5678?"),
    ],
)
def test_a_text_that_is_kept_for_everybody_names_nobody(
    who: Address, text: str, scene: ConsentScene
) -> None:
    act = scene.act(EventType.GIVEN, evidence=given(scene.clock.now, text=text))
    assert fields(scene, act, who=who) == ["/evidence/text"]
    versioned = scene.act(EventType.GIVEN, evidence=given(scene.clock.now, text_version=text))
    assert fields(scene, versioned, who=who) == ["/evidence/text_version"]
    assert scene.stores.texts.texts == {}
    other = BERT if who == ANNA else ANNA
    assert scene.record(act, who=other)


def test_several_acts_are_recorded_whole_or_not_at_all(scene: ConsentScene) -> None:
    good = [scene.act(EventType.GIVEN), scene.act(EventType.REFUSED, purpose="survey")]
    bad = scene.act(EventType.GIVEN, purpose="nothing", pointer="/consents/2")
    assert fields(scene, *good, bad) == ["/consents/2/purpose"]
    assert recorded(scene) == 0
    assert scene.state().revision == 0
    made = scene.record(*good)
    assert [one.event.sequence for one in made] == [1, 2]
    assert made[1].event.previous == consent_chain.digest(made[0].event)
    assert scene.state().revision == 1
    assert scene.record() == []


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"purpose": "nothing"}, "/purpose"),
        ({"purpose": "orders"}, "/purpose"),
        ({"purpose": EVERY}, "/purpose"),
        ({"channel": EVERY}, "/channel"),
        ({"channel": "anna@example.org"}, "/channel"),
        ({"own": "mailto:us@example.com"}, "/own_address"),
        ({"event_id": "mine"}, "/event_id"),
        ({"time": datetime(2027, 1, 1, tzinfo=UTC)}, "/time"),
        ({"until": datetime(2026, 3, 10, 12, tzinfo=UTC)}, "/until"),
        ({"evidence": None}, "/evidence"),
    ],
)
def test_what_may_not_be_recorded_is_named(
    changes: dict[str, Any], pointer: str, scene: ConsentScene
) -> None:
    assert fields(scene, scene.act(EventType.GIVEN, **changes)) == [pointer]
    assert recorded(scene) == 0


def test_a_withdrawal_is_recorded_whatever_the_policy_knows(scene: ConsentScene) -> None:
    made = scene.one(EventType.WITHDRAWN, purpose="gone", channel="fax")
    assert {p["purpose"] for p in made.record["pii_processing"]["purposes"]} >= {"newsletter"}


def test_a_call_has_its_limits(scene: ConsentScene) -> None:
    with pytest.raises(InvalidInputError):
        scene.record(*[scene.act(EventType.WITHDRAWN)] * 41)
    same = scene.act(EventType.WITHDRAWN, event_id=event_id("test", "1"))
    with pytest.raises(InvalidInputError):
        scene.record(same, same)
    assert len(scene.record(*[scene.act(EventType.WITHDRAWN)] * 40)) == 40


def test_a_basis_is_begun_by_an_event_that_the_policy_knows(scene: ConsentScene) -> None:
    assert fields(scene, scene.act(EventType.BASIS_BEGUN, purpose="party", channel=EVERY)) == [
        "/name"
    ]
    began = scene.clock.now - MONTH
    act = scene.act(EventType.BASIS_BEGUN, purpose="purchase", channel=EVERY, time=began)
    [made] = scene.record(replace(act, opt_out_offered=True))
    span = consent_fold.basis_begun(scene.state(), "purchase", scene.clock.now)
    assert span is not None
    assert (span.begun_at, span.opt_out_offered) == (began, True)
    assert made.event.expires is None
    assert scene.state().ends is None
    assert [p["purpose"] for p in made.record["pii_processing"]["purposes"]] == ["similar"]


# Which time counts.


def test_a_grant_counts_from_the_act_and_a_withdrawal_from_its_arrival(
    scene: ConsentScene,
) -> None:
    hour = timedelta(hours=1)
    withdrawn = scene.one(EventType.WITHDRAWN, time=scene.clock.now - hour)
    assert withdrawn.event.time == scene.clock.now
    scene.clock.pass_(hour)
    before = given(scene.clock.now - 2 * hour)
    assert scene.one(EventType.GIVEN, evidence=before).event.time == scene.clock.now - 2 * hour
    assert not scene.consents()
    scene.one(EventType.GIVEN)
    assert scene.consents()


def test_a_clock_that_is_ahead_makes_no_consent_outlast_its_withdrawal(
    scene: ConsentScene,
) -> None:
    ahead = given(scene.clock.now + timedelta(minutes=4))
    assert scene.one(EventType.GIVEN, evidence=ahead).event.time == scene.clock.now
    scene.clock.pass_(timedelta(minutes=-1))  # another machine's clock
    for kind in (EventType.WITHDRAWN, EventType.STOPPED, EventType.OBJECTED):
        scope: dict[str, Any] = {"purpose": EVERY, "own": OWN} if kind is EventType.STOPPED else {}
        assert scene.one(kind, **scope).event.time == scene.clock.now + timedelta(minutes=1)
        assert not scene.consents()


def test_an_erasure_voids_at_its_own_time(scene: ConsentScene) -> None:
    scene.one(EventType.GIVEN)
    scene.clock.pass_(timedelta(minutes=1))
    erased = scene.clock.now
    scene.clock.pass_(timedelta(minutes=1))
    scene.one(EventType.GIVEN)
    act = Act(EventType.VOIDED, time=erased, event_id=event_id("voided", "request-1"))
    [made] = scene.ledger.record_for(scene.pseudonym(), [act], caller=STAFF)
    assert made.event.time == erased
    assert scene.consents()


def test_the_earlier_of_two_ends_counts(scene: ConsentScene) -> None:
    soon = scene.clock.now + MONTH
    assert scene.one(EventType.GIVEN, until=soon).event.until == soon
    late = scene.clock.now + 100 * MONTH
    assert scene.one(EventType.GIVEN, until=late).event.until == datetime(2028, 3, 11, tzinfo=UTC)
    evidence = given(scene.clock.now, explicit=True)
    made = scene.one(EventType.GIVEN, purpose="health", evidence=evidence)
    assert made.event.until == datetime(2026, 9, 11, tzinfo=UTC)


# Repetitions and races.


def test_a_repetition_is_answered_with_the_same_receipt(scene: ConsentScene) -> None:
    act = scene.act(EventType.GIVEN, event_id=event_id("test", "1"))
    [first] = scene.record(act)
    scene.clock.pass_(timedelta(days=3))  # by now the evidence itself would be too old
    [again] = scene.record(act)
    assert again.duplicate
    assert not first.duplicate
    assert replace(again, duplicate=False) == first
    assert recorded(scene) == 1
    assert [e.action for e in scene.stores.world.audit][-2:] == [
        "consent_recorded",
        "consent_repeated",
    ]


def test_a_repetition_within_a_call_leaves_the_rest_to_be_recorded(scene: ConsentScene) -> None:
    known = scene.act(EventType.GIVEN, event_id=event_id("test", "1"))
    scene.record(known)
    new = scene.act(EventType.WITHDRAWN, event_id=event_id("test", "2"))
    assert [one.duplicate for one in scene.record(known, new)] == [True, False]
    assert recorded(scene) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"type": EventType.RENEWED},
        {"purpose": "health", "evidence": None},
        {"channel": "sms"},
        {"notice_version": 7},
        {"own": OWN},
    ],
)
def test_an_id_means_one_act(changes: dict[str, Any], scene: ConsentScene) -> None:
    act = scene.act(EventType.GIVEN, event_id=event_id("test", "1"))
    scene.record(act)
    with pytest.raises(ConflictError):
        scene.record(replace(act, **changes))
    other_text = given(scene.clock.now, text="Another text.")
    with pytest.raises(ConflictError):
        scene.record(replace(act, evidence=other_text))
    with pytest.raises(ConflictError):
        scene.record(act, who=BERT)
    assert recorded(scene) == 1


def test_a_lost_race_is_run_again(scene: ConsentScene, monkeypatch: pytest.MonkeyPatch) -> None:
    consents = scene.stores.consents
    append = consents.append
    begun: list[bool] = []

    def racing(*args: Any) -> None:
        if not begun:
            begun.append(True)
            scene.one(EventType.REFUSED)
        append(*args)

    monkeypatch.setattr(consents, "append", racing)
    made = scene.one(EventType.GIVEN, event_id=event_id("test", "1"))
    assert made.event.sequence == 2
    assert scene.proof().breaks == ()


def test_two_who_record_one_act_at_the_same_time_record_it_once(
    scene: ConsentScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    consents = scene.stores.consents
    append = consents.append
    begun: list[bool] = []
    act = scene.act(EventType.WITHDRAWN, event_id=event_id("stop", "m1"))

    def racing(*args: Any) -> None:
        if not begun:
            begun.append(True)
            scene.record(act)
        append(*args)

    monkeypatch.setattr(consents, "append", racing)
    [made] = scene.record(act)
    assert made.duplicate
    assert recorded(scene) == 1


def test_who_always_loses_is_told_to_try_again(
    scene: ConsentScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing(*_: Any) -> None:
        raise RaceLostError("lost")

    monkeypatch.setattr(scene.stores.consents, "append", losing)
    with pytest.raises(RaceLostError):
        scene.one(EventType.WITHDRAWN)


# Imports.


@pytest.mark.parametrize(
    "kind", [EventType.WITHDRAWN, EventType.OBJECTED, EventType.STOPPED, EventType.VOIDED]
)
def test_an_import_never_brings_back_what_a_person_ended(
    kind: EventType, scene: ConsentScene
) -> None:
    scope: dict[str, Any] = {"purpose": EVERY} if kind is EventType.STOPPED else {}
    if kind is EventType.VOIDED:
        scope = {"purpose": EVERY, "channel": EVERY}
    scene.one(kind, **scope)
    scene.days(100)
    imported = scene.act(EventType.GIVEN, evidence=given(scene.clock.now - timedelta(days=1)))
    with pytest.raises(SuppressedError):
        scene.record(imported, importing=True)
    assert recorded(scene) == 1
    [fresh] = scene.record(scene.act(EventType.GIVEN))
    assert scene.consents()
    assert not fresh.duplicate


def test_an_import_never_brings_back_one_who_was_erased(scene: ConsentScene) -> None:
    register = scene.stores.world.register
    pseudonym = scene.pseudonym()
    item = replace(scene.stores.register.item(pseudonym), erased={"*": scene.clock.now})
    register[pseudonym] = item
    scene.days(100)
    with pytest.raises(SuppressedError):
        scene.record(scene.act(EventType.GIVEN), importing=True)
    scene.record(scene.act(EventType.WITHDRAWN), importing=True)


def test_an_import_may_be_old_but_is_no_weaker(scene: ConsentScene) -> None:
    old = scene.clock.now - timedelta(days=300)
    assert fields(scene, scene.act(EventType.GIVEN, evidence=given(old))) == ["/evidence/at"]
    bad = given(old, action=Action.PRE_TICKED)
    act = scene.act(EventType.GIVEN, evidence=bad)
    assert fields(scene, act, importing=True) == ["/evidence/action"]
    [made] = scene.record(scene.act(EventType.GIVEN, evidence=given(old)), importing=True)
    assert made.event.time == old
    assert scene.consents()


# What the law's lines ask of a ledger.


@pytest.mark.parametrize(
    ("evidence", "pointer"),
    [
        ({"action": Action.PRE_TICKED}, "/evidence/action"),
        ({"action": Action.SILENCE}, "/evidence/action"),
        ({"at": None}, "/evidence/at"),
        ({"text": None}, "/evidence/text"),
    ],
)
def test_L9_what_is_no_consent_leaves_nothing(
    evidence: dict[str, Any], pointer: str, scene: ConsentScene
) -> None:
    for importing in (False, True):
        act = scene.act(EventType.GIVEN, evidence=given(scene.clock.now, **evidence))
        assert fields(scene, act, importing=importing) == [pointer]
    assert recorded(scene) == 0
    assert scene.stores.texts.texts == {}
    assert scene.stores.consents.keys == {}


def test_L10_separate_acceptance_is_part_of_the_record(scene: ConsentScene) -> None:
    bundled = scene.act(EventType.GIVEN, evidence=given(scene.clock.now, separate=False))
    assert fields(scene, bundled) == ["/evidence/separate"]
    scene.one(EventType.GIVEN)
    [shown] = scene.proof().document["events"]
    assert json.loads(shown["contents"])["evidence"]["separate"] is True


def test_L11_a_guardians_consent_ends_when_the_child_can_be_asked(scene: ConsentScene) -> None:
    guardian = Guardian(relation="father", verified_by="a call", at=scene.clock.now)
    child = Child(country="FR", born=date(2011, 8, 20), guardian=guardian)
    alone = given(scene.clock.now, child=child.model_copy(update={"guardian": None}))
    act = scene.act(EventType.GIVEN, purpose="game", evidence=alone)
    assert fields(scene, act) == ["/evidence/child/guardian"]
    made = scene.one(EventType.GIVEN, purpose="game", evidence=given(scene.clock.now, child=child))
    assert made.event.until == datetime(2026, 8, 20, tzinfo=UTC)
    assert made.record["events"][0]["entity_id"] == "guardian"
    assert scene.consents(purpose="game")
    scene.days(180)
    assert not scene.consents(purpose="game")
    own = Child(country="FR", born=date(2011, 8, 20))
    scene.one(EventType.GIVEN, purpose="game", evidence=given(scene.clock.now, child=own))
    assert scene.consents(purpose="game")


def test_L16_a_refusal_is_recorded_and_limits_asking_again(scene: ConsentScene) -> None:
    made = scene.one(EventType.REFUSED)
    assert made.record["events"][0]["event_state"] == "consent refused"
    terms = scene.stores.policies.current()[1].purposes["newsletter"].consent
    again = consent_fold.ask_again_from(scene.state(), "newsletter", "email", terms)
    assert again == date(2026, 9, 11)
    assert not scene.consents()


def test_L17_a_consent_after_the_end_of_evidence_has_a_new_record_and_a_new_key(
    scene: ConsentScene,
) -> None:
    old = scene.one(EventType.GIVEN)
    scene.one(EventType.WITHDRAWN)
    before = scene.state()
    assert before.ledger is not None
    assert before.holder is not None
    scene.days(4 * 365)
    scene.stores.consents.end_evidence(before)
    new = scene.one(EventType.GIVEN)
    after = scene.state()
    assert after.holder is not None
    assert after.ledger not in {None, before.ledger}
    assert after.holder.id != before.holder.id
    assert new.event_id != old.event_id
    assert (new.event.sequence, new.event.previous) == (1, bytes(32))
    assert scene.stores.consents.key(before.holder.id) is None
    assert [e["id"] for e in scene.proof().document["events"]] == [new.event_id]
    assert scene.consents()
    assert scene.state().lines["newsletter", "email"].withdrawn_at is not None


def test_L17_a_consent_after_a_withdrawal_is_a_record_of_its_own(scene: ConsentScene) -> None:
    old = scene.one(EventType.GIVEN)
    scene.days(1)
    scene.one(EventType.WITHDRAWN)
    scene.days(1)
    new = scene.one(EventType.GIVEN)
    assert scene.consents()
    assert scene.state().lines["newsletter", "email"].event_id == new.event_id != old.event_id
    kinds = [event.type for event in scene.stores.consents.events(new.event.ledger)]
    assert kinds == [EventType.GIVEN, EventType.WITHDRAWN, EventType.GIVEN]


# The rest.


def test_an_objection_is_overruled_by_its_id_and_never_for_marketing(scene: ConsentScene) -> None:
    scope: dict[str, Any] = {"purpose": "survey", "channel": EVERY}
    first = scene.one(EventType.OBJECTED, **scope)
    scene.days(1)
    ruling = scene.act(EventType.OBJECTION_OVERRULED, about=first.event_id, **scope)
    second = scene.one(EventType.OBJECTED, **scope)
    with pytest.raises(ConflictError):
        scene.record(ruling)
    scene.days(1)
    scene.record(replace(ruling, about=second.event_id))
    found = consent_fold.objection(scene.state(), "survey", "email")
    assert found is not None
    assert found.overruled_at == scene.clock.now
    marketing = scene.act(EventType.OBJECTION_OVERRULED, about=first.event_id)
    assert fields(scene, marketing) == ["/purpose"]
    assert fields(scene, replace(ruling, about=None)) == ["/about"]


def test_what_dynamodb_may_remove_is_always_the_beginning(scene: ConsentScene) -> None:
    scene.one(EventType.GIVEN)
    scene.one(EventType.WITHDRAWN)
    scene.one(EventType.BASIS_BEGUN, purpose="contract", channel=EVERY)
    scene.one(EventType.BASIS_ENDED, purpose="contract", channel=EVERY)
    events = list(scene.stores.consents.events(scene.state().ledger))
    days = [event.expires or date.max for event in events]
    assert days == sorted(days)
    assert [e.previous_expires for e in events] == [None, *(e.expires for e in events[:-1])]


def test_ids_of_acts_differ_wherever_a_part_does() -> None:
    ids = {event_id("a", "bc"), event_id("ab", "c"), event_id("a", "b", "c"), event_id("a", "bc")}
    assert len(ids) == 3
    assert all(len(one) == 32 and isinstance(one, str) for one in ids)
    assert EventId(event_id("a")) == event_id("a")


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "haben Sie eingewilligt"), ("fr", "vous avez consenti"), ("pl", "you agreed")],
)
def test_a_receipt_speaks_the_language_of_the_evidence(
    language: str, words: str, scene: ConsentScene
) -> None:
    evidence = given(scene.clock.now, language=language)
    assert words in scene.one(EventType.GIVEN, evidence=evidence).text


def test_every_act_has_words_in_every_language(scene: ConsentScene) -> None:
    first = scene.one(EventType.OBJECTED)
    for kind in EventType:
        for language in ("en", "de", "fr"):
            scope: dict[str, Any] = {}
            if kind in {EventType.BASIS_BEGUN, EventType.BASIS_ENDED}:
                scope = {"purpose": "contract", "channel": EVERY}
            if kind in {EventType.STOPPED, EventType.VENDOR_BLOCKED, EventType.VENDOR_UNBLOCKED}:
                scope = {"purpose": EVERY, "own": OWN}
            if kind is EventType.OBJECTION_OVERRULED:
                scene.clock.pass_(timedelta(milliseconds=1))
                latest = scene.one(EventType.OBJECTED, purpose="survey")
                scope = {"purpose": "survey", "about": latest.event_id}
            evidence = Evidence(method=Method.CALL, language=language)
            if kind in consent_fold.GRANTS:
                evidence = given(scene.clock.now, language=language)
            made = scene.one(kind, evidence=evidence, **scope)
            assert made.event_id in made.text
            assert "{" not in made.text
            assert "Example GmbH" in made.text
    assert first.event_id
    assert scene.proof().breaks == ()
    assert ANNA not in repr(scene.proof().breaks)
