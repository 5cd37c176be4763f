"""What a call says of itself: bodies, headers and ids, each checked before anything happens."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from lethe.api import calls
from lethe.api.bodies.access import SearchIn
from lethe.api.bodies.erase import DecisionsIn, DeletionIn
from lethe.api.calls import Call
from lethe.api.limits import MAX_BODY_BYTES
from lethe.domain.callers import Caller
from lethe.domain.errors import InvalidInputError, LetheError, NotFoundError, TooLargeError

CANARY = "canary"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def call(body: bytes | None = None, *, query: dict[str, str] | None = None, **headers: str) -> Call:
    event = {
        "body": None if body is None else base64.b64encode(body).decode(),
        "isBase64Encoded": body is not None,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "queryStringParameters": query,
        "requestContext": {"requestId": "r-1"},
    }
    return Call(Caller("c-1"), APIGatewayProxyEvent(event))


def plain(body: str) -> Call:
    event = {"body": body, "isBase64Encoded": False, "headers": None}
    return Call(Caller("c-1"), APIGatewayProxyEvent(event))


def fields(error: LetheError) -> list[str]:
    assert isinstance(error, InvalidInputError)
    return [problem.pointer for problem in error.fields]


def test_bytes_arrive_bit_for_bit() -> None:
    raw = bytes(range(256))

    assert call(raw).raw() == raw


def test_text_arrives_too() -> None:
    assert plain("Grüße").raw() == "Grüße".encode()


@pytest.mark.parametrize(
    "large", [call(b"x" * (MAX_BODY_BYTES + 1)), plain("x" * (MAX_BODY_BYTES + 1))]
)
def test_a_body_past_the_limit_is_shown_the_other_way(large: Call) -> None:
    with pytest.raises(TooLargeError, match="POST /uploads"):
        large.raw()


def test_a_body_at_the_limit_is_taken() -> None:
    assert len(call(b"x" * MAX_BODY_BYTES).raw()) == MAX_BODY_BYTES


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"canary",
        b"[]",
        b"null",
        b'"canary"',
        b"\xff",
        b"[" * 100_000,
        b'{"participant": "canary"}',
    ],
)
def test_a_bad_body_is_named_and_not_repeated(body: bytes) -> None:
    with pytest.raises(InvalidInputError) as error:
        call(body).json(DeletionIn)

    assert error.value.fields
    assert CANARY not in str(error.value) + repr(error.value.fields)
    assert error.value.__cause__ is None


def test_unknown_fields_are_wrong() -> None:
    body = b'{"participant": "mailto:a@example.org", "canary": 1}'

    with pytest.raises(InvalidInputError) as error:
        call(body).json(DeletionIn)

    assert fields(error.value) == ["/canary"]


@pytest.mark.parametrize("name", ["Access-Reason", "access-reason", "ACCESS-REASON"])
def test_a_reason_is_found_in_any_case(name: str) -> None:
    event = APIGatewayProxyEvent({"headers": {name: " complaint 17 "}})

    assert Call(Caller("c-1"), event).reason() == "complaint 17"


@pytest.mark.parametrize(
    "reason", ["", "  ", "complaint about Mara", "curious", "audit " + "X" * 33]
)
def test_a_reason_must_be_one(reason: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        call(Access_Reason=reason).reason()

    assert fields(error.value) == ["header Access-Reason"]


def test_a_mailbox_is_canonical() -> None:
    assert (
        call(Lethe_Mailbox="mailto:Support@Example.ORG").mailbox() == "mailto:support@example.org"
    )


@pytest.mark.parametrize("mailbox", ["", "support@example.org", "mailto:", "mailto:a b@c"])
def test_a_mailbox_must_be_an_address(mailbox: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        call(Lethe_Mailbox=mailbox).mailbox()

    assert fields(error.value) == ["header Lethe-Mailbox"]


def test_headers_may_be_absent() -> None:
    bare = call()

    assert bare.upload_id() is None
    assert bare.idempotency_key() is None
    assert bare.version() == 1


@pytest.mark.parametrize("key", ["short", "x" * 129, "with space", "umläut-key"])
def test_an_idempotency_key_is_visible_ascii(key: str) -> None:
    with pytest.raises(InvalidInputError):
        call(Idempotency_Key=key).idempotency_key()


def test_an_upload_id_is_one_of_ours() -> None:
    assert call(Lethe_Upload="0" * 32).upload_id() == "0" * 32
    with pytest.raises(InvalidInputError):
        call(Lethe_Upload="../secret").upload_id()


@pytest.mark.parametrize(("sent", "version"), [('"3"', 3), ("3", 3), ('"0"', 0)])
def test_the_seen_version_is_an_etag(sent: str, version: int) -> None:
    assert call(If_Match=sent).seen_version() == version


@pytest.mark.parametrize("sent", ["", "*", "W/x", "-1", '"'])
def test_a_change_needs_the_seen_version(sent: str) -> None:
    with pytest.raises(InvalidInputError):
        call(If_Match=sent).seen_version()


@pytest.mark.parametrize("version", ["0", "-1", "x", "1.5", "123456"])
def test_a_version_is_a_number(version: str) -> None:
    with pytest.raises(InvalidInputError):
        call(query={"version": version}).version()


@pytest.mark.parametrize("text", ["", "0" * 31, "0" * 33, "G" * 32, "ABCDEF" + "0" * 26, "../x"])
def test_an_id_of_another_shape_was_never_ours(text: str) -> None:
    with pytest.raises(NotFoundError):
        calls.message_id(text)
    with pytest.raises(NotFoundError):
        calls.request_id(text)


@pytest.mark.parametrize("text", ["0", "x", "01", "-1"])
def test_attachments_are_numbered_from_one(text: str) -> None:
    assert calls.number("1") == 1
    with pytest.raises(NotFoundError):
        calls.number(text)


def test_own_addresses_come_as_csv_or_json() -> None:
    csv = b"address,kind,valid_from,valid_to\nmailto:jo@example.org,person,2024-02-01,\n"
    json = (
        b'{"own_addresses": [{"address": "mailto:jo@example.org",'
        b' "kind": "person", "valid_from": "2024-02-01"}]}'
    )

    assert (
        call(csv, Content_Type="text/csv; charset=utf-8").own_addresses()
        == call(json).own_addresses()
    )


def test_a_search_looks_no_further_than_now() -> None:
    body = b"""{"address": "mailto:a@example.org", "reason": "complaint 17",
               "to": "9999-01-01T00:00:00Z"}"""

    query = call(body).json(SearchIn).query(NOW)

    assert query.to_time == NOW + timedelta(days=1)
    assert query.from_time == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        (b'"from": "2026-01-01T00:00:00"', "/from"),
        (b'"from": "1969-01-01T00:00:00Z"', "/from"),
        (b'"limit": 0', "/limit"),
        (b'"limit": 101', "/limit"),
        (b'"limit": "5"', "/limit"),
        (b'"cursor": 7', "/cursor"),
    ],
)
def test_a_search_is_checked(changes: bytes, pointer: str) -> None:
    body = b'{"address": "mailto:a@example.org", "reason": "complaint 17", ' + changes + b"}"

    with pytest.raises(InvalidInputError) as error:
        call(body).json(SearchIn)

    assert fields(error.value) == [pointer]


def test_a_decision_is_to_erase_or_to_keep() -> None:
    body = (
        b'{"decisions": [{"address_index": 0, "class": "support", "act": "review",'
        b' "reason": "no_claim"}]}'
    )

    with pytest.raises(InvalidInputError) as error:
        call(body).json(DecisionsIn)

    assert fields(error.value) == ["/decisions/0/act"]
    kept = call(body.replace(b"review", b"keep")).json(DecisionsIn)
    assert kept.all[0].cls == "support"
