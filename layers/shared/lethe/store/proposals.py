"""Proposals in PolicyTable; `store/policies.py` describes their items.

Nothing is updated in place: an item is put whole, on the condition of what was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lethe.domain.errors import ConflictError, NotFoundError
from lethe.domain.in_force import Change
from lethe.domain.policy import Policy
from lethe.domain.proposals import Approval, Proposal, ProposalId, document
from lethe.store.dynamo import (
    Item,
    Table,
    from_ms,
    n,
    names,
    number,
    race,
    s,
    text,
    to_ms,
    transact,
)
from lethe.store.errors import TransactionCanceledError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_OPEN: Final = 100
"""How many proposals may be open on one version: they are listed in one item."""

_OPEN: Final[Item] = {"pk": s("open")}


class DynamoProposals:
    """The proposals in the policy table."""

    def __init__(self, client: DynamoDBClient, *, policy: str) -> None:
        self._client = client
        self._table = Table(client, policy)

    def create(self, proposal: Proposal) -> None:
        """Record a proposal and list it; RaceLostError if another one came at the same time."""
        listed = self._table.get(_OPEN) or {}
        revision = number(listed, "r", 0)
        ids = [*_ids(listed, proposal.seen), proposal.id]
        if len(ids) > MOST_OPEN:
            raise ConflictError("Too many proposals are open; approve one of them first.")
        entry = {"ids": {"L": list(map(s, ids))}, "seen": n(proposal.seen), "r": n(revision + 1)}
        table = {"TableName": self._table.name}
        new = {"Item": _item(proposal), "ConditionExpression": "attribute_not_exists(pk)"}
        index = {
            "Item": _OPEN | entry,
            "ConditionExpression": "#r = :r" if revision else "attribute_not_exists(#r)",
            "ExpressionAttributeNames": names("r"),
            **({"ExpressionAttributeValues": {":r": n(revision)}} if revision else {}),
        }
        try:
            transact(self._client, [{"Put": table | new}, {"Put": table | index}])
        except TransactionCanceledError:
            raise race() from None

    def get(self, proposal_id: ProposalId) -> Proposal:
        """Read one; NotFoundError."""
        item = self._table.get(_key(proposal_id))
        if item is None:
            raise NotFoundError("There is no such proposal.")
        return _load(proposal_id, item)

    def open(self, version: int) -> list[Proposal]:
        """Every proposal that is to follow this version, oldest first."""
        listed = self._table.get(_OPEN) or {}
        return [self.get(proposal_id) for proposal_id in _ids(listed, version)]


def approving(change: Change) -> dict[str, Any]:
    """The part of a transaction that marks a proposal; the proposer's own approval has no place."""
    if change.proposal is None:
        raise ValueError("a policy comes into force by a proposal alone")
    approval = Approval(change.made.version, change.at, change.actor)
    return {
        "Item": _item(change.proposal) | _approval(approval),
        "ConditionExpression": "#seen = :seen AND attribute_not_exists(#made) AND #actor <> :by",
        "ExpressionAttributeNames": names("seen", "made", "actor"),
        "ExpressionAttributeValues": {":seen": n(change.seen.version), ":by": s(change.actor)},
    }


def _ids(listed: Item, version: int) -> list[ProposalId]:
    if not listed or number(listed, "seen") != version:
        return []
    return [ProposalId(each["S"]) for each in listed["ids"]["L"]]


def _key(proposal_id: ProposalId) -> Item:
    return {"pk": s(f"p#{proposal_id}")}


def _item(proposal: Proposal) -> Item:
    return _key(proposal.id) | {
        "doc": s(document(proposal.policy)),
        "seen": n(proposal.seen),
        "at": n(to_ms(proposal.at)),
        "actor": s(proposal.actor),
    }


def _approval(approval: Approval) -> Item:
    return {
        "made": n(approval.version),
        "approved": n(to_ms(approval.at)),
        "approver": s(approval.actor),
    }


def _load(proposal_id: ProposalId, item: Item) -> Proposal:
    approval = None
    if "made" in item:
        approved = from_ms(number(item, "approved"))
        approval = Approval(number(item, "made"), approved, text(item, "approver"))
    return Proposal(
        id=proposal_id,
        policy=Policy.model_validate_json(text(item, "doc")),
        seen=number(item, "seen"),
        at=from_ms(number(item, "at")),
        actor=text(item, "actor"),
        approval=approval,
    )
