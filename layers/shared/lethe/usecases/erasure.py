"""Erase a person by address (Art. 17): receive, decide, shred, purge, verify; all repeatable."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from lethe.domain.addresses import Address
from lethe.domain.audit import AuditEvent
from lethe.domain.callers import Caller
from lethe.domain.erasure import Grounds, decide, is_person
from lethe.domain.errors import (
    ConflictError,
    FieldProblem,
    InvalidInputError,
    RaceLostError,
    UnavailableError,
)
from lethe.domain.holders import HolderId
from lethe.domain.policy import Policy
from lethe.domain.ports import (
    AuditTrail,
    ConsentQueue,
    EraseQueue,
    Ledger,
    Policies,
    PseudonymHash,
    PurgeQueue,
    Register,
    Requests,
    Shred,
)
from lethe.domain.register import EVERY_CLASS, RegisterItem
from lethe.domain.requests import (
    Act,
    AddressCase,
    Decision,
    PrivacyRequest,
    RequestId,
    RequestState,
)
from lethe.domain.work import PurgeHolder

MAX_ADDRESSES: Final = 20
_TRIES: Final = 5
_SYSTEM: Final = "lethe"


class IdentityProof(StrEnum):
    """How the caller verified that the addresses are the person's (Art. 12(6))."""

    CODE_TO_ADDRESS = "code_to_address"
    SIGNED_IN_SESSION = "signed_in_session"
    IN_PERSON = "in_person"
    KNOWN_CORRESPONDENT = "known_correspondent"


@dataclass(frozen=True, slots=True)
class ReviewDecision:
    """What a person decided of a class under review: end it, or keep it for a coded reason."""

    address_index: int
    cls: str
    act: Act
    reason: str


