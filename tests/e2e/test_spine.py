"""In through the API, read back by who may, found page by page, deleted one by one."""

import base64
import hashlib
import json
import secrets
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.archive import (
    ANN,
    BOB,
    EVIDENCE,
    INVOICES,
    SUPPORT,
    Archive,
    Document,
    captured,
    message,
    someone,
)
from tools.local_aws import ROOT

WAY = "POST /requests"


def mail(sender: str, mailbox: str, **more: Any) -> EmailMessage:
    """Return a mail that nobody has sent before."""
    made = EmailMessage(policy=SMTP)
    made["From"] = f"Mara Lindqvist <{sender.removeprefix('mailto:')}>"
    made["To"] = mailbox.removeprefix("mailto:")
    made["Subject"] = "Grüße: parcel 17"
    made["Message-ID"] = f"<{secrets.token_hex(8)}@mail.example.org>"
    made.set_content(more.get("text", "Has my parcel left?\n"))
    return made


def attachment(content: bytes, name: str = "note.bin") -> Document:
    return {"name": name, "content_base64": base64.b64encode(content).decode()}


def test_a_message_comes_back_as_it_was_said(archive: Archive) -> None:
    mara = someone("mara")
    said = message(
        mara,
        SUPPORT,
        ANN,
        subject="Parcel 17",
        thread="thread-17",
        headers=[["importance", "high"]],
        attachments=[attachment(b"abc", "receipt.txt")],
    )
    said["participants"][0]["name"] = "Mara Lindqvist"

    answer = archive.send(said)
    read = archive.read(captured(answer))

    assert answer.json()["class"] == read["class"] == "support"
    assert answer.json()["end_date"] == read["end_date"]
    people = [(each["role"], each["address"], each["name"]) for each in read["participants"]]
    assert sorted(people) == sorted(
        [
            ("sender", mara, "Mara Lindqvist"),
            ("recipient", SUPPORT, ""),
            ("recipient", ANN, ""),
        ]
    )
    (version,) = read["versions"]
    expected = {name: said[name] for name in ("body", "subject", "thread", "headers")}
    assert {name: version[name] for name in expected} == expected
    (note,) = version["attachments"]
    assert (note["number"], note["name"], note["size"]) == (1, "receipt.txt", 3)
    assert note["sha256"] == hashlib.sha256(b"abc").hexdigest()


def test_a_body_of_any_size_comes_back(archive: Archive) -> None:
    body = "".join(secrets.token_hex(16) for _ in range(8_000))

    message_id = archive.capture(message(someone("mara"), SUPPORT, body=body))

    assert archive.objects("ObjectsBucket", below={message_id})
    assert archive.read(message_id)["versions"][0]["body"] == body


def test_a_repeated_delivery_is_one_message(archive: Archive) -> None:
    said = message(someone("mara"), SUPPORT)
    message_id = archive.capture(said)
    before = archive.versions(message_id)

    again = archive.send(said)

    assert (again.status, again.json()["status"]) == (200, "duplicate")
    assert again.json()["message_id"] == message_id
    assert archive.versions(message_id) == before


def test_deliveries_at_the_same_time_are_one_message(archive: Archive) -> None:
    said = message(someone("mara"), SUPPORT)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: archive.send(said), range(8)))

    assert Counter(answer.status for answer in answers) == {201: 1, 200: 7}
    (message_id,) = {answer.json()["message_id"] for answer in answers}
    assert len(archive.versions(message_id)) == 1
    assert archive.read(message_id)["versions"][0]["body"] == said["body"]
    assert archive.find(said["participants"][0]["address"]) == [[message_id]]


@pytest.mark.parametrize("change", ["body", "participants"])
def test_a_stranger_who_knows_an_id_changes_nothing(archive: Archive, change: str) -> None:
    said = message(someone("mara"), SUPPORT)
    message_id = archive.capture(said)
    before = archive.read(message_id)
    foreign = message(someone("mallory"), SUPPORT)

    answer = archive.send(said | {change: foreign[change]})

    assert (answer.status, answer.json()["type"]) == (409, "urn:lethe:problem:conflict")
    assert archive.read(message_id) == before
    assert len(archive.versions(message_id)) == 1


