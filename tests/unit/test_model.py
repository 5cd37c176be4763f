"""The system against its model: random people, edits, copies, imports, erasures, deletions.

Never readable when the model says gone, never lost when the model says kept (Art. 5(1)(e), 17, 18).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
)
from lethe.domain.errors import ErasedError, LetheError, RestrictedError
from lethe.domain.messages import Message, MessageId, Participant, Role
from lethe.domain.requests import Act, PrivacyRequest
from lethe.usecases.capture import Captured, CaptureStatus, Outcome
from lethe.usecases.erasure import ReviewDecision

from tests.memory_store import MemoryStores
from tests.model import EXTERNAL, PERIOD, Fate, Modelled, Version
from tests.scenes import EMPLOYEES, PEOPLE, Scene, address, message, policy
from tests.system import STAFF

PERSONS = sorted(EXTERNAL | EMPLOYEES)
some = st.frozensets(st.sampled_from(PEOPLE), min_size=1, max_size=4)


class Lethe(RuleBasedStateMachine):
    messages = Bundle("messages")
    requests = Bundle("requests")

    @initialize()
    def start(self) -> None:
        self.scene = Scene(MemoryStores())
        self.scene.open(all_days=True)
        self.period = dict(PERIOD)
        self.promised: list[tuple[str, date, int]] = []
        self.modelled: dict[MessageId, Modelled] = {}
        self.sent: dict[MessageId, Message] = {}
        self.erased: dict[str, datetime] = {}
        self.number = 0

    @rule(
        target=messages,
        sender=st.sampled_from(PEOPLE),
        recipients=some,
        cls=st.sampled_from(sorted(PERIOD)),
        mail=st.booleans(),
    )
    def send(self, sender: str, recipients: frozenset[str], cls: str, *, mail: bool) -> MessageId:
        sent = self._message(sender, recipients - {sender}, purpose=cls, content_identified=mail)
        [outcome] = self.scene.deliver(sent)
        assert isinstance(outcome, Captured), outcome
        return self._is_modelled(sent, sender, recipients | {sender}, self.scene.clock.now)

    @rule(
        target=messages,
        sender=st.sampled_from(PEOPLE),
        recipients=some,
        cls=st.sampled_from(["any", "original", "short"]),
        back=st.timedeltas(timedelta(milliseconds=1), timedelta(days=8)),
    )
    def bring_in(
        self, sender: str, recipients: frozenset[str], cls: str, back: timedelta
    ) -> MessageId | MultipleResults[MessageId]:
        """What comes late counts as if each erasure had come after it."""
        time = self.scene.clock.now - back
        day = time.date()
        self.scene.sweep.make_day(cls, day, day + timedelta(self.period[cls] + 1))
        sent = self._message(sender, recipients - {sender}, purpose=cls, time=time)
        people = recipients | {sender}
        dead = {p for p, at in self.erased.items() if time <= at} & people
        [outcome] = self.scene.deliver(sent, importing=True)
        modelled = Modelled(cls, sender, time, day, [])
        today = self.scene.clock.now.date()
        if modelled.ends(people, dead) or today > self._last_day(cls, day):
            assert isinstance(outcome, ErasedError), outcome
            return multiple()
        assert isinstance(outcome, Captured), outcome
        return self._is_modelled(sent, sender, people - dead, time)

    @rule(message_id=messages)
    def deliver_again(self, message_id: MessageId) -> None:
        [outcome] = self.scene.deliver(self.sent[message_id], importing=True)
        if isinstance(outcome, Captured):
            assert outcome.status is CaptureStatus.DUPLICATE
        else:
            self._was_refused(message_id, outcome)
        self._holds_of(message_id)

    @rule(message_id=messages)
    def edit(self, message_id: MessageId) -> None:
        modelled, sent = self.modelled[message_id], self.sent[message_id]
        self.number += 1
        change = replace(sent, body=f"edit {self.number}", edit=True)
        [outcome] = self.scene.deliver(change, importing=True)
        if self._fate(message_id) is Fate.GONE or not isinstance(outcome, Captured):
            self._was_refused(message_id, outcome)
        else:
            assert outcome.status is CaptureStatus.CAPTURED
            people = _people(sent) & modelled.people - modelled.cut
            modelled.versions.append(Version(change.body, people))
        self._holds_of(message_id)

    @rule(message_id=messages, further=some)
    def copy(self, message_id: MessageId, further: frozenset[str]) -> None:
        modelled, sent = self.modelled[message_id], self.sent[message_id]
        assume(sent.content_identified and modelled.cls in {"short", "any"})
        assume(modelled.people & EXTERNAL)
        further -= modelled.people | modelled.cut
        blind = [Participant(address(p), Role.BCC, f"N {p}") for p in sorted(further)]
        change = replace(sent, participants=(*sent.participants, *blind))
        dead = {p for p in further if modelled.time <= self.erased.get(p, modelled.time)}
        dead &= self.erased.keys()
        [outcome] = self.scene.deliver(change, importing=True)
        if modelled.cls == "any" and dead & EXTERNAL:
            assert isinstance(outcome, ErasedError), outcome
        elif self._fate(message_id) is Fate.GONE or not isinstance(outcome, Captured):
            self._was_refused(message_id, outcome)
        elif further - dead:
            assert outcome.status is CaptureStatus.CAPTURED
            people = (_people(sent) & modelled.people - modelled.cut) | (further - dead)
            modelled.versions.append(Version(sent.body, people))
        else:
            assert outcome.status is CaptureStatus.DUPLICATE
        self._holds_of(message_id)

    @rule(target=requests, people=st.frozensets(st.sampled_from(PERSONS), min_size=1, max_size=2))
    def erase(self, people: frozenset[str]) -> PrivacyRequest:
        now = self.scene.clock.now
        request = self.scene.erase(*sorted(people))
        for person in people:
            self.erased[person] = now
            for modelled in self.modelled.values():
                modelled.erase(person, request.id)
        self._holds()
        return request

    @rule(request=requests, act=st.sampled_from([Act.ERASE, Act.KEEP]))
    def decide(self, request: PrivacyRequest, act: Act) -> None:
        request = self.scene.erasure.get(request.id)
        names = {self.scene.hashes.pseudonym(address(person)): person for person in PERSONS}
        open_ = [
            (index, names[case.pseudonym])
            for index, case in enumerate(request.cases)
            if any(d.act is Act.REVIEW for d in case.decisions)
        ]
        assume(open_)
        decisions = [ReviewDecision(index, "review", act, "17(3)(e)") for index, _ in open_]
        self.scene.erasure.decide(request.id, decisions, caller=STAFF)
        for modelled in self.modelled.values():
            for _, person in open_ if act is Act.ERASE else ():
                modelled.decide(person, request.id)
        self._holds()

    @rule(message_id=messages, person=st.sampled_from(PEOPLE))
    def delete(self, message_id: MessageId, person: str) -> None:
        modelled, now = self.modelled[message_id], self.scene.clock.now
        gone = self._fate(message_id) is Fate.GONE or person in modelled.cut
        try:
            self.scene.delete(message_id, person)
        except LetheError:
            assert gone or not modelled.delete(person, now)
        else:
            assert gone or modelled.delete(person, now)
        self._holds_of(message_id)

    @rule(days=st.integers(1, 12))
    def time_passes(self, days: int) -> None:
        self.scene.clock.pass_(timedelta(days=days))
        self._sweep()
        self._holds()

    @rule(cls=st.sampled_from(sorted(PERIOD)), days=st.sampled_from([5, 15, 45]))
    def put_policy(self, cls: str, days: int) -> None:
        """A shorter period ends what exists; a longer one is for what comes, and gives nothing."""
        if days > self.period[cls]:
            self.promised.append((cls, self.scene.clock.now.date(), self.period[cls]))
        self.period[cls] = days
        self.scene.put_in_force(policy(**self.period))
        self._holds()
        self._sweep()
        self._holds()

    @rule()
    def purge(self) -> None:
        self.scene.work()
        self._holds()
        for request in self.scene.stores.world.requests.values():
            assert request.state == "completed"

    def teardown(self) -> None:
        self.purge()

    def _message(self, sender: str, recipients: frozenset[str], **fields: object) -> Message:
        self.number += 1
        return message(f"message {self.number}", sender, sorted(recipients), **fields)

    def _is_modelled(
        self, sent: Message, sender: str, people: frozenset[str], time: datetime
    ) -> MessageId:
        message_id = self.scene.id_of(sent)
        end = time.date() + timedelta(self.period[sent.purpose])
        first = Version(sent.body, people)
        self.modelled[message_id] = Modelled(sent.purpose, sender, time, end, [first])
        self.sent[message_id] = sent
        self.scene.clock.pass_(timedelta(milliseconds=1))
        self._holds_of(message_id)
        return message_id

    def _was_refused(self, message_id: MessageId, outcome: Outcome) -> None:
        """Nothing new is taken of what is gone; until it is purged, it may be a duplicate."""
        modelled = self.modelled[message_id]
        if isinstance(outcome, Captured):
            assert modelled.over or self._fate(message_id) is Fate.GONE
            return
        assert isinstance(outcome, ErasedError), outcome
        first_lives = modelled.versions[0] in modelled.living()
        assert self._fate(message_id) is Fate.GONE or not first_lives

    def _sweep(self) -> None:
        self.scene.sweep.run(dry_run=False)
        for message_id, modelled in self.modelled.items():
            modelled.over |= self._fate(message_id) is Fate.GONE

    def _fate(self, message_id: MessageId) -> Fate:
        today: date = self.scene.clock.now.date()
        modelled = self.modelled[message_id]
        return modelled.fate(today, self._last_day(modelled.cls, modelled.time.date()))

    def _last_day(self, cls: str, day: date) -> date:
        """The last day of a message: no policy keeps it longer than one did that it lived under."""
        promised = [days for of, until, days in self.promised if of == cls and day <= until]
        return day + timedelta(min([self.period[cls], *promised]))

    def _holds(self) -> None:
        for message_id in self.modelled:
            self._holds_of(message_id)
        for person in PERSONS:
            found = self.scene.found(person)
            assert len(found) == len(set(found))
            readable = {
                message_id
                for message_id, modelled in self.modelled.items()
                if self._fate(message_id) is Fate.READABLE and person in modelled.shown()
            }
            assert set(found) <= readable
            assert set(found) == readable or person in self.erased

    def _holds_of(self, message_id: MessageId) -> None:
        match self._fate(message_id):
            case Fate.GONE:
                with pytest.raises(ErasedError):
                    self.scene.read(message_id)
            case Fate.RESTRICTED:
                with pytest.raises(RestrictedError):
                    self.scene.read(message_id)
            case Fate.READABLE:
                self._is_read(message_id, self.modelled[message_id])

    def _is_read(self, message_id: MessageId, modelled: Modelled) -> None:
        read = self.scene.read(message_id)
        texts = list(dict.fromkeys(version.text for version in modelled.living()))
        assert [version.body for version in read.versions] == texts
        assert self.scene.shown(message_id) == modelled.shown()
        assert {p.name for p in read.participants if p.address} == {
            f"N {p}" for p in modelled.shown()
        }
        assert read.versions[0].has_original is modelled.original
        if modelled.original:
            raw = self.scene.access.original(message_id, 1, reason="test", caller=STAFF)
            assert b"".join(raw) == self.sent[message_id].original


def _people(sent: Message) -> frozenset[str]:
    names = (
        p.address.removeprefix("mailto:").removesuffix("@example.com") for p in sent.participants
    )
    return frozenset(names)


TestLethe = Lethe.TestCase
TestLethe.settings = settings(
    max_examples=100,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
