"""NoticesTable, the part of it that holds the texts people were shown when they were asked.

| attribute | content |
|---|---|
| `pk`, `sk` | `text#` and the SHA-256 of the text; `text` |
| `doc` | map of `text`, `language`, `version` |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lethe.store.dynamo import Item, Table, s
from lethe.store.errors import ConditionFailedError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoTexts:
    """Texts by their hash: kept once, whoever was shown them, and never changed."""

    def __init__(self, client: DynamoDBClient, *, notices: str) -> None:
        self._table = Table(client, notices)

    def put(self, sha256: str, document: Mapping[str, str]) -> None:
        """Keep a text; keeping it again changes nothing."""
        item = _key(sha256) | {"doc": {"M": {name: s(value) for name, value in document.items()}}}
        try:
            self._table.put_new(item)
        except ConditionFailedError:
            return

    def get(self, sha256: str) -> Mapping[str, str] | None:
        """Read a text."""
        found = self._table.get(_key(sha256))
        if found is None:
            return None
        return {name: value["S"] for name, value in found["doc"]["M"].items()}


def _key(sha256: str) -> Item:
    return {"pk": s(f"text#{sha256}"), "sk": s("text")}
