"""RegisterTable: who may live, and the transactions that begin and end a person's keys.

| attribute | content |
|---|---|
| `pk` | pseudonym, or `holds` |
| `r` | revision: grows with every change, and every writer is conditioned on the one it saw |
| `e:<class>` | a living entry: `h` holder id, `s` earliest month, `f` shards if any |
| | and, where it has a key, `k` public key and `n` KEM |
| `q` | list: entries under restriction, each with `c` class and `t` until when it has messages |
| `x` | map: class, or `*` for every class that erases → time of erasure in ms |
| `own` | list: `kind`, `from`, `to` of the days on which the address is the controller's |
| `version`, `scopes` | of `holds` alone: the legal holds in force |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from lethe.domain.archive import Head, Tombstone
from lethe.domain.holders import HolderId, PublicHolder
from lethe.domain.in_force import InForce
from lethe.domain.messages import MessageId
from lethe.domain.own_addresses import AddressKind, OwnSpan
from lethe.domain.ports import NewPersonKey, Shred
from lethe.domain.register import (
    Holds,
    Pseudonym,
    RegisterEntry,
    RegisterItem,
    RestrictedEntry,
    View,
)
from lethe.domain.requests import Act, Decision
from lethe.store import holds, message_items
from lethe.store.dynamo import (
    Attribute,
    Item,
    Table,
    b,
    blob,
    from_ms,
    n,
    names,
    number,
    race,
    read_batch,
    s,
    text,
    to_ms,
    transact,
)
from lethe.store.errors import ConditionFailedError, TransactionCanceledError
from lethe.store.keys import holder_key, receipt_key
from lethe.store.shredding import item_after

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ENTRY = "e:"
_EMPTY: Attribute = {"L": []}
_FREE = "attribute_not_exists(pk)"
_HEAD: Item = {"pk": s("head")}
_VERSIONS = tuple(version.name for version in fields(InForce))
_SHRED_ATTEMPTS = 5


class DynamoRegister:
    """The register, with the key items that its transactions create and end in KeysTable."""

    def __init__(
        self, client: DynamoDBClient, *, register: str, keys: str, messages: str, policy: str
    ) -> None:
        self._client = client
        self._table = Table(client, register)
        self._keys = Table(client, keys)
        self._messages = messages
        self._policy = policy

    def view(self, pseudonyms: Collection[Pseudonym], message_ids: Collection[MessageId]) -> View:
        """Read everything that a capture decides on, in one call for each 100 items."""
        persons = sorted(set(pseudonyms))
        firsts = [message_items.key(message_id, 1) for message_id in sorted(set(message_ids))]
        register = self._table.name
        found = read_batch(
            self._client,
            [
                (register, holds.KEY),
                (self._policy, _HEAD),
                *((register, {"pk": s(pseudonym)}) for pseudonym in persons),
                *((self._messages, key) for key in firsts),
            ],
            {self._messages: message_items.CLEAR, self._policy: ("pk", *_VERSIONS)},
        )
        items = {text(item, "pk"): item for item in found.get(register, ())}
        heads = map(message_items.load_clear, found.get(self._messages, ()))
        [head] = found.get(self._policy) or [{}]
        return View(
            persons={pseudonym: _load(pseudonym, items.get(pseudonym)) for pseudonym in persons},
            holds=holds.load(items.get("holds")),
            in_force=_in_force(head),
            firsts={_message_id(head): head for head in heads},
        )

    def item(self, pseudonym: Pseudonym) -> RegisterItem:
        """Read one address; an unknown one is an empty item."""
        return _load(pseudonym, self._table.get({"pk": s(pseudonym)}))

    def items(self, pseudonyms: Collection[Pseudonym]) -> Mapping[Pseudonym, RegisterItem]:
        """Read many addresses, 100 in a call; unknown ones are empty items."""
        persons, register = sorted(set(pseudonyms)), self._table.name
        keys = [(register, {"pk": s(pseudonym)}) for pseudonym in persons]
        found = read_batch(self._client, keys, {}).get(register, ())
        items = {text(item, "pk"): item for item in found}
        return {pseudonym: _load(pseudonym, items.get(pseudonym)) for pseudonym in persons}

    def sender(self, pseudonym: Pseudonym) -> tuple[RegisterItem, InForce]:
        """Read one address and what is in force, in one call."""
        register = self._table.name
        found = read_batch(
            self._client,
            [(register, {"pk": s(pseudonym)}), (self._policy, _HEAD)],
            {self._policy: ("pk", *_VERSIONS)},
        )
        [item], [head] = (found.get(table) or [{}] for table in (register, self._policy))
        return _load(pseudonym, item), _in_force(head)

    def holds(self) -> Holds:
        """Read the legal holds in force."""
        return holds.load(self._table.get(holds.KEY))

    def create(
        self, seen: RegisterItem, cls: str, entry: RegisterEntry, key: NewPersonKey | None
    ) -> None:
        """Add a class's entry and its key in one transaction; RaceLostError if not as seen."""
        change = _as_seen("SET #e = :e", seen.revision, {"#e": _ENTRY + cls}, {":e": _dump(entry)})
        writes: list[dict[str, Any]] = [{"Update": self._place(seen.pseudonym) | change}]
        if key is not None:
            put = {"Item": _dump_key(cls, entry, key), "ConditionExpression": _FREE}
            writes.append({"Put": {"TableName": self._keys.name, **put}})
        try:
            transact(self._client, writes)
        except TransactionCanceledError:
            raise race() from None

    def lower_since(self, seen: RegisterItem, cls: str, since: str) -> None:
        """Move an entry's earliest month back; RaceLostError if the item is not as seen."""
        attributes = {"#e": _ENTRY + cls, "#s": "s"}
        self._update(seen, "SET #e.#s = :s", attributes, {":s": s(since)})

    def shredded_at(self, receipt: str) -> datetime | None:
        """When the shred of this receipt happened, or None."""
        item = self._keys.get(receipt_key(receipt), ("pk", "at"))
        return None if item is None else from_ms(number(item, "at"))

    def shred(self, shred: Shred, holds_version: int) -> datetime:
        """End the keys of every `erase` decision and restrict the others, with a receipt, at once.

        The register is read first, and the transaction happens to what was read or not at all; it
        has as many writes as there are decisions, whatever the number of messages. The receipt lies
        beside the keys: a retry finds it and changes nothing, however much has changed since.
        """
        for _ in range(_SHRED_ATTEMPTS):
            if happened := self.shredded_at(shred.receipt):
                return happened
            item = self.item(shred.pseudonym)
            after = item_after(shred, item)
            writes = [
                {"Update": self._place(item.pseudonym) | _shredding(item, after)},
                *(self._on_key(d, shred.at) for d in shred.decisions),
                {"Put": self._receipt(shred)},
                {"ConditionCheck": holds.unchanged(self._table.name, holds_version)},
            ]
            try:
                transact(self._client, writes)
            except TransactionCanceledError as error:
                if error.lost == {len(writes) - 1}:  # the register is as read, `holds` is not
                    raise race() from None
            else:
                return from_ms(to_ms(shred.at))
        raise race()

    def set_own(self, pseudonym: Pseudonym, spans: Sequence[OwnSpan]) -> None:
        """Record when an address is the controller's own, and of which kind."""
        self._table.update(
            {"pk": s(pseudonym)},
            "SET #own = :own ADD #r :one",
            ExpressionAttributeNames=names("own", "r"),
            ExpressionAttributeValues={
                ":own": {"L": [_dump_span(span) for span in spans]},
                ":one": n(1),
            },
        )

    def _update(
        self, seen: RegisterItem, expression: str, attributes: dict[str, str], values: Item
    ) -> None:
        change = _as_seen(expression, seen.revision, attributes, values)
        try:
            self._table.update({"pk": s(seen.pseudonym)}, change.pop("UpdateExpression"), **change)
        except ConditionFailedError:
            raise race() from None

    def _place(self, pseudonym: Pseudonym) -> dict[str, Any]:
        return {"TableName": self._table.name, "Key": {"pk": s(pseudonym)}}

    def _on_key(self, decision: Decision, at: datetime) -> dict[str, Any]:
        place = {"TableName": self._keys.name, "Key": holder_key(decision.holder_id)}
        if decision.act is Act.ERASE:
            return {"Delete": place}
        restriction = {
            "UpdateExpression": "SET #restricted = if_not_exists(#restricted, :at)",
            "ExpressionAttributeNames": names("restricted"),
            "ExpressionAttributeValues": {":at": n(to_ms(at))},
        }
        return {"Update": place | restriction}

    def _receipt(self, shred: Shred) -> dict[str, Any]:
        receipt = receipt_key(shred.receipt) | {"at": n(to_ms(shred.at))}
        return {"TableName": self._keys.name, "Item": receipt, "ConditionExpression": _FREE}


