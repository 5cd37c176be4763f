"""The ways in: one message, a batch, a mail, and what was uploaded for them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from lethe.api import answers
from lethe.api.calls import Call
from lethe.api.intake import Intake
from lethe.domain.callers import Caller
from lethe.domain.errors import (
    ConflictError,
    ErasedError,
    InvalidInputError,
    LetheError,
    TooLargeError,
    UnavailableError,
)
from lethe.domain.messages import Message, MessageId
from lethe.domain.policy import Policy, load_default
from lethe.usecases.acceptance import Acceptance
from lethe.usecases.capture import Captured, CaptureStatus, Outcome
from lethe.usecases.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from lethe.domain.ports import Policies
    from lethe.usecases.capture import Capture
    from lethe.usecases.reception import Reception

UPLOAD = "0" * 32
MAIL = b"From: Mara <mara@example.org>\r\nTo: support@example.com\r\n\r\nHello.\r\n"
CAPTURED = Captured(MessageId("f" * 32), 1, CaptureStatus.CAPTURED, "support", date(2027, 1, 2))


@dataclass
class FakeCapture:
    """Answers what it was told to, in order, and notes what it was given."""

    outcomes: list[Outcome] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    may_state_time: bool | None = None

    def capture(self, messages: Sequence[Message], *, may_state_time: bool) -> list[Outcome]:
        self.messages, self.may_state_time = list(messages), may_state_time
        return [self.outcomes.pop(0) if self.outcomes else CAPTURED for _ in messages]


@dataclass
class FakeStaging:
    """What was uploaded."""

    content: dict[str, bytes] = field(default_factory=dict)

    def presign(self, upload_id: str, *, size: int, lifetime: timedelta) -> str:
        raise NotImplementedError

    def read(self, upload_id: str) -> Iterator[bytes]:
        yield self.content[upload_id]

    def size(self, upload_id: str) -> int:
        return len(self.content[upload_id])

    def remove(self, upload_id: str) -> None:
        del self.content[upload_id]


class Ways:
    """An intake with what it stands on."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.capture = FakeCapture(list(outcomes))
        self.staging = FakeStaging({UPLOAD: MAIL})
        uploads = Uploads(staging=self.staging, clock=lambda: datetime.now(UTC))
        self.heard: list[MessageId] = []
        acceptance = Acceptance(
            cast("Capture", self.capture),
            cast("Policies", FakePolicies()),
            cast("Reception", FakeReception(self.heard)),
            observing=_nothing,
        )
        self.intake = Intake(acceptance, uploads, sent=_nothing, public_url="https://lethe.example")


class FakePolicies:
    """The policy that ships."""

    def at(self, _version: int) -> Policy:
        return load_default()


@dataclass
class FakeReception:
    """Notes what it heard, or fails."""

    heard: list[MessageId]

    def hear(
        self, captured: Sequence[tuple[Message, MessageId]], *_: object, **__: object
    ) -> frozenset[MessageId]:
        self.heard.extend(message_id for _, message_id in captured)
        return frozenset(i for message, i in captured if message.body == "unheard")


def _nothing() -> Any:
    raise AssertionError("nobody asks for this here")


def call(body: object, *scopes: str, **headers: str) -> Call:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    event = {
        "body": base64.b64encode(raw).decode(),
        "isBase64Encoded": True,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
    }
    return Call(Caller("c-1", frozenset(scopes)), APIGatewayProxyEvent(event))


def message(**changes: object) -> dict[str, Any]:
    sender = {"address": "mailto:mara@example.org", "role": "sender"}
    return {
        "channel": "chat",
        "external_id": "1",
        "direction": "inbound",
        "participants": [sender],
        "body": "Hello.",
        **changes,
    }


def staged(**changes: object) -> dict[str, object]:
    return {"name": "a.eml", "upload_id": UPLOAD, "size": 7, "sha256": "0" * 64, **changes}


def test_a_message_is_captured() -> None:
    ways = Ways()

    assert ways.intake.message(call(message())) is CAPTURED
    assert ways.capture.messages[0].body == "Hello."
    assert ways.capture.may_state_time is False


def test_what_was_captured_is_heard_before_it_is_acknowledged() -> None:
    ways = Ways()
    ways.intake.message(call(message(direction="inbound")))

    assert ways.heard == [CAPTURED.message_id]

    outcome = ways.intake.message(call(message(direction="inbound", body="unheard")))

    assert isinstance(outcome, UnavailableError)  # a repetition is a duplicate, and heard then


