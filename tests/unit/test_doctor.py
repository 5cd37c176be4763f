"""Doctor names what is missing, silent, overdue or out of step, and nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lethe.domain.figures import (
    SEEN_INBOUND,
    UNKNOWN_CHANNELS,
    UNLISTED_SENDER,
    unknown_channel,
)
from lethe.domain.findings import MEND, Code, Finding, Severity
from lethe.domain.in_force import Audience
from lethe.domain.policy import Policy

from tests import notice_scenes
from tests.memory_store import MemoryStores
from tests.scenes import Scene
from tests.system import APPROVER, STAFF


@pytest.fixture
def scene() -> Scene:
    made = Scene(MemoryStores())
    put(made, sound())
    return made


def sound() -> dict[str, Any]:
    """A policy that nothing is to be said of."""
    document = notice_scenes.document()
    review = {"owner": "privacy", "due": "2027-01-01"}
    document["review"] = review
    document["vendors"] = {"ses": document["vendors"]["ses"]}
    document["channels"] = {"email": document["channels"]["email"]}
    for purpose in document["purposes"].values():
        purpose["review"] = review
        if "legitimate_interest" in purpose:
            purpose["assessment"] = "Register of balancings."
    return document


def put(scene: Scene, document: dict[str, Any]) -> None:
    scene.put_in_force(Policy.model_validate_json(json.dumps(document)))


def found(scene: Scene, code: Code) -> list[Finding]:
    return [each for each in scene.doctor.examine() if each.code is code]


def one(scene: Scene, code: Code) -> Finding:
    [finding] = found(scene, code)
    return finding


def log(scene: Scene, channel: str, days_ago: int = 0, **figures: int) -> None:
    day = scene.clock().date() - timedelta(days=days_ago)
    scene.stores.activity.add(channel, day, figures)


def test_nothing_is_said_of_what_is_sound(scene: Scene) -> None:
    assert [each.code for each in scene.doctor.examine()] == [Code.KEM_CLASSICAL]


def test_every_finding_says_how_it_is_mended() -> None:
    assert MEND.keys() == set(Code)


def test_senders_that_nobody_listed_are_counted_by_channel(scene: Scene) -> None:
    log(scene, "email", **{UNLISTED_SENDER: 2})
    log(scene, "email", 6, **{UNLISTED_SENDER: 1})
    log(scene, "email", 7, **{UNLISTED_SENDER: 100})
    finding = one(scene, Code.UNLISTED_SENDERS)
    assert (finding.place, finding.facts) == ("/channels/email", {"at_least": 3, "days": 7})


def test_a_channel_that_the_policy_does_not_name_is_named(scene: Scene) -> None:
    log(scene, UNKNOWN_CHANNELS, 3, **{unknown_channel("pager"): 1})
    log(scene, "pager", 3, **{UNLISTED_SENDER: 4})
    assert one(scene, Code.UNKNOWN_CHANNEL).facts == {"channel": "pager"}
    assert one(scene, Code.UNLISTED_SENDERS).facts["at_least"] == 4


def test_a_channel_is_silent_once_nothing_came_for_its_time(scene: Scene) -> None:
    document = sound()
    document["channels"]["email"]["silent_after"] = "P3D"
    put(scene, document)
    assert one(scene, Code.SILENT_CHANNEL).facts == {"silent_after": "P3D", "since": "2026-03-07"}
    log(scene, "email", 3, **{SEEN_INBOUND: 1})
    assert found(scene, Code.SILENT_CHANNEL) == []
    scene.clock.pass_(timedelta(days=1))
    assert one(scene, Code.SILENT_CHANNEL).place == "/channels/email"


def test_silence_is_looked_for_no_further_back_than_there_are_figures(scene: Scene) -> None:
    document = sound()
    document["channels"]["email"]["silent_after"] = "P9Y"
    put(scene, document)
    assert one(scene, Code.SILENT_CHANNEL).facts["since"] == "2025-02-03"


def test_L83_a_channel_whose_screening_is_not_answered_is_found(scene: Scene) -> None:
    document = sound()
    for name, gate in (("sms", "enforced"), ("voice", "off")):
        document["channels"][name] = {"description": name, "captures": False, "gate": gate}
    put(scene, document)
    finding = one(scene, Code.CHANNEL_NOT_SCREENED)
    assert (finding.severity, finding.place) == (Severity.PROBLEM, "/channels/sms/screening")
    assert finding.facts == {"lacks": "no_screening"}


def test_a_purpose_without_its_balancing_is_found(scene: Scene) -> None:
    document = sound()
    del document["purposes"]["news"]["assessment"]
    put(scene, document)
    assert one(scene, Code.PURPOSE_NOT_BALANCED).place == "/purposes/news/assessment"


def test_consent_without_a_published_notice_is_found(scene: Scene) -> None:
    scene.stores.world.in_force = replace(scene.stores.world.in_force, notice=0)
    assert one(scene, Code.CONSENT_WITHOUT_NOTICE).place == "/purposes/marketing"
    assert one(scene, Code.NOTICE_NOT_PUBLISHED).facts == {"audience": "external"}


def test_L82_a_vendor_with_a_lack_is_found_with_what_follows(scene: Scene) -> None:
    document = sound()
    ses = document["vendors"]["ses"]
    document["vendors"]["ses"] = ses | {"processing_agreement": None, "sub_processors": None}
    document["vendors"]["warned"] = ses | {"encrypted_at_rest": False, "on_problem": "warn"}
    put(scene, document)
    blocked, warned = found(scene, Code.VENDOR_LACKS)
    assert (blocked.severity, blocked.place) == (Severity.PROBLEM, "/vendors/ses")
    assert blocked.facts == {
        "lacks": "no_processing_agreement sub_processors_unknown",
        "on_problem": "block",
    }
    assert (warned.severity, warned.place) == (Severity.WARNING, "/vendors/warned")


def test_L82_L84_a_vendor_past_its_review_is_found_with_its_owner(scene: Scene) -> None:
    document = sound()
    document["vendors"]["ses"]["review"] = {"owner": "procurement", "due": "2026-03-09"}
    put(scene, document)
    assert one(scene, Code.VENDOR_LACKS).facts["lacks"] == "review_overdue"
    finding = one(scene, Code.REVIEW_OVERDUE)
    assert (finding.severity, finding.place) == (Severity.WARNING, "/vendors/ses/review")
    assert finding.facts == {"owner": "procurement", "due": "2026-03-09", "days": 1}


def test_L84_a_policy_past_its_review_is_flagged_and_after_a_month_a_problem(
    scene: Scene,
) -> None:
    document = sound()
    document["review"] = {"owner": "privacy-officer", "due": "2026-03-10"}
    del document["purposes"]["news"]["review"]
    put(scene, document)
    assert one(scene, Code.NO_REVIEW).place == "/purposes/news/review"
    assert found(scene, Code.REVIEW_OVERDUE) == []
    scene.clock.pass_(timedelta(days=1))
    assert one(scene, Code.REVIEW_OVERDUE).severity is Severity.WARNING
    scene.clock.pass_(timedelta(days=30))
    assert one(scene, Code.REVIEW_OVERDUE).severity is Severity.PROBLEM


def test_a_notice_that_settings_have_outrun_is_found(scene: Scene) -> None:
    live = replace(notice_scenes.LIVE, key_backup_days=0)
    moved = replace(scene.notices, live=live)
    doctor = replace(scene.doctor, notices=moved, live=live)
    codes = [each.code for each in doctor.examine()]
    assert codes.count(Code.NOTICE_OUTDATED) == 2
    assert Code.KEYS_WITHOUT_BACKUP in codes


def test_what_a_notice_lacks_is_found(scene: Scene) -> None:
    live = replace(notice_scenes.LIVE, region="us-east-1")
    doctor = replace(scene.doctor, notices=replace(scene.notices, live=live))
    missing = [f.place for f in doctor.examine() if f.code is Code.NOTICE_FACT_MISSING]
    assert missing == ["/vendors"]


def test_a_proposal_that_nobody_approves_is_found_after_two_weeks(scene: Scene) -> None:
    version, policy = scene.govern.policy()
    proposal = scene.changes.propose(policy, version, caller=STAFF).proposal
    scene.clock.pass_(timedelta(days=13))
    assert found(scene, Code.PROPOSAL_OPEN) == []
    scene.clock.pass_(timedelta(days=1))
    finding = one(scene, Code.PROPOSAL_OPEN)
    assert finding.facts == {"proposal_id": proposal.id, "days": 14}
    token = scene.changes.preview(proposal.id, caller=APPROVER).token
    scene.changes.approve(proposal.id, token, caller=APPROVER)
    assert found(scene, Code.PROPOSAL_OPEN) == []


def test_what_waits_too_long_for_a_human_is_counted(scene: Scene) -> None:
    for number in range(2):
        document = {"kind": "possible_withdrawal", "pseudonym": "p"}
        scene.stores.reviews.put(f"{number:032d}", document, scene.clock())
    scene.clock.pass_(timedelta(hours=25))
    scene.stores.reviews.put("9" * 32, {"kind": "possible_withdrawal"}, scene.clock())
    finding = one(scene, Code.WAITING_TOO_LONG)
    assert finding.facts == {"kind": "possible_withdrawal", "waiting": 2}


def test_long_backups_of_keys_are_hinted_at(scene: Scene) -> None:
    doctor = replace(scene.doctor, live=replace(notice_scenes.LIVE, key_backup_days=35))
    [hint] = [f for f in doctor.examine() if f.code is Code.KEYS_BACKED_UP_LONG]
    assert (hint.severity, hint.facts) == (Severity.HINT, {"days": 35})


def test_the_worst_comes_first(scene: Scene) -> None:
    document = sound()
    document["review"] = None
    document["vendors"]["ses"]["encrypted_at_rest"] = False
    put(scene, document)
    order = [each.severity for each in scene.doctor.examine()]
    assert order == sorted(order, key=tuple(Severity).index)
    assert len(set(order)) == 3


def test_both_audiences_have_their_notice(scene: Scene) -> None:
    assert all(scene.stores.world.in_force.notice_for(audience) == 1 for audience in Audience)
