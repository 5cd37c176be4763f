"""Bad input is answered by a problem that names the field, never the value, and leaves nothing."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from lethe.api.auth import ROUTES, Access

from tests.e2e.archive import ANN, REASON, Archive, Document, message, someone
from tests.e2e.bad_calls import (
    ADDRESS,
    BAD_CALLS,
    CANARY,
    DELETE,
    NOWHERE,
    READ,
    Bad,
    capture,
    participants,
    said,
)
from tests.e2e.bad_calls_of_sending import BAD_CALLS_OF_SENDING
from tools.callers import GROUPS, MACHINES
from tools.fake_vendors import FakeVendors
from tools.local_aws import Answer
from tools.stack import ACCOUNT_SID

BAD = BAD_CALLS | BAD_CALLS_OF_SENDING
CLOSED = [route for route, access in ROUTES.items() if not access.public]
ANYWHERE = re.compile(r"<\w+>")


@pytest.fixture(scope="module")
def theirs(archive: Archive) -> Document:
    """A message of somebody else's."""
    document = message(someone("mara"), ANN)
    return {"id": archive.capture(document), **document}


@pytest.fixture(scope="module", autouse=True)
def _leaves_nothing_behind_and_rings_no_bell(archive: Archive, theirs: Document) -> Iterator[None]:
    archive.settle()
    start, before, said = time.time(), archive.size(), archive.versions(theirs["id"])
    yield
    assert archive.size() == before
    assert archive.versions(theirs["id"]) == said
    for function in archive.stack.functions:
        assert not [line for line in archive.stack.logs(function, since=start) if "rrors" in line]


def called(archive: Archive, bad: Bad) -> Answer:
    callers = archive.stack.callers
    groups = {"officer": "privacy-officer"}
    token = (
        callers.machine(bad.caller)
        if bad.caller in MACHINES
        else callers.staff(groups.get(bad.caller, bad.caller))
    )
    return archive.stack.call(bad.method, bad.path, bad.body, token=token, headers=bad.headers)


