"""PolicyTable: the versions of the policy document.

| attribute | content |
|---|---|
| `pk` | `head`, or `v#0001` and so on |
| `version` | of `head`: the version in force |
| `doc`, `at`, `actor` | of a version: the document as JSON, since when (ms) and by whom |
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from lethe.domain.errors import NotFoundError
from lethe.domain.policy import Policy, load_default
from lethe.store.dynamo import Item, Table, n, names, number, race, s, text, to_ms, transact
from lethe.store.errors import TransactionCanceledError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_HEAD: Item = {"pk": s("head")}


class DynamoPolicies:
    """The policy table; a version never changes, so it is parsed once in a process."""

    def __init__(self, client: DynamoDBClient, *, policy: str) -> None:
        self._client = client
        self._table = Table(client, policy)
        self._known: dict[int, Policy] = {}

    def current(self) -> tuple[int, Policy]:
        """The version in force."""
        version = number(self._table.get(_HEAD) or {}, "version", 0)
        return version, self.at(version)

    def at(self, version: int) -> Policy:
        """One version; 0 is the default that ships."""
        if version not in self._known:
            self._known[version] = self._load(version) if version else load_default()
        return self._known[version]

    def put(self, policy: Policy, seen: int, at: datetime, actor: str) -> int:
        """Put the next version in force; RaceLostError if `seen` is not in force any more."""
        version = seen + 1
        table = {"TableName": self._table.name}
        document = {"doc": s(policy.model_dump_json()), "at": n(to_ms(at)), "actor": s(actor)}
        new = {"Item": _key(version) | document, "ConditionExpression": "attribute_not_exists(pk)"}
        head = {
            "Item": _HEAD | {"version": n(version)},
            "ConditionExpression": "#version = :seen" if seen else "attribute_not_exists(#version)",
            "ExpressionAttributeNames": names("version"),
            **({"ExpressionAttributeValues": {":seen": n(seen)}} if seen else {}),
        }
        try:
            transact(self._client, [{"Put": table | new}, {"Put": table | head}])
        except TransactionCanceledError:
            raise race() from None
        return version

    def _load(self, version: int) -> Policy:
        item = self._table.get(_key(version))
        if item is None:
            raise NotFoundError("There is no such version of the policy.")
        return Policy.model_validate_json(text(item, "doc"))


def _key(version: int) -> Item:
    return {"pk": s(f"v#{version:04d}")}
