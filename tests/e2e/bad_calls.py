"""Calls of the archive that are refused, by what is wrong with them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.archive import REASON, SUPPORT, Document, message

CANARY = "canary5k2v"
ADDRESS = f"mailto:{CANARY}@example.org"
NOWHERE = "0" * 32
MEGABYTE = 1024**2


@dataclass(frozen=True)
class Bad:
    """A call that is refused: who calls what, how it is answered, and which places are named."""

    caller: str
    method: str
    path: str
    body: Any = None
    status: int = 400
    names: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def said(**changes: Any) -> Document:
    return message(ADDRESS, SUPPORT) | changes


def participants(*addresses: Any) -> list[Document]:
    return [{"address": each, "role": "sender"} for each in addresses]


def attached(**changes: Any) -> Document:
    return said(attachments=[{"name": "a.txt", "content_base64": "YWJj", **changes}])


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def capture(body: Any, *names: str, status: int = 400, path: str = "/messages") -> Bad:
    return Bad("capture", "POST", path, body, status, names)


def mail(raw: bytes, *names: str, status: int = 400, **headers: str) -> Bad:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"Content-Type": "message/rfc822", **named}
    return Bad("capture", "POST", "/channels/email", raw, status, names, sent)


def search(*names: str, **changes: Any) -> Bad:
    body = {"address": ADDRESS, "reason": "audit", **changes}
    return Bad("investigator", "POST", "/messages/search", body, 400, names)


def erasure(*names: str, headers: dict[str, str] | None = None, **changes: Any) -> Bad:
    body = {
        "type": "erasure",
        "addresses": [ADDRESS],
        "ground": "17(1)(b)",
        "identity_verified_by": "code_to_address",
        **changes,
    }
    return Bad("requests", "POST", "/requests", body, 400, names, headers or {})


def as_csv(body: bytes, *names: str) -> Bad:
    sent = {"Content-Type": "text/csv"}
    return Bad("operator", "POST", "/own-addresses", body, 400, names, sent)


READ = f"/messages/{NOWHERE}"
DELETE = f"/messages/{NOWHERE}/deletion"
PROPOSALS = "/policy/proposals"
TOKEN = f"1.{'A' * 43}"
OWN = {"address": ADDRESS, "kind": "person", "valid_from": "2026-01-01"}
TEN_THOUSAND = participants(*(f"mailto:{CANARY}{n}@example.org" for n in range(10_000)))

BAD_CALLS = {
    # One message
    "no body": capture(None, ""),
    "not JSON": capture(f'{{"body": "{CANARY}"'.encode(), ""),
    "not UTF-8": capture(b'{"body": "' + CANARY.encode() + b'\xff"}', ""),
    "NaN": capture(f'{{"{CANARY}": NaN}}'.encode(), ""),
    "too deep": capture(nested(100_000), ""),
    "a list": capture([CANARY], ""),
    "a string": capture(json.dumps(CANARY).encode(), ""),
    "null": capture(b"null", ""),
    "empty": capture({}, "/channel", "/external_id", "/direction", "/participants", "/body"),
    "unknown field": capture(said(unknown=CANARY), "/unknown"),
    "unknown field with a value in its name": capture(said(**{f"{CANARY} x": 1}), ""),
    "another's id": capture(said(message_id=NOWHERE), "/message_id"),
    "another's version": capture(said(version=2), "/version"),
    "wrong types": capture(
        said(body=17, subject=[CANARY], participants=CANARY, edit=CANARY),
        "/body",
        "/subject",
        "/participants",
        "/edit",
    ),
    "channel": capture(said(channel=f"{CANARY}!"), "/channel"),
    "mail as a message": capture(said(channel="email"), "/channel"),
    "direction": capture(said(direction=CANARY), "/direction"),
    "purpose": capture(said(purpose=CANARY), "/purpose"),
    "external id too long": capture(said(external_id=CANARY * 60), "/external_id"),
    "time": capture(said(time=CANARY), "/time"),
    "time without an offset": capture(said(time="2026-01-01T00:00:00"), "/time"),
    "time by the wrong scope": capture(said(time="2026-01-01T00:00:00Z"), status=403),
    "no participants": capture(said(participants=[]), "/participants"),
    "nobody sent it": capture(
        said(participants=[{"address": ADDRESS, "role": "recipient"}]), "/participants"
    ),
    "role": capture(
        said(participants=[{"address": ADDRESS, "role": CANARY}]), "/participants/0/role"
    ),
    "addresses": capture(
        said(
            participants=participants(
                CANARY,
                f"mailto:{CANARY}",
                f"tel:+49 {CANARY}",
                f"slack:{CANARY}",
                f"mailto:{CANARY}@{'x' * 300}.org",
                f"http://{CANARY}.example.org",
                17,
                "",
            )
        ),
        *(f"/participants/{n}/address" for n in range(8)),
    ),
    "10,000 recipients": capture(said(participants=TEN_THOUSAND), "/participants"),
    "name": capture(
        said(participants=[{"address": ADDRESS, "role": "sender", "name": f"{CANARY}\n"}]),
        "/participants/0/name",
    ),
    "control characters": capture(
        said(
            body=f"{CANARY}\x00",
            subject=f"{CANARY}\x1b",
            thread=f"{CANARY}\x7f",
            external_id=f"{CANARY}\r\nx",
        ),
        "/body",
        "/subject",
        "/thread",
        "/external_id",
    ),
    "lone surrogate": capture(
        json.dumps(said()).encode().replace(b'"body": "', b'"body": "\\ud800'), ""
    ),
    "headers": capture(
        said(headers=[[f"{CANARY} x", "1"], ["x-a", f"{CANARY}@example.org"], ["x-lethe-a", "1"]]),
        "/headers/0/0",
        "/headers/1/1",
        "/headers/2/0",
    ),
    "base64": capture(attached(content_base64=f"{CANARY}!"), "/attachments/0/content_base64"),
    "file name": capture(attached(name=f"../{CANARY}"), "/attachments/0/name"),
    "media type": capture(attached(media_type=CANARY), "/attachments/0/media_type"),
    "an upload that is not there": capture(
        said(
            attachments=[{"name": CANARY, "upload_id": NOWHERE, "size": 1, "sha256": NOWHERE * 2}]
        ),
        status=404,
    ),
    "an upload's id": capture(
        said(attachments=[{"name": "a", "upload_id": CANARY, "size": 1, "sha256": CANARY}]),
        "/attachments/0/upload_id",
        "/attachments/0/sha256",
    ),
    "body too long": capture(said(body=CANARY * 100_001), "/body"),
    "more than 4 MB": capture(said(body=CANARY * 450_000), status=413),
    # A batch
    "no batch": capture([CANARY], "/messages", path="/messages/batch"),
    "empty batch": capture({"messages": []}, "/messages", path="/messages/batch"),
    "101 messages": capture({"messages": [said()] * 101}, status=413, path="/messages/batch"),
    "field beside a batch": capture({"messages": [said()], CANARY: 1}, "", path="/messages/batch"),
    # A mail
    "no mail": mail(b"", "", Lethe_Mailbox=SUPPORT),
    "no mailbox": mail(b"Subject: x\r\n\r\n", "header Lethe-Mailbox"),
    "mailbox": mail(b"Subject: x\r\n\r\n", "header Lethe-Mailbox", Lethe_Mailbox=CANARY),
    "upload": mail(b"", "header Lethe-Upload", Lethe_Mailbox=SUPPORT, Lethe_Upload=CANARY),
    "upload that is not there": mail(b"", status=404, Lethe_Mailbox=SUPPORT, Lethe_Upload=NOWHERE),
    "mail of more than 4 MB": mail(
        b"Subject: x\r\n\r\n" + CANARY.encode() * 450_000, status=413, Lethe_Mailbox=SUPPORT
    ),
    "mail to 10,000": mail(
        f"To: {', '.join(f'{CANARY}{n}@example.org' for n in range(10_000))}\r\n\r\n".encode(),
        status=413,
        Lethe_Mailbox=SUPPORT,
    ),
    # An upload
    "size": Bad("capture", "POST", "/uploads", {"size": CANARY}, 400, ("/size",)),
    "no size": Bad("capture", "POST", "/uploads", {"size": 0, "x": CANARY}, 400, ("/size", "/x")),
    "too much": Bad("capture", "POST", "/uploads", {"size": 10**12}, 413),
    # Reading
    "no reason": Bad("investigator", "GET", READ, names=("header Access-Reason",)),
    "reason": Bad(
        "investigator",
        "GET",
        READ,
        names=("header Access-Reason",),
        headers={"Access-Reason": CANARY},
    ),
    "short reason": Bad(
        "investigator", "GET", READ, names=("header Access-Reason",), headers={"Access-Reason": "x"}
    ),
    "never was": Bad("investigator", "GET", READ, status=404, headers=REASON),
    "id": Bad("investigator", "GET", f"/messages/{CANARY}", status=404, headers=REASON),
    "attachment": Bad(
        "investigator", "GET", f"{READ}/attachments/{CANARY}", status=404, headers=REASON
    ),
    "version": Bad(
        "investigator",
        "GET",
        f"{READ}/original?version={CANARY}",
        names=("?version",),
        headers=REASON,
    ),
    "search": search("/address", "/reason", address=CANARY, reason=CANARY),
    "search by name": search("/name", name=CANARY),
    "limit": search("/limit", limit=101),
    "times": search("/from", "/to", **{"from": CANARY, "to": 17}),
    "cursor": search("/cursor", cursor=CANARY),
    "cursor of JSON": search(
        "/cursor", cursor=base64.b64encode(json.dumps([CANARY]).encode()).decode()
    ),
    # Ending
    "deletion": Bad("requests", "POST", DELETE, {"participant": CANARY}, names=("/participant",)),
    "deletion of nothing": Bad("requests", "POST", DELETE, {"participant": ADDRESS}, 404),
    "erasure": erasure(
        "/type",
        "/addresses/0",
        "/ground",
        "/identity_verified_by",
        type=CANARY,
        addresses=[CANARY],
        ground=CANARY,
        identity_verified_by=CANARY,
    ),
    "nobody to erase": erasure("/addresses", addresses=[]),
    "21 addresses": erasure("/addresses", addresses=[ADDRESS] * 21),
    "function to erase": erasure("/addresses/1", addresses=[ADDRESS, SUPPORT]),
    "idempotency key": erasure(
        "header Idempotency-Key", headers={"Idempotency-Key": f"{CANARY} x"}
    ),
    "request": Bad("requests", "GET", f"/requests/{CANARY}", status=404),
    "request that never was": Bad("requests", "GET", f"/requests/{NOWHERE}", status=404),
    "decisions": Bad(
        "officer",
        "POST",
        f"/requests/{NOWHERE}/decisions",
        {"decisions": [{"address_index": CANARY, "class": CANARY, "act": CANARY}]},
        names=("/decisions/0/address_index", "/decisions/0/act", "/decisions/0/reason"),
    ),
    # Governing
    "policy": Bad(
        "officer",
        "POST",
        PROPOSALS,
        {"unknown": CANARY, "classes": {"a": {"period": CANARY}}},
        names=("/unknown", "/classes/a/period", "/controller"),
        headers={"If-Match": "1"},
    ),
    "policy unseen": Bad("officer", "POST", PROPOSALS, {}, names=("header If-Match",)),
    "policy seen": Bad(
        "officer", "POST", PROPOSALS, {}, names=("header If-Match",), headers={"If-Match": CANARY}
    ),
    "proposal": Bad("officer", "GET", f"{PROPOSALS}/{CANARY}", status=404),
    "preview of nothing": Bad("approver", "POST", f"{PROPOSALS}/{NOWHERE}/preview", status=404),
    "approval of nothing": Bad(
        "approver", "POST", f"{PROPOSALS}/{NOWHERE}/approval", {"token": TOKEN}, 404
    ),
    "day of a report": Bad("officer", "GET", f"/reports/{CANARY}", status=404),
    "report of tomorrow": Bad("officer", "GET", "/reports/2999-01-01", status=404),
    "token": Bad(
        "approver",
        "POST",
        f"{PROPOSALS}/{NOWHERE}/approval",
        {"token": CANARY, "by": CANARY},
        names=("/token", "/by"),
    ),
    "facts": Bad(
        "officer",
        "POST",
        "/policy/explanations",
        {"channel": "chat", "direction": CANARY, "own_addresses": [CANARY]},
        names=("/direction", "/own_addresses/0"),
    ),
    "own addresses": Bad(
        "operator",
        "POST",
        "/own-addresses",
        {"own_addresses": [OWN | {"kind": CANARY, "valid_from": CANARY}]},
        names=("/own_addresses/0/kind", "/own_addresses/0/valid_from"),
    ),
    "own addresses twice": Bad(
        "operator",
        "POST",
        "/own-addresses",
        {"own_addresses": [OWN, OWN]},
        names=("/own_addresses/1/valid_from",),
    ),
    "CSV": as_csv(CANARY.encode(), ""),
    "CSV row": as_csv(
        f"address,kind,valid_from,valid_to\n{CANARY},{CANARY},,\n".encode(),
        "/rows/0/address",
        "/rows/0/kind",
        "/rows/0/valid_from",
    ),
    "own address": Bad(
        "operator", "POST", "/own-addresses/search", {"address": CANARY}, names=("/address",)
    ),
}
