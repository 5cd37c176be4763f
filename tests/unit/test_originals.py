"""A raw original comes back bit for bit, whole or by a grant, until one of its persons ends."""

import base64
import json
from datetime import timedelta

import pytest
from lethe.crypto.stream import open_stream
from lethe.domain.addresses import Address
from lethe.domain.archive import attempt_prefix
from lethe.domain.erasure import Grounds
from lethe.domain.errors import ErasedError
from lethe.domain.messages import Direction, Message, MessageId, Participant, Role
from lethe.domain.policy import Policy, load_default
from lethe.usecases.capture import Captured
from lethe.usecases.erasure import IdentityProof

from tests.memory_store import MemoryStores
from tests.system import STAFF, System

RAW = bytes(range(256)) * 5000
MARA = Address("mailto:mara@example.com")


def _captured() -> tuple[System, MessageId]:
    system = System(MemoryStores())
    document = load_default().model_dump(mode="json", by_alias=True)
    document["classes"]["correspondence"]["keep_original"] = True
    policy = Policy.model_validate_json(json.dumps(document))
    system.put_in_force(policy)
    system.sweep.run(dry_run=False)
    people = (
        Participant(MARA, Role.SENDER),
        Participant(Address("mailto:bo@example.net"), Role.RECIPIENT),
    )
    message = Message("email", "1", Direction.INBOUND, people, "hello", original=RAW)
    [outcome] = system.capture.capture([message], may_state_time=False)
    assert isinstance(outcome, Captured)
    return system, outcome.message_id


def test_an_original_comes_back_bit_for_bit() -> None:
    system, message_id = _captured()
    raw = system.access.original(message_id, 1, reason="test", caller=STAFF)
    assert b"".join(raw) == RAW


def test_a_grant_opens_the_same_original() -> None:
    system, message_id = _captured()
    grant = system.access.original_grant(message_id, 1, reason="test", caller=STAFF)
    [head] = system.stores.archive.heads(message_id)[0]
    ciphertext = system.stores.objects.get(attempt_prefix(head.header) + grant.part, keep=head.keep)
    key = base64.urlsafe_b64decode(grant.key)
    assert b"".join(open_stream(key, ciphertext, grant.part.encode())) == RAW


def test_the_original_ends_with_the_first_person_and_the_message_lives_on() -> None:
    system, message_id = _captured()
    system.clock.pass_(timedelta(seconds=1))
    system.erasure.request(
        [Address("mailto:bo@example.net")],
        Grounds.NO_LONGER_NECESSARY,
        IdentityProof.IN_PERSON,
        idempotency_key=None,
        caller=STAFF,
    )
    assert system.access.read(message_id, reason="test", caller=STAFF).versions[0].body == "hello"
    for read in (system.access.original, system.access.original_grant):
        with pytest.raises(ErasedError):
            read(message_id, 1, reason="test", caller=STAFF)