def _as_seen(
    expression: str, revision: int, attributes: dict[str, str], values: Item
) -> dict[str, Any]:
    """An update that happens to the revision that was seen, or not at all."""
    return {
        "UpdateExpression": f"{expression} ADD #r :one",
        "ConditionExpression": "#r = :r" if revision else "attribute_not_exists(#r)",
        "ExpressionAttributeNames": {"#r": "r", **attributes},
        "ExpressionAttributeValues": values
        | {":one": n(1)}
        | ({":r": n(revision)} if revision else {}),
    }


def _shredding(item: RegisterItem, after: RegisterItem) -> dict[str, Any]:
    gone = sorted(item.entries.keys() - after.entries.keys())
    attributes = {f"#e{place}": _ENTRY + cls for place, cls in enumerate(gone)}
    remove = f" REMOVE {', '.join(attributes)}" if gone else ""
    values: Item = {
        ":x": {"M": {cls: n(to_ms(at)) for cls, at in after.erased.items()}},
        ":q": {"L": [_dump_restricted(entry) for entry in after.restricted]},
    }
    expression = f"SET #x = :x, #q = :q{remove}"
    return _as_seen(expression, item.revision, names("x", "q") | attributes, values)


def _in_force(head: Item) -> InForce:
    return InForce(**{name: number(head, name, 0) for name in _VERSIONS})


