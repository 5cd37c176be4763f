"""PolicyTable: the versions of the policy document, and those that are proposed.

| attribute | content |
|---|---|
| `pk` | `head`; `v#0001` and so on; `p#` and a proposal's id; `open` |
| `version`, `notice`, `notice_employees` | of `head`: the versions in force |
| `doc`, `at`, `actor` | of a version or proposal: the document as JSON, since when (ms), by whom |
| `seen` | of a proposal: the version that it is to follow; of `open`: that all of its `ids` are |
| `made`, `approved`, `approver` | of an approved proposal: the version it made, when, by whom |
| `ids`, `r` | of `open`: the proposals on version `seen`; how often the item was put |

Notices come into force with a policy or alone; `store/notices.py` describes their items.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lethe.domain.errors import NotFoundError
from lethe.domain.in_force import Change, InForce
from lethe.domain.policy import Policy, load_default
from lethe.domain.proposals import document
from lethe.store.dynamo import Item, Table, n, names, number, race, s, text, to_ms, transact
from lethe.store.errors import TransactionCanceledError
from lethe.store.proposals import approving

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_HEAD: Item = {"pk": s("head")}
_VERSIONS = ("version", "notice", "notice_employees")
_NEW = "attribute_not_exists(pk)"


class DynamoPolicies:
    """The policy table; a version never changes, so it is parsed once in a process."""

    def __init__(self, client: DynamoDBClient, *, policy: str, notices: str = "") -> None:
        self._client = client
        self._table = Table(client, policy)
        self._notices = notices
        self._known: dict[int, Policy] = {}

    def in_force(self) -> InForce:
        """The versions in force."""
        head = self._table.get(_HEAD) or {}
        return InForce(**{name: number(head, name, 0) for name in _VERSIONS})

    def current(self) -> tuple[int, Policy]:
        """The version in force."""
        version = self.in_force().version
        return version, self.at(version)

    def at(self, version: int) -> Policy:
        """One version; 0 is the default that ships."""
        if version not in self._known:
            self._known[version] = self._load(version) if version else load_default()
        return self._known[version]

    def put_in_force(self, change: Change) -> InForce:
        """Put what is to be in force, whole or not at all; RaceLostError if it can't follow."""
        from lethe.store.notices import publishing  # noqa: PLC0415 - who reads a policy publishes none

        writes = [_head(change)]
        if change.policy is not None:
            writes += [_version(change, change.policy), approving(change)]
        here = [{"Put": {"TableName": self._table.name} | write} for write in writes]
        there = [
            {"Put": {"TableName": self._notices, "Item": item, "ConditionExpression": _NEW}}
            for notice in change.notices
            for item in publishing(change, notice)
        ]
        try:
            transact(self._client, here + there)
        except TransactionCanceledError:
            raise race() from None
        return change.made

    def _load(self, version: int) -> Policy:
        item = self._table.get(_key(version))
        if item is None:
            raise NotFoundError("There is no such version of the policy.")
        return Policy.model_validate_json(text(item, "doc"))


def _head(change: Change) -> dict[str, Any]:
    """The next head, where the one that was seen stands; a number that is missing counts as 0."""
    seen, made = asdict(change.seen), asdict(change.made)
    conditions = [
        f"#{name} = :{name}" if seen[name] else f"attribute_not_exists(#{name})" for name in seen
    ]
    values = {f":{name}": n(value) for name, value in seen.items() if value}
    return {
        "Item": _HEAD | {name: n(value) for name, value in made.items() if value},
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": names(*seen),
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def _version(change: Change, policy: Policy) -> dict[str, Any]:
    item = _key(change.made.version) | {"doc": s(document(policy))} | _act(change)
    return {"Item": item, "ConditionExpression": _NEW}


def _act(change: Change) -> Item:
    return {"at": n(to_ms(change.at)), "actor": s(change.actor)}


def _key(version: int) -> Item:
    return {"pk": s(f"v#{version:04d}")}
