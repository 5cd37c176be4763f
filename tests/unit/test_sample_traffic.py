"""The sample traffic is what the demo says it is, and every request in it can be read."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pytest
from lethe.channels import email, generic
from lethe.domain.addresses import parse
from lethe.domain.messages import Message
from lethe.domain.own_addresses import OwnAddressesIn, parse_own_addresses_csv

from tools.sample_messages import Request, Said
from tools.sample_people import CUSTOMERS, STAFF
from tools.sample_traffic import Traffic, own_addresses, traffic

TODAY = date(2027, 1, 2)  # the earlier days lie in another month and year


@pytest.fixture(scope="module")
def sample() -> Traffic:
    return traffic(TODAY)


def requests(sample: Traffic) -> list[Request]:
    later = sample.later.request()
    return [*sample.first, sample.known, *sample.repeated, sample.conflict, *sample.copies, later]


def read(request: Request) -> list[Message]:
    if isinstance(request.body, bytes):
        return [email.parse(request.body, parse(request.mailbox))]
    documents = request.body.get("messages", [request.body])
    documents = json.loads(json.dumps(documents))
    return [generic.to_message(generic.read(document)) for document in documents]


def said(sample: Traffic) -> list[tuple[Said, Message]]:
    return [
        pair
        for request in requests(sample)
        for pair in zip(request.messages, read(request), strict=True)
    ]


def test_there_is_enough_of_it(sample: Traffic) -> None:
    days = Counter(message.day for message in sample.messages)
    people = {place.name for m in sample.messages for place in m.places if place.name}
    assert len(sample.messages) >= 240
    assert len(days) == 3
    assert min(days.values()) > 50
    assert people == {one.name for one in (*CUSTOMERS, *STAFF)}
    assert len(CUSTOMERS) >= 24


def test_it_is_the_same_every_time(sample: Traffic) -> None:
    assert traffic(TODAY) == sample


def test_names_are_unique(sample: Traffic) -> None:
    names = [each.name for call in (*sample.first, sample.known) for each in call.messages]
    assert len(names) == len(set(names))


def test_every_kind_of_message_is_in_it(sample: Traffic) -> None:
    messages = sample.messages
    assert {m.channel for m in messages} == {"chat", "whatsapp", "sms", "voice", "email"}
    assert {m.cls for m in messages} == {
        *("support", "correspondence", "staff", "calls", "marketing", "claims", "invoices")
    }
    mails = [m for m in messages if m.raw]
    assert sum(bool(m.files) for m in mails) >= 8
    assert any(m.html for m in mails)
    assert any(b"\r\nMessage-ID:" not in m.raw for m in mails)


@pytest.mark.parametrize("fate", ["untouched", "restricted", "cut", "ended"])
def test_an_erasure_has_every_effect(sample: Traffic, fate: str) -> None:
    erased = frozenset(sample.erased.addresses)
    assert any(message.fate(erased) == fate for message in sample.messages)


def test_what_lives_on_names_nobody_who_is_erased(sample: Traffic) -> None:
    erased = frozenset(sample.erased.addresses)
    for message in sample.messages:
        if message.fate(erased) == "cut":
            text = message.body + message.html + message.subject
            assert not any(word in text for word in sample.erased.name.split())


def test_nothing_but_the_period_ends_what_expires(sample: Traffic) -> None:
    erased = frozenset(sample.erased.addresses)
    assert sample.expiring
    assert all(m.fate(erased) == "untouched" for m in sample.expiring)
    assert sample.deletable not in sample.expiring
    assert not sample.deletable.people & erased


def test_the_known_batch_holds_only_people_met_before(sample: Traffic) -> None:
    met = {(m.cls, address) for call in sample.first for m in call.messages for address in m.people}
    assert len(sample.known.messages) >= 20
    for message in sample.known.messages:
        assert {(message.cls, address) for address in message.people} <= met


def test_every_message_reads_as_it_was_said(sample: Traffic) -> None:
    for expected, message in said(sample):
        assert message.channel == expected.channel
        assert message.direction == expected.direction
        assert message.subject == expected.subject
        assert message.html == expected.html
        assert message.body == expected.body
        assert message.time == expected.time
        assert sorted((p.role, p.address, p.name) for p in message.participants) == sorted(
            (place.role, place.address, place.name) for place in expected.places
        )
        assert [(a.name, a.media_type, a.size, a.sha256.hex()) for a in message.attachments] == [
            file.note for file in expected.files
        ]


def test_addresses_are_canonical_already(sample: Traffic) -> None:
    for message in sample.messages:
        assert all(parse(address) == address for address in message.people)


def test_repeated_mails_are_the_same_mail(sample: Traffic) -> None:
    ids = {m.external_id for call in sample.first for m in read(call)}
    for request in (*sample.repeated, sample.conflict, *sample.copies):
        assert read(request)[0].external_id in ids


def test_own_addresses_can_be_read() -> None:
    functions, people = own_addresses(TODAY)
    assert OwnAddressesIn.model_validate_json(json.dumps(functions)).all()
    assert len(parse_own_addresses_csv(people)) == len(STAFF) * 3
