"""What capture keeps of a message, what it counts of the rest, and how it classes what it finds."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from lethe.channels.email import parse
from lethe.domain.addresses import Address
from lethe.domain.channel_settings import DEFAULT_HEADERS, ChannelSettings
from lethe.domain.figures import HeaderGroup
from lethe.domain.kept import group_of, minimise_message
from lethe.domain.messages import Direction, Message, MessageId, Participant, Role
from lethe.domain.policy import Policy
from lethe.usecases.capture import Captured, CaptureStatus

from tests.memory_store import MemoryStores
from tests.scenes import Scene, message, policy
from tests.system import STAFF

SUPPORT = Address("mailto:support@lethe.example")
RAW = b"""Received: from [192.0.2.1] (helo=laptop-of-mara) by mx.lethe.example
Received: from relay.example for <mara@example.org>
X-Originating-IP: [192.0.2.1]
X-Mailer: Rosenpost 3
User-Agent: Rosenpost 3 on a telephone
X-Geo-Country: DE
DKIM-Signature: v=1; d=example.org
X-Ms-Exchange-Organization-Id: 17
X-Lethe-Basis: Art. 6(1)(a); forged
X-Colour: blue
Message-ID: <1@example.org>
In-Reply-To: <0@example.org>
References: <0@example.org>
Date: Mon, 2 Mar 2026 09:15:00 +0100
Importance: high
From: Mara Lindqvist <mara@example.org>
To: Support <support@lethe.example>
Subject: Hello
Content-Type: text/html

<p>Hello</p>
"""


SCREENING = {
    "answered": "2026-01-15",
    "systematic_evaluation": False,
    "special_categories_at_large": False,
    "monitoring_of_public_space": False,
    "vulnerable_persons": False,
    "new_technology": False,
}


def channel(**fields: Any) -> ChannelSettings:
    return ChannelSettings.model_validate_json(json.dumps({"description": "x"} | fields))


def with_channel(name: str, **fields: Any) -> Policy:
    """The company's policy, and a class for what needs a ground of Art. 9(2)."""
    document = policy().model_dump(mode="json", by_alias=True)
    document["channels"] = {name: {"description": "x", "screening": SCREENING, **fields}}
    document["rules"].insert(0, {"when": {"tag": "special"}, "class": "review"})
    return Policy.model_validate_json(json.dumps(document))


# Headers


def test_L72_addresses_of_machines_devices_and_routes_are_left_out_by_default() -> None:
    mail = parse(RAW, SUPPORT)
    kept, dropped = minimise_message(mail, None)

    assert kept.headers == (
        ("date", "Mon, 2 Mar 2026 09:15:00 +0100"),
        ("importance", "high"),
        ("message-id", "<1@example.org>"),
        ("in-reply-to", "<0@example.org>"),
        ("references", "<0@example.org>"),
    )
    assert kept.further_headers == ()
    assert dropped.headers == {
        HeaderGroup.ROUTING: 4,  # twice Received, DKIM, Exchange
        HeaderGroup.IP: 1,
        HeaderGroup.DEVICE: 2,
        HeaderGroup.LOCATION: 1,
        HeaderGroup.OTHER: 2,  # the colour and the media type
    }
    assert not any(dropped.parts.values())
    assert replace(kept, headers=(), further_headers=()) == replace(
        mail, headers=(), further_headers=()
    )


def test_L72_what_is_kept_beyond_that_is_kept_for_a_stated_purpose() -> None:
    with pytest.raises(ValueError, match="header_purpose"):
        channel(headers=["x-originating-ip"])
    settings = channel(
        headers=["message-id", "received", "x-originating-ip", "x-lethe-basis"],
        header_purpose="To trace fraud.",
    )

    kept, dropped = minimise_message(parse(RAW, SUPPORT), settings)

    assert kept.headers == (
        ("message-id", "<1@example.org>"),
        ("received", "from [192.0.2.1] (helo=laptop-of-mara) by mx.lethe.example"),
        # The other one names an address, and nobody writes what Lethe says.
        ("x-originating-ip", "[192.0.2.1]"),
    )
    assert dropped.figures["dropped.header.routing"] == 3


def test_headers_of_lethe_itself_always_stay() -> None:
    said = message("m", "a", "x", headers=(("x-lethe-defects", "charset=1"), ("x-a", "1")))
    kept, dropped = minimise_message(said, channel(headers=[]))
    assert kept.headers == (("x-lethe-defects", "charset=1"),)
    assert dropped.figures == {"dropped.header.other": 1}


@pytest.mark.parametrize(
    ("name", "group"),
    {
        "received": HeaderGroup.ROUTING,
        "x-received": HeaderGroup.ROUTING,
        "arc-seal": HeaderGroup.ROUTING,
        "authentication-results": HeaderGroup.ROUTING,
        "x-spam-status": HeaderGroup.ROUTING,
        "x-client-ip": HeaderGroup.IP,
        "x-forwarded-for": HeaderGroup.IP,
        "user-agent": HeaderGroup.DEVICE,
        "x-device-model": HeaderGroup.DEVICE,
        "x-geo": HeaderGroup.LOCATION,
        "x-time-zone": HeaderGroup.LOCATION,
        "x-ship": HeaderGroup.OTHER,
        "mime-version": HeaderGroup.OTHER,
    }.items(),
)
def test_headers_are_counted_by_what_their_names_say(name: str, group: HeaderGroup) -> None:
    assert group_of(name) is group


