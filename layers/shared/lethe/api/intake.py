"""From a call to messages, and to what became of each: one, a batch, or a raw mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json

from lethe.api.auth import IMPORT
from lethe.api.limits import MAX_BATCH
from lethe.channels import generic
from lethe.domain.errors import (
    ConflictError,
    ErasedError,
    FieldProblem,
    InvalidInputError,
    LetheError,
    TooLargeError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lethe.api.calls import Call
    from lethe.domain.messages import Attachment, Message
    from lethe.usecases.acceptance import Acceptance
    from lethe.usecases.capture import Outcome
    from lethe.usecases.sent_capture import SentCapture
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

    acceptance: Acceptance
    uploads: Uploads
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
        outcomes = self.acceptance.accept(
            [each.message for each in incoming],
            may_state_time=IMPORT in call.caller.scopes,
            api_url=self.public_url or call.api_url,
        )
        for each, outcome in zip(incoming, outcomes, strict=True):
            if not isinstance(outcome, LetheError) or isinstance(outcome, _FINAL):
                for upload_id in each.uploads:
                    self.uploads.remove(upload_id)
        rest = iter(outcomes)
        return [next(rest) if isinstance(each, Incoming) else each for each in tried]

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
