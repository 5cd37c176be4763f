"""The deployed archive as its callers see it, and as an administrator does who looks below."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from tools.client import Client
from tools.local_aws import Answer
from tools.sample_delivery import put_in_force
from tools.stack import Stack

Document = dict[str, Any]

SUPPORT = "mailto:support@controller.example"
INVOICES = "mailto:invoices@controller.example"
EVIDENCE = "mailto:evidence@controller.example"
ANN = "mailto:ann@controller.example"
BOB = "mailto:bob@controller.example"
SHOP = "tel:+493055500001"
"""The company's number, for text messages and WhatsApp."""
NEWS = "mailto:news@controller.example"
FUNCTIONS, EMPLOYEES = (SUPPORT, INVOICES, EVIDENCE, SHOP, NEWS), (ANN, BOB)

REASON = {"Access-Reason": "audit E2E"}
TABLES_OF_KEYS = frozenset({"KeysTable", "DayKeysTable", "HoldKeysTable", "ConsentKeysTable"})
QUEUES = ("ConsentQueue", "DaysQueue", "EraseQueue", "PurgeQueue", "SendQueue", "SentQueue")
PATIENCE_SECONDS = 90


def someone(name: str) -> str:
    """Return an address outside that nobody has had before."""
    return f"mailto:{name}.{secrets.token_hex(4)}@example.org"


def somebody() -> str:
    """Return a number that nobody has had before."""
    return f"tel:+49151{secrets.randbelow(90_000_000) + 10_000_000}"


def message(sender: str, *recipients: str, **changes: Any) -> Document:
    """Return a chat message that nobody has sent before."""
    participants = [{"address": sender, "role": "sender"}]
    participants += [{"address": address, "role": "recipient"} for address in recipients]
    inbound = sender not in {*FUNCTIONS, *EMPLOYEES}
    return {
        "channel": "chat",
        "external_id": secrets.token_hex(8),
        "direction": "inbound" if inbound else "outbound",
        "participants": participants,
        "body": f"Good morning {secrets.token_hex(8)}",
        **changes,
    }


