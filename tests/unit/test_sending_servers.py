"""Sending against servers that refuse, stall, repeat themselves and fall silent.

Each message leaves once or not at all, and what left, or may have left, is in the archive once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from lethe.domain.outbox import FINAL, SendState
from lethe.domain.ports_sending import VendorClient
from lethe.domain.vendors import Adapter
from lethe.vendors.http import Endpoint
from lethe.vendors.twilio import Twilio
from lethe.vendors.whatsapp import WhatsApp

from tests.memory_outbox import KnownSecrets
from tests.sending_scene import ANNA, SendingScene, phone
from tests.system import STAFF
from tools.fake_vendors import FakeVendors

S = SendState
CHANNELS = ("sms", "whatsapp")


@pytest.fixture
def vendors() -> Iterator[FakeVendors]:
    fake = FakeVendors().start()
    yield fake
    fake.stop()


@pytest.fixture
def scene(vendors: FakeVendors) -> SendingScene:
    made = SendingScene()
    made.open()
    endpoint = Endpoint(vendors.url, plain_allowed=True, answer_seconds=0.5)
    clients: dict[Adapter, VendorClient] = {
        Adapter.TWILIO: Twilio(KnownSecrets(), endpoint),
        Adapter.WHATSAPP: WhatsApp(KnownSecrets(), endpoint),
    }
    made.delivery = replace(made.delivery, vendors=clients)
    return made


ACTS = {
    "accept": S.CAPTURED,
    "slow:0.1": S.CAPTURED,
    "slow:1.2": S.UNCERTAIN,
    "refuse:21610": S.REFUSED,
    "refuse:131050": S.REFUSED,
    "refuse:21211": S.REFUSED,
    "refuse:131047": S.REFUSED,
    "refuse:20429": S.CAPTURED,
    "refuse:130429": S.CAPTURED,
    "status:429": S.CAPTURED,
    "status:500": S.UNCERTAIN,
    "status_after:500": S.UNCERTAIN,
    "drop_before": S.UNCERTAIN,
    "drop_after": S.UNCERTAIN,
    "garbage": S.UNCERTAIN,
}
"""What the server does the first time, and where the message ends."""


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("act", ACTS)
def test_each_message_leaves_once_or_not_at_all(
    scene: SendingScene, vendors: FakeVendors, act: str, channel: str
) -> None:
    vendors.script(act)
    submitted = scene.submit(purpose="service", channel=channel, text="Parcel.", key="parcel-1")
    scene.submit(purpose="service", channel=channel, text="Parcel.", key="parcel-1")
    scene.stores.send_queue.works *= 2  # the queue delivers twice
    scene.work()
    [item] = scene.sending.status(submitted.dispatch).items
    assert item.state in FINAL
    assert item.state is ACTS[act]
    taken = vendors.sent_to("+4915112345678")
    assert taken in ([], ["Parcel."])
    archived = scene.archived()
    assert len(archived) == (item.state in {S.CAPTURED, S.UNCERTAIN})
    assert len(archived) >= len(taken), "what left is in the archive"
    if item.state is S.CAPTURED:
        [one] = vendors.accepted
        message_id = scene.hashes.message_id(channel, one.id)
        read = scene.access.read(message_id, reason="test", caller=STAFF)
        assert read.versions[0].body == one.text
    elif item.state is S.REFUSED:
        assert not taken


@pytest.mark.parametrize(("channel", "code"), [("sms", "21610"), ("whatsapp", "131050")])
def test_who_told_the_vendor_to_stop_is_not_advertised_to_again(
    scene: SendingScene, vendors: FakeVendors, channel: str, code: str
) -> None:
    scene.consent(ANNA, "tips", channel)
    vendors.script(f"refuse:{code}", to="+4915112345678")
    scene.submit(channel=channel)
    scene.work()
    [denied] = scene.submit(channel=channel).items
    assert (denied.state, denied.reason) == (S.DENIED, "stopped")
    assert not vendors.accepted


def test_a_campaign_through_a_bad_day(scene: SendingScene, vendors: FakeVendors) -> None:
    vendors.script(*(act for act in ACTS if not act.startswith("slow")))
    numbers = [phone(n) for n in range(30)]
    submitted = scene.submit(*numbers, purpose="service", text="Recall of model 7.")
    scene.work()
    states = scene.states(submitted.dispatch)
    assert set(states) <= FINAL
    counted = [len(vendors.sent_to(number.removeprefix("tel:"))) for number in numbers]
    assert max(counted) == 1
    left = sum(counted)
    assert left <= len(scene.archived()) == states.count(S.CAPTURED) + states.count(S.UNCERTAIN)
    assert states.count(S.CAPTURED) > 15