def test_an_import_may_state_the_time() -> None:
    ways = Ways()
    ways.intake.message(call(message(time="2020-01-01T00:00:00Z"), "lethe/import"))

    assert ways.capture.may_state_time is True


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"nan", b"[" * 100_000])
def test_what_is_not_json_is_told_so(body: bytes) -> None:
    for way in (Ways().intake.message, Ways().intake.batch):
        with pytest.raises(InvalidInputError, match="not JSON"):
            way(call(body))


def test_each_message_of_a_batch_stands_for_itself() -> None:
    ways = Ways(CAPTURED, ConflictError("Other content."))
    body = {"messages": [message(), message(direction="canary"), message(external_id="2")]}

    first, second, third = ways.intake.batch(call(body))

    assert first is CAPTURED
    assert isinstance(second, InvalidInputError)
    assert second.fields[0].pointer == "/messages/1/direction"
    assert isinstance(third, ConflictError)
    assert [each.external_id for each in ways.capture.messages] == ["1", "2"]


def test_a_batch_is_answered_message_by_message() -> None:
    outcomes: list[Outcome] = [CAPTURED, ErasedError("Gone.")]

    answer = answers.captured_each(outcomes, "r-1")

    assert answer.status_code == 200
    assert json.loads(answer.body or "") == {
        "results": [
            {
                "status": 201,
                "message": {
                    "message_id": "f" * 32,
                    "version": 1,
                    "status": "captured",
                    "class": "support",
                    "end_date": "2027-01-02",
                },
            },
            {
                "status": 410,
                "problem": {
                    "type": "urn:lethe:problem:erased",
                    "title": "Erased",
                    "status": 410,
                    "detail": "Gone.",
                    "instance": "urn:lethe:request:r-1",
                },
            },
        ]
    }


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([message()], "/messages"),
        ({"messages": {}}, "/messages"),
        ({"messages": []}, "/messages"),
        ({}, "/messages"),
        ({"messages": [message()], "canary": 1}, ""),
    ],
)
def test_a_batch_is_a_list_of_messages(body: object, pointer: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        Ways().intake.batch(call(body))

    assert [each.pointer for each in error.value.fields] == [pointer]


def test_a_batch_has_an_end() -> None:
    with pytest.raises(TooLargeError, match="100"):
        Ways().intake.batch(call({"messages": [message()] * 101}))


def test_a_batch_in_which_nothing_is_valid_is_answered() -> None:
    outcomes = Ways().intake.batch(call({"messages": [1, None]}))

    assert all(isinstance(each, InvalidInputError) for each in outcomes)


def test_a_raw_mail_is_captured_as_it_came() -> None:
    ways = Ways()
    ways.intake.mail(call(MAIL, Lethe_Mailbox="mailto:support@example.com"))

    assert ways.capture.messages[0].original == MAIL


def test_an_uploaded_mail_is_captured_and_removed() -> None:
    ways = Ways()
    headers = {"Lethe_Mailbox": "mailto:support@example.com", "Lethe_Upload": UPLOAD}
    ways.intake.mail(call(b"", **headers))

    assert ways.capture.messages[0].original == MAIL
    assert ways.staging.content == {}


@pytest.mark.parametrize(
    ("outcome", "left"),
    [
        (CAPTURED, set()),
        (ErasedError("Gone."), set()),
        (ConflictError("Other content."), set()),
        (UnavailableError("Later."), {UPLOAD}),
        (InvalidInputError("Other bytes."), {UPLOAD}),
    ],
)
def test_an_upload_lies_there_while_a_repetition_could_need_it(
    outcome: Captured | LetheError, left: set[str]
) -> None:
    ways = Ways(outcome)
    ways.intake.message(call(message(attachments=[staged()])))

    (attachment,) = ways.capture.messages[0].attachments
    assert (attachment.name, attachment.size) == ("a.eml", 7)
    assert ways.staging.content.keys() == left


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"size": "7"}, "/attachments/0/size"),
        ({"sha256": "canary"}, "/attachments/0/sha256"),
        ({"upload_id": "../canary"}, "/attachments/0/upload_id"),
        ({"content_base64": ""}, "/attachments/0/content_base64"),
    ],
)
def test_a_staged_attachment_is_checked(changes: dict[str, object], pointer: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        Ways().intake.message(call(message(attachments=[staged(**changes)])))

    assert [each.pointer for each in error.value.fields] == [pointer]