def as_twilio(archive: Archive, method: str, path: str, form: bytes, password: str) -> Answer:
    credentials = base64.b64encode(f"{ACCOUNT_SID}:{password}".encode()).decode()
    headers = {
        "Authorization": f"Basic {credentials}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return archive.stack.call(method, path, form, headers=headers)


def check_problem(answer: Answer) -> Document:
    """Check the form that every problem has."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: Document = answer.json()
    assert problem["status"] == answer.status
    assert problem["title"]
    assert problem["detail"]
    assert problem["type"].startswith("urn:lethe:problem:")
    assert CANARY not in answer.body.decode()
    assert CANARY not in str(answer.headers)
    return problem


@pytest.mark.parametrize("name", BAD)
def test_L77_a_problem_names_the_field_and_never_the_value(archive: Archive, name: str) -> None:
    bad = BAD[name]

    answer = called(archive, bad)

    assert answer.status == bad.status, answer.body
    problem = check_problem(answer)
    named = [each["pointer"] for each in problem.get("errors", [])]
    assert set(bad.names) <= set(named), named
    assert all(each["detail"] for each in problem.get("errors", []))


def test_a_bad_message_in_a_batch_is_named_by_its_place(archive: Archive) -> None:
    wrong = [
        {"body": CANARY},
        said(unknown=CANARY),
        CANARY,
        said(participants=participants(CANARY)),
    ]

    answer = called(archive, capture({"messages": wrong}, path="/messages/batch"))

    results = answer.json()["results"]
    assert [each["status"] for each in results] == [400] * 4
    pointers = [{e["pointer"] for e in each["problem"]["errors"]} for each in results]
    assert "/messages/0/channel" in pointers[0]
    assert pointers[1:] == [
        {"/messages/1/unknown"},
        {"/messages/2"},
        {"/messages/3/participants/0/address"},
    ]
    assert CANARY not in answer.body.decode()


def test_a_bad_row_of_an_import_is_named_by_its_place(archive: Archive) -> None:
    row = {"address": ADDRESS, "decision": "given", "purpose": "newsletter", "channel": "email"}
    wrong: list[Document] = [{f"{CANARY} x": 1}, {"address": CANARY}, {"purpose": CANARY}]
    rows = [CANARY, {}, *(row | each for each in wrong)]

    answer = called(archive, Bad("import", "POST", "/consents/import", {"rows": rows}))

    results = answer.json()["results"]
    assert [each["status"] for each in results] == [400] * len(rows)
    pointers = [{e["pointer"] for e in each["problem"]["errors"]} for each in results]
    below = ("/address", "/decision", "/purpose", "/channel")
    assert pointers[:2] == [{"/rows/0"}, {f"/rows/1{name}" for name in below}]
    assert pointers[3] == {"/rows/3/address"}
    assert pointers[4] >= {"/rows/4/purpose", "/rows/4/evidence"}
    assert CANARY not in answer.body.decode()


MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages"
AS_TWILIO = {"To": "+4915155500099", "From": "+493055500001", "Body": CANARY}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        (21604, {"To": ""}),
        (21603, {"From": ""}),
        (21602, {"Body": ""}),
        (21211, {"To": CANARY}),
        (21212, {"From": CANARY * 3}),
        (21617, {"Body": CANARY * 10_001}),
        (21910, {"To": "whatsapp:+4915155500099"}),
        (20001, {"MediaUrl": CANARY}),
        (20001, {"Purpose": CANARY}),
        (20001, {"ValidityPeriod": CANARY, "Purpose": "fraud-alert"}),
    ],
)
def test_as_twilio_refuses(
    archive: Archive, vendors: FakeVendors, code: int, changes: dict[str, str]
) -> None:
    """Its form is that of its own errors; it names the parameter and never the value."""
    form = urlencode(AS_TWILIO | changes).encode()
    answer = as_twilio(archive, "POST", f"{MESSAGES}.json", form, f"{vendors.auth_token}")

    problem = answer.json()
    assert (answer.status, problem["status"], problem["code"]) == (400, 400, code), problem
    assert problem["message"]
    assert CANARY not in answer.body.decode()


@pytest.mark.parametrize("message_sid", [CANARY, f"SM{NOWHERE}", f"SM{NOWHERE}.json"])
def test_as_twilio_knows_no_such_message(
    archive: Archive, vendors: FakeVendors, message_sid: str
) -> None:
    answer = as_twilio(archive, "GET", f"{MESSAGES}/{message_sid}", b"", f"{vendors.auth_token}")
    assert answer.status == 404
    assert answer.json()["code"] == 20404
    assert CANARY not in answer.body.decode()


@pytest.mark.parametrize("password", ["", CANARY])
def test_as_twilio_asks_for_the_companys_own_token(archive: Archive, password: str) -> None:
    form = urlencode(AS_TWILIO).encode()
    for method, path in (("POST", f"{MESSAGES}.json"), ("GET", f"{MESSAGES}/SM{NOWHERE}.json")):
        answer = as_twilio(archive, method, path, form, password)
        assert (answer.status, answer.json()["code"]) == (401, 20003)
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert CANARY not in answer.body.decode()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("token", [CANARY, "A" * 120, f"{CANARY}.{CANARY}"])
def test_a_link_that_is_none_of_ours_shows_and_ends_nothing(
    archive: Archive, method: str, token: str
) -> None:
    answer = archive.stack.call(method, f"/withdrawals/{token}")
    assert answer.status == 404
    assert CANARY not in answer.body.decode()


FORBIDDEN = [
    ("requests", "POST", "/messages"),
    ("investigator", "POST", "/messages"),
    ("dispatch", "POST", "/messages"),
    ("capture", "GET", READ),
    ("requests", "GET", READ),
    ("auditor", "GET", READ),
    ("operator", "POST", "/messages/search"),
    ("approver", "GET", f"{READ}/original"),
    ("capture", "POST", DELETE),
    ("investigator", "POST", DELETE),
    ("capture", "POST", "/requests"),
    ("investigator", "GET", f"/requests/{NOWHERE}"),
    ("requests", "POST", "/policy/proposals"),
    ("operator", "POST", "/policy/proposals"),
    ("approver", "POST", "/policy/proposals"),
    ("operator", "POST", f"/policy/proposals/{NOWHERE}/preview"),
    ("auditor", "POST", f"/policy/proposals/{NOWHERE}/approval"),
    ("investigator", "POST", "/own-addresses"),
    ("capture", "GET", "/policy"),
    ("capture", "POST", "/consents"),
    ("dispatch", "POST", "/consents"),
    ("operator", "POST", "/consents"),
    ("consent", "POST", "/consents/import"),
    ("operator", "POST", "/consents/import"),
    ("capture", "POST", "/consents/search"),
    ("investigator", "POST", "/consents/search"),
    ("consent", "POST", "/consents/proof"),
    ("investigator", "POST", "/consents/proof"),
    ("dispatch", "POST", "/withdrawals"),
    ("auditor", "POST", "/withdrawals"),
    ("dispatch", "POST", "/objections"),
    ("consent", "POST", f"/objections/{NOWHERE}/decision"),
    ("approver", "POST", f"/objections/{NOWHERE}/decision"),
    ("requests", "POST", "/basis-events"),
    ("dispatch", "POST", "/basis-events"),
    ("operator", "POST", "/opt-outs"),
    ("consent", "GET", "/reviews"),
    ("auditor", "GET", "/reviews"),
    ("requests", "POST", f"/reviews/{NOWHERE}/decision"),
    ("investigator", "POST", f"/reviews/{NOWHERE}/decision"),
    ("consent", "POST", "/dispatches"),
    ("officer", "POST", "/dispatches"),
    ("consent", "GET", f"/dispatches/{NOWHERE}"),
    ("operator", "GET", f"/dispatches/{NOWHERE}"),
    ("import", "POST", "/suppressions/search"),
    ("operator", "POST", "/suppressions/search"),
    ("approver", "POST", "/notices/external/drafts"),
    ("auditor", "POST", "/notices/external/approval"),
    ("dispatch", "GET", "/notice-versions/external/1"),
    ("consent", "GET", "/records-of-processing"),
    ("requests", "GET", "/doctor"),
    ("dispatch", "GET", "/reports/2026-01-01"),
]


@pytest.mark.parametrize(("caller", "method", "path"), FORBIDDEN)
def test_the_wrong_caller_is_refused(archive: Archive, caller: str, method: str, path: str) -> None:
    """Without the scope by the gateway, without the group by us."""
    answer = called(archive, Bad(caller, method, path, said(), headers=REASON))

    if caller in MACHINES or method + path in {"POST/messages", "POST/dispatches"}:
        assert answer.status in {401, 403}
        assert CANARY not in answer.body.decode()
    else:
        assert answer.status == 403
        assert check_problem(answer)["type"] == "urn:lethe:problem:forbidden"


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_whom_a_route_does_not_name_it_refuses(archive: Archive, method: str, path: str) -> None:
    """Everybody else whom there is, and who shows no token."""
    access = ROUTES[method, path]
    refused = [caller for caller in (*MACHINES, *GROUPS) if not may(caller, access)]
    assert refused
    place = ANYWHERE.sub(NOWHERE, path)
    for caller in refused:
        answer = called(archive, Bad(caller, method, place, said(), headers=REASON))
        assert answer.status in {401, 403}, caller
        assert CANARY not in answer.body.decode()
    assert archive.stack.call(method, place, said(), headers=REASON).status == 401


def may(caller: str, access: Access) -> bool:
    if caller in MACHINES:
        return bool(access.scopes & set(MACHINES[caller][1].split()))
    return caller in access.groups


def test_who_is_staff_of_no_group_may_do_nothing(archive: Archive) -> None:
    token = archive.stack.callers.staff()
    for method, path in (("GET", READ), ("GET", "/policy"), ("POST", "/requests")):
        answer = archive.stack.call(method, path, {}, token=token, headers=REASON)
        assert answer.status == 403
        assert check_problem(answer)["type"] == "urn:lethe:problem:forbidden"


@pytest.mark.parametrize("token", ["", CANARY, f"{CANARY}.{CANARY}.{CANARY}"])
def test_a_wrong_token_opens_nothing(archive: Archive, token: str) -> None:
    for method, path in (("POST", "/messages"), ("GET", READ), ("POST", "/requests")):
        answer = archive.stack.call(method, path, said(), token=token or None)
        assert answer.status in {401, 403}
        assert CANARY not in answer.body.decode()


@pytest.mark.parametrize(
    ("method", "path"), [("GET", f"/{CANARY}"), ("DELETE", READ), ("POST", f"/messages/{CANARY}/x")]
)
def test_no_such_route(archive: Archive, method: str, path: str) -> None:
    token = archive.stack.callers.staff("privacy-officer")
    answer = archive.stack.call(method, path, token=token)

    assert answer.status in {403, 404, 405}
    assert CANARY not in answer.body.decode()


def test_a_body_names_no_others_message(archive: Archive, theirs: Document) -> None:
    """Neither an id in the body nor an edit by a stranger touches what is there."""
    named = archive.send(said(message_id=theirs["id"]))
    conflict = archive.send(said(external_id=theirs["external_id"]))

    assert (named.status, conflict.status) == (400, 409)
