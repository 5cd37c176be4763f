"""How consent events and their fold become items; `store/consents.py` says what each holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from lethe.domain.consent import (
    BasisSpan,
    ConsentEvent,
    ConsentLine,
    ConsentState,
    EventId,
    EventType,
    LedgerId,
    Objection,
    Overruling,
)
from lethe.domain.holders import HolderId, PublicHolder
from lethe.domain.register import Pseudonym
from lethe.store.dynamo import (
    Attribute,
    Item,
    b,
    blob,
    from_ms,
    n,
    number,
    s,
    text,
    to_ms,
    ttl,
)

Key = tuple[str, str]
V = TypeVar("V")

_USED = "i#"
_MARK = "m#"
_BETWEEN = "#"
_FOLD = frozenset({"lines", "objections", "overrulings", "stops", "blocks", "unblocks", "bases"})
_LEDGER = frozenset({"l", "h", "k", "m", "q", "d", "x"})
_OPTIONAL = _FOLD | _LEDGER | {"voided", "ends", "dm", "dd", "ttl"}
"""Every attribute of a state but its revision and its marks."""


def event_key(ledger: LedgerId, sequence: int) -> Item:
    """Where an event lies."""
    return {"pk": s(ledger), "sk": s(f"{sequence:08d}")}


def used_key(event_id: EventId) -> Item:
    """Where it stands that an id was used."""
    return {"pk": s(_USED + event_id), "sk": s("id")}


def used_id(event: ConsentEvent) -> Item:
    """The mark of a used id, with the place of its event."""
    return {
        **used_key(event.id),
        "l": s(event.ledger),
        "q": n(event.sequence),
        **_ends(event),
    }


def dump_event(event: ConsentEvent) -> Item:
    """An event as it is put."""
    item = {
        **event_key(event.ledger, event.sequence),
        "i": s(event.id),
        "t": s(event.type.value),
        "p": s(event.purpose),
        "c": s(event.channel),
        "o": s(event.own),
        "a": n(to_ms(event.time)),
        "s": b(event.sealed),
        "r": s(event.receipt),
        "v": b(event.previous),
        "y": n(event.policy_version),
        "n": n(event.notice_version),
        "f": {"BOOL": event.opt_out_offered},
        **_ends(event),
    }
    times = {"u": event.until, "b": event.about}
    days = {"x": event.expires, "w": event.previous_expires}
    item |= {name: n(to_ms(at)) for name, at in times.items() if at is not None}
    return item | {name: s(day.isoformat()) for name, day in days.items() if day is not None}


def load_event(item: Item) -> ConsentEvent:
    """An event of its item."""
    return ConsentEvent(
        id=EventId(text(item, "i")),
        ledger=LedgerId(text(item, "pk")),
        sequence=int(text(item, "sk")),
        type=EventType(text(item, "t")),
        purpose=text(item, "p"),
        channel=text(item, "c"),
        own=text(item, "o"),
        time=from_ms(number(item, "a")),
        until=_time(item, "u"),
        sealed=blob(item, "s"),
        previous=blob(item, "v"),
        policy_version=number(item, "y"),
        notice_version=number(item, "n"),
        expires=_day(item, "x"),
        previous_expires=_day(item, "w"),
        opt_out_offered=bool(item["f"]["BOOL"]),
        about=_time(item, "b"),
        receipt=text(item, "r"),
    )


def mark_name(channel: str, own: str) -> str:
    """The attribute that says when a person wrote on a channel to an own address."""
    return _MARK + channel + _BETWEEN + own


def due_time(at: datetime) -> str:
    """A time as the index sorts it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def dump_state(state: ConsentState) -> tuple[Item, frozenset[str]]:
    """The attributes of a fold, and the names of those that it has not; without the revision."""
    maps: dict[str, dict[str, Attribute]] = {
        "lines": _dumped(state.lines, _dump_line),
        "objections": _dumped(state.objections, _dump_objection),
        "overrulings": _dumped(state.overrulings, _dump_overruling),
        "stops": _dumped(state.stops, _dump_time),
        "blocks": _dumped(state.vendor_blocks, _dump_time),
        "unblocks": _dumped(state.vendor_unblocks, _dump_time),
        "bases": {name: _dump_span(span) for name, span in state.bases.items()},
    }
    item: Item = {name: {"M": entries} for name, entries in maps.items() if entries}
    if state.ledger is not None and state.holder is not None:
        item |= {
            "l": s(state.ledger),
            "h": b(state.holder.id),
            "k": b(state.holder.public),
            "m": n(state.holder.kem),
            "q": n(state.sequence),
            "d": b(state.head),
            "x": s(state.expires.isoformat()),
        }
    if state.voided_at is not None:
        item["voided"] = n(to_ms(state.voided_at))
    if state.ends is not None:
        item["ends"] = s(state.ends.isoformat())
    if state.due is not None:
        moment = due_time(state.due)
        item |= {"dm": s(moment[:7]), "dd": s(moment)}
    return item, _OPTIONAL - item.keys()