def test_an_edit_is_a_second_version(archive: Archive) -> None:
    said = message(someone("mara"), SUPPORT, body="at nine")
    message_id = archive.capture(said)

    edited = archive.send(said | {"body": "at ten", "edit": True})

    assert (edited.status, edited.json()["version"]) == (201, 2)
    read = archive.read(message_id)
    assert [(v["version"], v["body"]) for v in read["versions"]] == [(1, "at nine"), (2, "at ten")]
    assert archive.find(said["participants"][0]["address"]) == [[message_id]]


def test_an_edit_of_what_never_came_is_refused(archive: Archive) -> None:
    assert archive.send(message(someone("mara"), SUPPORT, edit=True)).status == 409


def test_a_batch_is_answered_message_by_message(archive: Archive) -> None:
    said = [message(someone("mara"), SUPPORT) for _ in range(3)]
    wrong = message("nobody", SUPPORT)
    conflict = said[0] | {"body": "something else"}
    sent = {"messages": [*said, said[1], wrong, conflict]}

    results = archive.capturing.read("POST", "/messages/batch", sent)["results"]

    assert [each["status"] for each in results] == [201, 201, 201, 200, 400, 409]
    assert results[4]["problem"]["errors"][0]["pointer"] == "/messages/4/participants/0/address"
    for document, result in zip(said, results, strict=False):
        read = archive.read(result["message"]["message_id"])
        assert read["versions"][0]["body"] == document["body"]


def test_a_batch_of_a_hundred(archive: Archive) -> None:
    mara = someone("mara")
    said = [message(mara, SUPPORT) for _ in range(100)]

    results = archive.capturing.capture(said)

    ids = {result["message"]["message_id"] for result in results}
    assert [result["status"] for result in results] == [201] * 100
    (page,) = archive.find(mara)
    assert sorted(page) == sorted(ids)


def test_a_mail_is_read_with_its_files(archive: Archive) -> None:
    mara = someone("mara")
    made = mail(mara, SUPPORT)
    made.add_alternative("<p>Has my parcel left?</p>", subtype="html")
    made.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="Beleg.pdf")

    read = archive.read(captured(archive.mail(made.as_bytes(), SUPPORT)))

    (version,) = read["versions"]
    assert (version["subject"], version["body"]) == ("Grüße: parcel 17", "Has my parcel left?")
    assert "<p>Has my parcel left?</p>" in version["html"]
    assert [each["name"] for each in version["attachments"]] == ["Beleg.pdf"]
    assert {"role": "sender", "address": mara, "name": "Mara Lindqvist"}.items() <= next(
        p.items() for p in read["participants"] if p["role"] == "sender"
    )


def test_copies_of_a_mail_are_one_message(archive: Archive) -> None:
    made = mail(someone("mara"), SUPPORT)
    message_id = captured(archive.mail(made.as_bytes(), SUPPORT))

    again = archive.mail(b"Received: by mx.example.org\r\n" + made.as_bytes(), SUPPORT)
    blind = archive.mail(b"Delivered-To: ann\r\n" + made.as_bytes(), ANN)

    assert (again.status, again.json()["message_id"]) == (200, message_id)
    assert (blind.status, blind.json()["message_id"]) == (201, message_id)
    assert blind.json()["version"] == 2
    read = archive.read(message_id)
    assert len(read["versions"]) == 1
    assert ("bcc", ANN) in {(p["role"], p["address"]) for p in read["participants"]}


def test_the_messages_of_an_address_come_page_by_page(archive: Archive) -> None:
    mara, now = someone("mara"), datetime.now(UTC).replace(microsecond=0)
    times = [now - timedelta(seconds=7 - number) for number in range(7)]
    ids = [archive.capture(message(mara, SUPPORT, time=time.isoformat())) for time in times]
    archive.capture(message(someone("jonas"), SUPPORT))

    newest_first = ids[::-1]
    assert archive.find(mara, limit=3) == [newest_first[:3], newest_first[3:6], newest_first[6:]]
    assert archive.find(mara) == [newest_first]
    span = {"from": times[2].isoformat(), "to": times[5].isoformat()}
    assert archive.find(mara, **span, limit=2) == [[ids[4], ids[3]], [ids[2]]]
    assert archive.find(someone("nobody")) == [[]]


