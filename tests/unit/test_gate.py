"""The gate as a use case: one look, one audit, figures; and whatever fails is a no (Art. 25)."""

from __future__ import annotations

from collections import Counter

import pytest
from lethe.domain.addresses import Address
from lethe.domain.audit import AuditEvent
from lethe.domain.errors import UnavailableError
from lethe.domain.gate import Decision, Evidence, Flag, Reason
from lethe.domain.in_force import InForce

from tests.gate_scenes import ANNA, BERT, NOW, GateScene, policy, policy_with, question


@pytest.fixture
def scene() -> GateScene:
    return GateScene()


def someone(number: int) -> Address:
    return Address(f"tel:+4915{number:09}")


def test_each_is_decided_on_in_order_and_who_is_named_twice_once(scene: GateScene) -> None:
    decisions = scene.ask("newsletter", BERT, ANNA, BERT)
    assert [d.reason for d in decisions] == [Reason.NO_CONSENT, None, Reason.NO_CONSENT]
    assert scene.figures() == {"gate.allowed": 1, "gate.denied.no_consent": 1}


def test_L1_what_is_denied_is_audited_once_a_call_and_names_nobody(scene: GateScene) -> None:
    scene.ask("newsletter", ANNA, BERT, *map(someone, range(300)))
    facts = {"channel": "sms", "purpose": "newsletter", "no_consent": "301"}
    assert scene.world.audit == [AuditEvent(NOW, "send_blocked", "shop", "d-1", 0, facts)]
    scene.ask("newsletter", ANNA)
    assert len(scene.world.audit) == 1


def test_two_reads_for_a_hundred_and_nothing_of_anybody_where_it_is_off(scene: GateScene) -> None:
    with scene.steps.before(0, lambda: None) as calls:
        scene.ask("newsletter", *map(someone, range(250)))
    assert Counter(calls) == {
        "register.sender": 1,
        "policies.at": 1,
        "register.items": 3,
        "consents.states": 3,
        "audit.put": 1,
        "activity.add": 1,
    }
    with scene.steps.before(0, lambda: None) as calls:
        [decision] = scene.ask("newsletter", channel="fax")
    assert calls == ["register.sender", "policies.at"]
    assert decision.basis is not None
    assert decision.basis.evidence == Evidence.GATE_OFF
    assert scene.figures("fax") == {}


def test_what_it_only_observes_is_counted_and_not_audited(scene: GateScene) -> None:
    [decision] = scene.ask("newsletter", BERT, channel="chat")
    assert (decision.allowed, decision.reason) == (True, Reason.NO_CONSENT)
    assert scene.figures("chat") == {"gate.let_pass.no_consent": 1, "gate.flag.observed": 1}
    assert scene.world.audit == []


def test_who_asks_is_told_why(scene: GateScene) -> None:
    [decision] = scene.gate.decide(question("newsletter"), [ANNA], actor="shop", explain=True)
    assert decision.explanation["given_at"] == "2026-03-10T01:00:00.000Z"


FAILURES = (UnavailableError("throttled"), RuntimeError("unforeseen"), KeyError("no item"))


def failing(scene: GateScene, step: int, error: Exception, purpose: str, **where: str) -> Decision:
    """The decision on Anna with one of its calls failing."""

    def fail() -> None:
        raise error

    with scene.steps.before(step, fail):
        [decision] = scene.ask(purpose, **where)
    return decision


@pytest.mark.parametrize("error", FAILURES)
@pytest.mark.parametrize("warm", [True, False])
def test_L1_with_any_call_failing_nothing_leaves(error: Exception, *, warm: bool) -> None:
    """A new process that could read no policy knows of no mark; a warm one remembers."""
    scene = GateScene()
    with scene.steps.before(0, lambda: None) as calls:
        assert scene.ask("newsletter")[0].allowed
    assert len(calls) == 5
    for step, call in enumerate(calls, start=1):
        scene.gate = scene.gate if warm else scene.make()
        noted = len(scene.noted)
        denied = failing(scene, step, error, "newsletter")
        assert (denied.allowed, denied.reason) == (False, Reason.UNAVAILABLE), call
        assert scene.noted[noted:] == [error]
        scene.gate = scene.gate if warm else scene.make()
        marked = failing(scene, step, error, "alarm")
        blind = not warm and call in {"register.sender", "policies.at"}
        assert marked.allowed is not blind, call
        assert blind or marked.flags == {Flag.ON_FAILURE}


def test_L1_a_denial_that_cannot_be_audited_denies_the_others_too(scene: GateScene) -> None:
    with scene.steps.before(0, lambda: None) as calls:
        scene.ask("newsletter", ANNA, BERT)

    def fail() -> None:
        raise UnavailableError("throttled")

    with scene.steps.before(calls.index("audit.put") + 1, fail):
        anna, bert = scene.ask("newsletter", ANNA, BERT)
    assert (anna.reason, bert.reason) == (Reason.UNAVAILABLE, Reason.NO_CONSENT)


def test_a_failure_concerns_the_hundred_that_were_looked_at(scene: GateScene) -> None:
    people = [*map(someone, range(100)), ANNA]
    decisions = []

    def fail() -> None:
        raise UnavailableError("throttled")

    with scene.steps.before(3, fail):
        decisions = scene.ask("newsletter", *people)
    assert {d.reason for d in decisions[:100]} == {Reason.UNAVAILABLE}
    assert decisions[100].allowed
    [event] = scene.world.audit
    assert event.facts["unavailable"] == "100"


def test_an_observed_channel_lets_pass_only_while_that_is_known(scene: GateScene) -> None:
    error = UnavailableError("throttled")
    known = failing(scene, 3, error, "newsletter", channel="chat")
    assert (known.allowed, known.reason) == (True, Reason.UNAVAILABLE)
    for channel in ("chat", "fax"):
        unknown = failing(scene, 1, error, "newsletter", channel=channel)
        assert (unknown.allowed, unknown.reason) == (False, Reason.UNAVAILABLE)


def test_what_marks_a_purpose_is_the_policy_that_was_read_last(scene: GateScene) -> None:
    scene.ask("alarm")
    purposes = {name: one.model_dump(mode="json") for name, one in policy().purposes.items()}
    purposes["alarm"]["on_failure"] = "deny"
    scene.world.policies.append(policy_with(purposes=purposes))
    scene.world.in_force = InForce(1)
    scene.ask("alarm")
    assert not failing(scene, 1, UnavailableError("throttled"), "alarm").allowed
