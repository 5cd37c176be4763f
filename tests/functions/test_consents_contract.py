"""What every store of consents does, whatever is below it: one suite over memory and AWS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key
from lethe.crypto import jws
from lethe.domain import consent_fold
from lethe.domain.consent import (
    EVERY,
    BasisSpan,
    ConsentEvent,
    ConsentLine,
    ConsentState,
    EventId,
    EventType,
    LedgerId,
    Objection,
    Overruling,
)
from lethe.domain.errors import ConflictError, RaceLostError
from lethe.domain.holders import HolderId, PublicHolder
from lethe.domain.ports import WrappedKey
from lethe.domain.ports_sending import Consents, NewConsentKey, Signer, Texts
from lethe.domain.register import Pseudonym

from tests.aws_store import AwsStores, on_aws
from tests.memory_store import MemoryStores

if TYPE_CHECKING:

    def _keeps_the_contract(stores: MemoryStores | AwsStores) -> None:
        """Let mypy hold every store to its port."""
        consents: Consents = stores.consents
        texts: Texts = stores.texts
        signer: Signer = stores.signer
        del consents, texts, signer


AT = datetime(2026, 3, 10, 12, 0, 0, 5000, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
ANNA, BERT = Pseudonym("A" * 43), Pseudonym("b" * 43)
OWN = "o" * 43
LEDGER = LedgerId("1" * 32)
HOLDER = PublicHolder(HolderId(b"h" * 16), 1, b"k" * 32)
KEY = NewConsentKey(HOLDER.id, 1, b"wrapped")

Stores = Any  # one attribute per port


@pytest.fixture(params=["memory", "aws"])
def stores(request: pytest.FixtureRequest) -> Iterator[MemoryStores | AwsStores]:
    if request.param == "memory":
        yield MemoryStores()
    else:
        with on_aws() as on:
            yield on


def event(sequence: int = 1, **changes: Any) -> ConsentEvent:
    made = ConsentEvent(
        id=EventId(uuid4().hex),
        ledger=LEDGER,
        sequence=sequence,
        type=EventType.GIVEN,
        purpose="newsletter",
        channel="email",
        own=EVERY,
        time=AT,
        until=LATER,
        sealed=os.urandom(100),
        previous=bytes(32),
        policy_version=3,
        notice_version=2,
        expires=date(2031, 3, 12),
        previous_expires=date(2031, 3, 11),
        receipt="a.b.c",
    )
    return replace(made, **changes)


def begun(who: Pseudonym = ANNA, **changes: Any) -> ConsentState:
    made = ConsentState(
        who, LEDGER, HOLDER, sequence=1, head=b"d" * 32, expires=date(2031, 3, 12), due=LATER
    )
    return replace(made, **changes)


def whole() -> ConsentState:
    """A state with something in every field that a fold has."""
    return begun(
        lines={
            ("newsletter", "email"): ConsentLine(AT, LATER, EventId("e" * 32), 4),
            (EVERY, "sms"): ConsentLine(withdrawn_at=AT, refused_at=LATER, expired_at=AT),
        },
        objections={("survey", EVERY): Objection(AT, EventId("f" * 32), LATER)},
        overrulings={("survey", EVERY): Overruling(AT, LATER)},
        stops={("sms", OWN): AT},
        vendor_blocks={("sms", OWN): AT},
        vendor_unblocks={("whatsapp", OWN): LATER},
        bases={
            "sale": BasisSpan(AT, None, EventId("9" * 32), opt_out_offered=True),
            "contract": BasisSpan(AT, LATER, EventId("8" * 32)),
        },
        voided_at=AT,
        ends=date(2030, 1, 1),
    )


def state(stores: Stores, who: Pseudonym = ANNA) -> ConsentState:
    found: ConsentState = stores.consents.states([who])[who]
    return found


def append(stores: Stores, *events: ConsentEvent, **options: Any) -> ConsentState:
    """Append to whatever stands there."""
    before = options.get("before") or state(stores, options.get("who", ANNA))
    after = options.get("after") or begun(before.pseudonym)
    stores.consents.append(events, before, after, options.get("key"))
    return state(stores, before.pseudonym)


def test_an_unknown_person_has_an_empty_state(stores: Stores) -> None:
    assert stores.consents.states([ANNA, BERT]) == {
        ANNA: ConsentState(ANNA),
        BERT: ConsentState(BERT),
    }
    assert stores.consents.states([]) == {}


def test_many_states_are_read_at_once(stores: Stores) -> None:
    people = [Pseudonym(f"{number:043d}") for number in range(150)]
    append(stores, event(), who=people[7])
    found = stores.consents.states(people)
    assert len(found) == 150
    assert found[people[7]].revision == 1
    assert found[people[8]] == ConsentState(people[8])


def test_events_and_fold_come_back_as_they_were(stores: Stores) -> None:
    first = event()
    second = event(
        2,
        type=EventType.OBJECTION_OVERRULED,
        until=None,
        expires=None,
        previous_expires=None,
        about=LATER,
        opt_out_offered=True,
    )
    found = append(stores, first, second, after=whole(), key=KEY)
    assert found == replace(whole(), revision=1)
    assert list(stores.consents.events(LEDGER)) == [first, second]
    assert list(stores.consents.events(LedgerId("2" * 32))) == []
    assert stores.consents.key(HOLDER.id) == WrappedKey(HOLDER.id, 1, b"wrapped")
    assert stores.consents.key(HolderId(b"x" * 16)) is None


def test_what_a_fold_loses_is_gone(stores: Stores) -> None:
    append(stores, event(), after=whole())
    found = append(stores, event(2), after=begun(due=None))
    assert found == begun(revision=2, due=None)


def test_events_have_the_order_of_their_sequence(stores: Stores) -> None:
    for start in (1, 9, 99):
        numbers = range(start, start + 3)
        append(stores, *(event(number) for number in reversed(numbers)))
    found = [one.sequence for one in stores.consents.events(LEDGER)]
    assert found == sorted(found)
    assert len(found) == 9


def test_an_id_is_recorded_once_whoever_uses_it(stores: Stores) -> None:
    first = event()
    append(stores, first)
    with pytest.raises(ConflictError):
        append(stores, event(2, id=first.id))
    with pytest.raises(ConflictError):
        append(stores, event(id=first.id, ledger=LedgerId("2" * 32)), who=BERT)
    assert list(stores.consents.events(LEDGER)) == [first]
    assert state(stores, BERT) == ConsentState(BERT)
    other = EventId("0" * 32)
    assert stores.consents.recorded([first.id, other]) == {first.id: first}
    assert stores.consents.recorded([]) == {}


def test_who_saw_an_older_revision_writes_nothing(stores: Stores) -> None:
    before = state(stores)
    first, late = event(), event()
    append(stores, first, key=KEY)
    new = NewConsentKey(HolderId(b"n" * 16), 1, b"w")
    with pytest.raises(RaceLostError):
        append(stores, late, before=before, key=new)
    seen = state(stores)
    append(stores, event(2))
    with pytest.raises(RaceLostError):
        append(stores, event(3), before=seen)
    assert [one.sequence for one in stores.consents.events(LEDGER)] == [1, 2]
    assert stores.consents.recorded([late.id]) == {}
    assert stores.consents.key(new.holder_id) is None


def test_an_event_never_goes_over_another(stores: Stores) -> None:
    first = event()
    append(stores, first)
    with pytest.raises(RaceLostError):
        append(stores, event())
    assert list(stores.consents.events(LEDGER)) == [first]


def test_a_fold_is_put_without_events(stores: Stores) -> None:
    append(stores, event(), after=whole())
    seen = state(stores)
    settled = replace(seen, ends=date(2040, 1, 1))
    assert append(stores, before=seen, after=settled) == replace(settled, revision=2)
    with pytest.raises(RaceLostError):
        append(stores, before=seen, after=settled)


def test_marks_stand_beside_the_fold(stores: Stores) -> None:
    consents = stores.consents
    consents.mark_inbound(ANNA, "whatsapp", OWN, LATER)
    consents.mark_inbound(ANNA, "whatsapp", OWN, AT)
    consents.mark_notified(ANNA, 2, AT)
    marks: dict[str, Any] = {"inbound": {("whatsapp", OWN): LATER}}
    marks |= {"notified": 2, "notified_at": AT}
    assert state(stores) == replace(ConsentState(ANNA), **marks)
    found = append(stores, event(), after=whole())
    assert found == replace(whole(), revision=1, **marks)
    consents.mark_inbound(ANNA, "sms", OWN, AT)
    consents.mark_notified(ANNA, 3, LATER)
    consents.mark_notified(ANNA, 2, LATER + timedelta(hours=1))
    found = state(stores)
    assert found.inbound == {("whatsapp", OWN): LATER, ("sms", OWN): AT}
    assert (found.notified, found.notified_at, found.revision) == (3, LATER, 1)


def test_a_mark_between_look_and_write_is_no_race(stores: Stores) -> None:
    before = state(stores)
    stores.consents.mark_inbound(ANNA, "sms", OWN, AT)
    found = append(stores, event(), before=before)
    assert found.inbound == {("sms", OWN): AT}


def test_due_lists_who_is_due_the_earliest_first(stores: Stores) -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    wanted = {
        "a" * 43: now - timedelta(days=100),
        "b" * 43: now - timedelta(milliseconds=1),
        "c" * 43: now,
        "d" * 43: now + timedelta(milliseconds=1),
        "e" * 43: None,
        "f" * 43: now - timedelta(days=400),
    }
    for number, (who, due) in enumerate(wanted.items()):
        ledger = LedgerId(f"{number:032d}")
        after = begun(Pseudonym(who), ledger=ledger, due=due)
        append(stores, event(ledger=ledger), who=Pseudonym(who), after=after)
    assert [one[0] for one in stores.consents.due(now)] == ["f", "a", "b", "c"]


def test_evidence_ends_with_its_key_and_what_suppresses_stays(stores: Stores) -> None:
    append(stores, event(), after=whole(), key=KEY)
    stores.consents.mark_inbound(ANNA, "sms", OWN, AT)
    seen = state(stores)
    stores.consents.end_evidence(seen)
    assert stores.consents.key(HOLDER.id) is None
    found = state(stores)
    assert found == consent_fold.ended(seen)
    assert (found.ledger, found.holder, found.due, found.ends) == (None, None, None, None)
    assert found.lines == {(EVERY, "sms"): ConsentLine(withdrawn_at=AT, refused_at=LATER)}
    assert found.objections == whole().objections
    assert found.stops == whole().stops
    with pytest.raises(RaceLostError):
        stores.consents.end_evidence(seen)
    other = LedgerId("5" * 32)
    again = append(stores, event(ledger=other), after=begun(ledger=other), key=KEY)
    assert again.ledger == other


def test_evidence_of_which_nothing_suppresses_leaves_no_fold(stores: Stores) -> None:
    append(stores, event(), after=begun(ends=date(2030, 1, 1)), key=KEY)
    stores.consents.end_evidence(state(stores))
    assert state(stores) == replace(ConsentState(ANNA), revision=2)
    assert append(stores, event(2), key=KEY).revision == 3


def test_a_text_is_kept_once(stores: Stores) -> None:
    digest = sha256(b"text").hexdigest()
    assert stores.texts.get(digest) is None
    first = {"text": "May we?", "language": "en", "version": "2"}
    stores.texts.put(digest, first)
    stores.texts.put(digest, first | {"version": "3"})
    assert stores.texts.get(digest) == first


def test_what_was_signed_is_verified_with_the_public_key_alone(stores: Stores) -> None:
    public = stores.signer.public_key()
    load_der_public_key(public)
    for number in range(20):
        token = jws.sign({"n": number}, kid="k", typ="t", signature=stores.signer.sign)
        assert jws.verify(token, public) == {"n": number}