@dataclass(frozen=True)
class Archive:
    """The API with a client for each kind of caller, and what lies below it."""

    stack: Stack

    @cached_property
    def capturing(self) -> Client:
        return self._client(lambda: self.stack.callers.machine("capture"))

    @cached_property
    def importing(self) -> Client:
        return self._client(lambda: self.stack.callers.machine("import"))

    @cached_property
    def requesting(self) -> Client:
        return self._client(lambda: self.stack.callers.machine("requests"))

    @cached_property
    def consenting(self) -> Client:
        return self._client(lambda: self.stack.callers.machine("consent"))

    @cached_property
    def dispatching(self) -> Client:
        return self._client(lambda: self.stack.callers.machine("dispatch"))

    @cached_property
    def officer(self) -> Client:
        return self._client(lambda: self.stack.callers.staff("privacy-officer"))

    @cached_property
    def approver(self) -> Client:
        return self._client(lambda: self.stack.callers.staff("approver"))

    @cached_property
    def investigator(self) -> Client:
        return self._client(lambda: self.stack.callers.staff("investigator"))

    def send(self, document: Document) -> Answer:
        """Deliver a message; one that states its time by the import scope."""
        client = self.importing if "time" in document else self.capturing
        return client.call("POST", "/messages", document)

    def mail(self, raw: bytes, mailbox: str, **headers: str) -> Answer:
        """Deliver a raw mail."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Content-Type": "message/rfc822", "Lethe-Mailbox": mailbox, **named}
        return self.capturing.call("POST", "/channels/email", raw, sent)

    def capture(self, document: Document) -> str:
        """Deliver a message that is new; return its id."""
        return captured(self.send(document))

    def get(self, message_id: str, below: str = "") -> Answer:
        return self.investigator.call("GET", f"/messages/{message_id}{below}", headers=REASON)

    def read(self, message_id: str) -> Document:
        """Read a message that is there."""
        answer = self.get(message_id)
        assert answer.status == 200, answer.body
        document: Document = answer.json()
        return document

    def said(self, message_id: str) -> Document:
        """Read what a message's first version says."""
        version: Document = self.read(message_id)["versions"][0]
        return version

    def find(self, address: str, **fields: Any) -> list[list[str]]:
        """Search until the end; return the ids on each page."""
        asked = {"address": address, "reason": REASON["Access-Reason"], **fields}
        pages: list[list[str]] = []
        while True:
            page = self.investigator.read("POST", "/messages/search", asked)
            pages.append([each["message_id"] for each in page["messages"]])
            if not page["cursor"]:
                return pages
            asked["cursor"] = page["cursor"]

    def found(self, address: str, **fields: Any) -> set[str]:
        """Return the ids that a search finds, on whatever page."""
        return {message_id for page in self.find(address, **fields) for message_id in page}

    def delete(self, message_id: str, participant: str) -> Answer:
        path = f"/messages/{message_id}/deletion"
        return self.requesting.call("POST", path, {"participant": participant})

    def ask_for_erasure(self, *addresses: str, key: str | None = None) -> Answer:
        body = {
            "type": "erasure",
            "addresses": list(addresses),
            "ground": "17(1)(b)",
            "identity_verified_by": "code_to_address",
        }
        headers = {"Idempotency-Key": key} if key else {}
        return self.requesting.call("POST", "/requests", body, headers)

    def erase(self, *addresses: str, key: str | None = None) -> Document:
        """Erase a person; when this returns, what ends is unreadable."""
        answer = self.ask_for_erasure(*addresses, key=key)
        assert answer.status == 202, answer.body
        document: Document = answer.json()
        return document

    def request(self, request_id: str) -> Document:
        document: Document = self.requesting.read("GET", f"/requests/{request_id}")
        return document

    def change_policy(self, change: Callable[[Document], None]) -> Document:
        """Change the policy as two people do; what the preview showed."""
        return put_in_force(self.officer, self.approver, change)

    # Below the API, as an administrator

    @cached_property
    def dynamodb(self) -> Any:
        return self.stack.client("dynamodb")

    @cached_property
    def s3(self) -> Any:
        return self.stack.client("s3")

    @cached_property
    def tables(self) -> dict[str, str]:
        """Physical by logical names."""
        return self._resources("Table")

    @cached_property
    def buckets(self) -> dict[str, str]:
        return self._resources("Bucket")

    def items(self, table: str) -> list[Document]:
        """Return every item of a table, by its logical name."""
        pages = self.dynamodb.get_paginator("scan")
        found = pages.paginate(TableName=self.tables[table], ConsistentRead=True)
        return [item for page in found for item in page["Items"]]

    def versions(self, message_id: str) -> list[Document]:
        """Return what lies under a message id."""
        found: list[Document] = self.dynamodb.query(
            TableName=self.tables["MessagesTable"],
            KeyConditionExpression="pk = :id",
            ExpressionAttributeValues={":id": {"S": message_id}},
            ConsistentRead=True,
        )["Items"]
        return found

    def entries(self, message_ids: set[str]) -> list[Document]:
        """Return the index entries that lead to messages."""
        entries = self.items("EntriesTable")
        return [item for item in entries if message_ids & set(item["sk"]["S"].split("#"))]

    def objects(self, bucket: str, *, below: set[str] | None = None) -> list[tuple[str, str]]:
        """Return name and version of everything in a bucket, delete markers too."""
        pages = self.s3.get_paginator("list_object_versions")
        return [
            (version["Key"], version["VersionId"])
            for page in pages.paginate(Bucket=self.buckets[bucket])
            for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            if below is None or below & set(version["Key"].split("/"))
        ]

    def settle(self) -> None:
        """Wait until no request is open and no work waits in a queue."""
        wait(lambda: not self._work(), "the end of all work", self._work)

    def _work(self) -> list[Document]:
        queued = [each for queue in QUEUES for each in self.queued(queue)]
        return [item for item in self.items("RequestsTable") if "open" in item] + queued

    def queued(self, queue: str) -> list[Document]:
        """Return everything in a queue, also what is delayed or being worked on."""
        url = self.stack.resources[queue]
        query = urlencode({"QueueUrl": url})
        found = self.stack.aws.http("GET", f"/_ministack/sqs/messages?{query}").json()["messages"]
        return [
            each
            for regions in found.values()
            for queues in regions.values()
            for messages in queues.values()
            for each in messages
        ]

    def size(self) -> dict[str, int]:
        """Count what lies in tables and buckets; audit only grows, days come by schedule."""
        left_out = {"AuditTable", "DayKeysTable"}
        counts = {table: len(self.items(table)) for table in self.tables.keys() - left_out}
        return counts | {bucket: len(self.objects(bucket)) for bucket in self.buckets}

    def _resources(self, kind: str) -> dict[str, str]:
        resources = self.stack.resources.items()
        return {name: physical for name, physical in resources if name.endswith(kind)}

    def _client(self, token: Callable[[], str]) -> Client:
        return Client(self.stack.api_url, token)