@dataclass(frozen=True)
class Erasure:
    """The use case; the request carries everything that a retry needs once the keys are gone."""

    register: Register
    requests: Requests
    policies: Policies
    audit: AuditTrail
    ledger: Ledger
    purge_queue: PurgeQueue
    erase_queue: EraseQueue
    consent_queue: ConsentQueue
    hashes: PseudonymHash
    clock: Callable[[], datetime]
    longest_capture: timedelta
    ledger_period: timedelta

    def request(
        self,
        addresses: Sequence[Address],
        ground: Grounds,
        proof: IdentityProof,
        *,
        idempotency_key: str | None,
        caller: Caller,
    ) -> PrivacyRequest:
        """Receive an erasure request and carry it out; the same key again continues the same.

        When this returns, everything that is erased now is unreadable.
        """
        request_id = _request_id(idempotency_key, caller)
        pseudonyms = list(dict.fromkeys(self.hashes.pseudonym(a) for a in addresses))
        request = PrivacyRequest(
            id=request_id,
            ground=ground,
            received_at=self.clock(),
            state=RequestState.RECEIVED,
            cases=tuple(AddressCase(pseudonym) for pseudonym in pseudonyms),
        )
        today = self.clock().date()
        functions = [
            FieldProblem(
                f"/addresses/{n}", "This is a function address of the controller's; no person's."
            )
            for n, address in enumerate(addresses)
            if not is_person(self.register.item(self.hashes.pseudonym(address)), today)
        ]
        if functions:
            raise InvalidInputError("Only a person can be erased.", tuple(functions))
        if not self.requests.create(request):
            request = self._same(request)
        self._record("erasure_requested", request, caller.actor, {"proof": proof, "ground": ground})
        return self._advance(request)

    def get(self, request_id: RequestId) -> PrivacyRequest:
        """One request with its state; NotFoundError."""
        return self.requests.get(request_id)

    def resume(self, request_id: RequestId) -> PrivacyRequest:
        """Carry an interrupted request on from where it stands."""
        return self._advance(self.requests.get(request_id))

    def decide(
        self, request_id: RequestId, decisions: Sequence[ReviewDecision], *, caller: Caller
    ) -> PrivacyRequest:
        """Settle classes under review: what a person decided to erase is shredded at once.

        Repeating the same decisions carries them on from where they stand.
        """
        request = seen = self.requests.get(request_id)
        if decisions and all(_is_recorded(seen, decision) for decision in decisions):
            return self._advance(seen)
        if seen.state not in {RequestState.SHREDDED, RequestState.COMPLETED}:
            raise ConflictError(
                "The request is still being carried out; repeat when it is shredded."
            )
        for decision in decisions:
            request = _settle(request, decision)
        facts = {
            "erased": str(sum(d.act is Act.ERASE for d in decisions)),
            "decided": str(len(decisions)),
        }
        self._record("review_decided", request, caller.actor, facts)
        request = replace(
            request, state=RequestState.DECIDED, completed_at=None, round=seen.round + 1
        )
        self.requests.save(request, seen)
        return self._advance(request)

    def _same(self, request: PrivacyRequest) -> PrivacyRequest:
        found = self.requests.get(request.id)
        if [c.pseudonym for c in found.cases] != [c.pseudonym for c in request.cases]:
            raise ConflictError("This Idempotency-Key belongs to a request for other addresses.")
        return found

    def _advance(self, request: PrivacyRequest) -> PrivacyRequest:
        for _ in range(_TRIES):
            try:
                return self._steps(request)
            except RaceLostError:
                request = self.requests.get(request.id)
                if request.state is RequestState.DECIDED and not request.round:
                    request = replace(request, state=RequestState.RECEIVED)
        self.erase_queue.send([request.id])
        raise UnavailableError("The person's register is changing; the request goes on by itself.")

    def _steps(self, request: PrivacyRequest) -> PrivacyRequest:
        if request.state is RequestState.RECEIVED:
            request = self._decide(request)
        if request.state is RequestState.DECIDED:
            request = self._shred(request)
        if request.state is RequestState.SHREDDED:
            # Before anything that could complete it: a completed request is resumed by nobody.
            self.consent_queue.send([request.id])
            if not request.pending:
                return self._complete(request)
            self._send_purge(request)
        return request

    def _decide(self, request: PrivacyRequest) -> PrivacyRequest:
        """Record, before any key ends, which holders end: a retry finds them here alone."""
        version, policy = self.policies.current()
        seen = self.requests.get(request.id)
        if seen.round or seen.state in {RequestState.SHREDDED, RequestState.COMPLETED}:
            return seen  # another run has come further
        cases = tuple(self._decide_case(seen, index, policy) for index in range(len(seen.cases)))
        decided = replace(seen, state=RequestState.DECIDED, cases=cases, policy_version=version)
        self.requests.save(decided, seen)
        return decided

    def _decide_case(self, seen: PrivacyRequest, index: int, policy: Policy) -> AddressCase:
        """Decide on an address whose keys this request has not ended yet.

        The receipt is looked for after the item was read: without one, the item is as it was before
        the shred, and nothing that another run of this request ended is missing from it.
        """
        case = seen.cases[index]
        item = self.register.item(case.pseudonym)
        if self.register.shredded_at(_receipt(seen, index)):
            return case
        if _erased_by_another(item, seen):
            return _without_reviews(case)
        return replace(case, decisions=decide(item, policy, self.clock()))

    def _shred(self, request: PrivacyRequest) -> PrivacyRequest:
        """End the keys address by address; the state changes after the last."""
        seen = request
        for index, case in enumerate(request.cases):
            ended, at = self._shred_case(request, index)
            self._to_ledger(request, index, ended, at)
            request = request.with_case(index, replace(ended, shredded_at=case.shredded_at or at))
        works = [work for work in _works(request) if work.holder_id not in _settled_holders(seen)]
        pending = seen.pending | {work.holder_id.hex() for work in works}
        shredded = replace(request, state=RequestState.SHREDDED, pending=pending)
        self._record("keys_shredded", shredded, _SYSTEM, {"holders": str(len(works))})
        self.requests.save(shredded, seen)
        return shredded

    def _shred_case(self, request: PrivacyRequest, index: int) -> tuple[AddressCase, datetime]:
        """End an address's keys; if another request did since this one came, new keys stay."""
        case = request.cases[index]
        holds = self.register.holds().version
        try:
            return case, self.register.shred(self._shred_of(request, index), holds)
        except RaceLostError:
            at = _erased_by_another(self.register.item(case.pseudonym), request)
            if at is None:
                raise
            return _without_reviews(case), at

    def _shred_of(self, request: PrivacyRequest, index: int) -> Shred:
        case = request.cases[index]
        first = request.round == 0
        return Shred(
            receipt=_receipt(request, index),
            pseudonym=case.pseudonym,
            decisions=tuple(d for d in case.decisions if first or d.round == request.round),
            at=self.clock(),
            whole=first,
        )

    def _complete(self, seen: PrivacyRequest) -> PrivacyRequest:
        """Nothing is left to purge: all was verified, or there was nothing."""
        completed = replace(seen, state=RequestState.COMPLETED, completed_at=self.clock())
        self.requests.save(completed, seen)
        return completed

    def _send_purge(self, request: PrivacyRequest) -> None:
        """Two passes: one now, one that may call it done, after the longest capture has ended."""
        works = [work for work in _works(request) if work.holder_id.hex() in request.pending]
        self.purge_queue.send(works)
        verify = [replace(work, verify=True) for work in works]
        self.purge_queue.send(verify, delay=self.longest_capture)

    def _to_ledger(
        self, request: PrivacyRequest, index: int, case: AddressCase, at: datetime
    ) -> None:
        document = {
            "type": "person",
            "pseudonym": case.pseudonym,
            "at": at.isoformat(),
            "holders": {d.cls: d.holder_id.hex() for d in case.decisions if d.act is Act.ERASE},
        }
        self.ledger.put(
            f"requests/{request.id}/{index}/{request.round}", document, self.ledger_period
        )

    def _record(
        self, action: str, request: PrivacyRequest, actor: str, facts: dict[str, str]
    ) -> None:
        event = AuditEvent(self.clock(), action, actor, request.id, request.policy_version, facts)
        self.audit.put(event)


