"""A person's proof: complete, verifiable without us, and broken wherever something was changed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from lethe.crypto import jws
from lethe.crypto.consent_chain import Break, Damage
from lethe.domain import consent_fold
from lethe.domain.consent import EVERY, ConsentEvent, EventType
from lethe.domain.errors import ErasedError, NotFoundError
from lethe.domain.evidence import Evidence, Method
from lethe.usecases.consent_ledger import Act

from tests.consent_scene import ANNA, BERT, OWN, TEXT, ConsentScene, given
from tests.memory_consents import MemorySigner
from tests.memory_store import MemoryStores
from tests.system import STAFF
from tools import verify_proof

Rows = dict[tuple[Any, int], ConsentEvent]


@pytest.fixture
def scene() -> ConsentScene:
    made = ConsentScene(MemoryStores())
    made.open()
    return made


def lived(scene: ConsentScene) -> ConsentScene:
    """Somebody gives, refuses, stops by link, and gives again."""
    scene.one(EventType.GIVEN)
    scene.days(1)
    scene.record(
        scene.act(EventType.REFUSED, purpose="health"),
        scene.act(EventType.STOPPED, purpose=EVERY, own=OWN),
    )
    scene.days(1)
    by_link = Act(EventType.WITHDRAWN, "newsletter", "email", evidence=Evidence(method=Method.LINK))
    scene.ledger.record_for(scene.pseudonym(), [by_link], caller=STAFF)
    scene.days(1)
    scene.one(EventType.GIVEN, evidence=given(scene.clock.now, text="Another text.", language="de"))
    return scene


def offline(scene: ConsentScene, document: dict[str, Any]) -> list[str]:
    """What the program finds that knows the document and the public key alone."""
    key = jws.jwk(scene.stores.signer.public_key())
    shown = json.loads(json.dumps(document))
    return list(verify_proof.problems(shown, {key["kid"]: key}))


def changed(scene: ConsentScene, sequence: int, **changes: Any) -> None:
    """Overwrite an event, as only the owner of the account could."""
    rows: Rows = scene.stores.consents.rows
    [place] = [key for key in rows if key[1] == sequence]
    rows[place] = replace(rows[place], **changes)


def test_L4_a_proof_says_who_when_how_what_text_in_which_language_and_what_came_later(
    scene: ConsentScene,
) -> None:
    first = scene.one(EventType.GIVEN, notice_version=3)
    scene.days(1)
    scene.one(EventType.WITHDRAWN)
    proof = scene.proof()
    document = proof.document
    assert proof.breaks == ()
    assert document["address"] == ANNA
    given_, withdrawn = document["events"]
    opened = json.loads(given_["contents"])
    evidence = opened["evidence"]
    assert opened["subject"] == {"kind": "address", "value": ANNA}
    assert opened["actor"] == STAFF.actor
    assert (evidence["method"], evidence["action"]) == ("web_form", "ticked_box")
    assert evidence["at"] == "2026-03-10T12:00:00Z"
    assert evidence["language"] == "en"
    assert evidence["text_sha256"] == sha256(TEXT.encode()).hexdigest()
    assert document["texts"][evidence["text_sha256"]]["text"] == TEXT
    assert (given_["channel"], given_["purpose"]) == ("email", "newsletter")
    assert given_["notice_version"] == 3
    assert given_["receipt"] == first.receipt
    assert opened["record"] == first.record
    assert (withdrawn["type"], withdrawn["time"]) == ("withdrawn", "2026-03-11T12:00:00.000Z")
    [audited] = [e for e in scene.stores.world.audit if e.action == "consent_proved"]
    assert (audited.target, audited.facts) == (document["ledger"], {"reason": "audit"})


def test_a_proof_verifies_without_us(scene: ConsentScene) -> None:
    document = lived(scene).proof().document
    assert document["chain"] == {"holds": True, "breaks": []}
    assert len(document["events"]) == 5
    assert len(document["texts"]) == 2
    assert offline(scene, document) == []


def test_the_events_give_the_state_again(scene: ConsentScene) -> None:
    state = lived(scene).state()
    events = list(scene.stores.consents.events(state.ledger))
    built = consent_fold.rebuild(scene.pseudonym(), events)
    assert (built.lines, built.stops) == (state.lines, state.stops)
    assert (built.objections, built.bases) == (state.objections, state.bases)


@pytest.mark.parametrize("sequence", [1, 2, 5])
@pytest.mark.parametrize(
    "changes",
    [
        {"channel": "sms"},
        {"purpose": "survey"},
        {"own": "x" * 43},
        {"type": EventType.RENEWED},
        {"policy_version": 9},
        {"notice_version": 9},
        {"opt_out_offered": True},
    ],
)
def test_L4_an_overwritten_event_shows(
    sequence: int, changes: dict[str, Any], scene: ConsentScene
) -> None:
    lived(scene)
    changed(scene, sequence, **changes)
    proof = scene.proof()
    assert Break(sequence, Damage.CHANGED) in proof.breaks
    assert Break(sequence, Damage.RECEIPT) in proof.breaks
    assert proof.document["chain"]["holds"] is False
    assert any(p.startswith(f"event {sequence}:") for p in offline(scene, proof.document))


def test_a_time_that_was_moved_shows(scene: ConsentScene) -> None:
    lived(scene)
    rows: Rows = scene.stores.consents.rows
    last = max(rows, key=lambda place: place[1])
    changed(scene, 5, time=rows[last].time - timedelta(milliseconds=1))
    assert Break(5, Damage.CHANGED) in scene.proof().breaks


def test_swapped_events_show(scene: ConsentScene) -> None:
    lived(scene)
    rows: Rows = scene.stores.consents.rows
    one, other = sorted(rows)[1:3]
    rows[one], rows[other] = (
        replace(rows[other], sequence=one[1]),
        replace(rows[one], sequence=other[1]),
    )
    proof = scene.proof()
    damages = {(b.sequence, b.damage) for b in proof.breaks}
    assert {(2, Damage.UNREADABLE), (3, Damage.UNREADABLE), (2, Damage.CHANGED)} <= damages
    assert offline(scene, proof.document)


def test_another_persons_event_in_this_place_shows(scene: ConsentScene) -> None:
    lived(scene)
    scene.one(EventType.GIVEN, who=BERT)
    rows: Rows = scene.stores.consents.rows
    [theirs] = [e for e in rows.values() if e.ledger == scene.state(BERT).ledger]
    [mine] = {event.ledger for event in rows.values()} - {theirs.ledger}
    rows[mine, 3] = replace(theirs, ledger=mine, sequence=3)
    proof = scene.proof()
    assert Break(3, Damage.UNREADABLE) in proof.breaks
    assert BERT not in json.dumps(proof.document)
    assert "event 3: its contents could not be opened" in offline(scene, proof.document)


@pytest.mark.parametrize("sequence", [1, 3, 5])
def test_a_removed_event_shows(sequence: int, scene: ConsentScene) -> None:
    lived(scene)
    del scene.stores.consents.rows[scene.state().ledger, sequence]
    proof = scene.proof()
    damage = Damage.REMOVED_EARLY if sequence == 1 else Damage.MISSING
    assert Break(sequence, damage) in proof.breaks
    assert any(f"event {sequence + (sequence == 3)}" in p for p in offline(scene, proof.document))


def test_every_event_removed_shows(scene: ConsentScene) -> None:
    lived(scene)
    scene.stores.consents.rows.clear()
    proof = scene.proof()
    assert proof.breaks == (Break(5, Damage.REMOVED_EARLY),)
    assert offline(scene, proof.document) == ["every event is missing, before its time"]


def test_a_beginning_that_went_in_its_time_is_no_damage(scene: ConsentScene) -> None:
    scene.one(EventType.GIVEN)
    scene.days(700)
    for kind in (EventType.WITHDRAWN, EventType.GIVEN):
        scene.one(kind)
        scene.days(1)
    rows: Rows = scene.stores.consents.rows
    ledger = scene.state().ledger
    del rows[ledger, 1], rows[ledger, 2]
    assert scene.proof().breaks == (Break(2, Damage.REMOVED_EARLY),)
    scene.days(1200)  # the first one's day has come
    assert scene.today > (rows[ledger, 3].previous_expires or scene.today)
    proof = scene.proof()
    assert proof.breaks == ()
    assert [event["sequence"] for event in proof.document["events"]] == [3]
    assert offline(scene, proof.document) == []
    scene.days(4000)
    del rows[ledger, 3]
    assert scene.proof().breaks == ()


def test_a_receipt_of_another_key_or_event_shows(scene: ConsentScene) -> None:
    lived(scene)
    rows: Rows = scene.stores.consents.rows
    ledger = scene.state().ledger
    changed(scene, 1, receipt=rows[ledger, 2].receipt)
    forged = jws.sign(
        jws.unverified(rows[ledger, 3].receipt),
        kid=jws.thumbprint(scene.stores.signer.public_key()),
        typ="lethe-consent-receipt+jwt",
        signature=MemorySigner().sign,
    )
    changed(scene, 3, receipt=forged)
    changed(scene, 4, receipt="")
    proof = scene.proof()
    assert proof.breaks == tuple(Break(n, Damage.RECEIPT) for n in (1, 3, 4))
    assert offline(scene, proof.document) == [
        "event 1: its receipt is about something else",
        "event 3: its receipt is not signed by a key that is trusted",
        "event 4: its receipt is not signed by a key that is trusted",
    ]


def test_a_text_that_is_gone_or_another_one_shows(scene: ConsentScene) -> None:
    lived(scene)
    texts = scene.stores.texts.texts
    first, second = (sha256(text.encode()).hexdigest() for text in (TEXT, "Another text."))
    texts[first] = dict(texts[first]) | {"text": "We may do as we like."}
    del texts[second]
    proof = scene.proof()
    assert proof.breaks == tuple(Break(number, Damage.TEXT) for number in (1, 2, 5))
    assert [p[:7] for p in offline(scene, proof.document)] == ["event 1", "event 2", "event 5"]


def test_a_document_that_was_changed_does_not_verify(scene: ConsentScene) -> None:
    document = lived(scene).proof().document
    changes: tuple[Callable[[Any], object], ...] = (
        lambda d: d.update(address="mailto:eve@example.org"),
        lambda d: d["events"][0].update(time="2026-03-10T12:00:00.001Z"),
        lambda d: d["events"][0].update(
            contents=d["events"][0]["contents"].replace("ticked_box", "signed")
        ),
        lambda d: d["events"].pop(),
        lambda d: d["events"].pop(0),
        lambda d: d["head"].update(sequence=4),
        lambda d: d["head"].update(sha256="00" * 32),
        lambda d: d["texts"].clear(),
        lambda d: d.update(format="something else"),
    )
    for change in changes:
        shown = json.loads(json.dumps(document))
        change(shown)
        assert offline(scene, shown), change
    assert next(verify_proof.problems(document, {})) == "no key was given that is trusted"


def test_there_is_no_proof_of_what_was_never_recorded_or_has_ended(scene: ConsentScene) -> None:
    with pytest.raises(NotFoundError):
        scene.proof()
    scene.stores.consents.mark_inbound(scene.pseudonym(), "email", OWN, scene.clock.now)
    with pytest.raises(NotFoundError):
        scene.proof()
    lived(scene)
    state = scene.state()
    scene.stores.consents.keys.clear()
    with pytest.raises(ErasedError):
        scene.proof()
    scene.stores.consents.end_evidence(state)
    with pytest.raises(ErasedError):
        scene.proof()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["verify_proof", *arguments])
    return verify_proof.main()


def test_the_program_says_whether_a_proof_holds(
    scene: ConsentScene,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = lived(scene).proof().document
    key = jws.jwk(scene.stores.signer.public_key())
    other = jws.jwk(MemorySigner().public_key())
    proof, jwks, wrong = (tmp_path / name for name in ("proof.json", "jwks.json", "wrong.json"))
    proof.write_text(json.dumps(document))
    jwks.write_text(json.dumps({"keys": [other, key]}))
    wrong.write_text(json.dumps({"keys": [other]}))
    assert run(monkeypatch, str(proof), "--jwks", str(jwks)) == 0
    assert "5 events from number 1 on" in capsys.readouterr().out
    assert run(monkeypatch, str(proof), "--thumbprint", key["kid"]) == 0
    assert run(monkeypatch, str(proof), "--thumbprint", other["kid"]) == 1
    assert run(monkeypatch, str(proof), "--jwks", str(wrong)) == 1
    assert "the proof does not hold" in capsys.readouterr().err
    jwks.write_text("[]")
    assert run(monkeypatch, str(proof), "--jwks", str(jwks)) == 2
    assert run(monkeypatch, str(tmp_path / "none.json"), "--jwks", str(jwks)) == 2


def test_the_program_needs_nothing_of_ours() -> None:
    source = Path(verify_proof.__file__).read_text("utf-8")
    assert "lethe." not in source.replace("lethe/", "")
