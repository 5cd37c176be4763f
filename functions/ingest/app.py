"""Capture what was said, sealed to whom it concerns; nothing here can read it back (Art. 25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lethe.api import answers, queues
from lethe.api.bodies.ingest import UploadIn
from lethe.api.calls import Call
from lethe.api.resolver import Answer, resolver
from lethe.bootstrap.ingest import ingest
from lethe.observability import entrypoint

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = resolver()


@app.post("/messages")
def capture() -> Answer:
    return answers.captured(ingest().message(Call.of(app)))


@app.post("/messages/batch")
def capture_batch() -> Answer:
    call = Call.of(app)
    return answers.captured_each(ingest().batch(call), call.id)


@app.post("/channels/email")
def capture_mail() -> Answer:
    return answers.captured(ingest().mail(Call.of(app)))


@app.post("/uploads")
def open_upload() -> Answer:
    return answers.upload(ingest().uploads.create(Call.of(app).json(UploadIn).size))


def capture_sent(body: str) -> None:
    ingest().sent().handle(*queues.out_work(body))


@entrypoint
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return queues.answer(event, capture_sent, lambda: app.resolve(event, context))