def _load(pseudonym: Pseudonym, item: Item | None) -> RegisterItem:
    item = item or {}
    entries = {
        name.removeprefix(_ENTRY): _load_entry(value["M"])
        for name, value in item.items()
        if name.startswith(_ENTRY)
    }
    times: Item = item.get("x", {"M": {}})["M"]
    return RegisterItem(
        pseudonym=pseudonym,
        entries=entries,
        erased={cls: from_ms(number(times, cls)) for cls in times},
        own=tuple(_load_span(span["M"]) for span in item.get("own", _EMPTY)["L"]),
        restricted=tuple(_load_restricted(each["M"]) for each in item.get("q", _EMPTY)["L"]),
        revision=number(item, "r", 0),
    )


def _load_entry(item: Item) -> RegisterEntry:
    holder_id = HolderId(blob(item, "h"))
    holder = PublicHolder(holder_id, number(item, "n"), blob(item, "k")) if "k" in item else None
    return RegisterEntry(holder_id, holder, text(item, "s"), number(item, "f", 0))


def _dump(entry: RegisterEntry) -> Attribute:
    dumped = {"h": b(entry.holder_id), "s": s(entry.since)}
    if entry.shards:
        dumped["f"] = n(entry.shards)
    if entry.holder:
        dumped |= {"k": b(entry.holder.public), "n": n(entry.holder.kem)}
    return {"M": dumped}


def _load_restricted(item: Item) -> RestrictedEntry:
    return RestrictedEntry(text(item, "c"), _load_entry(item), from_ms(number(item, "t")))


def _dump_restricted(restricted: RestrictedEntry) -> Attribute:
    marks = {"c": s(restricted.cls), "t": n(to_ms(restricted.at))}
    return {"M": _dump(restricted.entry)["M"] | marks}


def _dump_key(cls: str, entry: RegisterEntry, key: NewPersonKey) -> Item:
    if entry.holder is None:
        raise ValueError("A key needs its public side in the entry.")
    return {
        **holder_key(entry.holder_id),
        "cls": s(cls),
        "kem": n(entry.holder.kem),
        "public": b(entry.holder.public),
        "private": b(key.wrapped),
        "address": b(key.sealed_address),
    }


def _load_span(item: Item) -> OwnSpan:
    last = date.fromisoformat(text(item, "to")) if "to" in item else None
    return OwnSpan(AddressKind(text(item, "kind")), date.fromisoformat(text(item, "from")), last)


def _dump_span(span: OwnSpan) -> Attribute:
    dumped = {"kind": s(span.kind.value), "from": s(span.valid_from.isoformat())}
    if span.valid_to:
        dumped["to"] = s(span.valid_to.isoformat())
    return {"M": dumped}


def _message_id(head: Head | Tombstone) -> MessageId:
    return head.message_id if isinstance(head, Tombstone) else head.header.message_id
