"""Delete a message, or one's own part of it, on a participant's behalf, within the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lethe.domain.addresses import Address
from lethe.domain.archive import Head
from lethe.domain.audit import AuditEvent
from lethe.domain.callers import Caller
from lethe.domain.envelope import Slot
from lethe.domain.erasure import DeletionRule, DeletionScope, Refusal, deletion_scope
from lethe.domain.errors import (
    ConflictError,
    ErasedError,
    ForbiddenError,
    LetheError,
    NotFoundError,
)
from lethe.domain.holders import HolderId
from lethe.domain.messages import MessageId
from lethe.domain.policy import DeletableBy, Policy
from lethe.domain.ports import (
    Archive,
    AuditTrail,
    Keys,
    Ledger,
    Policies,
    PseudonymHash,
    PurgeQueue,
    Register,
)
from lethe.domain.rules import Rule
from lethe.domain.work import PurgeMessage

_WAY = " The way that is open is a request for erasure: POST /requests."


@dataclass(frozen=True, slots=True)
class DeletionResult:
    """What ended: the message for every reader, or one participant's part."""

    message_id: MessageId
    scope: DeletionScope


@dataclass(frozen=True)
class Deletion:
    """The use case; when it returns, what was deleted is unreadable."""

    register: Register
    keys: Keys
    archive: Archive
    policies: Policies
    audit: AuditTrail
    ledger: Ledger
    purge_queue: PurgeQueue
    hashes: PseudonymHash
    clock: Callable[[], datetime]
    longest_capture: timedelta
    ledger_period: timedelta

    def delete(
        self, message_id: MessageId, participant: Address, *, caller: Caller
    ) -> DeletionResult:
        """End a message as its class's `deletable_by` allows; deleting again changes nothing.

        NotFoundError, ErasedError (it ended already), ForbiddenError or ConflictError with the
        reason and the way that is open.
        """
        version, policy = self.policies.current()
        found, _ = self.archive.heads(message_id)
        if not found:
            raise NotFoundError("There is no such message.")
        heads = [head for head in found if isinstance(head, Head)]
        if not heads:
            raise ErasedError("This message has ended already.")
        item = self.register.item(self.hashes.pseudonym(participant))
        entry = item.entries.get(heads[0].header.cls)
        holder = entry.holder_id if entry else None
        scope = self._scope(heads, holder, policy)
        now = self.clock()
        part = holder if scope is DeletionScope.PART else None
        self.keys.mark_deleted(message_id, part, now)
        self._to_ledger(message_id, part, now)
        self.audit.put(
            AuditEvent(now, "message_deleted", caller.actor, message_id, version, {"scope": scope})
        )
        verify = [PurgeMessage(message_id, verify=True)]
        self.purge_queue.send(verify, delay=self.longest_capture)  # first: it alone is enough
        self.purge_queue.send([PurgeMessage(message_id)])
        return DeletionResult(message_id, scope)

    def _scope(self, heads: list[Head], holder: HolderId | None, policy: Policy) -> DeletionScope:
        first = heads[0]
        header = first.header
        retention = policy.classes.get(header.cls)
        deletable_by = retention.deletable_by if retention else DeletableBy.EXTERNAL
        if first.keep:
            deletable_by = DeletableBy.NOBODY
        rules = {head.header.rule for head in heads}
        rule = Rule.ANY_PARTY if Rule.ANY_PARTY in rules else header.rule
        slots = _all_slots(heads)
        holders = [slot.holder_id for slot in slots]
        index = holders.index(holder) if holder is not None and holder in holders else None
        scope = deletion_scope(DeletionRule(deletable_by, rule), slots, index)
        if isinstance(scope, Refusal):
            raise _refused(scope)
        if retention and self.clock().date() > retention.deletable_until(header.day):
            raise ConflictError("The window for deleting a single message is over." + _WAY)
        return scope

    def _to_ledger(self, message_id: MessageId, part: HolderId | None, at: datetime) -> None:
        document = {
            "type": "message",
            "message_id": message_id,
            "part": part.hex() if part else None,
            "at": at.isoformat(),
        }
        name = f"messages/{message_id}/{part.hex() if part else 'whole'}"
        self.ledger.put(name, document, self.ledger_period)


def _all_slots(heads: list[Head]) -> list[Slot]:
    """The participants of all versions, each once: copies and edits are one message."""
    slots: dict[HolderId | int, Slot] = {}
    for head in heads:
        for index, slot in enumerate(head.slots):
            name = index if slot.holder_id is None else slot.holder_id
            flags = slot.flags | slots.get(name, slot).flags
            slots[name] = replace(slot, flags=flags)
    return list(slots.values())


def _refused(refusal: Refusal) -> LetheError:
    match refusal:
        case Refusal.NOT_A_PARTICIPANT:
            return NotFoundError("The address takes no part in such a message.")
        case Refusal.CLASS_FORBIDS:
            return ConflictError(
                "Messages of this class can't be deleted one by one; a duty keeps them." + _WAY
            )
        case Refusal.NOT_EXTERNAL:
            return ForbiddenError(
                "Only an external author or recipient may delete a message of this class." + _WAY
            )