def test_every_address_of_a_message_leads_to_it(archive: Archive) -> None:
    mara, jonas, bob = someone("mara"), someone("jonas"), someone("bob")
    message_id = archive.capture(message(mara, jonas, bob, SUPPORT))

    assert [archive.find(each) for each in (mara, jonas, bob)] == [[[message_id]]] * 3
    since = {"from": (datetime.now(UTC) - timedelta(minutes=1)).isoformat()}
    assert message_id in archive.found(SUPPORT, **since)


@pytest.mark.parametrize(
    ("mailbox", "bucket"), [(INVOICES, "KeepBucket"), (EVIDENCE, "ObjectsBucket")]
)
def test_an_original_comes_back_bit_for_bit(archive: Archive, mailbox: str, bucket: str) -> None:
    raw = mail(someone("mara"), mailbox).as_bytes().replace(b"parcel", b"\xff\x00parcel")

    message_id = captured(archive.mail(raw, mailbox))

    assert archive.read(message_id)["versions"][0]["has_original"]
    original = archive.get(message_id, "/original")
    assert original.body == raw
    assert original.headers["Content-Disposition"] == "attachment"
    assert archive.objects(bucket, below={message_id})


def test_no_original_is_kept_unless_the_class_says_so(archive: Archive) -> None:
    message_id = captured(archive.mail(mail(someone("mara"), SUPPORT).as_bytes(), SUPPORT))

    assert archive.get(message_id, "/original").status == 404


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_an_attachment_leaves_as_ciphertext(archive: Archive, tmp_path: Path, size: int) -> None:
    content = secrets.token_bytes(size)
    files = [attachment(b"other", "a.txt"), attachment(content, "b.bin")]
    message_id = archive.capture(message(someone("mara"), SUPPORT, attachments=files))

    grant = archive.get(message_id, "/attachments/2")

    opened = tmp_path / "opened"
    assert grant.json()["url"].startswith(archive.stack.aws.endpoint)
    place = urlsplit(grant.json()["url"])
    stored = archive.stack.aws.http("GET", f"{place.path}?{place.query}")
    assert stored.status == 200
    assert len(stored.body) > size
    assert size < 16 or content[:16] not in stored.body  # a byte alone is there by chance
    done = open_attachment(grant.body, opened)
    assert done.returncode == 0, done.stderr
    assert opened.read_bytes() == content
    other = archive.get(message_id, "/attachments/1").json()
    wrong = grant.json() | {"key": other["key"]}
    assert open_attachment(json.dumps(wrong).encode(), tmp_path / "wrong").returncode == 1
    assert not (tmp_path / "wrong").exists()


def open_attachment(grant: bytes, out: Path) -> subprocess.CompletedProcess[bytes]:
    """Open a grant as a reader does, at the command line."""
    tool = ROOT / "tools" / "open_attachment.py"
    command: list[str | Path] = [sys.executable, tool, "--grant", "-", "--out", out]
    return subprocess.run(  # noqa: S603 - our own tool
        command, input=grant, capture_output=True, check=False, env={"no_proxy": "*"}
    )


