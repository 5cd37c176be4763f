"""A queue's records, each for itself: one that fails comes back alone, at last to dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lethe.domain.errors import LetheError
from lethe.observability import LogMessage, described, logger, unhandled

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from lethe.domain.outbox import DispatchId
    from lethe.domain.requests import RequestId
    from lethe.domain.work import PurgeWork

    Event = dict[str, Any]
    Work = Callable[[str], object]

_RECORDS: Final = "Records"
_SCHEDULED: Final = "scheduled"
"""What the template's schedules say: `{"scheduled": "daily"}`."""


def work_off(event: Event, work: Work) -> Event:
    """Hand each record's body to `work`, and tell SQS which ones to deliver again."""
    failed = [record["messageId"] for record in event[_RECORDS] if not _is_done(record, work)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def answer(
    event: Event,
    work: Work,
    otherwise: Callable[[], Event],
    scheduled: Callable[[], Event] | None = None,
) -> Event:
    """Answer for a function that serves a queue, perhaps a schedule, and something else."""
    if _RECORDS in event:
        return work_off(event, work)
    if scheduled is not None and _SCHEDULED in event:
        return scheduled()
    return otherwise()


def purge_work(body: str) -> PurgeWork:
    """Return what purge is to delete."""
    from lethe.store.queues import load_work  # noqa: PLC0415 - a call of the API needs no queue

    return load_work(body)


def request_id(body: str) -> RequestId:
    """Return which request is to be resumed."""
    from lethe.store.queues import load_request  # noqa: PLC0415 - as above

    return load_request(body)


def day(body: str) -> tuple[str, date, date]:
    """Return the day that capture asks for."""
    from lethe.store.queues import load_day  # noqa: PLC0415 - as above

    return load_day(body)


def out_work(body: str) -> tuple[DispatchId, int]:
    """Return which item of which dispatch is to be sent, or was sent."""
    from lethe.store.queues import load_out  # noqa: PLC0415 - as above

    return load_out(body)


def _is_done(record: Event, work: Work) -> bool:
    try:
        work(record["body"])
    except LetheError as error:
        logger.warning(LogMessage.RECORD_FAILED, extra=described(error))
        return False
    except Exception as error:  # noqa: BLE001 - one record must not fail the others
        unhandled(LogMessage.RECORD_FAILED, error)
        return False
    return True
