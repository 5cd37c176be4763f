"""The daily report: once a day, with figures, owners and what escalates; with nobody in it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from lethe.domain.errors import NotFoundError, UnavailableError
from lethe.domain.figures import SEEN_INBOUND, UNKNOWN_CHANNELS, unknown_channel
from lethe.domain.in_force import Audience

from tests import notice_scenes
from tests.memory_store import MemoryStores
from tests.scenes import Scene
from tests.system import APPROVER, STAFF
from tests.unit.test_doctor import put, sound

YESTERDAY = date(2026, 3, 9)
FIGURES = {"gate.allowed": 12, "gate.let_pass.no_consent": 3, SEEN_INBOUND: 1}


@pytest.fixture
def scene() -> Scene:
    made = Scene(MemoryStores())
    document = sound()
    document["channels"]["sms"] = notice_scenes.document()["channels"]["sms"] | {"vendor": None}
    document["channels"]["sms"]["silent_after"] = "P2D"
    document["review"] = {"owner": "privacy-officer", "due": "2026-02-07"}
    document["vendors"]["ses"]["review"] = {"owner": "procurement", "due": "2026-03-01"}
    put(made, document)
    made.stores.activity.add("email", YESTERDAY, FIGURES)
    made.stores.activity.add(UNKNOWN_CHANNELS, YESTERDAY, {unknown_channel("pager"): 1})
    return made


def published(scene: Scene) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(scene.reports.get(YESTERDAY))
    return document


def test_the_figures_of_yesterday_are_reported_by_channel(scene: Scene) -> None:
    report = scene.reports.run()
    assert report is not None
    [(subject, text)] = scene.stores.report_topic.sent
    assert subject.endswith("report of 2026-03-09")
    assert "email: gate.allowed 12, gate.let_pass.no_consent 3, seen_inbound 1" in text
    assert "sms: no message since 2026-03-08" in text
    assert "  pager" in text
    document = published(scene)
    assert document["channels"] == {"email": FIGURES, "sms": {}}
    assert document["unknown_channels"] == ["pager"]
    assert document["silent_channels"] == [
        {"channel": "sms", "silent_after": "P2D", "since": "2026-03-08"}
    ]
    assert document["policy_version"] == 1


def test_L84_owners_are_told_what_is_overdue_and_after_a_month_it_escalates(scene: Scene) -> None:
    report = scene.reports.run()
    assert report is not None
    assert (len(report.overdue), report.escalated) == (2, 1)
    [(subject, text)] = scene.stores.report_topic.sent
    assert subject.startswith("ESCALATED: ")
    assert "privacy-officer: /review, since 2026-02-07, 31 days, escalated" in text
    assert "procurement: /vendors/ses/review, since 2026-03-01, 9 days\n" in text + "\n"
    assert [
        (each["owner"], each["days"], each["escalated"])
        for each in published(scene)["overdue_reviews"]
    ] == [("privacy-officer", 31, True), ("procurement", 9, False)]


def test_L84_nothing_escalates_that_was_looked_at(scene: Scene) -> None:
    put(scene, sound())
    scene.reports.run()
    [(subject, text)] = scene.stores.report_topic.sent
    assert subject == "Lethe, report of 2026-03-09"
    assert "overdue" not in text.lower()


def test_a_day_is_reported_once(scene: Scene) -> None:
    assert scene.reports.run() is not None
    assert scene.reports.run() is None
    scene.clock.pass_(timedelta(hours=6))
    assert scene.reports.run() is None
    scene.clock.pass_(timedelta(days=1))
    assert scene.reports.run() is not None
    assert len(scene.stores.report_topic.sent) == 2


def test_a_run_that_stopped_before_it_published_is_made_up_for(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise UnavailableError("no")

    with monkeypatch.context() as broken:
        broken.setattr(scene.stores.report_topic, "publish", fail)
        with pytest.raises(UnavailableError):
            scene.reports.run()
    assert scene.reports.run() is None  # perhaps the other is still at it
    scene.clock.pass_(timedelta(minutes=2))
    assert scene.reports.run() is not None
    assert len(scene.stores.report_topic.sent) == 1


def test_a_published_report_stays_as_it_was(scene: Scene) -> None:
    scene.reports.run()
    before = scene.reports.get(YESTERDAY)
    scene.stores.activity.add("email", YESTERDAY, {"gate.allowed": 1})
    scene.clock.pass_(timedelta(days=40))
    assert scene.reports.get(YESTERDAY) == before


def test_a_day_without_a_report_is_computed_and_others_are_not_there(scene: Scene) -> None:
    assert published(scene)["channels"]["email"] == FIGURES
    today = scene.clock().date()
    assert json.loads(scene.reports.get(today))["channels"] == {"email": {}, "sms": {}}
    for day in (today + timedelta(days=1), today - timedelta(days=400), date.min, date.max):
        with pytest.raises(NotFoundError):
            scene.reports.get(day)


def test_what_waits_for_a_human_is_counted_by_kind(scene: Scene) -> None:
    reviews, now = scene.stores.reviews, scene.clock()
    reviews.put("1" * 32, {"kind": "possible_withdrawal"}, now - timedelta(hours=25))
    reviews.put("2" * 32, {"kind": "possible_withdrawal"}, now)
    reviews.put("3" * 32, {"kind": "objection"}, now)
    assert published(scene)["waiting"] == {
        "objection": {"open": 1, "overdue": 0},
        "possible_withdrawal": {"open": 2, "overdue": 1},
    }


def test_a_notice_that_settings_have_outrun_waits_for_a_human_once(scene: Scene) -> None:
    live = replace(notice_scenes.LIVE, log_retention_days=365)
    notices = replace(scene.notices, live=live)
    reports = replace(scene.reports, notices=notices)
    for _ in range(2):
        reports.run()
        scene.clock.pass_(timedelta(days=1))
    waiting = [each for each in scene.stores.reviews.open() if each["kind"] == "notice_drift"]
    assert {(each["audience"], each["version"]) for each in waiting} == {
        ("external", "1"),
        ("employees", "1"),
    }
    _, text = scene.stores.report_topic.sent[0]
    assert "external: version 1 is outdated" in text
    for audience in Audience:
        drafted = notices.draft(audience, caller=STAFF)
        notices.approve(audience, drafted.draft.hash, caller=APPROVER)
    reports.run()
    assert list(scene.stores.reviews.open()) == []
