"""Two people change the policy, and know what it ends; what exists ends no later by it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from lethe.domain.callers import Caller
from lethe.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RaceLostError,
    TooLargeError,
)
from lethe.domain.in_force import InForce
from lethe.domain.policy import Policy
from lethe.domain.previews import Coming, DaySpan, Preview
from lethe.domain.proposals import ProposalId, ProposalState
from lethe.domain.register import Holds

from tests.memory_store import MemoryStores
from tests.notice_scenes import SCREENING
from tests.scenes import Scene, message, policy
from tests.steps import Stepped
from tests.system import APPROVER, STAFF


@pytest.fixture
def scene() -> Scene:
    made = Scene(MemoryStores())
    made.open()
    return made


def capture(scene: Scene, days_ago: int, *, cls: str = "short", number: int = 1) -> None:
    """Capture messages of some day before today, as an import does."""
    time = scene.clock() - timedelta(days=days_ago)
    retention = scene.govern.policy()[1].classes[cls]
    scene.sweep.make_day(cls, time.date(), retention.end_date(time.date()))
    for each in range(number):
        one = message(f"{cls} {days_ago} {each} {time}", "a", "x", purpose=cls, time=time)
        scene.captured(one, importing=True)


def propose(scene: Scene, document: Policy) -> ProposalId:
    version, _ = scene.govern.policy()
    return scene.changes.propose(document, version, caller=STAFF).proposal.id


def preview(scene: Scene, document: Policy) -> Preview:
    return scene.changes.preview(propose(scene, document), caller=APPROVER).preview


def changed(scene: Scene, **parts: Any) -> Policy:
    document = scene.govern.policy()[1].model_dump(mode="json") | parts
    return Policy.model_validate_json(json.dumps(document))


# ---- L71: what a change ends is shown, and one person alone can't ---------------------------


def test_L71_a_shorter_period_shows_what_it_ends_and_takes_two_people(scene: Scene) -> None:
    for days_ago, number in ((0, 1), (4, 2), (10, 3), (20, 4)):
        capture(scene, days_ago, number=number)
    today = scene.clock().date()
    proposal_id = propose(scene, policy(short=10))
    previewed = scene.changes.preview(proposal_id, caller=STAFF)

    [effect] = previewed.preview.classes
    assert (effect.cls, effect.coming) == ("short", Coming.END_EARLIER)
    assert (effect.period_before, effect.period_after) == ("P30D", "P10D")
    found = effect.affected
    assert found.messages == 10
    assert found.days == DaySpan(today - timedelta(20), today)
    assert found.ends_before == DaySpan(today + timedelta(11), today + timedelta(31))
    assert found.ends_after == DaySpan(today - timedelta(9), today + timedelta(11))
    assert (found.overdue_messages, found.overdue_days) == (4, 1)

    with pytest.raises(ForbiddenError):
        scene.changes.approve(proposal_id, previewed.token, caller=STAFF)
    assert scene.govern.policy()[0] == 1
    assert scene.sweep.run(dry_run=True).messages_expired == 0

    made = scene.changes.approve(proposal_id, previewed.token, caller=APPROVER)
    assert made == InForce(2)
    assert scene.sweep.run(dry_run=False).messages_expired == found.overdue_messages


def test_L71_a_longer_period_is_for_what_comes_alone(scene: Scene) -> None:
    capture(scene, 0)
    shown = preview(scene, policy(short=90))
    [effect] = shown.classes
    assert effect.coming is Coming.END_LATER
    assert effect.affected.messages == 0
    scene.put_in_force(policy(short=90))
    capture(scene, -1)
    scene.clock.pass_(timedelta(days=31))
    assert scene.sweep.run(dry_run=False).messages_expired == 1


def test_L71_what_was_shortened_is_not_given_back(scene: Scene) -> None:
    capture(scene, 0)
    scene.put_in_force(policy(short=10))
    shown = preview(scene, policy(short=30))
    [kept] = shown.kept
    assert (kept.of_class, kept.period.iso()) == ("short", "P10D")
    scene.put_in_force(policy(short=30))
    scene.clock.pass_(timedelta(days=11))
    assert scene.sweep.run(dry_run=False).messages_expired == 1


def test_L71_a_class_that_goes_gives_nothing_back(scene: Scene) -> None:
    capture(scene, 0, cls="any")
    scene.put_in_force(policy(any=10))
    document = policy().model_dump(mode="json")
    del document["classes"]["any"]
    document["rules"] = [rule for rule in document["rules"] if rule["class"] != "any"]
    without = Policy.model_validate_json(json.dumps(document))
    shown = preview(scene, without)
    assert [(e.cls, e.coming) for e in shown.classes if e.coming is Coming.NONE] == [
        ("any", Coming.NONE)
    ]
    scene.put_in_force(without)
    scene.clock.pass_(timedelta(days=11))
    assert scene.sweep.run(dry_run=False).messages_expired == 1


def test_L71_what_a_law_keeps_is_not_shortened(scene: Scene) -> None:
    capture(scene, 5, cls="law")
    [effect] = preview(scene, policy(law=1)).classes
    assert (effect.cls, effect.coming) == ("law", Coming.END_EARLIER)
    assert effect.affected.messages == 0


def test_a_reclassification_shows_what_it_does(scene: Scene) -> None:
    capture(scene, 20, number=2)
    capture(scene, 3, number=3)
    today = scene.clock().date()
    document = policy(any=10).model_dump(mode="json") | {
        "reclassifications": [
            {
                "from_class": "short",
                "to_class": "any",
                "first_day": str(today - timedelta(25)),
                "last_day": str(today - timedelta(15)),
            }
        ]
    }
    moved = Policy.model_validate_json(json.dumps(document))
    [effect] = preview(scene, moved).reclassifications
    assert effect.affected.messages == effect.affected.overdue_messages == 2
    scene.put_in_force(moved)
    assert scene.sweep.run(dry_run=False).messages_expired == 2
    assert preview(scene, changed(scene, function_shards=8)).reclassifications == ()


# ---- the acts --------------------------------------------------------------------------------


def test_a_proposal_says_what_it_changes(scene: Scene) -> None:
    proposed = scene.changes.propose(policy(short=10), 1, caller=STAFF)
    assert [(d.pointer, d.before, d.after) for d in proposed.differences] == [
        ("/classes/short/period", "P30D", "P10D")
    ]
    assert proposed.state is ProposalState.OPEN
    assert scene.changes.get(proposed.proposal.id) == proposed
    with pytest.raises(NotFoundError):
        scene.changes.get(ProposalId("0" * 32))


def test_a_proposal_follows_the_version_that_was_seen(scene: Scene) -> None:
    for seen in (0, 2):
        with pytest.raises(ConflictError):
            scene.changes.propose(policy(short=10), seen, caller=STAFF)
    outdated = propose(scene, policy(short=10))
    token = scene.changes.preview(outdated, caller=APPROVER).token
    scene.put_in_force(policy(short=20))
    assert scene.changes.get(outdated).state is ProposalState.OUTDATED
    with pytest.raises(ConflictError):
        scene.changes.preview(outdated, caller=APPROVER)
    with pytest.raises(ConflictError):
        scene.changes.approve(outdated, token, caller=APPROVER)


def test_an_approved_proposal_is_not_approved_again_by_another(scene: Scene) -> None:
    proposal_id = propose(scene, policy(short=10))
    token = scene.changes.preview(proposal_id, caller=APPROVER).token
    made = scene.changes.approve(proposal_id, token, caller=APPROVER)
    assert scene.changes.approve(proposal_id, token, caller=APPROVER) == made
    with pytest.raises(ConflictError):
        scene.changes.approve(proposal_id, token, caller=Caller("staff-3"))
    with pytest.raises(ConflictError):
        scene.changes.preview(proposal_id, caller=APPROVER)


def test_a_token_outlives_neither_its_hour_nor_what_it_showed(scene: Scene) -> None:
    capture(scene, 10)
    proposal_id = propose(scene, policy(short=10))
    token = scene.changes.preview(proposal_id, caller=APPROVER).token
    capture(scene, 3)  # what comes beside it changes nothing that ends at once
    scene.clock.pass_(timedelta(minutes=59))
    capture(scene, 12)
    with pytest.raises(ConflictError, match="would do something else"):
        scene.changes.approve(proposal_id, token, caller=APPROVER)
    token = scene.changes.preview(proposal_id, caller=APPROVER).token
    scene.clock.pass_(timedelta(hours=1))
    with pytest.raises(ConflictError, match="too old"):
        scene.changes.approve(proposal_id, token, caller=APPROVER)
    token = scene.changes.preview(proposal_id, caller=APPROVER).token
    scene.clock.pass_(timedelta(minutes=59))
    assert scene.changes.approve(proposal_id, token, caller=APPROVER).version == 2


def test_a_hold_that_was_placed_meanwhile_has_to_be_seen(scene: Scene) -> None:
    proposal_id = propose(scene, policy(short=10))
    token = scene.changes.preview(proposal_id, caller=APPROVER).token
    scene.stores.world.holds = Holds(1, ("all",))
    with pytest.raises(ConflictError):
        scene.changes.approve(proposal_id, token, caller=APPROVER)
    shown = scene.changes.preview(proposal_id, caller=APPROVER)
    assert shown.preview.holds == Holds(1, ("all",))
    assert scene.changes.approve(proposal_id, shown.token, caller=APPROVER).version == 2


def test_midnight_between_preview_and_approval_is_seen(scene: Scene) -> None:
    capture(scene, 10)
    scene.clock.now = scene.clock.now.replace(hour=23, minute=30)
    proposal_id = propose(scene, policy(short=10))
    token = scene.changes.preview(proposal_id, caller=APPROVER).token
    scene.clock.pass_(timedelta(minutes=45))
    with pytest.raises(ConflictError):
        scene.changes.approve(proposal_id, token, caller=APPROVER)


def test_every_act_is_audited(scene: Scene) -> None:
    before = len(scene.stores.world.audit)
    scene.put_in_force(policy(short=10))
    acts = scene.stores.world.audit[before:]
    assert [(each.action, each.actor, each.policy_version) for each in acts] == [
        ("policy_proposed", STAFF.actor, 1),
        ("policy_previewed", APPROVER.actor, 1),
        ("policy_put_in_force", APPROVER.actor, 2),
    ]
    assert len({each.target for each in acts}) == 1


def test_two_approvals_at_once_make_one_version() -> None:
    """Between any two steps of one approval, the other one."""
    step = 0
    while True:
        step += 1
        scene = Scene(Stepped(MemoryStores()))
        scene.open()
        ids = [propose(scene, policy(short=days)) for days in (10, 20)]
        tokens = [scene.changes.preview(each, caller=APPROVER).token for each in ids]

        def other(scene: Scene = scene, token: str = tokens[1], of: ProposalId = ids[1]) -> None:
            scene.changes.approve(of, token, caller=APPROVER)

        won: list[bool] = []
        try:
            with scene.stores.before(step, other) as calls:
                scene.changes.approve(ids[0], tokens[0], caller=APPROVER)
                won.append(True)
        except ConflictError:
            assert scene.govern.policy()[0] == 2
        if won and scene.govern.policy()[0] == 2 and len(calls) < step:
            break
    assert step > 5


def test_proposals_that_meet_are_both_listed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    create, failures = scene.stores.proposals.create, [RaceLostError("first"), None]

    def raced(proposal: Any) -> None:
        if failure := failures.pop(0):
            raise failure
        create(proposal)

    monkeypatch.setattr(scene.stores.proposals, "create", raced)
    assert propose(scene, policy(short=10)) in scene.stores.world.proposals


# ---- what may not be proposed ----------------------------------------------------------------


def test_what_messages_were_sealed_under_may_not_change(scene: Scene) -> None:
    document = policy().model_dump(mode="json")
    document["classes"]["short"]["erasure_rule"] = "any_party"
    with pytest.raises(InvalidInputError) as refused:
        propose(scene, Policy.model_validate_json(json.dumps(document)))
    assert [each.pointer for each in refused.value.fields] == ["/classes/short/erasure_rule"]


def test_a_policy_fits_into_one_item(scene: Scene) -> None:
    rules = [
        {"when": {"own_address": [f"mailto:{number}-{n}@example.com" for n in range(20)]}}
        | {"class": "short"}
        for number in range(1000)
    ]
    with pytest.raises(TooLargeError):
        propose(scene, changed(scene, rules=rules))


def test_L83_a_channel_captures_only_once_its_screening_is_answered(scene: Scene) -> None:
    channel: dict[str, Any] = {"description": "Pagers."}
    for unanswered in (
        channel,
        channel | {"screening": SCREENING | {"systematic_evaluation": True}},
        channel | {"screening": SCREENING | {"answered": "2026-03-11"}},
    ):
        with pytest.raises(InvalidInputError) as refused:
            propose(scene, changed(scene, channels={"pager": unanswered}))
        assert [each.pointer for each in refused.value.fields] == ["/channels/pager/screening"]
    scene.put_in_force(changed(scene, channels={"pager": channel | {"captures": False}}))
    with pytest.raises(InvalidInputError):
        propose(scene, changed(scene, channels={"pager": channel}))
    answered = channel | {"screening": SCREENING}
    scene.put_in_force(changed(scene, channels={"pager": answered}))
    stored = scene.govern.policy()[1].channels["pager"].screening
    assert stored is not None
    assert stored.answered == date(2025, 12, 5)


def test_L83_a_vendor_is_approved_only_once_its_screening_is_answered(scene: Scene) -> None:
    vendor: dict[str, Any] = {
        "name": "Sender SE",
        "service": "Sends.",
        "country": "DE",
        "region": "Berlin",
    }
    scene.put_in_force(changed(scene, vendors={"sender": vendor}))
    with pytest.raises(InvalidInputError) as refused:
        propose(scene, changed(scene, vendors={"sender": vendor | {"approved": True}}))
    assert [each.pointer for each in refused.value.fields] == ["/vendors/sender/screening"]
    answered = vendor | {"approved": True, "screening": SCREENING}
    assert scene.put_in_force(changed(scene, vendors={"sender": answered})) == 3
