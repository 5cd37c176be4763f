"""Two people change the policy; the notice, the sweep and the records of processing follow."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.archive import NEWS, Archive, Document, message, somebody, someone
from tools.local_aws import Answer


@pytest.fixture(scope="module", autouse=True)
def policy_as_it_was(archive: Archive) -> Any:
    """Put what these tests change back, for the tests of other files."""
    before = archive.officer.read("GET", "/policy")["policy"]
    yield
    archive.change_policy(lambda policy: policy.update(before))


def notice(archive: Archive, language: str = "en", audience: str = "external") -> Document:
    path = f"/notices/{audience}/{language}?format=md"
    answer = archive.stack.call("GET", path)
    assert answer.status == 200, answer.body
    shown = archive.stack.call("GET", f"/notices/{audience}/{language}?format=json").json()
    return {"text": answer.body.decode(), "version": shown["version"]}


def propose(archive: Archive, change: Callable[[Document], object]) -> Answer:
    present = archive.officer.read("GET", "/policy")
    change(present["policy"])
    seen = {"If-Match": f'"{present["version"]}"'}
    return archive.officer.call("POST", "/policy/proposals", present["policy"], seen)


def test_a_year_becomes_half_a_year_and_everything_follows(archive: Archive) -> None:
    """Must be true 6: preview, second person, notice, sweep and records, without another edit."""

    def period(text: str) -> Callable[[Document], object]:
        return lambda policy: policy["classes"]["club-mail"].update(period=text)

    def found(policy: Document) -> None:
        policy["classes"]["club-mail"] = {
            "description": "Mail of the club.",
            "period": "P365D",
            "legal_basis": "Art. 6(1)(a)",
            "deletion_window": "P30D",
        }
        policy["rules"].insert(0, {"when": {"purpose": "club"}, "class": "club-mail"})

    archive.change_policy(found)
    archive.stack.invoke("RetentionSweepFunction")
    before = notice(archive)
    assert "365" in before["text"]
    today = datetime.now(UTC).date()
    old, young = today - timedelta(days=200), today - timedelta(days=10)
    ids = {day: _old_message(archive, day) for day in (old, young)}

    proposal = propose(archive, period("P180D"))
    assert proposal.status == 201, proposal.body
    path = f"/policy/proposals/{proposal.json()['proposal_id']}"
    preview = archive.officer.read("POST", f"{path}/preview")
    [effect] = [each for each in preview["classes"] if each["class"] == "club-mail"]
    existing = effect["existing"]
    assert existing["messages"] == 2
    assert existing["days"] == {"first": old.isoformat(), "last": young.isoformat()}
    assert existing["newly_overdue"] == {"messages": 1, "days": 1}
    assert "180" in json.dumps(preview["notices"])

    alone = archive.officer.call("POST", f"{path}/approval", {"token": preview["token"]})
    assert alone.status == 403, alone.body
    assert archive.officer.read("GET", f"{path}")["state"] != "approved"
    preview = archive.approver.read("POST", f"{path}/preview")
    approved = archive.approver.read("POST", f"{path}/approval", {"token": preview["token"]})

    for language, audience in (("en", "external"), ("de", "external"), ("fr", "employees")):
        after = notice(archive, language, audience)
        assert "365" not in after["text"]
        assert "180" in after["text"]
    assert notice(archive)["version"] == before["version"] + 1 == approved["notices"]["external"]
    shown = archive.officer.read("GET", f"/notice-versions/external/{before['version'] + 1}")
    assert shown["changed"]
    records = json.dumps(archive.officer.read("GET", "/records-of-processing"))
    assert "180" in records

    archive.stack.invoke("RetentionSweepFunction")
    assert archive.get(ids[old]).status == 410
    assert archive.get(ids[young]).status == 200


def test_L71_nobody_approves_what_moved_since_or_what_is_theirs(archive: Archive) -> None:
    proposal = propose(archive, lambda policy: policy.update(function_shards=8))
    path = f"/policy/proposals/{proposal.json()['proposal_id']}"
    stale = archive.approver.read("POST", f"{path}/preview")["token"]
    archive.change_policy(lambda policy: policy.update(function_shards=16))

    assert archive.approver.call("POST", f"{path}/approval", {"token": stale}).status == 409
    assert archive.approver.call("POST", f"{path}/approval", {"token": "0" * 43}).status in {
        400,
        403,
        409,
    }
    assert archive.officer.call("PUT", "/policy", {}).status in {404, 405, 403}
    assert archive.officer.read("GET", "/policy")["policy"]["function_shards"] == 16


def test_L18_a_new_vendor_is_in_the_notice_that_its_approval_publishes(archive: Archive) -> None:
    before = notice(archive)

    def hire(policy: Document) -> None:
        twilio = policy["vendors"]["twilio"]
        policy["vendors"]["new-house"] = {**twilio, "name": "New House SE", "adapter": None}
        policy["channels"]["sms"]["vendor"] = "new-house"

    preview = archive.change_policy(hire)
    assert "New House SE" in json.dumps(preview["notices"])
    after = notice(archive)
    assert after["version"] == before["version"] + 1
    assert "New House SE" in after["text"]
    archive.change_policy(lambda policy: policy["channels"]["sms"].update(vendor="twilio"))


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_L19_L21_a_notice_says_what_the_law_asks_in_each_language(
    archive: Archive, language: str
) -> None:
    text = notice(archive, language)["text"]
    policy = archive.officer.read("GET", "/policy")["policy"]
    controller = policy["controller"]
    for fact in (
        controller["name"],
        controller["data_protection_officer"],
        controller["supervisory_authority"],
        "Art. 6",
        "Twilio Ireland Limited",
    ):
        assert fact in text, fact
    days = archive.stack.environment("GovernFunction")["KEY_BACKUP_DAYS"]
    assert days in text
    page = archive.stack.call("GET", f"/notices/external/{language}")
    assert page.headers["Content-Type"].startswith("text/html")
    assert f'lang="{language}"' in page.body.decode()
    assert archive.stack.call("GET", "/notices/external/xx").status == 404


def test_L19_a_notice_without_a_mandatory_field_is_not_approved(archive: Archive) -> None:
    answer = propose(
        archive, lambda policy: policy["controller"].update(supervisory_authority=None)
    )
    if answer.status == 201:
        path = f"/policy/proposals/{answer.json()['proposal_id']}"
        answer = archive.approver.call("POST", f"{path}/preview")
    assert answer.status == 400, answer.body
    assert "/controller/supervisory_authority" in [e["pointer"] for e in answer.json()["errors"]]


@pytest.mark.parametrize("view", ["controller", "processor"])
def test_L20_records_of_processing_are_made_of_the_same(archive: Archive, view: str) -> None:
    records = archive.officer.read("GET", f"/records-of-processing?view={view}")
    assert records["policy_version"] == archive.officer.read("GET", "/policy")["version"]
    articles = " ".join(column["article"] for column in records["columns"])
    assert ("30(1)" if view == "controller" else "30(2)") in articles
    table = archive.officer.call("GET", f"/records-of-processing?view={view}&format=csv")
    assert table.headers["Content-Type"].startswith("text/csv")
    assert not [row for row in table.body.decode().splitlines() if row.startswith('"=')]


def test_L65_the_right_to_object_stands_apart_at_the_top(archive: Archive) -> None:
    text = notice(archive, "en")["text"]
    first = text.index("Article 21(2)")
    assert first < text.index(
        archive.officer.read("GET", "/policy")["policy"]["vendors"]["twilio"]["name"]
    )


def test_L83_a_channel_without_an_impact_screening_does_not_capture_and_is_told(
    archive: Archive,
) -> None:
    def bare(*, captures: bool) -> Callable[[Document], None]:
        fax = {"description": "Fax.", "gate": "enforced", "captures": captures}
        return lambda policy: policy["channels"].update(fax=fax)

    refused = propose(archive, bare(captures=True))
    assert refused.status == 400, refused.body
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/channels/fax/screening"]
    archive.change_policy(bare(captures=False))
    findings = archive.officer.read("GET", "/doctor")["findings"]
    told = [each for each in findings if "fax" in each["place"]]
    assert [each["code"] for each in told] == ["channel_not_screened"]
    archive.change_policy(lambda policy: policy["channels"].pop("fax"))


def test_L84_an_overdue_review_is_flagged_reported_and_escalated(archive: Archive) -> None:
    late = {"owner": "head-of-faxes", "due": (date.today() - timedelta(days=40)).isoformat()}  # noqa: DTZ011 - a day is enough

    archive.change_policy(lambda policy: policy["purposes"]["courtesy"].update(review=late))
    findings = json.dumps(archive.officer.read("GET", "/doctor"))
    assert "head-of-faxes" in findings
    done = archive.stack.invoke("GovernFunction", {"scheduled": "daily"})
    assert done["published"] in {True, False}
    day = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    reports = [
        archive.officer.call("GET", f"/reports/{each}")
        for each in (day, datetime.now(UTC).date().isoformat())
    ]
    assert any(
        report.status == 200 and "head-of-faxes" in report.body.decode() for report in reports
    )


def _old_message(archive: Archive, day: date) -> str:
    """Import a message of the club that is so old."""
    time = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    sender = someone("member")
    document = message(sender, NEWS, purpose="club", time=time.isoformat())
    return archive.capture(document)


def test_chat_by_hand_is_observed_and_leaves(archive: Archive) -> None:
    """That it is counted is shown by `functions/test_reception.py`: figures wait for others."""
    said = message(NEWS, somebody(), channel="chat", purpose="newsletter")
    assert archive.send(said).status == 201