def load_state(pseudonym: Pseudonym, item: Item) -> ConsentState:
    """A person's fold and marks; an empty item is a person of whom nothing is known."""
    holder = None
    if "h" in item:
        holder = PublicHolder(HolderId(blob(item, "h")), number(item, "m"), blob(item, "k"))
    return ConsentState(
        pseudonym=pseudonym,
        ledger=LedgerId(text(item, "l")) if "l" in item else None,
        holder=holder,
        revision=number(item, "r", 0),
        sequence=number(item, "q", 0),
        head=blob(item, "d") or bytes(32),
        expires=_day(item, "x") or date.min,
        lines=_loaded(item, "lines", _load_line),
        objections=_loaded(item, "objections", _load_objection),
        overrulings=_loaded(item, "overrulings", _load_overruling),
        stops=_loaded(item, "stops", _load_time),
        vendor_blocks=_loaded(item, "blocks", _load_time),
        vendor_unblocks=_loaded(item, "unblocks", _load_time),
        bases={name: _load_span(span["M"]) for name, span in _map(item, "bases").items()},
        voided_at=_time(item, "voided"),
        ends=_day(item, "ends"),
        due=datetime.fromisoformat(text(item, "dd")) if "dd" in item else None,
        inbound={
            _key(name.removeprefix(_MARK)): _load_time(value)
            for name, value in item.items()
            if name.startswith(_MARK)
        },
        notified=number(item, "notified", 0),
        notified_at=_time(item, "notified_at"),
    )


def _ends(event: ConsentEvent) -> Item:
    return {} if event.expires is None else {"ttl": ttl(event.expires)}


def _time(item: Item, name: str) -> datetime | None:
    return from_ms(number(item, name)) if name in item else None


def _day(item: Item, name: str) -> date | None:
    return date.fromisoformat(text(item, name)) if name in item else None


def _map(item: Item, name: str) -> dict[str, Attribute]:
    found: dict[str, Attribute] = item.get(name, {"M": {}})["M"]
    return found


def _key(name: str) -> Key:
    first, _, second = name.partition(_BETWEEN)
    return first, second


def _dumped(entries: Mapping[Key, V], dump: Callable[[V], Attribute]) -> dict[str, Attribute]:
    return {_BETWEEN.join(key): dump(value) for key, value in entries.items()}


def _loaded(item: Item, name: str, load: Callable[[Attribute], V]) -> dict[Key, V]:
    return {_key(key): load(value) for key, value in _map(item, name).items()}


def _dump_time(at: datetime) -> Attribute:
    return n(to_ms(at))


def _load_time(value: Attribute) -> datetime:
    return from_ms(int(value["N"]))


def _known(times: Mapping[str, datetime | None]) -> dict[str, Any]:
    return {name: _dump_time(at) for name, at in times.items() if at is not None}


def _dump_line(line: ConsentLine) -> Attribute:
    times = {
        "g": line.given_at,
        "u": line.until,
        "w": line.withdrawn_at,
        "r": line.refused_at,
        "x": line.expired_at,
    }
    grant = {} if line.event_id is None else {"e": s(line.event_id), "n": n(line.notice_version)}
    return {"M": _known(times) | grant}


def _load_line(value: Attribute) -> ConsentLine:
    item: Item = value["M"]
    return ConsentLine(
        given_at=_time(item, "g"),
        until=_time(item, "u"),
        event_id=EventId(text(item, "e")) if "e" in item else None,
        notice_version=number(item, "n", 0),
        withdrawn_at=_time(item, "w"),
        refused_at=_time(item, "r"),
        expired_at=_time(item, "x"),
    )


def _dump_objection(objection: Objection) -> Attribute:
    times = {"a": objection.at, "o": objection.overruled_at}
    return {"M": _known(times) | {"e": s(objection.event_id)}}


def _load_objection(value: Attribute) -> Objection:
    item: Item = value["M"]
    return Objection(from_ms(number(item, "a")), EventId(text(item, "e")), _time(item, "o"))


def _dump_overruling(overruling: Overruling) -> Attribute:
    return {"M": _known({"b": overruling.about, "a": overruling.at})}


def _load_overruling(value: Attribute) -> Overruling:
    item: Item = value["M"]
    return Overruling(from_ms(number(item, "b")), from_ms(number(item, "a")))


def _dump_span(span: BasisSpan) -> Attribute:
    known = _known({"b": span.begun_at, "z": span.ended_at})
    known["f"] = {"BOOL": span.opt_out_offered}
    return {"M": known | ({} if span.event_id is None else {"e": s(span.event_id)})}


def _load_span(item: Item) -> BasisSpan:
    return BasisSpan(
        begun_at=_time(item, "b"),
        ended_at=_time(item, "z"),
        event_id=EventId(text(item, "e")) if "e" in item else None,
        opt_out_offered=bool(item["f"]["BOOL"]),
    )
