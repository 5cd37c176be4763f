"""ConsentTable, ConsentStatesTable and ConsentKeysTable: what people said, and its fold.

ConsentTable is only ever added to: nobody may update or delete in it, and every put demands that
nothing stands there.

| attribute | content |
|---|---|
| `pk`, `sk` | ledger id and sequence in 8 digits; or `i#` and an event id that was used, and `id` |
| `i`, `t`, `p`, `c`, `o` | event id, type, purpose, channel, pseudonym of the own address |
| `a`, `u`, `b` | time of the act, end of a grant, time of the objection that is balanced, all ms |
| `s`, `r` | sealed contents, signed receipt |
| `v`, `x`, `w` | digest of the event before, day from which this may go, that of the event before |
| `y`, `n`, `f` | version of the policy, of the notice, whether opting out was offered |
| `l`, `q` | of a used id: where its event lies |
| `ttl` | 30 days behind `x` |

ConsentStatesTable, one item a person, changed by whoever saw its revision; marks by anybody:

| attribute | content |
|---|---|
| `pk` | pseudonym |
| `r` | revision |
| `l`, `h`, `k`, `m`, `q`, `d`, `x` | ledger, its holder, key and KEM, sequence, head, last `x` |
| `lines`, `objections`, `overrulings`, `stops`, `blocks`, `unblocks`, `bases` | maps of the fold |
| `voided`, `ends` | time of the latest erasure; day on which the evidence is over |
| `dm`, `dd` | month and time of what is due: the index `due` |
| `m#<channel>#<own address>` | when the person last wrote there |
| `notified`, `notified_at` | the notice that was sent last |
| `ttl` | of an item with marks alone, or with nothing that suppresses |

ConsentKeysTable: `pk` holder id, `kem`, `private` under HoldersKey. `consent` alone deletes there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from lethe.domain import consent_fold
from lethe.domain.consent import ConsentEvent, ConsentState, EventId, LedgerId
from lethe.domain.errors import ConflictError
from lethe.domain.holders import HolderId
from lethe.domain.ports import WrappedKey
from lethe.domain.ports_sending import NewConsentKey
from lethe.domain.register import Pseudonym
from lethe.store import consent_items as items
from lethe.store.dynamo import (
    Item,
    Table,
    b,
    blob,
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

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_FREE = "attribute_not_exists(pk)"
_MARKS_KEPT = timedelta(days=2 * 365)
"""How long a person of whom nothing but marks is known is remembered after the last one."""
_MONTHS_BACK = 24
"""How far back something due is looked for; the schedule comes every day."""
_ID_EXISTS = "An event of this id was recorded before."


class DynamoConsents:
    """The three tables; events go into them and never change."""

    def __init__(self, client: DynamoDBClient, *, consents: str, states: str, keys: str) -> None:
        self._client = client
        self._events = Table(client, consents)
        self._states = Table(client, states)
        self._keys = Table(client, keys)

    def states(self, pseudonyms: Collection[Pseudonym]) -> Mapping[Pseudonym, ConsentState]:
        """Read every state, strongly consistently, 100 in a call; unknown ones are empty."""
        wanted, table = sorted(set(pseudonyms)), self._states.name
        found = read_batch(self._client, [(table, {"pk": s(one)}) for one in wanted], {})
        stored = {text(item, "pk"): item for item in found.get(table, ())}
        return {one: items.load_state(one, stored.get(one, {})) for one in wanted}

    def append(
        self,
        events: Sequence[ConsentEvent],
        before: ConsentState,
        after: ConsentState,
        key: NewConsentKey | None,
    ) -> None:
        """Put events and their fold in one transaction, never over what stands there."""
        used = [items.used_id(event) for event in events]
        rows = [items.dump_event(event) for event in events]
        writes = [
            {"Update": self._fold(before, after)},
            *({"Put": self._new(self._events, item)} for item in (*used, *rows)),
        ]
        if key is not None:
            stored = _key(key.holder_id) | {"kem": n(key.kem), "private": b(key.wrapped)}
            writes.append({"Put": self._new(self._keys, stored)})
        try:
            transact(self._client, writes)
        except TransactionCanceledError as error:
            if 0 not in error.lost and error.lost & set(range(1, len(used) + 1)):
                raise ConflictError(_ID_EXISTS) from None
            raise race() from None

    def recorded(self, event_ids: Collection[EventId]) -> Mapping[EventId, ConsentEvent]:
        """The events of these ids that were recorded, whoever's they are."""
        found: dict[EventId, ConsentEvent] = {}
        for event_id in event_ids:
            if (mark := self._events.get(items.used_key(event_id))) is None:
                continue
            place = items.event_key(LedgerId(text(mark, "l")), number(mark, "q"))
            if (item := self._events.get(place)) is not None:
                found[event_id] = items.load_event(item)
        return found

    def events(self, ledger: LedgerId) -> Iterator[ConsentEvent]:
        """Every event of a chain, in its order, strongly consistently."""
        found = self._events.query("pk = :pk", {":pk": s(ledger)})
        return map(items.load_event, found)

    def mark_inbound(self, pseudonym: Pseudonym, channel: str, own: str, at: datetime) -> None:
        """Note that the person wrote; an earlier time than the one that stands changes nothing."""
        mark = items.mark_name(channel, own)
        newer = "(attribute_not_exists(#mark) OR #mark < :at)"
        self._mark(pseudonym, at, newer, {"#mark": mark}, {}, "#mark = :at")

    def mark_notified(self, pseudonym: Pseudonym, version: int, at: datetime) -> None:
        """Note that the person was sent this version of the notice; never an earlier one again."""
        newer = "(attribute_not_exists(#version) OR #version <= :version)"
        attributes = {"#version": "notified", "#time": "notified_at"}
        change = "#version = :version, #time = :at"
        self._mark(pseudonym, at, newer, attributes, {":version": n(version)}, change)

    def due(self, now: datetime) -> Iterator[Pseudonym]:
        """Every person whose state's `due` has come, earliest first."""
        until = items.due_time(now)
        for month in _months(now):
            found = self._states.query(
                "dm = :dm AND dd <= :now", {":dm": s(month), ":now": s(until)}, IndexName="due"
            )
            yield from (Pseudonym(text(item, "pk")) for item in found)

    def end_evidence(self, state: ConsentState) -> None:
        """Delete the ledger's key and put what suppresses in the place of the state, at once."""
        writes: list[dict[str, Any]] = [{"Update": self._fold(state, consent_fold.ended(state))}]
        if state.holder is not None:
            place = {"TableName": self._keys.name, "Key": _key(state.holder.id)}
            writes.append({"Delete": place})
        try:
            transact(self._client, writes)
        except TransactionCanceledError:
            raise race() from None

    def key(self, holder_id: HolderId) -> WrappedKey | None:
        """The private side of a ledger's holder; None once it ended."""
        found = self._keys.get(_key(holder_id))
        if found is None:
            return None
        return WrappedKey(holder_id, number(found, "kem"), blob(found, "private"))

    def _fold(self, before: ConsentState, after: ConsentState) -> dict[str, Any]:
        """The update of a state as it was seen; marks beside it stay."""
        values, gone = items.dump_state(after)
        if not values:  # nothing suppresses any more: what is left are marks, which end
            values, gone = {"ttl": n(_marks_end(before))}, gone - {"ttl"}
        values["r"] = n(before.revision + 1)
        changed = ", ".join(f"#{name} = :{name}" for name in sorted(values))
        remove = f" REMOVE {', '.join(f'#{name}' for name in sorted(gone))}" if gone else ""
        return {
            "TableName": self._states.name,
            "Key": {"pk": s(before.pseudonym)},
            "UpdateExpression": f"SET {changed}{remove}",
            "ConditionExpression": "#r = :seen" if before.revision else "attribute_not_exists(#r)",
            "ExpressionAttributeNames": names(*values, *gone),
            "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}
            | ({":seen": n(before.revision)} if before.revision else {}),
        }

    def _mark(  # noqa: PLR0913, PLR0917  an update in its parts
        self,
        pseudonym: Pseudonym,
        at: datetime,
        newer: str,
        attributes: dict[str, str],
        values: Item,
        change: str,
    ) -> None:
        """Set a mark if it is newer; where there is no fold beside it, it ends by itself."""
        ends = n(_kept_until(at))
        ways: tuple[tuple[str, str, Item], ...] = (
            (f"attribute_not_exists(#r) AND {newer}", f"SET {change}, #ttl = :ttl", {":ttl": ends}),
            (f"attribute_exists(#r) AND {newer}", f"SET {change}", {}),
        )
        for condition, expression, more in ways:
            try:
                self._states.update(
                    {"pk": s(pseudonym)},
                    expression,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=attributes | names("r", *(["ttl"] if more else [])),
                    ExpressionAttributeValues={":at": n(to_ms(at))} | values | more,
                )
            except ConditionFailedError:
                continue
            else:
                return

    @staticmethod
    def _new(table: Table, item: Item) -> dict[str, Any]:
        return {"TableName": table.name, "Item": item, "ConditionExpression": _FREE}


def _key(holder_id: HolderId) -> Item:
    return {"pk": s(holder_id.hex())}


def _kept_until(at: datetime) -> int:
    return int((at + _MARKS_KEPT).timestamp())


def _marks_end(state: ConsentState) -> int:
    """When a person whose evidence has ended is forgotten: with the last mark, or at once."""
    ended = datetime.combine(state.ends or date.min, time(), UTC)
    return max([int(ended.timestamp()), *map(_kept_until, state.inbound.values())])


def _months(now: datetime) -> Iterator[str]:
    """The months up to now, the earliest first."""
    last = now.astimezone(UTC)
    number_of_last = last.year * 12 + last.month - 1
    for month in range(number_of_last - _MONTHS_BACK, number_of_last + 1):
        yield f"{month // 12:04d}-{month % 12 + 1:02d}"
