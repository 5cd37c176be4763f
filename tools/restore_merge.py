"""Merge a restored copy of a table into the living one: what is missing, unless it has ended.

python tools/restore_merge.py --table MessagesTable --copy messages-restored …
Run it for MessagesTable before EntriesTable. Without --write it only counts.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError
from botocore.session import get_session
from lethe.domain.archive import Head, MessageItem, entry_key
from lethe.domain.envelope import Slot
from lethe.domain.rules import ended
from lethe.store import message_items
from lethe.store.archive import DynamoArchive
from lethe.store.days import day_key

Item = dict[str, Any]
EVERY_CLASS = "*"


@dataclass
class Merge:
    """What merges: the living tables, by which what has ended is proven, and the ledger."""

    dynamodb: Any
    s3: Any
    messages: str
    entries: str
    register: str
    keys: str
    day_keys: str
    ledger: str
    now: datetime
    write: bool = False
    told: Counter[str] = field(default_factory=Counter)

    def merge(self, table: str, copy: str) -> Counter[str]:
        """Put back what the table lacks and nothing proves ended; says what happened how often."""
        rules = {
            self.messages: self._message,
            self.entries: self._entry,
            self.register: self._address,
        }
        rule = rules.get(table, _as_it_was)
        names = _key_names(self.dynamodb, table)
        for item in self._scan(copy):
            if self._get(table, {name: item[name] for name in names}) is not None:
                self.told["there"] += 1
            elif (wanted := rule(item)) is None:
                self.told["ended"] += 1
            else:
                self._put(table, wanted)
        return self.told

    @cached_property
    def _documents(self) -> list[dict[str, Any]]:
        """Everything in the ledger."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.ledger)
        names = [one["Key"] for page in pages for one in page.get("Contents", ())]
        bodies = (self.s3.get_object(Bucket=self.ledger, Key=name)["Body"].read() for name in names)
        return [json.loads(body) for body in bodies]

    def _of(self, kind: str) -> Iterator[dict[str, Any]]:
        return (document for document in self._documents if document["type"] == kind)

    @cached_property
    def _erased(self) -> frozenset[str]:
        return frozenset(h for person in self._of("person") for h in person["holders"].values())

    def _is_dead(self, holder_id: bytes) -> bool:
        """Whether a holder that once had a key has none, or must have none."""
        row = self._get(self.keys, {"pk": {"S": f"h#{holder_id.hex()}"}})
        return holder_id.hex() in self._erased or row is None or "cls" not in row

    def _deleted(self, message_id: str) -> tuple[bool, set[bytes]]:
        """Whether a message was deleted whole, and the holders whose part of it was."""
        mark = self._get(self.keys, {"pk": {"S": f"t#{message_id}"}}) or {}
        parts = {bytes(part) for part in mark.get("parts", {"BS": ()})["BS"]}
        whole = mark.get("whole", {"BOOL": False})["BOOL"]
        for one in self._of("message"):
            if one["message_id"] == message_id:
                whole |= one["part"] is None
                parts |= set() if one["part"] is None else {bytes.fromhex(one["part"])}
        return whole, parts

    def _day_ended(self, cls: str, day: date, end: date) -> bool:
        noted = {"type": "day", "class": cls, "day": str(day), "end": str(end)}
        row = self._get(self.day_keys, day_key(cls, day, end))
        return row is None or "ended" in row or noted in self._documents

    def _message(self, item: Item) -> Item | None:
        """A version without those who ended; None if that was its end. Tombstones come back."""
        if not item["sk"]["S"].startswith("v#") or "x" in item:
            return item
        loaded = message_items.load(item)
        if not isinstance(loaded, MessageItem):
            raise TypeError
        header, slots = loaded.sealed.header, loaded.sealed.slots
        whole, parts = self._deleted(header.message_id)
        dead = [self._slot_is_dead(slot, parts) for slot in slots]
        first = message_items.key(header.message_id, 1)
        stands = self._get(self.messages, first)
        buried = header.version > 1 and stands is not None and "x" in stands
        if whole or buried or self._day_ended(header.cls, header.day, header.end):
            return None
        if ended(header.rule, [slot.flags for slot in slots], dead):
            return None
        living = tuple(
            replace(slot, holder_id=None) if gone else slot
            for slot, gone in zip(slots, dead, strict=True)
        )
        return item | {"h": message_items.dump_head(replace(loaded.head, slots=living))["h"]}

    def _slot_is_dead(self, slot: Slot, parts: set[bytes]) -> bool:
        if slot.holder_id is None or slot.holder_id in parts:
            return True
        return bool(slot.digest) and self._is_dead(slot.holder_id)

    def _entry(self, item: Item) -> Item | None:
        """An entry that a version in the living table names."""
        _, message_id, _, attempt = item["sk"]["S"].split("#")
        archive = DynamoArchive(self.dynamodb, messages=self.messages, entries=self.entries)
        for head in archive.heads(message_id)[0]:
            if isinstance(head, Head) and head.header.attempt.hex() == attempt:
                keys = (entry_key(head, index) for index in range(len(head.slots)))
                if item["pk"]["S"] in {key.partition for key in keys if key}:
                    return item
        return None

    def _address(self, item: Item) -> Item:
        """An address with its erasures, without the holders that ended; restrictions stay."""
        merged = dict(item)
        times: Item = dict(item.get("x", {"M": {}})["M"])
        restricted = list(item.get("q", {"L": []})["L"])
        for person in self._of("person"):
            if person["pseudonym"] == item["pk"]["S"]:
                at = datetime.fromisoformat(person["at"])
                for cls in (*person["holders"], EVERY_CLASS):
                    _raise_to(times, cls, at)
        for name in [name for name in item if name.startswith("e:")]:
            cls, entry = name.removeprefix("e:"), item[name]["M"]
            row = self._get(self.keys, {"pk": {"S": f"h#{bytes(entry['h']['B']).hex()}"}}) or {}
            if "restricted" in row:
                restricted.append({"M": entry | {"c": {"S": cls}, "t": row["restricted"]}})
            elif "k" in entry and self._is_dead(bytes(entry["h"]["B"])):
                _raise_to(times, cls, datetime.fromtimestamp(0, UTC) if cls in times else self.now)
            else:
                continue
            del merged[name]
        restricted = [r for r in restricted if not self._has_ended(r["M"])]
        return merged | {"x": {"M": times}, "q": {"L": restricted}}

    def _has_ended(self, entry: Item) -> bool:
        return "k" in entry and self._is_dead(bytes(entry["h"]["B"]))

    def _get(self, table: str, key: Item) -> Item | None:
        found = self.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)
        item: Item | None = found.get("Item")
        return item

    def _scan(self, table: str) -> Iterator[Item]:
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=table):
            yield from page["Items"]

    def _put(self, table: str, item: Item) -> None:
        if self.write:
            try:
                self.dynamodb.put_item(
                    TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)"
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise
                self.told["there"] += 1
                return
        self.told["put back"] += 1


def _as_it_was(item: Item) -> Item:
    return item


def _raise_to(times: Item, cls: str, at: datetime) -> None:
    milliseconds = int(at.timestamp() * 1000)
    times[cls] = {"N": str(max(milliseconds, int(times.get(cls, {"N": "0"})["N"])))}


def _key_names(dynamodb: Any, table: str) -> list[str]:
    described = dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
    return [part["AttributeName"] for part in described]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("messages", "entries", "register", "keys", "day-keys", "ledger"):
        parser.add_argument(f"--{name}", required=True, help="name of the table or bucket")
    parser.add_argument("--table", required=True, help="the living table to put back into")
    parser.add_argument("--copy", required=True, help="the restored copy beside it")
    parser.add_argument("--write", action="store_true", help="put back, not only count")
    given = vars(parser.parse_args())
    table, copy = given.pop("table"), given.pop("copy")
    if table in {given["keys"], given["day_keys"]}:
        parser.error("A table of keys is never merged: a restored key would undo an erasure.")
    session = get_session()
    dynamodb, s3 = session.create_client("dynamodb"), session.create_client("s3")
    told = Merge(dynamodb=dynamodb, s3=s3, now=datetime.now(UTC), **given).merge(table, copy)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