def _erased_by_another(item: RegisterItem, request: PrivacyRequest) -> datetime | None:
    """When another request erased the whole person, if that was after this one was received."""
    at = item.erased.get(EVERY_CLASS)
    return at if at and at >= request.received_at and not request.round else None


def _without_reviews(case: AddressCase) -> AddressCase:
    """A case that another request carried out: what is under review is decided there alone."""
    return replace(case, decisions=tuple(d for d in case.decisions if d.act is Act.ERASE))


def _works(request: PrivacyRequest) -> list[PurgeHolder]:
    return [
        PurgeHolder(request.id, decision.holder_id, decision.since, decision.shards)
        for case in request.cases
        for decision in case.decisions
        if decision.act is Act.ERASE
    ]


def _settle(request: PrivacyRequest, decided: ReviewDecision) -> PrivacyRequest:
    pointer = FieldProblem("/decisions", "Name the index of an address and a class under review.")
    if not 0 <= decided.address_index < len(request.cases):
        raise InvalidInputError("There is no such address in the request.", (pointer,))
    case = request.cases[decided.address_index]
    if not any(d.cls == decided.cls and d.act is Act.REVIEW for d in case.decisions):
        raise ConflictError("This class is not under review, or was decided already.")
    decisions: tuple[Decision, ...] = tuple(
        replace(d, act=decided.act, reason=decided.reason, round=request.round + 1)
        if d.cls == decided.cls
        else d
        for d in case.decisions
    )
    return request.with_case(decided.address_index, replace(case, decisions=decisions))


def _is_recorded(request: PrivacyRequest, decided: ReviewDecision) -> bool:
    if not 0 <= decided.address_index < len(request.cases):
        return False
    found = (decided.cls, decided.act, decided.reason, request.round)
    decisions = request.cases[decided.address_index].decisions
    return request.round > 0 and found in [(d.cls, d.act, d.reason, d.round) for d in decisions]


def _receipt(request: PrivacyRequest, index: int) -> str:
    return f"{request.id}#{index}#{request.round}"


def _settled_holders(seen: PrivacyRequest) -> set[HolderId]:
    """The holders that an earlier round ended: their purge is under way or done."""
    return {
        d.holder_id
        for case in seen.cases
        for d in case.decisions
        if d.act is Act.ERASE and d.round < seen.round
    }


def _request_id(idempotency_key: str | None, caller: Caller) -> RequestId:
    if idempotency_key is None:
        return RequestId(os.urandom(16).hex())
    named = f"{caller.actor}\n{idempotency_key}".encode()
    return RequestId(sha256(b"lethe/1 request\n" + named).hexdigest()[:32])
