"""A batch touches one person many times, and never loses a race against itself."""

from datetime import UTC, datetime, timedelta

from lethe.domain.addresses import Address
from lethe.domain.messages import Direction, Message, Participant, Role
from lethe.usecases.capture import Captured

from tests.memory_store import MemoryStores
from tests.system import START, System


def _message(number: int, time: datetime | None = None) -> Message:
    return Message(
        channel="chat",
        external_id=str(number),
        direction=Direction.INBOUND,
        participants=(
            Participant(Address("mailto:a@example.com"), Role.SENDER),
            Participant(Address("mailto:b@example.com"), Role.RECIPIENT),
        ),
        body=f"message {number}",
        time=time,
    )


def test_an_import_in_descending_order_is_captured_in_one_call() -> None:
    system = System(MemoryStores())
    times = [START.astimezone(UTC) - timedelta(days=35 * n) for n in range(10)]
    for time in times:
        cls = "correspondence"
        end = system.stores.policies.at(0).classes[cls].end_date(time.date())
        system.sweep.make_day(cls, time.date(), end)
    messages = [_message(n, time) for n, time in enumerate(times)]
    outcomes = system.capture.capture(messages, may_state_time=True)
    assert all(isinstance(outcome, Captured) for outcome in outcomes), outcomes


def test_one_id_twice_in_a_batch_is_one_message() -> None:
    system = System(MemoryStores())
    system.sweep.run(dry_run=False)
    outcomes = system.capture.capture([_message(1), _message(1)], may_state_time=False)
    statuses = [o.status for o in outcomes if isinstance(o, Captured)]
    assert statuses == ["captured", "duplicate"]
