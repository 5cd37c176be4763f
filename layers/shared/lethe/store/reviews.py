"""ReviewsTable: what waits for a human, and what was decided.

| attribute | content |
|---|---|
| `pk` | `r#` and the id |
| `open`, `at` | the kind, until it is decided, for the index `open`; since when (ISO 8601, UTC) |
| `doc` | JSON: what is known; ids, coded words and a pseudonym, never a text |
| `decision`, `actor`, `closed` | what was decided, by whom, and when (ms) |
| `ttl` | once decided: when the record's own period ends |
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Final

from lethe.domain.errors import ConflictError, NotFoundError
from lethe.domain.human_review import ReviewKind
from lethe.store.dynamo import Item, Table, from_ms, n, names, number, s, text, to_ms
from lethe.store.errors import ConditionFailedError
from lethe.store.parallel import each

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PREFIX: Final = "r#"
_AT_ONCE: Final = 50


class DynamoReviews:
    """The table of reviews; a decided one is removed after `period`."""

    def __init__(self, client: DynamoDBClient, *, reviews: str, period: timedelta) -> None:
        self._table = Table(client, reviews)
        self._period = period

    def put(self, review_id: str, document: Mapping[str, str], at: datetime) -> None:
        """Put one that is not there yet; putting it again changes nothing."""
        waits = {"open": s(document["kind"]), "at": s(iso(at))}
        try:
            self._table.put_new(_key(review_id) | waits | {"doc": s(_dump(document))})
        except ConditionFailedError:
            return

    def open(self) -> Iterator[Mapping[str, str]]:
        """Every open one, oldest first, with its `id` and `at`.

        The index may lag, so what it names is read again, consistently.
        """
        named = self._index()
        while page := list(islice(named, _AT_ONCE)):
            for item in each(self._table.get, [{"pk": keys["pk"]} for keys in page]):
                if item is not None and "open" in item:
                    yield _load(item)

    def times(self) -> Iterator[tuple[str, datetime]]:
        """The kind and the time of every open one, oldest first, from the index alone."""
        found = self._index()
        return ((text(one, "open"), datetime.fromisoformat(text(one, "at"))) for one in found)

    def get(self, review_id: str) -> Mapping[str, str]:
        """Read one, with `decision`, `actor` and `closed_at` once it is decided; NotFoundError."""
        item = self._table.get(_key(review_id))
        if item is None:
            raise NotFoundError("There is no such review.")
        return _load(item)

    def close(self, review_id: str, decision: str, actor: str, at: datetime) -> None:
        """Record the decision; ConflictError if it was closed before."""
        over = at + self._period
        values = {
            ":decision": s(decision),
            ":actor": s(actor),
            ":closed": n(to_ms(at)),
            ":ttl": n(int(over.timestamp())),
        }
        try:
            self._table.update(
                _key(review_id),
                "SET #decision = :decision, #actor = :actor, #closed = :closed, #ttl = :ttl"
                " REMOVE #open",
                ConditionExpression="attribute_exists(#open)",
                ExpressionAttributeNames=names("decision", "actor", "closed", "ttl", "open"),
                ExpressionAttributeValues=values,
            )
        except ConditionFailedError:
            raise ConflictError("This review was decided before, or there is none.") from None

    def _index(self) -> Iterator[Item]:
        return merge(*map(self._of_kind, ReviewKind), key=lambda one: text(one, "at"))

    def _of_kind(self, kind: ReviewKind) -> Iterator[Item]:
        return self._table.query(
            "#open = :open",
            {":open": s(kind.value)},
            IndexName="open",
            ExpressionAttributeNames=names("open"),
        )


def iso(at: datetime) -> str:
    """A time that sorts as text: UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _key(review_id: str) -> Item:
    return {"pk": s(f"{_PREFIX}{review_id}")}


def _dump(document: Mapping[str, str]) -> str:
    return json.dumps(dict(document), separators=(",", ":"), sort_keys=True)


def _load(item: Item) -> Mapping[str, str]:
    document: dict[str, str] = json.loads(text(item, "doc"))
    document |= {"id": text(item, "pk").removeprefix(_PREFIX), "at": text(item, "at")}
    if "decision" in item:
        document |= {name: text(item, name) for name in ("decision", "actor")}
        document["closed_at"] = iso(from_ms(number(item, "closed")))
    return document
