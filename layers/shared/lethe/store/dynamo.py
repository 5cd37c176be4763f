"""DynamoDB in few words: typed attributes, consistent reads, conditional writes, transactions."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lethe.domain.archive import TTL_BEHIND_END
from lethe.domain.errors import RaceLostError, UnavailableError
from lethe.store.errors import TransactionCanceledError, calling

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Attribute = dict[str, Any]
"""A value as DynamoDB writes it: `{"S": "text"}`."""
Item = dict[str, Attribute]
Option = Any
Client = Any
"""The types of requests are built, not written: mypy could follow them no better than this."""

RACE = "Another writer came first; read again and decide anew."
_KEYS_A_BATCH = 100
_BATCH_ATTEMPTS = 8
_CONFLICT_ATTEMPTS = 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def s(value: str) -> Attribute:
    """A string."""
    return {"S": value}


def n(value: int) -> Attribute:
    """A number."""
    return {"N": str(value)}


def b(value: bytes) -> Attribute:
    """Bytes."""
    return {"B": value}


def text(item: Mapping[str, Attribute], name: str) -> str:
    """A string of an item."""
    value: str = item[name]["S"]
    return value


def number(item: Mapping[str, Attribute], name: str, default: int | None = None) -> int:
    """A number of an item, or the default where it has none."""
    if default is not None and name not in item:
        return default
    return int(item[name]["N"])


def blob(item: Mapping[str, Attribute], name: str) -> bytes:
    """Bytes of an item; where it has none, none."""
    return bytes(item[name]["B"]) if name in item else b""


def to_ms(time: datetime) -> int:
    """Milliseconds since 1970, rounded down: the precision of every stored time."""
    return (time - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """A stored time."""
    return _EPOCH + milliseconds * _MILLISECOND


def ttl(end: date) -> Attribute:
    """When DynamoDB may remove what ends on this day."""
    over = datetime(end.year, end.month, end.day, tzinfo=UTC) + TTL_BEHIND_END
    return n(int(over.timestamp()))


def names(*attributes: str) -> dict[str, str]:
    """Placeholders for attribute names: `#pk` for `pk`; many names are reserved words."""
    return {f"#{attribute}": attribute for attribute in attributes}


def fields(attributes: Sequence[str]) -> dict[str, Any]:
    """Read these attributes alone."""
    if not attributes:
        return {}
    placeholders = names(*attributes)
    return {
        "ProjectionExpression": ", ".join(placeholders),
        "ExpressionAttributeNames": placeholders,
    }


class Table:
    """One table; every read is strongly consistent."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self.client: Client = client
        self.name = name

    def get(self, key: Item, attributes: Sequence[str] = ()) -> Item | None:
        """Read an item, or only some attributes of it."""
        with calling():
            response = self.client.get_item(
                TableName=self.name, Key=key, ConsistentRead=True, **fields(attributes)
            )
        found: Item | None = response.get("Item")
        return found

    def put(self, item: Item, **options: Option) -> None:
        """Put an item; ConditionFailedError if a condition was given and does not hold."""
        with calling():
            self.client.put_item(TableName=self.name, Item=item, **options)

    def put_new(self, item: Item, **options: Option) -> None:
        """Put an item where none is, else ConditionFailedError."""
        self.put(item, ConditionExpression="attribute_not_exists(pk)", **options)

    def update(self, key: Item, expression: str, **options: Option) -> Item:
        """Update an item; gives the attributes that ReturnValues asked for."""
        with calling():
            response = self.client.update_item(
                TableName=self.name, Key=key, UpdateExpression=expression, **options
            )
        changed: Item = response.get("Attributes", {})
        return changed

    def delete(self, key: Item) -> None:
        """Delete an item; deleting nothing is no error."""
        with calling():
            self.client.delete_item(TableName=self.name, Key=key)

    def query(self, condition: str, values: Item, **options: Option) -> Iterator[Item]:
        """Every item that matches, page by page."""
        arguments = {
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": "IndexName" not in options,
        }
        return self._pages("query", arguments | options)

    def scan(self, attributes: Sequence[str]) -> Iterator[Item]:
        """Some attributes of every item."""
        return self._pages("scan", {"ConsistentRead": True, **fields(attributes)})

    def _pages(self, operation: str, arguments: dict[str, Any]) -> Iterator[Item]:
        if "ProjectionExpression" in arguments:
            arguments["Select"] = "SPECIFIC_ATTRIBUTES"
        call = getattr(self.client, operation)
        while True:
            with calling():
                page = call(TableName=self.name, **arguments)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def read_batch(
    client: DynamoDBClient,
    keys: Iterable[tuple[str, Item]],
    attributes: Mapping[str, Sequence[str]],
) -> dict[str, list[Item]]:
    """Read items of several tables, strongly consistently, 100 in a call; keys must differ."""
    listed = list(keys)
    found: dict[str, list[Item]] = {}
    for start in range(0, len(listed), _KEYS_A_BATCH):
        request: dict[str, dict[str, Any]] = {}
        for table, key in listed[start : start + _KEYS_A_BATCH]:
            options = {"ConsistentRead": True, **fields(attributes.get(table, ()))}
            request.setdefault(table, {"Keys": [], **options})["Keys"].append(key)
        for table, items in _batch(client, request):
            found.setdefault(table, []).extend(items)
    return found


def _batch(client: Client, request: dict[str, Any]) -> Iterator[tuple[str, list[Item]]]:
    for attempt in range(_BATCH_ATTEMPTS):
        with calling():
            response = client.batch_get_item(RequestItems=request)
        yield from response["Responses"].items()
        request = response.get("UnprocessedKeys", {})
        if not request:
            return
        _back_off(attempt)
    raise UnavailableError("The database is overloaded; try again.")


def transact(client: DynamoDBClient, writes: Sequence[Mapping[str, Any]]) -> None:
    """All of the writes or none; TransactionCanceledError says whose condition failed.

    A conflict with a transaction that is under way at the same moment is tried again a few times.
    """
    writer: Client = client
    for attempt in range(_CONFLICT_ATTEMPTS):
        try:
            with calling():
                writer.transact_write_items(TransactItems=list(writes))
        except TransactionCanceledError as error:
            if error.lost or attempt == _CONFLICT_ATTEMPTS - 1:
                raise
            _back_off(attempt)
        else:
            return


def race() -> RaceLostError:
    """What a caller is told whose knowledge is out of date."""
    return RaceLostError(RACE)


def _back_off(attempt: int) -> None:
    time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - spreads callers, guards nothing
