"""Notices in use: with a policy or alone, by two people, and never unlike what is so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lethe.domain.callers import Caller
from lethe.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RaceLostError,
)
from lethe.domain.in_force import Audience, Change, InForce
from lethe.domain.policy import Policy
from lethe.usecases.notices import Notices

from tests.memory_store import MemoryStores
from tests.notice_scenes import LIVE, document, policy
from tests.system import System

ANN, BEN = Caller("ann"), Caller("ben")
EXTERNAL, EMPLOYEES = Audience


@pytest.fixture
def system() -> System:
    made = System(MemoryStores())
    made.put_in_force(policy())
    return made


def with_live(system: System, **changed: Any) -> Notices:
    """The same company on a stack with another setting."""
    return replace(system.notices, live=replace(LIVE, **changed))


def shorter(period: str = "P180D") -> Policy:
    made = document()
    made["classes"]["support"]["period"] = period
    return policy(made)


def test_L18_a_policy_takes_its_notices_along(system: System) -> None:
    assert system.stores.policies.in_force() == InForce(1, 1, 1)

    system.put_in_force(shorter())

    assert system.stores.policies.in_force() == InForce(2, 2, 2)
    shown = system.notices.version(EXTERNAL, 2)
    assert shown.notice.policy_version == 2
    pointers = {change.pointer for change in shown.changed}
    assert "/retention/entries/support/statements/period" in pointers
    assert any("180\xa0days" in line for line in shown.differences["en"])
    assert shown.notice.drafted_by != shown.notice.approved_by


def test_L18_a_policy_that_changes_no_text_makes_no_version(system: System) -> None:
    made = document()
    made["function_shards"] = 8

    system.put_in_force(policy(made))

    assert system.stores.policies.in_force() == InForce(2, 1, 1)


def test_L18_one_audience_alone_gets_a_version(system: System) -> None:
    made = document()
    made["notice"]["employees"] = "The works council agreed anew."

    system.put_in_force(policy(made))

    assert system.stores.policies.in_force() == InForce(2, 1, 2)


def test_L18_a_setting_of_the_stack_that_changes_is_seen_and_published_alone(
    system: System,
) -> None:
    assert not any(each.drifted for each in system.notices.drift())
    notices = with_live(system, log_retention_days=30)

    assert [each.changed for each in notices.drift()] == [("/ending/statements/logs",)] * 2
    drafted = notices.draft(EXTERNAL, caller=ANN)
    assert drafted.version == 2
    assert len(drafted.differences["de"]) == 1
    made = notices.approve(EXTERNAL, drafted.draft.hash, caller=BEN)

    assert made == InForce(1, 2, 1)
    assert [each.drifted for each in notices.drift()] == [False, True]
    shown = notices.version(EXTERNAL, 2)
    assert [change.pointer for change in shown.changed] == ["/ending/statements/logs"]
    assert (shown.notice.drafted_by, shown.notice.approved_by) == ("ann", "ben")
    actions = [event.action for event in system.stores.world.audit]
    assert actions[-2:] == ["notice_drafted", "notice_published"]


def test_one_person_alone_publishes_nothing(system: System) -> None:
    notices = with_live(system, log_retention_days=30)
    drafted = notices.draft(EXTERNAL, caller=ANN)
    notices.draft(EXTERNAL, caller=BEN)  # the same text stays Ann's

    with pytest.raises(ForbiddenError):
        notices.approve(EXTERNAL, drafted.draft.hash, caller=ANN)

    assert system.stores.policies.in_force().notice == 1


def test_what_is_published_already_is_not_drafted(system: System) -> None:
    with pytest.raises(ConflictError):
        system.notices.draft(EXTERNAL, caller=ANN)


def test_a_draft_is_approved_only_while_the_same_would_be_drafted(system: System) -> None:
    drafted = with_live(system, log_retention_days=30).draft(EXTERNAL, caller=ANN)

    with pytest.raises(ConflictError):
        with_live(system, log_retention_days=60).approve(EXTERNAL, drafted.draft.hash, caller=BEN)
    with pytest.raises(NotFoundError):
        system.notices.approve(EXTERNAL, "0" * 64, caller=BEN)
    with pytest.raises(NotFoundError):
        system.notices.approve(EMPLOYEES, drafted.draft.hash, caller=BEN)


def test_an_approval_whose_answer_was_lost_is_answered_again(system: System) -> None:
    notices = with_live(system, log_retention_days=30)
    drafted = notices.draft(EXTERNAL, caller=ANN)

    made = [notices.approve(EXTERNAL, drafted.draft.hash, caller=BEN) for _ in range(2)]

    assert made == [InForce(1, 2, 1)] * 2


def test_an_approval_that_loses_a_race_publishes_nothing(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    notices = with_live(system, log_retention_days=30)
    drafted = notices.draft(EXTERNAL, caller=ANN)

    def lose(change: Change) -> InForce:
        raise RaceLostError(str(change.actor))

    monkeypatch.setattr(system.stores.policies, "put_in_force", lose)
    with pytest.raises(ConflictError):
        notices.approve(EXTERNAL, drafted.draft.hash, caller=BEN)


def test_L19_a_policy_whose_notice_could_not_be_made_is_refused_once_one_is_public(
    system: System,
) -> None:
    made = document()
    del made["notice"]["automated_decisions"]

    with pytest.raises(InvalidInputError) as failed:
        system.put_in_force(policy(made))

    assert [field.pointer for field in failed.value.fields] == ["/notice/automated_decisions"]
    assert system.stores.policies.in_force() == InForce(1, 1, 1)


def test_before_the_first_publication_a_policy_may_lack_what_a_notice_needs() -> None:
    system = System(MemoryStores())
    made = document()
    made["notice"] = {}

    system.put_in_force(policy(made))

    assert system.stores.policies.in_force() == InForce(1, 0, 0)
    assert all(each.drifted and each.problems for each in system.notices.drift())
    with pytest.raises(NotFoundError):
        system.notices.page(EXTERNAL, "en")
    with pytest.raises(InvalidInputError):
        system.notices.draft(EXTERNAL, caller=ANN)


def test_a_page_is_shown_in_the_languages_that_were_published(system: System) -> None:
    assert system.notices.page(EXTERNAL, "fr").words["language"] == "Français"
    with pytest.raises(NotFoundError, match="de, en, fr"):
        system.notices.page(EXTERNAL, "xx")


def test_L18_better_words_are_a_new_version_too(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lethe.domain.languages import language  # noqa: PLC0415 - the words are changed below

    monkeypatch.setitem(language("en").words["texts"], "data_choices", "We record choices.")

    assert {each.changed for each in system.notices.drift()} == {("/words",)}
