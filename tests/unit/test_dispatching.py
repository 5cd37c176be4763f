"""What a dispatch is answered: minimised, decided for each, authorised, and how to stop it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lethe.crypto.authorisation import LIFETIME, Authorised, Covered, Verdict, check
from lethe.crypto.withdrawal_link import WithdrawalLink, open_link, seal_link
from lethe.domain.channel_settings import Detector
from lethe.domain.classification import LegalBasis
from lethe.domain.errors import InvalidInputError, UnavailableError
from lethe.domain.gate import Flag, Reason
from lethe.domain.messages import Role
from lethe.domain.minimisation import Minimised
from lethe.domain.outbox import OutMessage, OutRecipient
from lethe.domain.policy import Policy
from lethe.usecases import dispatching
from lethe.usecases.dispatching import Answer, Checked, Dispatching, Request

from tests.gate_scenes import ANNA, BERT, CHANNELS, NOW, SHOP, GateScene, policy, policy_with

KEY, LINK_KEY = b"a" * 32, b"l" * 32
TEXT = "Our shop is open again."


class Scene(GateScene):
    """The shop of the gate's tests, asking before it sends."""

    def __init__(self, document: Policy | None = None) -> None:
        super().__init__(document)
        self.dispatching = Dispatching(
            gate=self.gate,
            hashes=self.hashes,
            key=lambda: KEY,
            links=lambda link: seal_link(LINK_KEY, link),
        )

    def check(self, purpose: str, *recipients: Any, **changes: Any) -> Checked:
        to = tuple(
            OutRecipient(number, address, Role.RECIPIENT)
            for number, address in enumerate(recipients or (ANNA,))
        )
        fields = {n: changes.pop(n) for n in ("together", "send", "explain") if n in changes}
        message = OutMessage(purpose, "sms", "", SHOP, to, TEXT)
        request = Request(replace(message, **changes), **fields)
        return self.dispatching.check(request, actor="shop", public_url="https://lethe.example")

    def verdict(self, answer: Answer, address: Any = ANNA, **changes: Any) -> Any:
        """What becomes of an authorisation when it is handed back."""
        assert answer.message is not None
        assert answer.authorisation is not None
        covered = Covered(
            channel=answer.message.channel,
            sender=self.hashes.pseudonym(SHOP),
            recipient=self.hashes.pseudonym(address),
            text=answer.message.text,
        )
        return check(KEY, replace(covered, **changes), answer.authorisation, NOW)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def with_outbound(**actions: str) -> Policy:
    sms = CHANNELS["sms"] | {"description": "sms", "outbound": actions}
    chat = CHANNELS["chat"] | {"description": "chat", "outbound": actions}
    fax = CHANNELS["fax"] | {"description": "fax", "outbound": actions}
    return policy_with(channels={"sms": sms, "chat": chat, "fax": fax})


def test_L2_what_is_allowed_is_authorised_with_its_basis(scene: Scene) -> None:
    [answer] = scene.check("service").answers
    assert answer.message is not None
    assert answer.message.text == TEXT
    verdict, authorised = scene.verdict(answer)
    assert verdict is Verdict.VALID
    assert authorised == Authorised("service", LegalBasis.CONTRACT, "standing", 0, NOW + LIFETIME)


def test_each_has_an_authorisation_of_their_own_or_none(scene: Scene) -> None:
    anna, bert, again = scene.check("newsletter", ANNA, BERT, ANNA).answers
    assert (bert.decision.reason, bert.authorisation, bert.message) == (
        Reason.NO_CONSENT,
        None,
        None,
    )
    assert anna.authorisation == replace(again, number=0).authorisation
    assert [answer.number for answer in (anna, bert, again)] == [0, 1, 2]
    assert scene.verdict(anna)[0] is Verdict.VALID
    assert scene.verdict(anna, BERT)[0] is Verdict.INVALID
    assert scene.verdict(anna, text="Another text")[0] is Verdict.INVALID


def test_L91_what_a_person_may_stop_says_how_and_each_in_their_own_words(scene: Scene) -> None:
    scene.say(BERT, lines=scene.stores.consents.folds[scene.hashes.pseudonym(ANNA)].lines)
    anna, bert = scene.check("newsletter", ANNA, BERT).answers
    assert anna.message is not None
    assert bert.message is not None
    text, _, token = anna.message.text.partition("To end this: https://lethe.example/withdrawals/")
    assert text == f"{TEXT}\n"
    assert anna.message.text != bert.message.text
    names = scene.hashes.pseudonym(ANNA), scene.hashes.pseudonym(SHOP)
    assert open_link(LINK_KEY, token) == WithdrawalLink(names[0], "newsletter", "sms", names[1])
    assert scene.verdict(anna)[0] is scene.verdict(bert, BERT)[0] is Verdict.VALID
    assert scene.verdict(anna, text=TEXT)[0] is Verdict.INVALID
    [service] = scene.check("service").answers
    assert service.message is not None
    assert "withdrawals" not in service.message.text


def test_what_lethe_sends_itself_needs_no_authorisation(scene: Scene) -> None:
    [answer] = scene.check("service", send=True).answers
    assert answer.decision.allowed
    assert (answer.authorisation, answer.message) == (None, None)


