"""Sending over memory: what is recorded, what leaves and how it is told of."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lethe.crypto.transit import open_message, open_vendor_id, seal_message, seal_vendor_id
from lethe.crypto.withdrawal_link import open_link
from lethe.domain.addresses import Address
from lethe.domain.channel_settings import ChannelSettings
from lethe.domain.consent import EventType
from lethe.domain.erasure import Grounds
from lethe.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    SealError,
    TooLargeError,
    UnavailableError,
)
from lethe.domain.messages import Direction, Role
from lethe.domain.outbox import (
    DispatchId,
    OutMessage,
    OutRecipient,
    Refused,
    SendState,
    TryAgain,
    Unknown,
)
from lethe.usecases.consent_ledger import Act
from lethe.usecases.delivery import AGAIN, LONGEST_RUN
from lethe.usecases.erasure import IdentityProof
from lethe.usecases.parting import with_withdrawal
from lethe.usecases.sent_capture import ERASED

from tests.sending_scene import (
    ANNA,
    BERT,
    MAILBOX,
    MARA,
    PHONE,
    URL,
    SendingScene,
    phone,
    sending_policy,
)
from tests.system import STAFF

S = SendState
DISPATCH = DispatchId("d" * 32)


@pytest.fixture
def scene() -> SendingScene:
    made = SendingScene()
    made.open()
    return made


# ---- what is sealed --------------------------------------------------------------------------


def test_what_is_on_its_way_opens_in_its_place_alone() -> None:
    key = b"k" * 32
    recipient = OutRecipient(3, ANNA, Role.RECIPIENT, "Anna Ärmel")
    message = OutMessage("tips", "sms", "twilio", PHONE, (recipient,), "Grüße \ud83d\udc4b")
    message = replace(message, text="Grüße 👋", is_notice=True, notice_version=4, html="<p>")
    sealed = seal_message(key, message, DISPATCH, 3)
    assert open_message(key, sealed, DISPATCH, 3) == message
    vendor = seal_vendor_id(key, "wamid.x", DISPATCH, 3)
    assert open_vendor_id(key, vendor, DISPATCH, 3) == "wamid.x"
    for other in (
        lambda: open_message(key, sealed, DISPATCH, 2),
        lambda: open_message(key, sealed, DispatchId("e" * 32), 3),
        lambda: open_message(b"o" * 32, sealed, DISPATCH, 3),
        lambda: open_message(key, vendor, DISPATCH, 3),
        lambda: open_message(key, b"", DISPATCH, 3),
        lambda: open_vendor_id(key, sealed, DISPATCH, 3),
    ):
        with pytest.raises(SealError):
            other()


def test_two_texts_of_one_length_in_characters_are_sealed_as_long() -> None:
    message = OutMessage("tips", "sms", "twilio", PHONE, (OutRecipient(0, ANNA, Role.BCC),), "")
    sizes = {
        len(seal_message(b"k" * 32, replace(message, text=text), DISPATCH, 0))
        for text in ("Yes.", "No, thanks.", "Maybe.")
    }
    assert len(sizes) == 1


# ---- handing in ------------------------------------------------------------------------------


def test_each_recipient_has_an_item_and_a_denied_one_its_reason(scene: SendingScene) -> None:
    scene.consent(ANNA)
    submitted = scene.submit(BERT, ANNA)
    denied, queued = submitted.items
    assert (denied.number, denied.state, denied.reason) == (0, S.DENIED, "no_consent")
    assert (queued.number, queued.state) == (1, S.QUEUED)
    assert queued.basis.startswith("Art. 6(1)(a); ")
    assert not queued.sealed
    assert list(scene.sending.status(submitted.dispatch).items) == list(submitted.items)
    scene.work()
    assert scene.states(submitted.dispatch) == [S.DENIED, S.CAPTURED]
    [taken] = scene.vendor.taken
    assert [r.address for r in taken.recipients] == [ANNA]


def test_together_it_goes_to_all_or_to_nobody(scene: SendingScene) -> None:
    others = Address("mailto:carl@example.org"), Address("mailto:bea@example.org")
    submitted = scene.submit(MARA, *others, purpose="service", channel="email", together=True)
    [item] = submitted.items
    assert (item.number, item.covers) == (0, 3)
    scene.work()
    [taken] = scene.vendor.taken
    assert len(taken.recipients) == 3
    mara = scene.hashes.pseudonym(MARA)
    own = scene.hashes.pseudonym(MAILBOX)
    scene.stores.consents.mark_inbound(mara, "email", own, scene.clock.now)
    both = scene.submit(MARA, *others, purpose="support", channel="email", together=True)
    assert [(item.state, item.reason) for item in both.items] == [
        (S.DENIED, "another_recipient_denied"),
        (S.DENIED, "no_recent_inbound"),
        (S.DENIED, "no_recent_inbound"),
    ]
    scene.work()
    assert len(scene.vendor.taken) == 1


def test_nothing_of_a_person_lies_open_in_the_outbox(scene: SendingScene) -> None:
    submitted = scene.submit(purpose="service", text="Words for Anna.")
    for _, item in scene.stores.outbox.rows.values():
        shown = repr(replace(item, sealed=b"", vendor_sealed=b"", wrapped_key=b""))
        assert "+49" not in shown
        assert "Anna" not in shown
        assert b"Anna" not in item.sealed
    scene.work()
    item = scene.item(submitted)
    assert (item.sealed, item.vendor_sealed, item.wrapped_key) == (b"", b"", b"")


def test_a_repetition_with_the_same_key_is_the_same_dispatch(scene: SendingScene) -> None:
    first = scene.submit(purpose="service", key="order-17-sms")
    scene.work()
    again = scene.submit(purpose="service", key="order-17-sms")
    assert again.dispatch == first.dispatch
    assert [item.state for item in again.items] == [S.CAPTURED]
    scene.work()
    assert len(scene.vendor.taken) == 1
    assert scene.submit(purpose="service").dispatch != scene.submit(purpose="service").dispatch


def test_a_repetition_queues_again_what_was_recorded_and_never_queued(scene: SendingScene) -> None:
    scene.submit(purpose="service", key="order-17-sms")
    scene.stores.send_queue.works.clear()
    scene.submit(purpose="service", key="order-17-sms")
    scene.work()
    assert len(scene.vendor.taken) == 1


@pytest.mark.parametrize(
    "change",
    [{"text": "Other."}, {"purpose": "recall"}, {"channel": "whatsapp"}],
)
def test_the_same_key_for_another_call_is_a_conflict(
    scene: SendingScene, change: dict[str, str]
) -> None:
    first: dict[str, Any] = {"purpose": "service", "key": "order-17-sms"}
    scene.submit(**first)
    with pytest.raises(ConflictError):
        scene.submit(**first | change)
    with pytest.raises(ConflictError):
        scene.submit(BERT, **first)


def _refused(call: Callable[[], object]) -> set[str]:
    with pytest.raises(InvalidInputError) as error:
        call()
    for field in error.value.fields:
        assert "+49" not in field.detail
    return {field.pointer for field in error.value.fields}


def test_what_a_vendor_cannot_do_is_refused_by_field(scene: SendingScene) -> None:
    everything: dict[str, Any] = {"purpose": "service"}
    assert _refused(lambda: scene.submit(MARA, **everything)) == {"/recipients/0/address"}
    assert _refused(lambda: scene.submit(sender=MAILBOX, **everything)) == {"/from"}
    assert _refused(lambda: scene.submit(channel="chat", **everything)) == {"/send"}
    assert _refused(lambda: scene.submit(ANNA, BERT, together=True, **everything)) == {"/together"}
    late = scene.clock.now + timedelta(days=8)
    assert _refused(lambda: scene.submit(not_after=late, **everything)) == {"/not_after"}
    assert _refused(lambda: scene.submit(not_after=scene.clock.now, **everything)) == {"/not_after"}
    assert not scene.stores.outbox.rows


def test_marketing_goes_to_each_alone(scene: SendingScene) -> None:
    other = Address("mailto:carl@example.org")
    for who in (MARA, other):
        scene.consent(who, "newsletter", "email")
    call: dict[str, Any] = {"purpose": "newsletter", "channel": "email"}
    assert _refused(lambda: scene.submit(MARA, other, together=True, **call)) == {"/together"}
    scene.submit(MARA, other, **call)
    scene.work()
    links = {message.withdrawal_url for message in scene.vendor.taken}
    assert len(links) == 2


def test_what_is_too_long_is_refused_before_anything_is_recorded(scene: SendingScene) -> None:
    with pytest.raises(TooLargeError):
        scene.submit(purpose="service", text=os.urandom(400_000).hex())
    assert not scene.stores.outbox.rows


def test_there_is_nothing_to_follow_that_nobody_handed_in(scene: SendingScene) -> None:
    with pytest.raises(NotFoundError):
        scene.sending.status(DISPATCH)


# ---- last words ------------------------------------------------------------------------------


def test_L91_each_message_that_may_be_stopped_says_how(scene: SendingScene) -> None:
    scene.consent(ANNA, "newsletter")
    scene.consent(ANNA, "tips")
    for purpose in ("newsletter", "tips", "catalogue", "service"):
        scene.submit(purpose=purpose, text=f"About {purpose}.")
    scene.work()
    assert [message.text for message in scene.vendor.taken] == [
        "About newsletter.\nReply STOP to end.",
        "About tips.\nReply STOP to end.",
        "About catalogue.\nReply STOP to end.",
        "About service.",
    ]
    assert not any(message.withdrawal_url for message in scene.vendor.taken)


def test_L91_a_soft_opt_in_offers_the_opt_out_in_each_mail(scene: SendingScene) -> None:
    sale = Act(EventType.BASIS_BEGUN, "sale", time=scene.clock.now, opt_out_offered=True)
    scene.consent_ledger.record(MARA, [sale], caller=STAFF)
    scene.clock.pass_(timedelta(seconds=1))
    scene.submit(
        MARA, purpose="offers", channel="email", locale="de", html="<body><p>Neu!</p></body>"
    )
    scene.work()
    [taken] = scene.vendor.taken
    assert taken.text == f"Hello.\n\nAbbestellen: {taken.withdrawal_url}"
    assert taken.html.startswith("<body><p>Neu!</p><p>Abbestellen: <a href=")
    assert taken.html.endswith("</a></p></body>")
    base, _, token = taken.withdrawal_url.rpartition("/")
    assert base == f"{URL}/withdrawals"
    link = open_link(b"l" * 32, token)
    assert (link.pseudonym, link.purpose, link.channel, link.own) == (
        scene.hashes.pseudonym(MARA),
        "offers",
        "email",
        scene.hashes.pseudonym(MAILBOX),
    )


@pytest.mark.parametrize(
    ("channel", "sender", "locale", "is_mail", "expected"),
    [
        ("sms", PHONE, "de", False, "Hi\nMit STOP antworten beendet."),
        ("sms", PHONE, "pt", False, "Hi\nReply STOP to end."),
        (
            "sms",
            Address("sms-sender:lethe"),
            "fr",
            False,
            f"Hi\nNe plus recevoir ces messages : {URL}",
        ),
        ("email", MAILBOX, "en", True, f"Hi\n\nStop these messages: {URL}"),
    ],
)
def test_a_channel_without_a_line_of_its_own_has_one(
    channel: str, sender: Address, locale: str, expected: str, *, is_mail: bool
) -> None:
    message = OutMessage("tips", channel, "v", sender, (), "Hi", locale=locale)
    said = with_withdrawal(message, None, URL, is_mail=is_mail)
    assert said.text == expected
    assert with_withdrawal(said, None, URL, is_mail=is_mail).text == expected, "said once"


def test_a_template_is_one_line(scene: SendingScene) -> None:
    scene.consent(ANNA, "tips", "whatsapp")
    scene.submit(channel="whatsapp", template="tips_weekly", text="One.\n\nTwo.")
    scene.work()
    assert scene.vendor.taken[0].text == "One. Two. Reply STOP to end."


def test_a_line_of_the_policy_in_another_language_is_better_than_none() -> None:
    settings = ChannelSettings(description="x", withdrawal_line={"fr": "Arrêter : STOP"})
    message = OutMessage("tips", "sms", "v", PHONE, (), "Hi", locale="de")
    assert with_withdrawal(message, settings, URL, is_mail=False).text == "Hi\nArrêter : STOP"


# ---- the moment of sending ---------------------------------------------------------------------


def test_L6_what_was_withdrawn_after_it_was_queued_is_not_sent(scene: SendingScene) -> None:
    scene.consent(ANNA)
    submitted = scene.submit()
    scene.withdraw(ANNA)
    scene.work()
    assert not scene.vendor.taken
    item = scene.item(submitted)
    assert (item.state, item.reason, item.sealed) == (S.DENIED, "consent_withdrawn", b"")
    assert "send_blocked" in [event.action for event in scene.stores.world.audit]


def test_L6_a_person_who_was_erased_meanwhile_is_not_written_to(scene: SendingScene) -> None:
    scene.consent(ANNA)
    submitted = scene.submit()
    scene.erasure.request(
        [ANNA],
        Grounds.CONSENT_WITHDRAWN,
        IdentityProof.IN_PERSON,
        idempotency_key=None,
        caller=STAFF,
    )
    scene.work()
    assert not scene.vendor.taken
    assert scene.item(submitted).reason == "basis_void_by_erasure"


def test_one_of_several_who_may_not_any_more_holds_back_a_mail_to_all(scene: SendingScene) -> None:
    other = Address("mailto:carl@example.org")
    submitted = scene.submit(MARA, other, purpose="survey", channel="email", together=True)
    objection = Act(EventType.OBJECTED, "survey")
    scene.consent_ledger.record(other, [objection], caller=STAFF)
    scene.work()
    assert not scene.vendor.taken
    assert scene.item(submitted).reason == "objection_pending"


def test_what_comes_too_late_is_not_sent(scene: SendingScene) -> None:
    soon = scene.clock.now + timedelta(minutes=5)
    submitted = scene.submit(purpose="service", not_after=soon)
    scene.clock.pass_(timedelta(minutes=5, seconds=1))
    scene.work()
    assert not scene.vendor.taken
    assert (scene.item(submitted).state, scene.item(submitted).reason) == (S.DENIED, "too_late")


def test_a_vendor_that_may_not_any_more_is_sent_nothing(scene: SendingScene) -> None:
    submitted = scene.submit(purpose="service")
    scene.put_in_force(sending_policy().model_copy(update={"vendors": {}}))
    scene.work()
    assert not scene.vendor.taken
    assert scene.item(submitted).reason == "vendor_not_allowed"


def test_where_the_gate_cannot_be_asked_the_queue_asks_again(
    scene: SendingScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = scene.submit(purpose="service")

    def fails(_: object) -> None:
        raise UnavailableError("planned")

    with monkeypatch.context() as patch:
        patch.setattr(scene.stores.consents, "states", fails)
        with pytest.raises(UnavailableError):
            scene.delivery.work(submitted.dispatch, 0)
        assert scene.item(submitted).state is S.QUEUED
        assert not scene.vendor.taken
    scene.work()
    assert len(scene.vendor.taken) == 1


def test_the_basis_is_that_of_the_moment_of_sending(scene: SendingScene) -> None:
    scene.consent(ANNA)
    submitted = scene.submit()
    before = scene.item(submitted).basis
    scene.consent(ANNA)
    scene.work()
    after = scene.item(submitted).basis
    assert after.startswith("Art. 6(1)(a); ")
    assert after != before


# ---- what the vendor answers -------------------------------------------------------------------


def test_what_a_vendor_did_not_take_is_tried_again_and_leaves_once(scene: SendingScene) -> None:
    scene.vendor.answers(TryAgain("20429"), TryAgain("not_connected"))
    submitted = scene.submit(purpose="service")
    begun = scene.clock.now
    scene.work()
    assert scene.clock.now == begun + 2 * AGAIN
    assert len(scene.vendor.taken) == 1
    assert scene.item(submitted).state is S.CAPTURED


def test_what_a_vendor_never_takes_comes_too_late(scene: SendingScene) -> None:
    scene.vendor.answers(*[TryAgain("not_connected")] * 20)
    soon = scene.clock.now + timedelta(minutes=10)
    submitted = scene.submit(purpose="service", not_after=soon)
    scene.work()
    assert (scene.item(submitted).state, scene.item(submitted).reason) == (S.DENIED, "too_late")


def test_what_a_vendor_refuses_is_told_in_its_code(scene: SendingScene) -> None:
    scene.vendor.answers(Refused("21211"))
    submitted = scene.submit(purpose="service")
    scene.work()
    item = scene.item(submitted)
    assert (item.state, item.reason, item.sealed) == (S.REFUSED, "21211", b"")
    assert not scene.archived()


def test_who_opted_out_at_the_vendor_opted_out_with_us(scene: SendingScene) -> None:
    for who in (ANNA, BERT):
        scene.consent(who)
    scene.vendor.answers(Refused("21610", opted_out=True))
    submitted = scene.submit()
    scene.work()
    item = scene.item(submitted)
    assert (item.state, item.reason, item.sealed) == (S.REFUSED, "21610", b"")
    assert scene.submit().items[0].reason == "stopped"
    [flagged] = scene.submit(purpose="service").items
    assert flagged.flags == {"vendor_blocked"}
    assert scene.submit(BERT).items[0].state is S.QUEUED
    scene.vendor.answers(Refused("21610", opted_out=True))
    scene.work()
    ids = set(scene.stores.consents.ids)
    assert len([e for e in scene.stores.consents.rows.values() if e.type == "stopped"]) == 2
    assert len(ids) == len(scene.stores.consents.rows)


def test_an_opt_out_is_not_lost_where_the_ledger_fails(
    scene: SendingScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.consent(ANNA)
    scene.vendor.answers(Refused("21610", opted_out=True))
    submitted = scene.submit()

    def fails(*_: object) -> None:
        raise UnavailableError("planned")

    with monkeypatch.context() as patch:
        patch.setattr(scene.stores.consents, "append", fails)
        with pytest.raises(UnavailableError):
            scene.delivery.work(submitted.dispatch, 0)
    assert scene.item(submitted).state is S.REFUSED
    scene.delivery.work(submitted.dispatch, 0)
    assert scene.item(submitted).sealed == b""
    assert scene.submit().items[0].reason == "stopped"


def test_what_may_have_left_is_uncertain_and_never_sent_again(scene: SendingScene) -> None:
    scene.vendor.answers(Unknown("no_answer"))
    submitted = scene.submit(purpose="service", text="Perhaps.")
    scene.work()
    item = scene.item(submitted)
    assert (item.state, item.reason, item.sealed) == (S.UNCERTAIN, "no_answer", b"")
    assert not scene.vendor.taken
    scene.stores.send_queue.send([(submitted.dispatch, 0)])
    scene.work()
    assert not scene.vendor.taken
    message_id = scene.hashes.message_id("sms", f"uncertain-{submitted.dispatch}-0")
    read = scene.access.read(message_id, reason="test", caller=STAFF)
    assert read.versions[0].body == "Perhaps."
    assert ("x-lethe-sending", "uncertain") in read.versions[0].headers


def test_a_run_that_ended_after_its_claim_is_found_out(scene: SendingScene) -> None:
    submitted = scene.submit(purpose="service")
    item = scene.stores.outbox.item(submitted.dispatch, 0)
    scene.stores.outbox.claim(item, scene.clock.now)
    begun = scene.clock.now
    scene.work()
    assert scene.clock.now > begun + LONGEST_RUN
    found = scene.item(submitted)
    assert (found.state, found.reason) == (S.UNCERTAIN, "interrupted")
    assert not scene.vendor.taken
    assert len(scene.archived()) == 1


# ---- what left is captured ----------------------------------------------------------------------


def test_what_left_is_in_the_archive_as_it_left(scene: SendingScene) -> None:
    scene.consent(ANNA)
    submitted = scene.submit(text="Tip of the day.")
    scene.work()
    read = scene.access.read(scene.hashes.message_id("sms", "V1"), reason="t", caller=STAFF)
    assert (read.direction, read.channel, read.purpose) == (Direction.OUTBOUND, "sms", "tips")
    assert read.versions[0].body == "Tip of the day.\nReply STOP to end."
    assert read.versions[0].time == scene.item(submitted).claimed_at
    assert {(p.role, p.address) for p in read.participants} == {
        (Role.SENDER, PHONE),
        (Role.RECIPIENT, ANNA),
    }
    assert dict(read.versions[0].headers)["x-lethe-basis"] == scene.item(submitted).basis


def test_what_left_is_captured_once_whatever_is_delivered_again(scene: SendingScene) -> None:
    submitted = scene.submit(purpose="service")
    work = (submitted.dispatch, 0)
    scene.delivery.work(*work)
    scene.delivery.work(*work)
    item = scene.item(submitted)
    assert len(scene.stores.sent_queue.works) == 2
    scene.work()
    scene.sent_capture.handle(*work)
    scene.stores.outbox.rows[work] = scene.stores.outbox.rows[work][0], item
    scene.sent_capture.handle(*work)
    assert len(scene.archived()) == 1
    assert scene.item(submitted).state is S.CAPTURED


def test_nothing_is_captured_that_has_not_left(scene: SendingScene) -> None:
    submitted = scene.submit(purpose="service")
    scene.sent_capture.handle(submitted.dispatch, 0)
    scene.sent_capture.handle(DISPATCH, 0)
    assert not scene.archived()
    assert scene.item(submitted).state is S.QUEUED


def test_who_was_erased_between_sending_and_capture_stays_erased(scene: SendingScene) -> None:
    submitted = scene.submit(purpose="service")
    scene.delivery.work(submitted.dispatch, 0)
    scene.clock.pass_(timedelta(minutes=1))
    proof = IdentityProof.IN_PERSON
    scene.erasure.request(
        [ANNA], Grounds.CONSENT_WITHDRAWN, proof, idempotency_key=None, caller=STAFF
    )
    scene.work()
    assert not scene.archived()
    assert (scene.item(submitted).state, scene.item(submitted).reason) == (S.CAPTURED, ERASED)


def test_a_purpose_that_was_dropped_meanwhile_loses_no_message(scene: SendingScene) -> None:
    submitted = scene.submit(purpose="survey")
    scene.delivery.work(submitted.dispatch, 0)
    policy = sending_policy()
    fewer = {name: one for name, one in policy.purposes.items() if name != "survey"}
    scene.put_in_force(policy.model_copy(update={"purposes": fewer}))
    scene.work()
    [_] = scene.archived()
    assert scene.item(submitted).state is S.CAPTURED


def test_a_notice_is_marked_once_it_was_sent(scene: SendingScene) -> None:
    submitted = scene.submit(purpose="service", is_notice=True, notice_version=3)
    anna = scene.hashes.pseudonym(ANNA)
    assert scene.stores.consents.states([anna])[anna].notified == 0
    scene.work()
    state = scene.stores.consents.states([anna])[anna]
    assert (state.notified, state.notified_at) == (3, scene.item(submitted).claimed_at)


def test_a_thousand_recipients(scene: SendingScene) -> None:
    submitted = scene.submit(*map(phone, range(1000)), purpose="service")
    assert len(submitted.items) == 1000
    assert len(scene.stores.send_queue.works) == 1000
