"""The gate against its model: any order of saying yes, no, stop, of erasing, expiring and asking.

It never allows what the model denies, and denies nothing that the model allows (L1, L3, L6, L15).
"""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from lethe.crypto.holders import Kem, generate
from lethe.domain.addresses import Address
from lethe.domain.consent import EventId, EventType
from lethe.domain.erasure import Grounds
from lethe.domain.evidence import Action, Evidence, Method
from lethe.domain.gate import Question
from lethe.domain.own_addresses import AddressKind, OwnSpan
from lethe.domain.ports import NewPersonKey
from lethe.domain.register import RegisterEntry
from lethe.usecases.consent_ledger import Act, ConsentLedger
from lethe.usecases.consent_upkeep import ConsentUpkeep
from lethe.usecases.erasure import IdentityProof
from lethe.usecases.gate import Gate
from lethe.usecases.voiding import Voiding

from tests.gate_model import ALL, CONSENT_DAYS, Fact, Message, Model
from tests.gate_scenes import CHANNELS, GOOD_VENDOR, NOW, PURPOSES, policy_with
from tests.memory_store import MemoryStores
from tests.system import STAFF, Clock, System

PEOPLE = {"anna": Address("tel:+4915112345678"), "bert": Address("mailto:bert@example.org")}
OWNS = {"shop": Address("tel:+493055500001"), "branch": Address("tel:+493055500002")}
BRANCH_ENDS = NOW.date() + timedelta(days=3)
PLACES = ["sms", "email", "chat"]
OBJECTIONABLE = ["newsletter", "offers", "catalogue", "survey", "inspection", ALL]

persons = st.sampled_from(sorted(PEOPLE))
consented = st.sampled_from(sorted(CONSENT_DAYS))
channels = st.sampled_from(["sms", "email"])
somewhere = st.sampled_from(["sms", "email", ALL])
some_own = st.sampled_from([*OWNS, ALL])
events = st.sampled_from(["sale", "order"])
ages = st.sampled_from([timedelta(), timedelta(minutes=7), timedelta(hours=20)])


def the_policy() -> Any:
    purposes = {name: {"description": name, **one} for name, one in PURPOSES.items()}
    for name, days in CONSENT_DAYS.items():
        purposes[name]["consent"] = {"validity": f"P{days}D"}
    evidence = {
        "content": "Evidence",
        "legal_basis": "Art. 7(1)",
        "starts": "end of processing",
        "period": "P20D",
        "personal_data": True,
    }
    channels = {name: {"description": name, **one} for name, one in CHANNELS.items()}
    carrier = GOOD_VENDOR | {"review": {"owner": "purchasing", "due": "2099-01-01"}}
    return policy_with(
        purposes=purposes,
        records={"consent": evidence},
        channels=channels,
        vendors={"carrier": carrier},
    )


POLICY = the_policy()


class Reviews:
    """What waits for a human: nothing ever does."""

    def settle_notices(self) -> None:
        pass

    def overdue(self) -> int:
        return 0


