"""A deployment that changes its KEM goes on reading what it sealed before."""

from datetime import timedelta

import pytest
from lethe.crypto.holders import Kem
from lethe.domain.addresses import Address
from lethe.domain.erasure import Grounds
from lethe.domain.errors import ErasedError
from lethe.domain.messages import Direction, Message, MessageId, Participant, Role
from lethe.usecases.capture import Captured
from lethe.usecases.erasure import IdentityProof

from tests.memory_store import MemoryStores
from tests.system import STAFF, System


def _capture(system: System, number: int, sender: str) -> MessageId:
    people = (
        Participant(Address(f"mailto:{sender}@example.com"), Role.SENDER),
        Participant(Address("mailto:bo@example.net"), Role.RECIPIENT),
    )
    message = Message("chat", str(number), Direction.INBOUND, people, f"words {number}")
    [outcome] = system.capture.capture([message], may_state_time=False)
    assert isinstance(outcome, Captured)
    return outcome.message_id


@pytest.mark.parametrize(
    ("before", "after"),
    [(Kem.X25519, Kem.MLKEM768_X25519), (Kem.MLKEM768_X25519, Kem.X25519)],
)
def test_both_kems_are_read_and_erased_side_by_side(before: Kem, after: Kem) -> None:
    stores = MemoryStores()
    old = System(stores, kem=before)
    old.sweep.run(dry_run=False)
    first = _capture(old, 1, "ann")

    new = System(stores, kem=after)
    new.clock.pass_(timedelta(days=1))
    new.sweep.run(dry_run=False)
    second = _capture(new, 2, "cleo")
    kems = {key.kem for key, _ in stores.world.keys.values()}
    assert kems == {before, after}

    bodies = [
        new.access.read(message_id, reason="audit", caller=STAFF).versions[0].body
        for message_id in (first, second)
    ]
    assert bodies == ["words 1", "words 2"]

    new.erasure.request(
        [Address("mailto:cleo@example.com")],
        Grounds.NO_LONGER_NECESSARY,
        IdentityProof.IN_PERSON,
        idempotency_key=None,
        caller=STAFF,
    )
    with pytest.raises(ErasedError):
        new.access.read(second, reason="audit", caller=STAFF)
    assert new.access.read(first, reason="audit", caller=STAFF).versions[0].body == "words 1"
