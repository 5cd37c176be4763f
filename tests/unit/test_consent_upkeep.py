"""Erasures void what is older, consents run out, evidence ends: each once, nobody stops others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from lethe.domain.consent import EventType
from lethe.domain.erasure import Grounds
from lethe.domain.errors import UnavailableError
from lethe.domain.requests import AddressCase, PrivacyRequest, RequestId, RequestState
from lethe.usecases import consent_upkeep

from tests.consent_calls import ConsentCalls
from tests.consent_scene import ANNA, BERT, policy

REQUEST = RequestId("cd" * 16)


@pytest.fixture
def calls() -> ConsentCalls:
    made = ConsentCalls()
    made.under()
    return made


def erased(calls: ConsentCalls, *cases: AddressCase) -> None:
    calls.stores.world.requests[REQUEST] = PrivacyRequest(
        REQUEST, Grounds.CONSENT_WITHDRAWN, calls.clock.now, RequestState.SHREDDED, cases
    )


def kinds(calls: ConsentCalls) -> list[EventType]:
    ledger = calls.state().ledger
    assert ledger is not None
    return [event.type for event in calls.stores.consents.events(ledger)]


def test_an_erasure_voids_what_is_older_once_per_address(calls: ConsentCalls) -> None:
    calls.give()
    at = calls.clock.now
    cases = [AddressCase(calls.pseudonym(p), shredded_at=at) for p in (ANNA, BERT)]
    erased(calls, *cases)
    calls.clock.pass_(timedelta(minutes=5))

    calls.voiding.void(REQUEST)
    calls.voiding.void(REQUEST)

    assert kinds(calls) == [EventType.GIVEN, EventType.VOIDED]
    assert calls.state().voided_at == calls.state(BERT).voided_at == at
    assert not calls.consents()
    calls.give()
    assert calls.consents()
    calls.voiding.void(REQUEST)
    assert calls.consents()


def test_an_address_that_is_not_shredded_yet_comes_again_and_the_others_are_done(
    calls: ConsentCalls,
) -> None:
    later = AddressCase(calls.pseudonym(ANNA))
    erased(calls, later, AddressCase(calls.pseudonym(BERT), shredded_at=calls.clock.now))

    with pytest.raises(UnavailableError):
        calls.voiding.void(REQUEST)

    assert calls.state(BERT).voided_at == calls.clock.now
    erased(
        calls,
        replace(later, shredded_at=calls.clock.now),
        AddressCase(calls.pseudonym(BERT), shredded_at=calls.clock.now),
    )
    calls.voiding.void(REQUEST)
    assert calls.state(ANNA).voided_at == calls.clock.now


def test_what_ran_out_is_recorded_as_expired_once(calls: ConsentCalls) -> None:
    calls.give()
    assert calls.upkeep.run().expired == 0
    calls.days(3 * 365)

    assert calls.upkeep.run().expired == 1
    assert calls.upkeep.run().expired == 0

    assert kinds(calls) == [EventType.GIVEN, EventType.EXPIRED]
    [line] = calls.state().lines.values()
    assert line.expired_at == line.until


def test_evidence_ends_when_it_may_and_what_suppresses_stays(calls: ConsentCalls) -> None:
    calls.give()
    calls.withdraw()
    key, ledger = calls.state().holder, calls.state().ledger
    assert key is not None
    calls.days(3 * 365 - 10)
    assert calls.upkeep.run().evidence_ended == 0
    calls.days(20)

    report = calls.upkeep.run()

    assert (report.evidence_ended, report.failed, report.left) == (1, 0, False)
    assert calls.stores.consents.key(key.id) is None
    assert calls.state().ledger is None
    [audited] = [e for e in calls.stores.world.audit if e.action == "consent_evidence_ends"]
    assert audited.target == ledger
    assert calls.state().lines
    assert calls.upkeep.run().evidence_ended == 0


def test_L17_after_the_evidence_ended_a_consent_begins_a_new_record(calls: ConsentCalls) -> None:
    calls.give()
    calls.withdraw()
    old = calls.state().ledger
    calls.days(4 * 365)
    calls.upkeep.run()

    calls.give()

    assert calls.state().ledger not in {None, old}
    assert calls.consents()


def test_a_longer_period_of_the_policy_keeps_what_was_due(calls: ConsentCalls) -> None:
    calls.give()
    calls.withdraw()
    calls.days(3 * 365 + 10)
    records = calls.stores.world.policies[-1].model_dump(mode="json")["records"]
    records["consent"]["period"] = "P5Y"
    calls.under(policy(records=records))

    assert calls.upkeep.run().evidence_ended == 0
    assert not list(calls.stores.consents.due(calls.clock.now))
    calls.days(2 * 365)

    assert calls.upkeep.run().evidence_ended == 1


def test_one_person_whose_part_fails_stops_nobody(
    calls: ConsentCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls.give(who=ANNA)
    calls.give(who=BERT)
    calls.days(3 * 365)
    record_for = type(calls.ledger).record_for

    def failing(self: object, pseudonym: object, *args: object, **kwargs: object) -> object:
        if pseudonym == calls.pseudonym(ANNA):
            raise KeyError
        return record_for(self, pseudonym, *args, **kwargs)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(type(calls.ledger), "record_for", failing)
        report = calls.upkeep.run()

    assert (report.expired, report.failed, len(calls.failures)) == (1, 1, 1)
    assert calls.upkeep.run().expired == 1


def test_a_run_has_an_end_and_the_next_one_goes_on(
    calls: ConsentCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls.give(who=ANNA)
    calls.give(who=BERT)
    calls.days(3 * 365)
    monkeypatch.setattr(consent_upkeep, "PERSONS_A_RUN", 1)

    first, second, third = (calls.upkeep.run() for _ in range(3))

    assert [(run.expired, run.left) for run in (first, second, third)] == [
        (1, True),
        (1, False),
        (0, False),
    ]


def test_a_run_ends_by_its_time_too(calls: ConsentCalls, monkeypatch: pytest.MonkeyPatch) -> None:
    calls.give(who=ANNA)
    calls.give(who=BERT)
    calls.days(3 * 365)
    monkeypatch.setattr(consent_upkeep, "LONGEST_RUN", timedelta(seconds=-1))

    report = calls.upkeep.run()

    assert (report.expired, report.left) == (0, True)


def test_the_report_counts_reviews_that_wait_too_long(calls: ConsentCalls) -> None:
    calls.object("survey")
    assert calls.upkeep.run().reviews_overdue == 0
    calls.days(29)

    assert calls.upkeep.run().reviews_overdue == 1
