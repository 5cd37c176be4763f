"""DayKeysTable: the keys of days, whose end is the end of a day's messages.

| attribute | content |
|---|---|
| `pk`, `sk` | class; day and end date |
| `h`, `public`, `kem` | holder id and public side |
| `private` | the private key under HoldersKey; gone once the day has ended |
| `keep` | true for a class kept by law: the key ends no earlier than the end date |
| `ended`, `cleared` | since when (ms); whether the objects were found gone |
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from lethe.domain.errors import ConflictError, ErasedError, UnavailableError
from lethe.domain.holders import HolderId, PublicHolder
from lethe.domain.ports import DayKey
from lethe.store import holds
from lethe.store.dynamo import (
    Item,
    Table,
    b,
    blob,
    n,
    names,
    number,
    race,
    s,
    text,
    to_ms,
    transact,
)
from lethe.store.errors import ConditionFailedError, TransactionCanceledError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PUBLIC_SIDE = ("pk", "sk", "h", "public", "kem", "ended")
_LIFE = ("pk", "sk", "ended")
_STATE = ("pk", "sk", "keep", "ended", "cleared")
_CACHED = 4096
_MADE_IN = 5  # seconds: a message through DaysQueue and a cold start of the sweep


def day_key(cls: str, day: date, end: date) -> Item:
    """Where a day's key lies."""
    return {"pk": s(cls), "sk": s(f"{day.isoformat()}#{end.isoformat()}")}


class DynamoDays:
    """DayKeysTable; public sides stay in memory: what is sealed to an ended day stays shut."""

    def __init__(self, client: DynamoDBClient, *, day_keys: str, register: str) -> None:
        self._client = client
        self._table = Table(client, day_keys)
        self._register = register
        self._known: dict[tuple[str, date, date], PublicHolder] = {}

    def public(self, cls: str, day: date, end: date) -> PublicHolder:
        """The public side of a day; UnavailableError before, ErasedError after its life."""
        if known := self._known.get((cls, day, end)):
            return known
        item = self._table.get(day_key(cls, day, end), _PUBLIC_SIDE)
        if item is None:
            raise UnavailableError(
                "The day's key is being made; repeat the call.", retry_after_seconds=_MADE_IN
            )
        if "ended" in item:
            raise ErasedError("The day's key has ended.")
        holder = PublicHolder(HolderId(blob(item, "h")), number(item, "kem"), blob(item, "public"))
        if len(self._known) >= _CACHED:
            self._known.clear()
        self._known[cls, day, end] = holder
        return holder

    def living(self, cls: str, day: date, end: date) -> bool:
        """Whether the day's key exists; reads no private side."""
        item = self._table.get(day_key(cls, day, end), _LIFE)
        return item is not None and "ended" not in item

    def all(self) -> Iterator[DayKey]:
        """Every day, ended ones too."""
        for item in self._table.scan(_STATE):
            day, end = map(date.fromisoformat, text(item, "sk").split("#"))
            marks = ("keep" in item, "ended" in item, "cleared" in item)
            yield DayKey(text(item, "pk"), day, end, *marks)

    def create(self, key: DayKey, holder: PublicHolder, wrapped: bytes) -> bool:
        """Make a day; False if it was there already, living or ended."""
        sides = {"h": b(holder.id), "public": b(holder.public), "private": b(wrapped)}
        marks = {"kem": n(holder.kem)} | ({"keep": {"BOOL": True}} if key.keep else {})
        try:
            self._table.put_new(_place(key) | sides | marks)
        except ConditionFailedError:
            return False
        return True

    def shred(self, key: DayKey, at: datetime, holds_version: int) -> bool:
        """End a day's key; False if it had ended; RaceLostError if `holds` has another version.

        A kept class's day is refused before its end date, whatever the caller knows of it.
        """
        try:
            transact(
                self._client,
                [
                    {"Update": self._ending(key, at)},
                    {"ConditionCheck": holds.unchanged(self._register, holds_version)},
                ],
            )
        except TransactionCanceledError as error:
            if 0 not in error.lost:
                raise race() from None
            if self._lives(key):
                raise ConflictError(
                    "A day that a law keeps ends no earlier than its end date."
                ) from None
            return False
        return True

    def clear(self, key: DayKey) -> None:
        """Note that the objects of an ended day were found gone."""
        self._table.update(
            _place(key),
            "SET #cleared = :true",
            ExpressionAttributeNames=names("cleared"),
            ExpressionAttributeValues={":true": {"BOOL": True}},
        )

    def _lives(self, key: DayKey) -> bool:
        """Whether the day has not ended, by the one read that the sweep may do."""
        return any(_place(one) == _place(key) and not one.ended for one in self.all())

    def _ending(self, key: DayKey, at: datetime) -> dict[str, object]:
        early = at.astimezone(UTC).date() < key.end
        return {
            "TableName": self._table.name,
            "Key": _place(key),
            "UpdateExpression": "SET #ended = :at REMOVE #private",
            "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(#ended)"
            + (" AND attribute_not_exists(#keep)" if early else ""),
            "ExpressionAttributeNames": names("ended", "private", *(["keep"] if early else [])),
            "ExpressionAttributeValues": {":at": n(to_ms(at))},
        }


def _place(key: DayKey) -> Item:
    return day_key(key.cls, key.day, key.end)
