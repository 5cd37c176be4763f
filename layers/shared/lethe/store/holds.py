"""The item `holds` of RegisterTable: the legal holds in force (`version`, `scopes`)."""

from __future__ import annotations

from typing import Any, Final

from lethe.domain.register import Holds
from lethe.store.dynamo import Item, n, names, number, s

KEY: Final[Item] = {"pk": s("holds")}


def load(item: Item | None) -> Holds:
    """The holds in force; before the first there is no item."""
    if item is None:
        return Holds()
    scopes = item.get("scopes", {"L": []})["L"]
    return Holds(number(item, "version", 0), tuple(scope["S"] for scope in scopes))


def unchanged(register: str, version: int) -> dict[str, Any]:
    """The condition of every shred: no hold was placed or released since Decide looked."""
    free = "attribute_not_exists(#version) OR " if version == 0 else ""
    return {
        "TableName": register,
        "Key": KEY,
        "ConditionExpression": f"{free}#version = :version",
        "ExpressionAttributeNames": names("version"),
        "ExpressionAttributeValues": {":version": n(version)},
    }