class TheGate(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.stores: Any = MemoryStores()
        self.stores.world.policies = [POLICY]
        self.clock = Clock(NOW)
        self.system = System(self.stores, clock=self.clock)
        s, hashes = self.stores, self.system.hashes
        self.ledger = ConsentLedger(
            consents=s.consents,
            texts=s.texts,
            signer=s.signer,
            wrap=s.wrap,
            policies=s.policies,
            register=s.register,
            audit=s.audit,
            hashes=hashes,
            clock=self.clock,
            kem=Kem.X25519,
        )
        self.voiding = Voiding(self.ledger, s.requests)
        reviews: Any = Reviews()
        self.upkeep = ConsentUpkeep(
            self.ledger, s.consents, s.policies, reviews, self.clock, noted=self._fail
        )
        self.gate = Gate(
            register=s.register,
            consents=s.consents,
            policies=s.policies,
            activity=s.activity,
            audit=s.audit,
            hashes=hashes,
            clock=self.clock,
            noted=self._fail,
        )
        self.model = Model(own_until={"branch": BRANCH_ENDS})
        self.own: dict[str, Any] = {n: hashes.pseudonym(own) for n, own in OWNS.items()}
        self.own[ALL] = ALL
        began = date(2020, 1, 1)
        shop = OwnSpan(AddressKind.FUNCTION, began, None)
        branch = OwnSpan(AddressKind.FUNCTION, began, BRANCH_ENDS)
        s.register.set_own(self.own["shop"], [shop])
        s.register.set_own(self.own["branch"], [branch])
        self.objections: list[tuple[Fact, EventId]] = []

    @rule(who=persons, purpose=consented, channel=channels, age=ages, renewed=st.booleans())
    def give(self, who: str, purpose: str, channel: str, age: timedelta, *, renewed: bool) -> None:
        at = self.clock.now - age
        kind = EventType.RENEWED if renewed else EventType.GIVEN
        self._record(who, Act(kind, purpose, channel, evidence=_evidence(at)))
        last = at.date() + timedelta(CONSENT_DAYS[purpose])
        self._happened("gave", who, at, purpose=purpose, channel=channel, last_day=last)

    @rule(who=persons, purpose=consented, channel=channels, days=st.integers(1, 5))
    def give_for_days(self, who: str, purpose: str, channel: str, days: int) -> None:
        """A consent that names its own end."""
        self._tick()
        now = self.clock.now
        last = now.date() + timedelta(days)
        until = datetime.combine(last + timedelta(1), datetime.min.time(), now.tzinfo)
        self._record(
            who, Act(EventType.GIVEN, purpose, channel, until=until, evidence=_evidence(now))
        )
        self._happened("gave", who, now, purpose=purpose, channel=channel, last_day=last)
        self._tick()

    @rule(who=persons, purpose=consented, channel=channels, age=ages)
    def refuse(self, who: str, purpose: str, channel: str, age: timedelta) -> None:
        at = self.clock.now - age
        self._record(who, Act(EventType.REFUSED, purpose, channel, evidence=_evidence(at)))
        self._happened("refused", who, at, purpose=purpose, channel=channel)

    @rule(who=persons, purpose=consented | st.just(ALL), channel=somewhere)
    def withdraw(self, who: str, purpose: str, channel: str) -> None:
        self._record(who, Act(EventType.WITHDRAWN, purpose, channel))
        self._happened("withdrew", who, purpose=purpose, channel=channel)

    @rule(who=persons, purpose=st.sampled_from(OBJECTIONABLE), channel=somewhere)
    def object(self, who: str, purpose: str, channel: str) -> None:
        event_id = self._record(who, Act(EventType.OBJECTED, purpose, channel))
        fact = self._happened("objected", who, purpose=purpose, channel=channel)
        gone = {(fact.who, fact.purpose, fact.channel)}
        self.objections = [
            (o, i) for o, i in self.objections if (o.who, o.purpose, o.channel) not in gone
        ]
        self.objections.append((fact, event_id))
        self._tick()

    @precondition(lambda self: self.objections)
    @rule(data=st.data())
    def overrule(self, data: st.DataObject) -> None:
        """A balancing finds compelling grounds; of marketing there is none."""
        fact, event_id = data.draw(st.sampled_from(self.objections))
        purpose = POLICY.purposes.get(fact.purpose)
        if purpose is not None and purpose.direct_marketing:
            return
        act = Act(EventType.OBJECTION_OVERRULED, fact.purpose, fact.channel, about=event_id)
        self._record(fact.who, act)
        self._happened(
            "overruled", fact.who, purpose=fact.purpose, channel=fact.channel, about=fact.at
        )

    @rule(who=persons, channel=somewhere, own=some_own)
    def stop(self, who: str, channel: str, own: str) -> None:
        self._record(who, Act(EventType.STOPPED, channel=channel, own=self.own[own]))
        self._happened("stopped", who, channel=channel, own=own)

    @rule(who=persons, channel=channels, own=some_own, blocked=st.booleans())
    def vendor(self, who: str, channel: str, own: str, *, blocked: bool) -> None:
        """The vendor's block is no basis and takes none: it is a flag."""
        kind = EventType.VENDOR_BLOCKED if blocked else EventType.VENDOR_UNBLOCKED
        self._record(who, Act(kind, channel=channel, own=self.own[own]))

    @rule(who=persons, event=events, opt_out=st.booleans())
    def begin(self, who: str, event: str, *, opt_out: bool) -> None:
        self._record(who, Act(EventType.BASIS_BEGUN, event, opt_out_offered=opt_out))
        self._happened("began", who, purpose=event, opt_out=opt_out)
        self._tick()

    @rule(who=persons, event=events)
    def end(self, who: str, event: str) -> None:
        self._record(who, Act(EventType.BASIS_ENDED, event))
        self._happened("ended", who, purpose=event)

    @rule(who=persons, channel=channels, own=st.sampled_from(sorted(OWNS)), age=ages)
    def write_in(self, who: str, channel: str, own: str, age: timedelta) -> None:
        at = self.clock.now - age
        self.stores.consents.mark_inbound(self._name(who), channel, self.own[own], at)
        self._happened("wrote", who, at, channel=channel, own=own)

    @rule(who=persons, cls=st.sampled_from(["all", "law"]))
    def is_archived(self, who: str, cls: str) -> None:
        """A message of the person came in a class: an erasure ends or restricts it."""
        self._tick()
        item = self.stores.register.item(self._name(who))
        if cls not in item.entries:
            holder, private = generate(Kem.X25519)
            entry = RegisterEntry(holder.id, holder, "2026-03")
            self.stores.register.create(item, cls, entry, NewPersonKey(private, os.urandom(8)))

    @rule(who=persons)
    def erase(self, who: str) -> None:
        now = self.clock.now
        kept = "law" in self.stores.register.item(self._name(who)).entries
        self.system.erasure.request(
            [PEOPLE[who]],
            Grounds.NO_LONGER_NECESSARY,
            IdentityProof.IN_PERSON,
            idempotency_key=None,
            caller=STAFF,
        )
        self._happened("erased", who, now)
        if kept:
            self._happened("restricted", who, now)

    @rule()
    def void(self) -> None:
        """The consent function hears of erasures, late and perhaps twice."""
        for request_id in [*self.stores.world.consent_work, *self.stores.world.consent_work[:1]]:
            self.voiding.void(request_id)
        self.stores.world.consent_work.clear()

    @rule()
    def look_after(self) -> None:
        """Expiries are recorded, evidence ends; what anybody may be sent stays the same."""
        self.upkeep.run()

    @rule(time=st.sampled_from([1, 600, 7_200, 86_400, 5 * 86_400, 31 * 86_400]))
    def time_passes(self, time: int) -> None:
        self.clock.pass_(timedelta(seconds=time))

    @rule()
    def a_moment_passes(self) -> None:
        self._tick()

    @rule()
    def midnight_comes(self) -> None:
        """The first moment of a day, at which something may be over."""
        tomorrow = self.clock.now.date() + timedelta(1)
        self.clock.now = datetime.combine(tomorrow, datetime.min.time(), self.clock.now.tzinfo)

    @rule(who=persons, purpose=consented, channel=channels, then=st.integers(0, 5))
    def give_and_say_no(self, who: str, purpose: str, channel: str, then: int) -> None:
        """A yes and a no of the same moment: the no counts."""
        self._tick()
        self.give(who, purpose, channel, timedelta(), renewed=False)
        match then:
            case 0:
                self.withdraw(who, purpose, channel)
            case 1:
                self.refuse(who, purpose, channel, timedelta())
            case 2:
                self.stop(who, channel, ALL)
            case 3:
                self.object(who, purpose, channel)
            case 4:
                self.erase(who)
        self._tick()

    @rule(who=persons, purpose=consented, channel=channels, late=st.integers(-1, 1))
    def give_and_wait(self, who: str, purpose: str, channel: str, late: int) -> None:
        """Until the last day of a consent, or of what an answer may rest on, or the day after."""
        self._tick()
        self.give(who, purpose, channel, timedelta(), renewed=False)
        self.clock.pass_(timedelta(days=CONSENT_DAYS[purpose] + late))

    @rule(who=persons, channel=channels, own=st.sampled_from(sorted(OWNS)), late=st.integers(-1, 1))
    def write_in_and_wait(self, who: str, channel: str, own: str, late: int) -> None:
        self.write_in(who, channel, own, timedelta())
        self.clock.pass_(timedelta(days=30 + late))

    @rule(who=persons, event=events, erased=st.booleans())
    def begin_and_end(self, who: str, event: str, *, erased: bool) -> None:
        """The same of an event that grants a basis."""
        self._tick()
        self._record(who, Act(EventType.BASIS_BEGUN, event, opt_out_offered=True))
        self._happened("began", who, purpose=event, opt_out=True)
        if erased:
            self.erase(who)
        else:
            self.end(who, event)
        self._tick()

    @invariant()
    def the_gate_says_what_the_model_says(self) -> None:
        wrong = []
        for purpose in PURPOSES:
            for channel in PLACES:
                for own, sender in OWNS.items():
                    question = Question(purpose, channel, sender)
                    decisions = self.gate.decide(question, list(PEOPLE.values()), actor="test")
                    for who, decision in zip(PEOPLE, decisions, strict=True):
                        message = Message(who, purpose, channel, own, self.clock.now)
                        if decision.allowed is not self.model.may(message):
                            wrong.append((message, decision))
        assert not wrong, (wrong[0], [f for f in self.model.facts if f.who == wrong[0][0].who])
        self.stores.world.audit.clear()

    def _name(self, who: str) -> Any:
        return self.system.hashes.pseudonym(PEOPLE[who])

    def _record(self, who: str, act: Act) -> EventId:
        [recorded] = self.ledger.record(PEOPLE[who], [act], caller=STAFF)
        return recorded.event_id

    def _happened(self, what: str, who: str, at: datetime | None = None, **about: Any) -> Fact:
        fact = Fact(what, who, at or self.clock.now, **about)
        self.model.facts.append(fact)
        return fact

    def _tick(self) -> None:
        self.clock.pass_(timedelta(milliseconds=1))

    def _fail(self, error: Exception) -> None:
        raise error


def _evidence(at: datetime) -> Evidence:
    return Evidence(
        method=Method.WEB_FORM,
        at=at,
        text="May we write to you?",
        language="en",
        action=Action.TICKED_BOX,
        separate=True,
    )


TestTheGate = TheGate.TestCase
TestTheGate.settings = settings(
    max_examples=100,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