# Parts


def test_parts_that_a_channel_does_not_need_are_left_out() -> None:
    mail = parse(RAW, SUPPORT)
    kept, dropped = minimise_message(mail, channel(drop=["html", "thread", "display_names"]))

    assert (kept.html, kept.thread, kept.body) == ("", "", mail.body)
    assert [(p.address, p.role, p.name, p.headers) for p in kept.participants] == [
        (p.address, p.role, "", ()) for p in mail.participants
    ]
    assert (
        dropped.figures.items()
        >= {
            "dropped.html": 1,
            "dropped.thread": 1,
            "dropped.display_names": 2,
        }.items()
    )
    again, nothing = minimise_message(kept, channel(drop=["html", "thread", "display_names"]))
    assert again == kept
    assert nothing.figures == {}


def test_an_id_that_is_somebodys_address_stays_with_that_person_if_ids_stay() -> None:
    mara = Participant(
        Address("mailto:mara@example.org"),
        Role.SENDER,
        "Mara",
        (("from", "Mara <mara@example.org>"), ("message-id", "<mara@example.org>")),
    )
    said = Message("email", "1", Direction.INBOUND, (mara,), "hello")

    def headers(**fields: Any) -> tuple[tuple[str, str], ...]:
        return minimise_message(said, channel(**fields))[0].participants[0].headers

    assert headers() == mara.headers
    assert headers(headers=["date"]) == mara.headers[:1]
    assert headers(drop=["display_names"]) == mara.headers[1:]


def test_the_default_keeps_what_a_thread_needs() -> None:
    assert {"message-id", "in-reply-to", "references", "date"} <= set(DEFAULT_HEADERS)
    assert {group_of(name) for name in DEFAULT_HEADERS} == {HeaderGroup.OTHER}


# In capture


@pytest.fixture
def scene() -> Scene:
    made = Scene(MemoryStores())
    made.open()
    return made


def figures(scene: Scene, name: str = "chat") -> dict[str, int]:
    day = scene.clock().date()
    read = scene.stores.activity.read(day, [name])[name]
    return {key: number for key, number in read.items() if not key.startswith("seen_")}


def read_headers(scene: Scene, message_id: MessageId) -> Sequence[tuple[str, str]]:
    return scene.read(message_id).versions[0].headers


def test_L72_capture_keeps_less_and_counts_what_it_left_out(scene: Scene) -> None:
    headers = (("x-client-ip", "192.0.2.1"), ("importance", "high"), ("user-agent", "x"))
    message_id = scene.captured(message("m", "a", "x", headers=headers))

    assert read_headers(scene, message_id) == (("importance", "high"),)
    expected = {"dropped.header.ip": 1, "dropped.header.device": 1}
    assert figures(scene) == expected

    # A repetition keeps nothing, so nothing is counted; a batch is counted together.
    scene.deliver(message("m", "a", "x", headers=headers))
    assert figures(scene) == expected
    scene.deliver(*(message(name, "a", "x", headers=headers) for name in "op"))
    assert figures(scene) == {"dropped.header.ip": 3, "dropped.header.device": 3}


def test_a_redelivery_after_a_change_of_the_policy_is_a_duplicate(scene: Scene) -> None:
    said = message("m", "a", "x", headers=(("x-note", "1"),), html="<p>x</p>", thread="t")
    message_id = scene.captured(said)
    scene.put_in_force(with_channel("chat", drop=["html", "thread"], tag_inbound=True))

    [outcome] = scene.deliver(said)

    assert isinstance(outcome, Captured)
    assert (outcome.message_id, outcome.status) == (message_id, CaptureStatus.DUPLICATE)


def test_what_is_left_out_of_a_message_stays_in_its_original(scene: Scene) -> None:
    said = message("m", "a", "x", headers=(("x-note", "1"),), purpose="law")
    message_id = scene.captured(said)

    assert read_headers(scene, message_id) == ()
    raw = scene.access.original(message_id, 1, reason="test", caller=STAFF)
    assert b"".join(raw) == b"raw m"


def test_L12_what_speaks_of_special_categories_goes_to_a_class_of_its_own(scene: Scene) -> None:
    scene.put_in_force(with_channel("chat", tag_inbound=True))
    scene.make_days()
    sick = message("m", "a", "x", body="Ich bin schwanger, Tel. +49 30 1234567")

    [outcome] = scene.deliver(sick, message("n", "a", "x", body="Wo bleibt mein Paket?"))[:1]

    # It is captured whole, in a class with `on_erasure: review`: a human decides on its erasure.
    assert isinstance(outcome, Captured)
    assert outcome.cls == "review"
    assert scene.read(outcome.message_id).versions[0].body == sick.body
    assert figures(scene) == {"found.special": 1, "found.phone": 1}


@pytest.mark.parametrize("subject", ["Meine Chemotherapie", ""])
def test_L12_the_subject_counts_and_what_goes_out_or_is_not_asked_for_does_not(
    scene: Scene, subject: str
) -> None:
    scene.put_in_force(with_channel("chat", tag_inbound=True))
    scene.make_days()
    classes = [
        outcome.cls
        for outcome in scene.deliver(
            message("m", "a", "x", subject=subject),
            message("n", "x", "a", subject=subject),
            message("o", "a", "x", subject=subject, channel="sms"),
        )
        if isinstance(outcome, Captured)
    ]
    assert classes == ["review" if subject else "short", "short", "short"]
