"""PurgeQueue, EraseQueue, ConsentQueue, DaysQueue: work by random ids and days, never by person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from lethe.domain.errors import InvalidInputError, UnavailableError
from lethe.domain.holders import HolderId
from lethe.domain.messages import MessageId
from lethe.domain.outbox import DispatchId
from lethe.domain.requests import RequestId
from lethe.domain.work import PurgeHolder, PurgeMessage, PurgeWork
from lethe.store.errors import calling

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

LONGEST_DELAY = timedelta(minutes=15)
_A_BATCH = 10
_STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SqsPurgeQueue:
    """PurgeQueue."""

    def __init__(self, client: SQSClient, *, purge_queue: str) -> None:
        self._client = client
        self._url = purge_queue

    def send(self, work: Sequence[PurgeWork], delay: timedelta = timedelta()) -> None:
        """Queue work for purge, at once or after a delay of at most 15 minutes."""
        _check(delay)
        _send(self._client, self._url, [dump_work(one) for one in work], delay)


class SqsEraseQueue:
    """EraseQueue."""

    def __init__(self, client: SQSClient, *, erase_queue: str) -> None:
        self._client = client
        self._url = erase_queue

    def send(self, request_ids: Sequence[RequestId]) -> None:
        """Queue requests to be resumed."""
        _send(self._client, self._url, [_compact({"request": one}) for one in request_ids])


class SqsConsentQueue:
    """ConsentQueue."""

    def __init__(self, client: SQSClient, *, consent_queue: str) -> None:
        self._client = client
        self._url = consent_queue

    def send(self, request_ids: Sequence[RequestId]) -> None:
        """Queue requests that were shredded."""
        _send(self._client, self._url, [_compact({"request": one}) for one in request_ids])


class _SqsOutQueue:
    """A queue of outbox items: a dispatch's random id and a number."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, works: Sequence[tuple[DispatchId, int]], delay: timedelta = timedelta()) -> None:
        """Queue items, at once or after a delay of at most 15 minutes."""
        _check(delay)
        bodies = [_compact({"dispatch": dispatch, "number": number}) for dispatch, number in works]
        _send(self._client, self._url, bodies, delay)


class SqsSendQueue(_SqsOutQueue):
    """SendQueue: what is to be sent."""

    def __init__(self, client: SQSClient, *, send_queue: str) -> None:
        super().__init__(client, send_queue)


class SqsSentQueue(_SqsOutQueue):
    """SentQueue: what was sent and is to be captured."""

    def __init__(self, client: SQSClient, *, sent_queue: str) -> None:
        super().__init__(client, sent_queue)


class SqsDayRequests:
    """DaysQueue."""

    def __init__(self, client: SQSClient, *, days_queue: str) -> None:
        self._client = client
        self._url = days_queue

    def ask(self, cls: str, day: date, end: date) -> None:
        """Ask the sweep to make a day's key."""
        wanted = {"class": cls, "day": day.isoformat(), "end": end.isoformat()}
        _send(self._client, self._url, [_compact(wanted)])


class _Holder(BaseModel):
    model_config = _STRICT

    type: Literal["holder"]
    request: str
    holder: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    since: Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}$")]
    shards: Annotated[int, Field(ge=0)]
    verify: bool = False


class _Message(BaseModel):
    model_config = _STRICT

    type: Literal["message"]
    message: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    verify: bool = False


class _Request(BaseModel):
    model_config = _STRICT

    request: str


class _Out(BaseModel):
    model_config = _STRICT

    dispatch: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    number: Annotated[int, Field(ge=0, lt=100_000)]


class _Day(BaseModel):
    model_config = _STRICT

    cls: Annotated[str, Field(alias="class")]
    day: date
    end: date


_WORK: TypeAdapter[_Holder | _Message] = TypeAdapter(
    Annotated[_Holder | _Message, Field(discriminator="type")]
)


def dump_work(work: PurgeWork) -> str:
    """A purge work as the body of a queue message."""
    if isinstance(work, PurgeMessage):
        return _compact({"type": "message", "message": work.message_id, "verify": work.verify})
    return _compact(
        {
            "type": "holder",
            "request": work.request_id,
            "holder": work.holder_id.hex(),
            "since": work.since,
            "shards": work.shards,
            "verify": work.verify,
        }
    )


def load_work(body: str) -> PurgeWork:
    """The purge work in the body of a queue message; InvalidInputError if it is none."""
    try:
        work = _WORK.validate_json(body)
    except ValidationError:
        raise InvalidInputError("The queue message is no purge work.") from None
    if isinstance(work, _Message):
        return PurgeMessage(MessageId(work.message), work.verify)
    holder_id = HolderId(bytes.fromhex(work.holder))
    return PurgeHolder(RequestId(work.request), holder_id, work.since, work.shards, work.verify)


def load_request(body: str) -> RequestId:
    """The request id in the body of a queue message; InvalidInputError if there is none."""
    try:
        return RequestId(_Request.model_validate_json(body).request)
    except ValidationError:
        raise InvalidInputError("The queue message names no request.") from None


def load_out(body: str) -> tuple[DispatchId, int]:
    """The dispatch and number in a queue message; InvalidInputError if there are none."""
    try:
        work = _Out.model_validate_json(body)
    except ValidationError:
        raise InvalidInputError("The queue message names no item of a dispatch.") from None
    return DispatchId(work.dispatch), work.number


def load_day(body: str) -> tuple[str, date, date]:
    """The class, day and end date in a queue message; InvalidInputError if there are none."""
    try:
        wanted = _Day.model_validate_json(body)
    except ValidationError:
        raise InvalidInputError("The queue message names no day.") from None
    return wanted.cls, wanted.day, wanted.end


def _check(delay: timedelta) -> None:
    if delay > LONGEST_DELAY:
        raise ValueError("A queue delays for at most 15 minutes.")


def _send(
    client: SQSClient, url: str, bodies: Sequence[str], delay: timedelta = timedelta()
) -> None:
    seconds = int(delay.total_seconds())
    for start in range(0, len(bodies), _A_BATCH):
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(place), "MessageBody": body, "DelaySeconds": seconds}
            for place, body in enumerate(bodies[start : start + _A_BATCH])
        ]
        with calling():
            answer = client.send_message_batch(QueueUrl=url, Entries=entries)
        if answer.get("Failed"):
            raise UnavailableError("A queue did not take all the work; try again.")


def _compact(document: Mapping[str, object]) -> str:
    return json.dumps(document, separators=(",", ":"))