def captured(answer: Answer) -> str:
    """Return the id of a message that is new."""
    assert answer.status == 201, answer.body
    return str(answer.json()["message_id"])


def prepare(archive: Archive) -> None:
    """List own addresses, add the classes and rules that the tests need, make their days."""
    own = [{"address": address, "kind": "function"} for address in FUNCTIONS]
    own += [{"address": address, "kind": "person"} for address in EMPLOYEES]
    listed = [{**each, "valid_from": "2020-01-01"} for each in own]
    archive.officer.read("POST", "/own-addresses", {"own_addresses": listed})
    archive.change_policy(_extend)
    archive.stack.invoke("RetentionSweepFunction")


CONSENT = {"legal_basis": "Art. 6(1)(a)"}


def _extend(policy: Document) -> None:
    basis = {
        "description": "Of the tests.",
        "legal_basis": "Art. 6(1)(f)",
        "deletion_window": "P30D",
    }
    policy["classes"]["evidence"] = {**basis, "period": "P10Y", "keep_original": True}
    policy["classes"]["fleeting"] = {**basis, "period": "P1Y"}
    policy["purposes"]["fleeting"] = {"description": "Tests.", "legal_basis": "Art. 6(1)(a)"}
    policy["purposes"] |= {
        "club": {**CONSENT, "description": "A club for children.", "children": True},
        "health": {
            **CONSENT,
            "description": "Reminders of treatments.",
            "special_categories": True,
        },
        "courtesy": {
            "description": "A word at the anniversary of the contract.",
            "legal_basis": "Art. 6(1)(f)",
            "legitimate_interest": "Keeping in touch with customers.",
            "assessment": "Once a year.",
        },
    }
    policy["channels"]["email"]["gate"] = "enforced"
    policy["channels"]["chat"]["tag_inbound"] = True
    pager = {**policy["channels"]["sms"], "description": "Pagers.", "vendor": "pager-house"}
    policy["channels"]["pager"] = {**pager, "first_contact": False}
    policy["vendors"]["pager-house"] = {
        "name": "Pager House",
        "service": "Pages.",
        "country": "DE",
        "region": "Berlin",
    }
    policy["rules"][:0] = [
        {"when": {"own_address": INVOICES}, "class": "invoices", "purpose": "accounting"},
        {"when": {"own_address": EVIDENCE}, "class": "evidence"},
        {"when": {"purpose": "fleeting"}, "class": "fleeting"},
    ]


def wait(condition: Callable[[], bool], what: str, left: Callable[[], object] = lambda: "") -> None:
    """Look again and again until the condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"in vain for {what} {left()}"
        time.sleep(0.5)


def texts(document: object) -> Iterator[str]:
    """Yield the JSON in both ways in which a word may stand in it."""
    yield json.dumps(document)
    yield json.dumps(document, ensure_ascii=False)
