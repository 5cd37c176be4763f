"""A purge comes to an end, whatever the holder's index holds that may stay."""

from datetime import date, timedelta

import pytest
from lethe.domain.addresses import Address
from lethe.domain.erasure import Grounds
from lethe.domain.messages import Direction, Message, Participant, Role
from lethe.domain.own_addresses import AddressKind, OwnAddress
from lethe.domain.requests import RequestState
from lethe.usecases import purge
from lethe.usecases.capture import Captured
from lethe.usecases.erasure import IdentityProof

from tests.memory_store import MemoryStores
from tests.system import STAFF, START, System

DESK, ANN = Address("mailto:desk@example.com"), Address("mailto:ann@example.net")


def _deliver(system: System, numbers: range) -> None:
    people = (Participant(ANN, Role.SENDER), Participant(DESK, Role.RECIPIENT))
    messages = [
        Message("chat", str(number), Direction.INBOUND, people, f"words {number}")
        for number in numbers
    ]
    outcomes = system.capture.capture(messages, may_state_time=False)
    assert all(isinstance(outcome, Captured) for outcome in outcomes)


@pytest.mark.parametrize("entries_a_run", [2, 1000])
def test_entries_of_a_former_function_address_do_not_keep_a_purge_from_ending(
    entries_a_run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "ENTRIES_A_RUN", entries_a_run)
    stores = MemoryStores()
    system = System(stores)
    last = START.date()
    own = [OwnAddress(DESK, AddressKind.FUNCTION, date(2020, 1, 1), last)]
    system.govern.put_own_addresses(own, caller=STAFF)
    system.sweep.run(dry_run=False)
    _deliver(system, range(5))
    system.clock.pass_(timedelta(days=2))
    _deliver(system, range(5, 10))

    system.clock.pass_(timedelta(seconds=1))
    request = system.erasure.request(
        [DESK],
        Grounds.NO_LONGER_NECESSARY,
        IdentityProof.IN_PERSON,
        idempotency_key=None,
        caller=STAFF,
    )
    system.work_through(stores.world.purge_work)

    assert system.erasure.get(request.id).state is RequestState.COMPLETED
