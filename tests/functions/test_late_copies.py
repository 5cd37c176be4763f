"""L45, L50: once a deletion is answered, purged or not, no delivery brings the message back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from lethe.domain.addresses import Address
from lethe.domain.erasure import Grounds
from lethe.domain.errors import ErasedError
from lethe.domain.messages import Direction, Message, Participant, Role
from lethe.usecases.capture import Captured
from lethe.usecases.erasure import IdentityProof

from tests.memory_store import MemoryStores
from tests.system import STAFF, System

ANN, BO, CLEO, X = (Address(f"mailto:{name}@example.com") for name in ("ann", "bo", "cleo", "x"))
MAIL = Message(
    channel="email",
    external_id="m-1",
    direction=Direction.OUTBOUND,
    participants=(Participant(X, Role.SENDER), Participant(ANN, Role.RECIPIENT)),
    body="words to Ann",
    content_identified=True,
    own_address=X,
)
COPY = replace(MAIL, participants=(*MAIL.participants, Participant(BO, Role.BCC)))


@pytest.fixture
def system() -> System:
    system = System(MemoryStores())
    system.sweep.run(dry_run=False)
    return system


def _deliver(system: System, message: Message) -> object:
    system.clock.pass_(timedelta(seconds=1))
    [outcome] = system.capture.capture([message], may_state_time=False)
    return outcome


@pytest.mark.parametrize("late", [MAIL, COPY, replace(MAIL, body="edited", edit=True)])
def test_L50_what_comes_between_a_deletion_and_its_purge_is_refused(
    system: System, late: Message
) -> None:
    captured = _deliver(system, MAIL)
    assert isinstance(captured, Captured)
    system.deletion.delete(captured.message_id, ANN, caller=STAFF)
    assert isinstance(_deliver(system, late), ErasedError)
    system.work_through(system.stores.world.purge_work)
    assert isinstance(_deliver(system, late), ErasedError)


@pytest.mark.parametrize("late", [MAIL, COPY])
def test_L50_no_copy_brings_a_mail_back_whose_last_holder_was_erased(
    system: System, late: Message
) -> None:
    captured = _deliver(system, MAIL)
    assert isinstance(captured, Captured)
    system.clock.pass_(timedelta(seconds=1))
    system.erasure.request(
        [ANN],
        Grounds.NO_LONGER_NECESSARY,
        IdentityProof.IN_PERSON,
        idempotency_key=None,
        caller=STAFF,
    )
    assert isinstance(_deliver(system, late), ErasedError)
    with pytest.raises(ErasedError):
        system.access.read(captured.message_id, reason="audit", caller=STAFF)


def test_L54_a_copy_for_another_is_captured_while_a_holder_lives(system: System) -> None:
    both = replace(MAIL, participants=(*MAIL.participants, Participant(CLEO, Role.CC)))
    captured = _deliver(system, both)
    assert isinstance(captured, Captured)
    system.deletion.delete(captured.message_id, ANN, caller=STAFF)
    further = replace(both, participants=(*both.participants, Participant(BO, Role.BCC)))
    copied = _deliver(system, further)
    assert isinstance(copied, Captured)
    assert copied.version == 2
    read = system.access.read(captured.message_id, reason="audit", caller=STAFF)
    assert {p.address for p in read.participants if p.address} == {X, CLEO, BO}


def test_L50_no_edit_brings_a_message_back_whose_last_holders_ended_one_by_one(
    system: System,
) -> None:
    captured = _deliver(system, COPY)
    assert isinstance(captured, Captured)
    system.deletion.delete(captured.message_id, ANN, caller=STAFF)
    system.clock.pass_(timedelta(seconds=1))
    grounds, proof = Grounds.NO_LONGER_NECESSARY, IdentityProof.IN_PERSON
    system.erasure.request([BO], grounds, proof, idempotency_key=None, caller=STAFF)
    assert isinstance(_deliver(system, replace(COPY, body="edited", edit=True)), ErasedError)