@pytest.mark.parametrize("send", [True, False])
def test_together_goes_to_all_or_to_nobody(scene: Scene, *, send: bool) -> None:
    scene.stores.consents.folds.clear()
    checked = scene.check("support", ANNA, BERT, together=True, send=send)
    assert [d.reason for d in checked.decisions] == [Reason.NO_INBOUND] * 2
    wrote = {("sms", scene.hashes.pseudonym(SHOP)): NOW}
    scene.say(ANNA, inbound=wrote)
    checked = scene.check("support", ANNA, BERT, together=True, send=send)
    reasons = [d.reason for d in checked.decisions]
    assert reasons == [Reason.ANOTHER_RECIPIENT, Reason.NO_INBOUND]
    assert scene.figures()["gate.denied.another_recipient_denied"] == 1
    scene.say(BERT, inbound=wrote)
    checked = scene.check("support", ANNA, BERT, together=True, send=send)
    assert [d.allowed for d in checked.decisions] == [True, True]


def test_what_a_detector_masks_is_not_authorised_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(with_outbound(iban="mask"))
    _find(monkeypatch, "masked")
    checked = scene.check("service", text="to SECRET", subject="SECRET", html="<p>SECRET</p>")
    [answer] = checked.answers
    assert answer.decision.flags == {Flag.CONTENT_MASKED}
    assert answer.message == checked.content.message
    assert answer.message.text == "to ***"
    assert (answer.message.subject, answer.message.html) == ("***", "<p>***</p>")
    assert checked.content.masked == {Detector.IBAN: 3}
    assert scene.verdict(answer)[0] is Verdict.VALID
    assert scene.verdict(answer, text="to SECRET")[0] is Verdict.INVALID
    assert scene.figures()["content.masked.iban"] == 3


@pytest.mark.parametrize(
    ("channel", "allowed", "flags"),
    [("sms", False, set()), ("chat", True, {Flag.OBSERVED}), ("fax", True, set())],
)
def test_what_a_detector_refuses_does_not_go_where_the_gate_decides(
    monkeypatch: pytest.MonkeyPatch, channel: str, flags: set[Flag], *, allowed: bool
) -> None:
    scene = Scene(with_outbound(iban="refuse"))
    _find(monkeypatch, "refused")
    [answer] = scene.check("service", text="SECRET", channel=channel).answers
    assert (answer.decision.allowed, set(answer.decision.flags)) == (allowed, flags)
    assert answer.decision.reason == (None if channel == "fax" else Reason.CONTENT)
    assert scene.figures(channel)["content.refused.iban"] == 1


def test_what_a_detector_flags_goes_with_a_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(with_outbound(iban="flag"))
    _find(monkeypatch, "flagged")
    [answer] = scene.check("service", text="SECRET").answers
    assert answer.decision.flags == {Flag.CONTENT_FLAGGED}
    assert answer.message is not None
    assert answer.message.text == "SECRET"


def _find(monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    """Let the detectors find one thing, whatever their own rules are."""

    def minimise(text: str, actions: Any, more: Any) -> Any:
        del actions, more
        found = {Detector.IBAN: text.count("SECRET")} if "SECRET" in text else {}
        left = text.replace("SECRET", "***") if act == "masked" else text
        stated: dict[str, Any] = {act: found}
        return Minimised(left, **stated)

    monkeypatch.setattr(dispatching, "minimise_text", minimise)
    monkeypatch.setattr(dispatching, "minimise_html", minimise)


def test_bad_input_names_the_fields_and_leaves_nothing(scene: Scene) -> None:
    with pytest.raises(InvalidInputError) as failed:
        scene.check("gone", vendor="nobody")
    assert [field.pointer for field in failed.value.fields] == ["/purpose", "/vendor"]
    with pytest.raises(InvalidInputError) as failed:
        scene.check("newsletter", ANNA, BERT, together=True)
    assert [field.pointer for field in failed.value.fields] == ["/together"]
    assert scene.check("newsletter", ANNA, together=True).answers[0].decision.allowed
    assert scene.world.audit == []
    assert scene.figures() == {"gate.allowed": 1}


@pytest.mark.parametrize("broken", ["key", "links", "minimise_text"])
def test_L1_nothing_leaves_that_cannot_be_minimised_or_authorised(
    monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    scene = Scene(with_outbound(iban="mask"))
    assert scene.check("newsletter").answers[0].authorisation

    def fail(*_: object) -> Any:
        raise UnavailableError("throttled")

    if broken == "minimise_text":
        monkeypatch.setattr(dispatching, broken, fail)
    else:
        stated: dict[str, Any] = {broken: fail}
        scene.dispatching = replace(scene.dispatching, **stated)
    [answer] = scene.check("newsletter").answers
    assert (answer.decision.reason, answer.authorisation) == (Reason.UNAVAILABLE, None)
    [marked] = scene.check("alarm").answers
    assert marked.decision.allowed
    assert (broken == "links") is (marked.authorisation is not None)
    assert [type(error) for error in scene.noted] == [UnavailableError] * (1 + (broken != "links"))


def test_it_denies_where_no_policy_can_be_read(scene: Scene) -> None:
    def fail() -> None:
        raise UnavailableError("throttled")

    with scene.steps.before(1, fail):
        [answer] = scene.check("unheard-of").answers
    assert answer.decision.reason is Reason.UNAVAILABLE
    assert policy().channels["sms"].outbound == {}
