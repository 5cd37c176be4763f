"""`POST /messages`: what is accepted, and that each refusal names the field and no value."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lethe.channels import generic
from lethe.domain.errors import InvalidInputError, LetheError, TooLargeError
from lethe.domain.messages import Direction, Message, Participant, Role

SECRET = "s3cr3t-canary"


def document(**changes: Any) -> dict[str, Any]:
    return {
        "channel": "chat",
        "external_id": "c-1",
        "direction": "inbound",
        "participants": [
            {"address": "tel:+49 171 1234567", "role": "sender", "name": "Marta"},
            {"address": "mailto:Support@Lethe.example", "role": "recipient"},
        ],
        "body": "Hello\n\tthere",
    } | changes


def message(**changes: Any) -> Message:
    return generic.to_message(generic.read(document(**changes)))


def pointers(**changes: Any) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        message(**changes)
    assert SECRET not in repr(caught.value)
    assert caught.value.__suppress_context__
    return [problem.pointer for problem in caught.value.fields]


def test_a_message() -> None:
    assert message() == Message(
        channel="chat",
        external_id="c-1",
        direction=Direction.INBOUND,
        participants=(
            Participant(address("tel:+491711234567"), Role.SENDER, "Marta"),
            Participant(address("mailto:support@lethe.example"), Role.RECIPIENT),
        ),
        body="Hello\n\tthere",
    )


def address(text: str) -> Any:
    return text


def test_everything_that_may_be_said() -> None:
    full = message(
        subject="A subject",
        thread="t-1",
        headers=[["x-ticket", "4711"]],
        attachments=[
            {"name": "a.txt", "media_type": "text/plain", "content_base64": "aGVsbG8="},
            {"name": "b", "content_base64": ""},
        ],
        purpose="support",
        time="2026-03-01T12:00:00.5+02:00",
        edit=True,
    )
    assert (full.subject, full.thread, full.headers) == (
        "A subject",
        "t-1",
        (("x-ticket", "4711"),),
    )
    assert (full.purpose, full.edit) == ("support", True)
    assert full.time == datetime(2026, 3, 1, 10, 0, 0, 500_000, tzinfo=UTC)
    first, second = full.attachments
    assert (first.name, first.media_type, first.size) == ("a.txt", "text/plain", 5)
    assert first.sha256 == sha256(b"hello").digest()
    assert b"".join(first.source) == b"hello"
    assert (second.media_type, second.size) == ("application/octet-stream", 0)


def test_one_address_is_one_participant_with_its_highest_role() -> None:
    merged = message(
        participants=[
            {"address": "mailto:a@b.example", "role": "cc"},
            {"address": "mailto:c@d.example", "role": "sender"},
            {"address": "MAILTO:A@B.EXAMPLE", "role": "recipient", "name": "Ann"},
        ]
    )
    assert merged.participants == (
        Participant(address("mailto:a@b.example"), Role.RECIPIENT, "Ann"),
        Participant(address("mailto:c@d.example"), Role.SENDER),
    )


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({SECRET + "@x": 1}, ""),
        ({"unknown": SECRET}, "/unknown"),
        ({"channel": "email"}, "/channel"),
        ({"channel": SECRET + "!"}, "/channel"),
        ({"channel": "x" * 33}, "/channel"),
        ({"external_id": ""}, "/external_id"),
        ({"external_id": "x" * 513}, "/external_id"),
        ({"external_id": SECRET + "\n"}, "/external_id"),
        ({"external_id": 7}, "/external_id"),
        ({"direction": SECRET}, "/direction"),
        ({"participants": []}, "/participants"),
        ({"participants": SECRET}, "/participants"),
        ({"participants": [{"address": "mailto:a@b.example", "role": "cc"}]}, "/participants"),
        ({"participants": [{"address": SECRET, "role": "sender"}]}, "/participants/0/address"),
        ({"body": None}, "/body"),
        ({"body": SECRET + "\x00"}, "/body"),
        ({"body": SECRET + "\x1b"}, "/body"),
        ({"body": SECRET + "\ud800"}, "/body"),
        ({"body": SECRET * 100_000}, "/body"),
        ({"subject": SECRET + "\n"}, "/subject"),
        ({"subject": SECRET * 100}, "/subject"),
        ({"thread": SECRET + "\r"}, "/thread"),
        ({"headers": [["X-Upper", SECRET]]}, "/headers/0/0"),
        ({"headers": [["x-lethe-defects", SECRET]]}, "/headers/0/0"),
        ({"headers": [["x-a", SECRET + "@b.example"]]}, "/headers/0/1"),
        ({"headers": [["x-a"]]}, "/headers/0/1"),
        ({"headers": [["x-a", "b"]] * 51}, "/headers"),
        ({"purpose": SECRET.upper()}, "/purpose"),
        ({"time": SECRET}, "/time"),
        ({"time": 1_700_000_000}, "/time"),
        ({"time": "2026-03-01T12:00:00"}, "/time"),
        ({"time": "2026-13-01T12:00:00Z"}, "/time"),
        ({"time": "0001-01-01T00:00:00+23:59"}, "/time"),
        ({"time": "9999-12-31T23:59:59-23:59"}, "/time"),
        ({"edit": "true"}, "/edit"),
        ({"attachments": [{"name": "a"}]}, "/attachments/0/content_base64"),
        ({"attachments": [{"name": "../" + SECRET, "content_base64": ""}]}, "/attachments/0/name"),
        (
            {"attachments": [{"name": "a", "content_base64": SECRET}]},
            "/attachments/0/content_base64",
        ),
        (
            {"attachments": [{"name": "a", "content_base64": "", "media_type": SECRET}]},
            "/attachments/0/media_type",
        ),
        ({"attachments": [{"name": "a", "content_base64": ""}] * 51}, "/attachments"),
    ],
)
def test_a_refusal_names_the_field(changes: dict[str, Any], pointer: str) -> None:
    assert pointers(**changes) == [pointer]


def test_every_wrong_field_is_named_at_once() -> None:
    assert set(pointers(channel=7, body=7, direction=7)) == {"/channel", "/body", "/direction"}


@pytest.mark.parametrize("count", [1_002, 10_000])
def test_too_many_participants(count: int) -> None:
    crowd = [{"address": f"mailto:p{n}@crowd.example", "role": "sender"} for n in range(count)]
    assert pointers(participants=crowd) == ["/participants"]
    assert len(message(participants=crowd[:1_001]).participants) == 1_001


def test_a_batch_names_the_item() -> None:
    with pytest.raises(InvalidInputError) as caught:
        generic.read(document(body=None), pointer="/messages/3")
    assert [problem.pointer for problem in caught.value.fields] == ["/messages/3/body"]


@pytest.mark.parametrize("whole", [None, [], "x", 7])
def test_what_is_no_object(whole: object) -> None:
    with pytest.raises(InvalidInputError):
        generic.read(whole)


def test_attachments_too_large_together() -> None:
    half = {"name": "a", "content_base64": b64encode(bytes(2_000_001)).decode()}
    assert len(message(attachments=[half]).attachments) == 1
    with pytest.raises(TooLargeError, match="POST /uploads"):
        message(attachments=[half, half])


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.sampled_from([*generic.NewMessage.model_fields]), _json)
def test_any_json_in_any_field_is_accepted_or_refused_by_name(name: str, value: object) -> None:
    try:
        message(**{name: value})
    except LetheError as error:
        status = error.status
    else:
        status = 200
    assert status < 500
