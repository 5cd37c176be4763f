"""Words that nobody else says go through every function of the deployed stack, and lie nowhere.

Looked for in every log event (metrics are log lines here), queue, item, key, object, name and tag,
in the record of AWS calls, and in every answer that refuses; as it is, as hexadecimal, as base64
at each of its three offsets, as UTF-16, and in URLs.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e import canary_sending as sending
from tests.e2e.archive import (
    ANN,
    EVIDENCE,
    INVOICES,
    REASON,
    SUPPORT,
    Archive,
    Document,
    captured,
    message,
)
from tests.e2e.canary import ADDRESS, CONSENT_TEXT, OTHER, WORD, WORDS, Journey, has_word, held
from tests.e2e.speaking import Speaking
from tools.fake_vendors import FakeVendors


def said(sender: str, *recipients: str, **changes: Any) -> Document:
    document = message(sender, *recipients)
    for participant in document["participants"]:
        participant["name"] = f"Mara {WORD}"
    file = {
        "name": f"{WORD}.txt",
        "media_type": "text/plain",
        "content_base64": base64.b64encode(WORD.encode() * 3).decode(),
    }
    document |= {name: f"{WORD} {secrets.token_hex(4)}" for name in ("external_id", "subject")}
    document |= {"thread": WORD, "body": WORD, "headers": [["importance", WORD]]}
    return document | {"attachments": [file], **changes}


def mail(mailbox: str) -> bytes:
    made = EmailMessage()
    made["Message-ID"] = f"<{WORD}.{secrets.token_hex(4)}@example.org>"
    made["From"] = f"Mara {WORD} <{ADDRESS.removeprefix('mailto:')}>"
    made["To"] = f"{mailbox.removeprefix('mailto:')}, {OTHER.removeprefix('mailto:')}"
    made["Subject"], made["X-Note"] = WORD, WORD
    made.set_content(WORD)
    made.add_attachment(WORD.encode(), maintype="text", subtype="plain", filename=f"{WORD}.txt")
    return made.as_bytes()


@pytest.fixture(scope="module")
def journey(archive: Archive, vendors: FakeVendors) -> Journey:
    made, shop = Journey(), Speaking(archive, vendors)
    archive.settle()
    govern(archive)
    sending.through_consent(shop, made)
    sending.through_vendors(shop, made)
    sending.through_inbound(shop, made)
    sending.through_proof(shop, made)
    archive.settle()
    with held(archive):
        capture(archive, made)
        read(archive, made)
        sending.on_their_way(shop, made)
        end(archive, made)
        made.look(archive)
    archive.settle()
    archive.stack.invoke("RetentionSweepFunction")
    sending.through_schedules(shop, made)
    refuse(archive, made)
    return made


def govern(archive: Archive) -> None:
    own = {"address": f"mailto:own.{WORD}@controller.example", "kind": "person"}
    token = archive.stack.callers.staff("operator")
    body = {"own_addresses": [own | {"valid_from": "2026-01-01"}]}
    csv = f"address,kind,valid_from,valid_to\n{own['address']},person,2026-01-01,\n".encode()
    for path, sent, kind in (
        ("/own-addresses", body, "application/json"),
        ("/own-addresses", csv, "text/csv"),
        ("/own-addresses/search", {"address": own["address"]}, "application/json"),
    ):
        headers = {"Content-Type": kind}
        assert archive.stack.call("POST", path, sent, token=token, headers=headers).status == 200
    facts = {"channel": "chat", "direction": "inbound", "own_addresses": [own["address"]]}
    archive.officer.read("POST", "/policy/explanations", facts)


def capture(archive: Archive, made: Journey) -> None:
    """Small and large, alone and together, as a mail, by upload, kept by law, of an old day."""
    for document in (
        said(ADDRESS, SUPPORT),
        said(ADDRESS, SUPPORT, ANN, body=f"{WORD} {secrets.token_hex(1)} " * 20_000),
        said(ANN, ADDRESS, OTHER),
        said(ADDRESS, INVOICES),
        said(ADDRESS, ANN, purpose="claims"),
    ):
        made.ids.add(archive.capture(document))
        assert archive.send(document).status == 200
        assert archive.send(document | {"body": f"{WORD}!"}).status == 409
    edited = said(ADDRESS, SUPPORT)
    made.ids.add(archive.capture(edited))
    assert archive.send(edited | {"body": f"{WORD}, {WORD}", "edit": True}).status == 201
    results = archive.capturing.capture([said(ADDRESS, SUPPORT), said(OTHER, SUPPORT)])
    made.ids.update(each["message"]["message_id"] for each in results)
    for mailbox in (SUPPORT, EVIDENCE, INVOICES):
        made.ids.add(captured(archive.mail(mail(mailbox), mailbox)))
    raw = mail(EVIDENCE)
    upload = archive.capturing.read("POST", "/uploads", {"size": len(raw)})
    place = urlsplit(upload["url"])
    assert archive.stack.aws.http("PUT", f"{place.path}?{place.query}", raw).status == 200
    made.ids.add(captured(archive.mail(b"", EVIDENCE, Lethe_Upload=upload["upload_id"])))
    token = archive.stack.callers.machine("import")
    old = said(ADDRESS, SUPPORT, time="2026-02-03T04:05:06Z")
    made.refusals.append(archive.stack.call("POST", "/messages", old, token=token).body)


def read(archive: Archive, made: Journey) -> None:
    for message_id in sorted(made.ids):
        made.read.append(archive.get(message_id).body)
        archive.get(message_id, "/attachments/1")
        archive.get(message_id, "/original")
    for address in (ADDRESS, OTHER):
        assert made.ids & archive.found(address, limit=2)


def end(archive: Archive, made: Journey) -> None:
    deleted = archive.capture(said(ADDRESS, SUPPORT))
    part = archive.capture(said(ANN, ADDRESS, OTHER))
    made.ids |= {deleted, part}
    assert archive.delete(deleted, ADDRESS).status == 200
    assert archive.delete(part, OTHER).json()["scope"] == "part"
    archive.erase(ADDRESS, key=f"key-{secrets.token_hex(8)}")
    made.refusals.append(archive.get(deleted).body)
    made.refusals.append(archive.delete(deleted, ADDRESS).body)


def refuse(archive: Archive, made: Journey) -> None:
    bad = said(WORD, SUPPORT, channel=f"{WORD}!", time=WORD, purpose=WORD, **{f"{WORD} x": WORD})
    made.refusals += [
        archive.send({**bad, "time": WORD}).body,
        archive.capturing.call("POST", "/messages", WORD.encode()).body,
        archive.capturing.call("POST", "/messages/batch", {"messages": [bad, WORD]}).body,
        archive.mail(mail(SUPPORT), WORD).body,
        archive.requesting.call("POST", "/requests", {"addresses": [WORD], "type": WORD}).body,
        archive.investigator.call("GET", f"/messages/{WORD}", headers=REASON).body,
        archive.investigator.call("POST", "/messages/search", {"address": WORD}).body,
        archive.officer.call(
            "POST", "/policy/proposals", {"classes": {f"{WORD} x": WORD}}, {"If-Match": "1"}
        ).body,
    ]


def test_the_words_are_found_where_they_lie() -> None:
    """Else the others prove nothing."""
    for word in WORDS:
        for form in (word, word.upper(), word.encode().hex(), f"…{word}"):
            assert has_word(form)
        for before in range(3):
            assert has_word(base64.b64encode(b"x" * before + word.encode() + b"yz"))
        assert has_word(word.encode("utf-16"))
    assert not has_word("another word")


def test_who_may_read_it_reads_it(journey: Journey) -> None:
    assert len(journey.read) >= 12
    assert all(has_word(body) for body in journey.read)


def test_L77_what_is_told_of_consents_and_sending_names_nobody(journey: Journey) -> None:
    assert len(journey.told) >= 35
    for body in journey.told:
        assert not has_word(body), body


def test_L77_nothing_on_its_way_lies_in_clear(journey: Journey) -> None:
    assert {item["state"]["S"] for item in journey.outbox if "state" in item} >= {"queued", "sent"}
    for item in journey.outbox:
        for value in values(item):
            assert not has_word(value), item


def test_L77_no_answer_that_refuses_repeats_it(journey: Journey) -> None:
    for body in journey.refusals:
        assert body.startswith(b"{")
        assert not has_word(body), body


def test_L77_no_queue_ever_held_it(archive: Archive, journey: Journey) -> None:
    assert len(journey.queued) >= 4
    assert {"dispatch", "request"} <= {name for each in journey.queued for name in body(each)}
    left = [
        each
        for name in archive.stack.resources
        if name.endswith("Queue")
        for each in archive.queued(name)
    ]
    for each in (*journey.queued, *left):
        assert not has_word(json.dumps(each)), each
    letters = [name for name in archive.stack.resources if name.endswith("DeadLetterQueue")]
    assert letters
    assert not [each for name in letters for each in archive.queued(name)]


def test_L77_no_table_holds_it(archive: Archive, journey: Journey) -> None:
    assert journey.ids & {item["pk"]["S"] for item in archive.items("MessagesTable")}
    for table in archive.tables:
        for item in archive.items(table):
            for value in values(item):
                assert not has_word(value) or value == CONSENT_TEXT, (table, item)


def test_a_text_that_was_shown_lies_in_one_place(archive: Archive, journey: Journey) -> None:
    """It is no personal data, and is refused where it names the person."""
    assert journey.told
    found = [
        (table, item["pk"]["S"])
        for table in archive.tables
        for item in archive.items(table)
        if CONSENT_TEXT in values(item)
    ]
    [(table, key)] = found
    assert (table, key.partition("#")[0]) == ("NoticesTable", "text")


def body(queued: Document) -> Document:
    """Return the body of a message in a queue."""
    found: Document = json.loads(next(queued[name] for name in queued if name.lower() == "body"))
    return found


def values(attribute: object) -> Iterator[bytes | str]:
    """Yield every name and value of an item, however deep."""
    if isinstance(attribute, dict):
        for name, value in attribute.items():
            yield name
            yield from values(value)
    elif isinstance(attribute, (list, set, tuple)):
        for each in attribute:
            yield from values(each)
    elif isinstance(attribute, (bytes, str)):
        yield attribute
    elif hasattr(attribute, "value"):
        yield bytes(attribute.value)


def test_L77_no_bucket_holds_it(archive: Archive, journey: Journey) -> None:
    assert archive.objects("KeepBucket", below=journey.ids)
    assert not archive.objects("StagingBucket")
    for bucket, name in archive.buckets.items():
        for key, version in archive.objects(bucket):
            place = {"Bucket": name, "Key": key, "VersionId": version}
            found = archive.s3.get_object(**place)
            tags = archive.s3.get_object_tagging(**place)["TagSet"]
            described = (key, found["Metadata"], found.get("ContentDisposition"), tags)
            assert not has_word(str(described)), (bucket, key)
            assert not has_word(found["Body"].read()), (bucket, key)


def test_L77_no_log_and_no_metric_holds_it(archive: Archive, journey: Journey) -> None:
    assert journey.ids
    logs, seen = archive.stack.client("logs"), 0
    groups = logs.get_paginator("describe_log_groups").paginate()
    for group in (each["logGroupName"] for page in groups for each in page["logGroups"]):
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            for event in page["events"]:
                seen += 1
                assert not has_word(event["message"] + event["logStreamName"]), event
    assert seen
    metrics = archive.stack.client("cloudwatch").list_metrics()["Metrics"]
    assert not has_word(json.dumps(metrics))


def test_L77_no_call_of_aws_shows_it(archive: Archive, journey: Journey) -> None:
    """CloudTrail writes down names, keys' contexts and requests' parameters in clear.

    The call that hands a mail to SES is the sending itself: CloudTrail does not write it down,
    unless somebody turns the data events of SES on.
    """
    assert journey.ids
    for function in archive.stack.functions:
        for event in archive.stack.recorder.events(function):
            if event["EventSource"].startswith("ses.") and function == "DispatchFunction":
                continue
            assert not has_word(json.dumps(event).replace(CONSENT_TEXT, "")), event


def test_L47_nothing_of_the_local_aws_on_disk_holds_it(archive: Archive, journey: Journey) -> None:
    """Its buckets lie on disk as they are: what a lost disk would show."""
    assert journey.ids
    folder = archive.stack.aws.home / "s3"
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert not has_word(str(path.relative_to(folder)))
        assert not has_word(path.read_bytes()), path