def test_what_is_too_large_for_a_call_is_uploaded(archive: Archive, tmp_path: Path) -> None:
    content = secrets.token_bytes(5_000_000)
    said = message(someone("mara"), SUPPORT, attachments=[attachment(content)])
    refused = archive.send(said)
    assert refused.status == 413
    assert "/uploads" in refused.json()["detail"]

    upload = put(archive, content)
    said["attachments"] = [
        {
            "name": "film.bin",
            "upload_id": upload,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    ]
    message_id = archive.capture(said)

    assert not archive.objects("StagingBucket", below={upload})
    grant = archive.get(message_id, "/attachments/1")
    assert open_attachment(grant.body, tmp_path / "film").returncode == 0
    assert (tmp_path / "film").read_bytes() == content


def test_a_mail_that_is_too_large_for_a_call_is_uploaded(archive: Archive, tmp_path: Path) -> None:
    made = mail(someone("mara"), EVIDENCE)
    made.add_attachment(secrets.token_bytes(4_500_000), maintype="video", subtype="mp4")
    raw = made.as_bytes()
    refused = archive.mail(raw, EVIDENCE)
    assert refused.status == 413
    assert "/uploads" in refused.json()["detail"]

    upload = put(archive, raw)
    message_id = captured(archive.mail(b"", EVIDENCE, Lethe_Upload=upload))

    assert not archive.objects("StagingBucket", below={upload})
    assert len(archive.read(message_id)["versions"][0]["attachments"]) == 1
    assert archive.get(message_id, "/original").status == 413
    grant = archive.get(message_id, "/original?grant=true")
    assert open_attachment(grant.body, tmp_path / "mail").returncode == 0
    assert (tmp_path / "mail").read_bytes() == raw


def put(archive: Archive, content: bytes) -> str:
    """Upload bytes; return the id of the upload."""
    upload = archive.capturing.read("POST", "/uploads", {"size": len(content)})
    place = urlsplit(upload["url"])
    done = archive.stack.aws.http("PUT", f"{place.path}?{place.query}", content)
    assert done.status == 200, done.body
    return str(upload["upload_id"])


def test_an_upload_of_other_bytes_is_not_captured(archive: Archive) -> None:
    upload = put(archive, b"other bytes")
    described = {"name": "a", "upload_id": upload, "size": 11, "sha256": "0" * 64}
    said = message(someone("mara"), SUPPORT, attachments=[described])

    answer = archive.send(said)

    assert answer.status == 400
    assert archive.get("0" * 32).status == 404
    assert archive.find(said["participants"][0]["address"]) == [[]]


def test_L45_an_external_author_ends_the_message(archive: Archive) -> None:
    mara, jonas = someone("mara"), someone("jonas")
    said = message(mara, jonas, SUPPORT, attachments=[attachment(b"abc")])
    message_id = archive.capture(said)

    answer = archive.delete(message_id, mara)

    assert (answer.status, answer.json()["scope"]) == (200, "message")
    for below in ("", "/original", "/attachments/1"):
        assert archive.get(message_id, below).status == 410
    assert archive.find(jonas) == [[]]
    assert archive.delete(message_id, mara).status in {200, 410}
    assert archive.send(said).status in {200, 410}
    assert archive.get(message_id).status == 410


def test_L45_the_only_external_recipient_ends_the_message(archive: Archive) -> None:
    mara = someone("mara")
    message_id = archive.capture(message(ANN, mara, BOB))

    assert archive.delete(message_id, mara).json()["scope"] == "message"
    assert archive.get(message_id).status == 410


def test_L45_a_recipient_among_several_ends_the_own_part(archive: Archive) -> None:
    mara, jonas = someone("mara"), someone("jonas")
    said = message(ANN, mara, jonas)
    message_id = archive.capture(said)

    assert archive.delete(message_id, mara).json()["scope"] == "part"

    read = archive.read(message_id)
    assert read["versions"][0]["body"] == said["body"]
    assert mara not in json.dumps(read)
    assert jonas in json.dumps(read)
    assert archive.find(jonas) == [[message_id]]
    assert archive.send(said).status == 200
    assert mara not in json.dumps(archive.read(message_id))
    assert archive.delete(message_id, jonas).status == 200
    assert archive.get(message_id).status == 410


def test_who_may_not_delete_is_told_why_and_which_way_is_open(archive: Archive) -> None:
    mara = someone("mara")
    said = message(mara, ANN)
    ordinary = archive.capture(said)
    claim = archive.capture(message(mara, ANN, purpose="claims"))
    invoice = archive.capture(message(mara, INVOICES))

    for message_id, participant, status in (
        (ordinary, ANN, 403),
        (ordinary, someone("stranger"), 404),
        (claim, mara, 409),
        (invoice, mara, 409),
    ):
        answer = archive.delete(message_id, participant)
        assert answer.status == status, answer.body
        assert status == 404 or WAY in answer.json()["detail"]
    assert archive.read(ordinary)["versions"][0]["body"] == said["body"]


def test_employees_delete_where_the_class_says_so(archive: Archive) -> None:
    message_id = archive.capture(message(ANN, someone("mara"), purpose="marketing"))

    assert archive.delete(message_id, ANN).json()["scope"] == "message"
    assert archive.get(message_id).status == 410


def test_L46_after_the_window_an_erasure_is_the_way(archive: Archive) -> None:
    mara = someone("mara")
    old = (datetime.now(UTC) - timedelta(days=40)).isoformat()
    message_id = archive.capture(message(mara, SUPPORT, time=old))

    late = archive.delete(message_id, mara)

    assert late.status == 409
    assert WAY in late.json()["detail"]
    assert archive.get(message_id).status == 200
    archive.erase(mara)
    assert archive.get(message_id).status == 410
