"""What waits for a human: seen with its age, and decided, each with what the decision does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from lethe.domain.audit import AuditEvent
from lethe.domain.callers import Caller
from lethe.domain.consent import EventId, EventType
from lethe.domain.errors import ConflictError, FieldProblem, InvalidInputError, NotFoundError
from lethe.domain.evidence import Evidence, Method
from lethe.domain.human_review import TARGETS, ReviewDecision, ReviewKind, WaitingReview, waiting
from lethe.domain.in_force import Audience
from lethe.domain.ports import AuditTrail, Policies, Requests
from lethe.domain.ports_sending import Consents, Reviews
from lethe.domain.register import Pseudonym
from lethe.domain.requests import RequestId
from lethe.usecases.consent_ledger import Act, ConsentLedger, event_id
from lethe.usecases.following import Following, Follows

SYSTEM: Final = Caller("lethe")
"""Who acts where nobody does."""

MAX_OPEN: Final = 100
"""Reviews in one answer, oldest first."""

_BY_KIND: Final[Mapping[ReviewKind, frozenset[ReviewDecision]]] = {
    ReviewKind.POSSIBLE_WITHDRAWAL: frozenset(
        {ReviewDecision.WITHDRAWAL, ReviewDecision.NO_WITHDRAWAL}
    ),
    ReviewKind.ERASURE_PROPOSAL: frozenset({ReviewDecision.ERASE, ReviewDecision.KEEP}),
    ReviewKind.OBJECTION: frozenset(),
    ReviewKind.NOTICE_DRIFT: frozenset(),
}
_ELSEWHERE: Final = {
    ReviewKind.OBJECTION: "Decide an objection by POST /objections/{event_id}/decision.",
    ReviewKind.NOTICE_DRIFT: "It ends by itself, within a day of a new notice's approval.",
}


@dataclass(frozen=True, slots=True)
class OpenReviews:
    """What waits, oldest first; `overdue` counts those that are not shown too."""

    reviews: tuple[WaitingReview, ...]
    overdue: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """A review that is decided, and what followed."""

    review_id: str
    decision: ReviewDecision
    event_id: EventId | None = None
    follows: Follows | None = None


@dataclass(frozen=True)
class Reviewing:
    """The use case; a decision is carried out before its review is closed, so a repetition ends it.

    What was decided stays decided: the same again is answered the same, another is refused.
    """

    ledger: ConsentLedger
    following: Following
    consents: Consents
    reviews: Reviews
    requests: Requests
    policies: Policies
    audit: AuditTrail
    clock: Callable[[], datetime]

    def open(self) -> OpenReviews:
        """What waits for a human."""
        now = self.clock()
        found = tuple(map(waiting, islice(self.reviews.open(), MAX_OPEN)))
        return OpenReviews(found, self.overdue(), now)

    def settle_notices(self) -> int:
        """Close what asked for a new notice where one was published since; how many."""
        drift = ReviewKind.NOTICE_DRIFT
        if all(kind != drift for kind, _ in self.reviews.times()):
            return 0
        in_force = self.policies.in_force()
        settled = [
            document
            for document in self.reviews.open()
            if document["kind"] == drift
            and in_force.notice_for(Audience(document["audience"])) > int(document["version"])
        ]
        for document in settled:
            self._close(document, ReviewDecision.SETTLED, {}, SYSTEM)
        return len(settled)

    def overdue(self) -> int:
        """How many wait longer than their kind's target."""
        now = self.clock()
        return sum(now > at + TARGETS[ReviewKind(kind)] for kind, at in self.reviews.times())

    def decide(
        self,
        review_id: str,
        decision: ReviewDecision,
        *,
        reason: str | None = None,
        request_id: RequestId | None = None,
        caller: Caller,
    ) -> Decided:
        """Decide whether a text withdraws, or whether messages without a basis are erased."""
        document = self.reviews.get(review_id)
        kind = ReviewKind(document["kind"])
        if kind in _ELSEWHERE:
            raise ConflictError(_ELSEWHERE[kind])
        if decision not in _BY_KIND[kind]:
            words = " or ".join(sorted(_BY_KIND[kind]))
            raise _invalid("/decision", f"This review is decided by {words}.")
        _refuse_another(document, decision)
        match decision:
            case ReviewDecision.WITHDRAWAL:
                decided = self._withdraw(review_id, document, caller)
            case ReviewDecision.NO_WITHDRAWAL:
                decided = self._dismiss(review_id)
            case ReviewDecision.ERASE:
                decided = self._erased(review_id, document, request_id)
            case _:
                decided = _kept(review_id, reason)
        facts = {"reason": reason} if reason else {}
        self._close(document, decision, facts | _request(request_id), caller)
        return decided

    def balance(
        self,
        objection_id: EventId,
        outcome: ReviewDecision,
        *,
        grounds: str,
        reference: str | None = None,
        caller: Caller,
    ) -> Decided:
        """Record the balancing of an objection (Art. 21(1)); never of one to direct marketing.

        Upheld, it stands as it did while it was pending; overruled, the purpose is allowed again.
        """
        document = self._objection(objection_id)
        _refuse_another(document, outcome)
        recorded = None
        if outcome is ReviewDecision.OVERRULED:
            self._refuse_marketing(document["purpose"])
            act = Act(
                EventType.OBJECTION_OVERRULED,
                purpose=document["purpose"],
                channel=document["channel"],
                about=objection_id,
                evidence=Evidence(
                    method=Method.SYSTEM,
                    reference=reference,
                    note=grounds,
                ),
                event_id=event_id("balancing", objection_id),
            )
            person = Pseudonym(document["pseudonym"])
            [recorded] = self.ledger.record_for(person, [act], caller=caller)
        elif self._recorded(event_id("balancing", objection_id)):
            raise ConflictError("This objection was overruled already.")
        facts = {"grounds": grounds} | ({"reference": reference} if reference else {})
        self._close(document, outcome, facts, caller)
        return Decided(objection_id, outcome, recorded.event_id if recorded else None)

    def _withdraw(self, review_id: str, document: Mapping[str, str], caller: Caller) -> Decided:
        """Record what the keyword STOP would have, as the person said it in other words."""
        person, channel, own = (document[name] for name in ("pseudonym", "channel", "own"))
        act = Act(
            EventType.STOPPED,
            channel=channel,
            own=own,
            evidence=Evidence(method=Method.MESSAGE, reference=document["message"]),
            event_id=_withdrawal_id(review_id),
        )
        [recorded] = self.ledger.record_for(Pseudonym(person), [act], caller=caller)
        _, policy = self.policies.current()
        follows = self.following.after(Pseudonym(person), policy, channel=channel, own=own)
        return Decided(review_id, ReviewDecision.WITHDRAWAL, recorded.event_id, follows)

    def _dismiss(self, review_id: str) -> Decided:
        if self._recorded(_withdrawal_id(review_id)):
            raise ConflictError("This was decided to be a withdrawal; decide the same to close it.")
        return Decided(review_id, ReviewDecision.NO_WITHDRAWAL)

    def _erased(
        self, review_id: str, document: Mapping[str, str], request_id: RequestId | None
    ) -> Decided:
        """A proposal is carried out by an erasure request for the person, and by nothing less."""
        expected = "File POST /requests with the ground 17(1)(b) for this person, and name it here."
        if request_id is None:
            raise _invalid("/request_id", expected)
        try:
            request = self.requests.get(request_id)
        except NotFoundError:
            raise _invalid("/request_id", expected) from None
        if document["pseudonym"] not in [case.pseudonym for case in request.cases]:
            raise _invalid("/request_id", "That request is for another person.")
        return Decided(review_id, ReviewDecision.ERASE)

    def _objection(self, objection_id: EventId) -> Mapping[str, str]:
        document = self.reviews.get(objection_id)
        if document["kind"] != ReviewKind.OBJECTION:
            raise NotFoundError("There is no such objection.")
        return document

    def _refuse_marketing(self, name: str) -> None:
        _, policy = self.policies.current()
        purpose = policy.purposes.get(name)
        if purpose is not None and purpose.direct_marketing:
            raise ConflictError("An objection to direct marketing is never overruled (Art. 21(3)).")

    def _recorded(self, event: EventId) -> bool:
        return bool(self.consents.recorded([event]))

    def _close(
        self,
        document: Mapping[str, str],
        decision: ReviewDecision,
        facts: Mapping[str, str],
        caller: Caller,
    ) -> None:
        if document.get("decision") == decision:
            return
        version, _ = self.policies.current()
        told = {"kind": document["kind"], "decision": decision.value, **facts}
        now, actor = self.clock(), caller.actor
        self.audit.put(AuditEvent(now, "waiting_decided", actor, document["id"], version, told))
        try:
            self.reviews.close(document["id"], decision, actor, now)
        except ConflictError:  # somebody decided at the same moment: the same, one hopes
            _refuse_another(self.reviews.get(document["id"]), decision)


def _refuse_another(document: Mapping[str, str], decision: ReviewDecision) -> None:
    if document.get("decision", decision) != decision:
        raise ConflictError("This was decided otherwise before.")


def _kept(review_id: str, reason: str | None) -> Decided:
    if reason is None:
        raise _invalid("/reason", "Say on which basis the messages stay, as a word of your list.")
    return Decided(review_id, ReviewDecision.KEEP)


def _withdrawal_id(review_id: str) -> EventId:
    return event_id("review", review_id)


def _request(request_id: RequestId | None) -> dict[str, str]:
    return {} if request_id is None else {"request": request_id}


def _invalid(pointer: str, expected: str) -> InvalidInputError:
    return InvalidInputError("The decision is not valid.", (FieldProblem(pointer, expected),))
