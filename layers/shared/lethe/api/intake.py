"""From a call to messages, and to what became of each: one, a batch, or a raw mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json

from lethe.api.auth import IMPORT
from lethe.api.limits import MAX_BATCH
from lethe.channels import generic
from lethe.domain.channel_settings import Gate
from lethe.domain.errors import (
    ConflictError,
    ErasedError,
    FieldProblem,
    InvalidInputError,
    LetheError,
    TooLargeError,
    UnavailableError,
)
from lethe.domain.messages import Direction
from lethe.usecases.capture import Captured, CaptureStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lethe.api.calls import Call
    from lethe.domain.messages import Attachment, Message
    from lethe.domain.policy import Policy
    from lethe.domain.ports import Policies
    from lethe.usecases.capture import Capture, Outcome
    from lethe.usecases.observing import Observing
    from lethe.usecases.reception import Reception
    from lethe.usecases.sent_capture import SentCapture
    from lethe.usecases.stamping import Stamping
    from lethe.usecases.uploads import Uploads

_FINAL: Final = (ConflictError, ErasedError)
"""No repetition changes these, so nobody needs what was uploaded any more."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that can be captured, and the uploads that it was read from."""

    message: Message
    uploads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """The ways in. What was uploaded is removed as soon as its message is sealed or refused."""

    capture: Capture
    uploads: Uploads
    policies: Policies
    stamping: Stamping
    reception: Reception
    observing: Callable[[], Observing]
    sent: Callable[[], SentCapture]
    public_url: str

    def message(self, call: Call) -> Outcome:
        """Capture the message that the body is."""
        incoming = self._incoming(_document(call), "")
        return self._captured(call, [incoming])[0]

    def batch(self, call: Call) -> list[Outcome]:
        """Capture each message of the body for itself, in order."""
        documents = _messages(_document(call))
        return self._captured(
            call, [self._tried(each, f"/messages/{at}") for at, each in enumerate(documents)]
        )

    def mail(self, call: Call) -> Outcome:
        """Capture the raw mail that the body is, or that was uploaded."""
        from lethe.channels import email  # noqa: PLC0415 - most calls are no mail

        mailbox, upload_id = call.mailbox(), call.upload_id()
        raw = self.uploads.mail(upload_id) if upload_id else call.raw()
        staged = (upload_id,) if upload_id else ()
        return self._captured(call, [Incoming(email.parse(raw, mailbox), staged)])[0]

    def _captured(self, call: Call, tried: Sequence[Incoming | LetheError]) -> list[Outcome]:
        incoming = [each for each in tried if isinstance(each, Incoming)]
        in_force = self.policies.in_force()
        policy = self.policies.at(in_force.version)
        messages = [self.stamping.stamped(each.message, policy) for each in incoming]
        outcomes = self.capture.capture(messages, may_state_time=IMPORT in call.caller.scopes)
        url = self.public_url or call.api_url
        captured = [
            (message, outcome.message_id)
            for message, outcome in zip(messages, outcomes, strict=True)
            if isinstance(outcome, Captured)
        ]
        # What was captured is acknowledged once what it says of further messages is recorded.
        unheard = self.reception.hear(captured, policy, notice=in_force.notice, api_url=url)
        outcomes = [
            _unheard() if isinstance(each, Captured) and each.message_id in unheard else each
            for each in outcomes
        ]
        self._look_over(messages, outcomes, policy)
        for each, outcome in zip(incoming, outcomes, strict=True):
            if not isinstance(outcome, LetheError) or isinstance(outcome, _FINAL):
                for upload_id in each.uploads:
                    self.uploads.remove(upload_id)
        rest = iter(outcomes)
        return [next(rest) if isinstance(each, Incoming) else each for each in tried]

    def _look_over(
        self, messages: Sequence[Message], outcomes: Sequence[Outcome], policy: Policy
    ) -> None:
        """Count what the gate would have said, where it only observes."""
        new = (
            message
            for message, outcome in zip(messages, outcomes, strict=True)
            if isinstance(outcome, Captured) and outcome.status is CaptureStatus.CAPTURED
        )
        if observed := [message for message in new if _is_observed(message, policy)]:
            self.observing().look_over(observed, policy)

    def _tried(self, document: object, pointer: str) -> Incoming | LetheError:
        try:
            return self._incoming(document, pointer)
        except LetheError as error:
            return error

    def _incoming(self, document: object, pointer: str) -> Incoming:
        new = generic.read(document, pointer=pointer)
        message = generic.to_message(new, pointer=pointer, staged=self._staged)
        uploads = tuple(
            each.upload_id for each in new.attachments if isinstance(each, generic.StagedAttachment)
        )
        return Incoming(message, uploads)

    def _staged(self, new: generic.StagedAttachment) -> Attachment:
        return self.uploads.attachment(
            new.upload_id,
            name=new.name,
            media_type=new.media_type,
            size=new.size,
            digest=bytes.fromhex(new.sha256),
        )


def _unheard() -> UnavailableError:
    return UnavailableError("The message is captured, but not all that it says; repeat the call.")


def _is_observed(message: Message, policy: Policy) -> bool:
    settings = policy.channels.get(message.channel)
    outbound = message.direction is Direction.OUTBOUND
    return outbound and settings is not None and settings.gate is Gate.OBSERVED


def _document(call: Call) -> object:
    try:
        return from_json(call.raw(), allow_inf_nan=False)
    except ValueError:
        problem = FieldProblem("", "Send one JSON document in UTF-8.")
        raise InvalidInputError("The body is not JSON.", (problem,)) from None


def _messages(document: object) -> list[object]:
    messages = document.get("messages") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(messages, list) or not messages:
        problem = FieldProblem("/messages", f"Send a list of 1 to {MAX_BATCH} messages.")
        raise InvalidInputError("The body is not a batch.", (problem,))
    if len(document) > 1:
        problem = FieldProblem("", "A batch has the field messages alone.")
        raise InvalidInputError("The body has fields that a batch has not.", (problem,))
    if len(messages) > MAX_BATCH:
        raise TooLargeError(f"A batch has at most {MAX_BATCH} messages; send several batches.")
    return messages
