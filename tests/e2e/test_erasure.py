"""A person is erased by address: gone from the next call on, purged, and back by no way."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest

from tests.e2e.archive import (
    ANN,
    BOB,
    EVIDENCE,
    INVOICES,
    SUPPORT,
    TABLES_OF_KEYS,
    Archive,
    Document,
    captured,
    message,
    someone,
    texts,
    wait,
)

NAME = "Mara Lindqvist-Öztürk"
LARGE = "".join(secrets.token_hex(16) for _ in range(1_000))


@dataclass
class Case:
    """A person of two addresses among others, before and after the erasure."""

    archive: Archive
    mara: str = field(default_factory=lambda: someone("mara"))
    phone: str = field(default_factory=lambda: f"tel:+4915{secrets.randbelow(10**9):09d}")
    jonas: str = field(default_factory=lambda: someone("jonas"))
    sent: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    before: dict[str, Document] = field(default_factory=dict)
    request: Document = field(default_factory=dict)
    backups: dict[str, str] = field(default_factory=dict)
    key: str = field(default_factory=lambda: secrets.token_hex(8))

    ENDED = ("own words", "own large", "to her alone", "call", "by phone", "her mail")
    LIVES_ON = ("to several", "in copy", "mail in copy", "among employees")
    RESTRICTED = ("claim", "invoice")
    UNTOUCHED = ("of jonas", "of ann", "invoice of jonas")

    def send(self, name: str) -> Any:
        sent = self.sent[name]
        if isinstance(sent, tuple):
            return self.archive.mail(*sent)
        return self.archive.send(sent)

    def statuses(self, names: tuple[str, ...]) -> dict[str, int]:
        return {name: self.archive.get(self.ids[name]).status for name in names}

    def ids_of(self, names: tuple[str, ...]) -> set[str]:
        return {self.ids[name] for name in names}


def named(document: Document, *addresses: str) -> Document:
    """Give these addresses her name."""
    for participant in document["participants"]:
        if participant["address"] in addresses:
            participant["name"] = NAME
    return document


def mail(sender: str, to: str, cc: str) -> bytes:
    made = EmailMessage()
    made["Message-ID"] = f"<{secrets.token_hex(8)}@mail.example.org>"
    for header, address in (("From", sender), ("To", to), ("Cc", cc)):
        name = NAME if "mara" in address else "Somebody Else"
        made[header] = f"{name} <{address.removeprefix('mailto:')}>"
    made["Subject"] = "Parcel 17"
    made.set_content("Has it left?\n")
    return made.as_bytes()


@pytest.fixture(scope="module")
def case(archive: Archive) -> Iterator[Case]:
    """Capture what the person and others said, keep a backup, erase the person."""
    case = Case(archive)
    mara, jonas, phone = case.mara, case.jonas, case.phone
    file = {"name": "a.txt", "content_base64": "YWJj"}
    call = {"channel": "voice", "body": "a transcript"}
    case.sent = {
        "own words": message(mara, SUPPORT),
        "own large": message(mara, jonas, ANN, body=LARGE, attachments=[file]),
        "to her alone": message(ANN, mara, BOB),
        "call": message(jonas, phone, SUPPORT, **call),
        "by phone": message(phone, SUPPORT, channel="sms"),
        "her mail": (mail(mara, EVIDENCE, jonas), EVIDENCE),
        "to several": message(ANN, mara, jonas),
        "in copy": message(jonas, SUPPORT, mara, attachments=[file]),
        "mail in copy": (mail(jonas, EVIDENCE, mara), EVIDENCE),
        "among employees": message(ANN, BOB, jonas, phone, body=LARGE),
        "claim": message(mara, ANN, purpose="claims"),
        "invoice": message(mara, INVOICES),
        "of jonas": message(jonas, SUPPORT),
        "of ann": message(ANN, jonas),
        "invoice of jonas": message(jonas, INVOICES),
    }
    for sent in case.sent.values():
        if not isinstance(sent, tuple):
            named(sent, mara, phone)
    case.ids = {name: captured(case.send(name)) for name in case.sent}
    case.before = {name: archive.read(message_id) for name, message_id in case.ids.items()}
    for table in archive.tables.keys() - TABLES_OF_KEYS:
        made = archive.dynamodb.create_backup(TableName=archive.tables[table], BackupName=table)
        case.backups[table] = made["BackupDetails"]["BackupArn"]
    case.request = archive.erase(mara, phone, key=case.key)
    yield case
    for backup in case.backups.values():
        archive.dynamodb.delete_backup(BackupArn=backup)


@pytest.fixture(scope="module")
def purged(case: Case) -> Case:
    """The case once purge has deleted and verified everything."""

    def is_completed() -> bool:
        case.request = case.archive.request(case.request["request_id"])
        return bool(case.request["state"] == "completed")

    wait(is_completed, "the end of the purge")
    return case


def test_what_the_rule_ends_is_gone_from_the_next_call_on(case: Case) -> None:
    assert case.statuses(case.ENDED) == dict.fromkeys(case.ENDED, 410)
    assert case.archive.get(case.ids["own large"], "/attachments/1").status == 410
    assert case.archive.get(case.ids["her mail"], "/original").status == 410
    assert case.archive.find(case.mara) == case.archive.find(case.phone) == [[]]
    assert not case.ids_of(case.ENDED) & case.archive.found(case.jonas)


def test_L53_what_lives_on_shows_no_trace_of_the_person(case: Case) -> None:
    traces = (
        case.mara,
        case.mara.removeprefix("mailto:"),
        case.phone,
        NAME,
        NAME.partition(" ")[0],
    )
    for name in case.LIVES_ON:
        before, after = case.before[name], case.archive.read(case.ids[name])

        assert any(NAME in text for text in texts(before)), name
        assert not [t for text in texts(after) for t in traces if t in text], name
        bodies = [[v["body"] for v in read["versions"]] for read in (before, after)]
        assert bodies[0] == bodies[1]
        assert len(after["participants"]) == len(before["participants"])
    assert case.archive.get(case.ids["in copy"], "/attachments/1").status == 200


def test_an_original_that_shows_the_person_is_gone(case: Case) -> None:
    assert case.archive.get(case.ids["mail in copy"], "/original").status == 410


def test_messages_between_others_are_untouched(case: Case) -> None:
    for name in case.UNTOUCHED:
        assert case.archive.read(case.ids[name]) == case.before[name]
    assert case.ids["of jonas"] in case.archive.found(case.jonas)


def test_L56_what_the_law_keeps_and_what_a_human_reviews_is_restricted(case: Case) -> None:
    assert case.statuses(case.RESTRICTED) == dict.fromkeys(case.RESTRICTED, 423)
    assert not case.ids_of(case.RESTRICTED) & case.archive.found(case.mara)
    decisions = {d["class"]: d for a in case.request["addresses"] for d in a["decisions"]}
    assert decisions["invoices"]["act"] == "keep"
    assert "AO" in decisions["invoices"]["article"]
    assert decisions["invoices"]["until"] > case.request["received_at"]
    assert decisions["claims"]["act"] == "review"
    assert {d["act"] for cls, d in decisions.items() if cls not in {"invoices", "claims"}} == {
        "erase"
    }


def test_L50_late_and_repeated_deliveries_bring_nothing_back(case: Case) -> None:
    for name in case.ENDED:
        assert case.send(name).status == 410, name
    for name in (*case.LIVES_ON, *case.UNTOUCHED):
        assert case.send(name).status == 200, name
    assert case.statuses(case.ENDED) == dict.fromkeys(case.ENDED, 410)
    test_L53_what_lives_on_shows_no_trace_of_the_person(case)


def test_a_request_is_one_under_its_key(case: Case) -> None:
    again = case.archive.erase(case.mara, case.phone, key=case.key)
    other = case.archive.ask_for_erasure(someone("other"), key=case.key)

    assert again["request_id"] == case.request["request_id"]
    assert again["received_at"] == case.request["received_at"]
    assert other.status == 409


def test_L51_a_new_message_comes_under_a_new_holder(case: Case) -> None:
    mara, archive = case.mara, case.archive
    old = {h["B"] for name in ("in copy", "to several") for h in holders(case, case.ids[name])}

    message_id = archive.capture(named(message(mara, SUPPORT, body="I am back."), mara))

    assert archive.read(message_id)["versions"][0]["body"] == "I am back."
    assert archive.find(mara) == [[message_id]]
    new = {h["B"] for h in holders(case, message_id)}
    assert len(new - old) >= 1
    assert new.isdisjoint(old - {h["B"] for h in holders(case, case.ids["of jonas"])})
    test_what_lives_on_is_not_connected(case)
    assert case.statuses(case.ENDED) == dict.fromkeys(case.ENDED, 410)
    archive.erase(mara)
    assert archive.get(message_id).status == 410


def test_what_lives_on_is_not_connected(case: Case) -> None:
    test_L53_what_lives_on_shows_no_trace_of_the_person(case)


def holders(case: Case, message_id: str) -> list[Document]:
    """Return the holder ids that a message still names."""
    return [h for item in case.archive.versions(message_id) for h in item["h"]["L"] if "B" in h]


def test_the_purge_leaves_tombstones_alone(purged: Case) -> None:
    ended = purged.ids_of(purged.ENDED)

    assert purged.request["purges_pending"] == 0
    assert purged.request["versions_purged"] >= len(ended)
    for message_id in ended:
        for item in purged.archive.versions(message_id):
            assert item.keys() <= {"pk", "sk", "x", "e", "ttl"}
    assert not purged.archive.entries(ended)
    for bucket in ("ObjectsBucket", "KeepBucket"):
        assert not purged.archive.objects(bucket, below=ended)


def test_after_the_purge_everything_answers_as_before(purged: Case) -> None:
    test_what_the_rule_ends_is_gone_from_the_next_call_on(purged)
    test_L53_what_lives_on_shows_no_trace_of_the_person(purged)
    test_an_original_that_shows_the_person_is_gone(purged)
    test_messages_between_others_are_untouched(purged)
    test_L50_late_and_repeated_deliveries_bring_nothing_back(purged)
    assert purged.statuses(purged.RESTRICTED) == dict.fromkeys(purged.RESTRICTED, 423)


def test_what_lives_on_lost_the_persons_part(purged: Case) -> None:
    """Entry, block and holder id are cut out, and the original with them."""
    for name in purged.LIVES_ON:
        before = len(purged.before[name]["participants"])
        assert len(holders(purged, purged.ids[name])) == before - 1, name
    names = purged.archive.objects("ObjectsBucket", below={purged.ids["mail in copy"]})
    assert not [name for name, _ in names if name.endswith("/original")]


def test_L49_a_restore_of_all_but_the_keys_brings_nothing_back(purged: Case) -> None:
    """First as a merge, which is how a restore is done; then by replacing the messages outright."""
    archive = purged.archive
    deleted = archive.capture(message(purged.jonas, SUPPORT))
    item, *_ = archive.versions(deleted)
    entries = archive.entries({deleted})
    assert archive.delete(deleted, purged.jonas).status == 200
    wait(lambda: "x" in archive.versions(deleted)[0], "the purge of the deleted message")

    lost = {table: restored(archive, backup) for table, backup in purged.backups.items()}
    for table, items in lost.items():
        for old in items:
            put_if_missing(archive, table, old)
    for entry in entries:
        put_if_missing(archive, "EntriesTable", entry)
    archive.dynamodb.put_item(TableName=archive.tables["MessagesTable"], Item=item)
    for old in lost["MessagesTable"]:
        if old["pk"]["S"] in purged.ids_of(purged.ENDED):
            archive.dynamodb.put_item(TableName=archive.tables["MessagesTable"], Item=old)

    assert archive.entries(purged.ids_of(purged.ENDED))
    assert archive.get(deleted).status == 410
    assert deleted not in archive.found(purged.jonas)
    test_what_the_rule_ends_is_gone_from_the_next_call_on(purged)
    test_L53_what_lives_on_shows_no_trace_of_the_person(purged)
    test_messages_between_others_are_untouched(purged)
    for name in purged.ENDED:
        assert purged.send(name).status in {200, 410}
    assert purged.statuses(purged.ENDED) == dict.fromkeys(purged.ENDED, 410)


def restored(archive: Archive, backup: str) -> list[Document]:
    """Return what a backup of a table holds, by restoring it beside the table."""
    beside = f"restored-{secrets.token_hex(4)}"
    archive.dynamodb.restore_table_from_backup(TargetTableName=beside, BackupArn=backup)
    archive.dynamodb.get_waiter("table_exists").wait(TableName=beside, WaiterConfig={"Delay": 1})
    found = archive.dynamodb.get_paginator("scan").paginate(TableName=beside)
    items = [item for page in found for item in page["Items"]]
    archive.dynamodb.update_table(TableName=beside, DeletionProtectionEnabled=False)
    archive.dynamodb.delete_table(TableName=beside)
    return items


def put_if_missing(archive: Archive, table: str, item: Document) -> None:
    with suppress(archive.dynamodb.exceptions.ConditionalCheckFailedException):
        archive.dynamodb.put_item(
            TableName=archive.tables[table],
            Item=item,
            ConditionExpression="attribute_not_exists(pk)",
        )


def test_what_a_human_decides_to_erase_ends(archive: Archive) -> None:
    mara = someone("mara")
    claim = archive.capture(message(mara, ANN, purpose="claims"))
    request = archive.erase(mara)
    assert request["state"] == "completed"
    assert archive.get(claim).status == 423
    decision = {"address_index": 0, "class": "claims", "act": "erase", "reason": "claim_settled"}

    path = f"/requests/{request['request_id']}/decisions"
    decided = archive.officer.call("POST", path, {"decisions": [decision]})

    assert decided.status == 202, decided.body
    assert archive.get(claim).status == 410


def test_nobody_is_erased_who_was_never_there(archive: Archive) -> None:
    request = archive.erase(someone("nobody"))

    assert request["state"] == "completed"
    assert request["addresses"][0]["decisions"] == []


def test_a_function_address_is_no_persons(archive: Archive) -> None:
    refused = archive.ask_for_erasure(someone("mara"), SUPPORT)

    assert refused.status == 400
    assert refused.json()["errors"][0]["pointer"] == "/addresses/1"
    assert SUPPORT not in json.dumps(refused.json())
