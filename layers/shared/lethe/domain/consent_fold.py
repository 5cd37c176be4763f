"""From events to state: every rule keeps the latest time of an act, so order makes no difference.

A rebuild from the events gives the projection that is stored. Where a yes and a no have the same
time, the no counts. What a state means is asked here too, so that the gate, searches and imports
get one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Final, TypeVar

from lethe.domain.consent import (
    EVERY,
    BasisSpan,
    ConsentEvent,
    ConsentLine,
    ConsentState,
    EventType,
    Objection,
    Overruling,
)
from lethe.domain.periods import Period
from lethe.domain.purposes import ConsentTerms
from lethe.domain.register import Pseudonym

GRANTS: Final = frozenset({EventType.GIVEN, EventType.RENEWED})
"""The events that are a consent."""

Key = tuple[str, str]
V = TypeVar("V")


def apply(state: ConsentState, event: ConsentEvent) -> ConsentState:
    """Return the fold with one more event; the chain (sequence, head, revision) is the ledger's."""
    line_key, stop_key = (event.purpose, event.channel), (event.channel, event.own)
    match event.type:
        case (
            EventType.GIVEN
            | EventType.RENEWED
            | EventType.REFUSED
            | EventType.WITHDRAWN
            | EventType.EXPIRED
        ):
            line = _line(state.lines.get(line_key, ConsentLine()), event)
            return replace(state, lines={**state.lines, line_key: line})
        case EventType.OBJECTED | EventType.OBJECTION_OVERRULED:
            return _objected(state, line_key, event)
        case EventType.STOPPED:
            return replace(state, stops=_raised(state.stops, stop_key, event.time))
        case EventType.VENDOR_BLOCKED | EventType.VENDOR_UNBLOCKED:
            return _blocked(state, stop_key, event)
        case EventType.BASIS_BEGUN | EventType.BASIS_ENDED:
            span = _span(state.bases.get(event.purpose, BasisSpan()), event)
            return replace(state, bases={**state.bases, event.purpose: span})
        case EventType.VOIDED:
            return replace(state, voided_at=latest(state.voided_at, event.time))


def rebuild(pseudonym: Pseudonym, events: Iterable[ConsentEvent]) -> ConsentState:
    """Return the fold of all events of a person, in whatever order."""
    state = ConsentState(pseudonym)
    for event in events:
        state = apply(state, event)
    return state


def settle(state: ConsentState, period: Period, overdue_from: datetime) -> ConsentState:
    """Return the state with `ends` and `due` anew, by the policy's period of `records.consent`.

    A grant that expired is due until its expiry is recorded; `overdue_from` is the earliest moment
    that may be named.
    """
    ends = None
    if state.ledger is not None and (last := processing_ended(state)) is not None:
        ends = period.over(last.astimezone(UTC).date())
    moments = [until for _, until in unrecorded_expiries(state)]
    if ends is not None:
        moments.append(datetime.combine(ends, time(), UTC))
    due = max(min(moments), overdue_from) if moments else None
    return replace(state, ends=ends, due=due)


def ended(state: ConsentState) -> ConsentState:
    """Return what stays once the evidence has ended: what suppresses, without ledger or holder."""
    lines = {
        key: ConsentLine(withdrawn_at=line.withdrawn_at, refused_at=line.refused_at)
        for key, line in state.lines.items()
        if line.withdrawn_at or line.refused_at
    }
    return ConsentState(
        state.pseudonym,
        revision=state.revision + 1,
        lines=lines,
        objections=state.objections,
        overrulings=state.overrulings,
        stops=state.stops,
        vendor_blocks=state.vendor_blocks,
        voided_at=state.voided_at,
        inbound=state.inbound,
        notified=state.notified,
        notified_at=state.notified_at,
    )


def standing(state: ConsentState, purpose: str, channel: str) -> ConsentLine:
    """Return what stands for a purpose on a channel, with what was said for every one of them."""
    found = [
        line for key in _covering(purpose, channel) if (line := state.lines.get(key)) is not None
    ]
    grant = max(found, key=_grant_order, default=ConsentLine())
    return replace(
        grant,
        withdrawn_at=latest(*(line.withdrawn_at for line in found)),
        refused_at=latest(*(line.refused_at for line in found)),
        expired_at=latest(*(line.expired_at for line in found)),
    )


def objection(state: ConsentState, purpose: str, channel: str) -> Objection | None:
    """Return the latest objection that stands against a purpose on a channel, overruled last."""
    found = [
        objection
        for key in _covering(purpose, channel)
        if (objection := state.objections.get(key)) is not None
    ]
    return max(found, key=lambda o: (o.overruled_at is None, o.at, o.event_id), default=None)


def stopped_at(state: ConsentState, channel: str, own: str) -> datetime | None:
    """Return when the person last stopped messages on a channel from an own address.

    With EVERY as the own address: from any.
    """
    return latest(*_on(state.stops, channel, own))


def vendor_blocked_at(state: ConsentState, channel: str, own: str) -> datetime | None:
    """Return since when a block of the vendor's is in force."""
    return latest(*_on(state.vendor_blocks, channel, own))


def last_no(state: ConsentState, purpose: str, channel: str, own: str) -> datetime | None:
    """Return the latest act that ends a consent which is not later.

    A withdrawal, a refusal, an objection, a stop or an erasure.
    """
    line = standing(state, purpose, channel)
    against = (state.objections.get(key) for key in _covering(purpose, channel))
    return latest(
        line.withdrawn_at,
        line.refused_at,
        stopped_at(state, channel, own),
        state.voided_at,
        *(one.at for one in against if one is not None),
    )


def consents(state: ConsentState, purpose: str, channel: str, own: str, now: datetime) -> bool:
    """Say whether a consent is in force: given, not expired, and later than every no."""
    line = standing(state, purpose, channel)
    if line.given_at is None or line.given_at > now:
        return False
    if line.until is not None and line.until <= now:
        return False
    no = last_no(state, purpose, channel, own)
    return no is None or line.given_at > no


def basis_begun(state: ConsentState, name: str, now: datetime) -> BasisSpan | None:
    """Return the span of an event that grants a basis, if it is in force."""
    span = state.bases.get(name)
    if span is None or span.begun_at is None or span.begun_at > now:
        return None
    return span if _is_open(span, state.voided_at) else None


def suppressed(state: ConsentState, purpose: str, channel: str) -> bool:
    """Say whether an import may not bring a consent back, whatever its time.

    The person withdrew, objected, stopped messages on the channel or was erased, at any time.
    """
    if state.voided_at is not None or standing(state, purpose, channel).withdrawn_at is not None:
        return True
    if any(key in state.objections for key in _covering(purpose, channel)):
        return True
    return stopped_at(state, channel, EVERY) is not None


def ask_again_from(
    state: ConsentState, purpose: str, channel: str, terms: ConsentTerms
) -> date | None:
    """Return the day from which one who refused or withdrew may be asked again; None: any day."""
    line = standing(state, purpose, channel)
    no = latest(line.withdrawn_at, line.refused_at)
    if no is None or (line.given_at is not None and line.given_at > no):
        return None
    return terms.ask_again_after.over(no.astimezone(UTC).date())


def unrecorded_expiries(state: ConsentState) -> Iterator[tuple[Key, datetime]]:
    """Yield (purpose, channel) and end of each grant that ran or runs out and is not noted yet.

    A grant that was withdrawn before does not run out.
    """
    for (purpose, channel), line in state.lines.items():
        if line.given_at is None or line.until is None:
            continue
        if line.expired_at is not None and line.expired_at >= line.until:
            continue
        no = last_no(state, purpose, channel, "")
        if no is None or not line.given_at <= no < line.until:
            yield (purpose, channel), line.until


def processing_ended(state: ConsentState) -> datetime | None:
    """Return when the last processing that the events are evidence of ended; None: it goes on."""
    ends: list[datetime | None] = [
        *state.stops.values(),
        *state.vendor_blocks.values(),
        *state.vendor_unblocks.values(),
        *(latest(one.at, one.overruled_at) for one in state.objections.values()),
        *(_basis_end(span, state.voided_at) for span in state.bases.values()),
        *(_line_end(state, key, line) for key, line in state.lines.items()),
    ]
    if state.voided_at is not None:
        ends.append(state.voided_at)
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def covers(wide: Key, narrow: Key) -> bool:
    """Say whether what is said of one purpose and channel is said of another as well."""
    return all(one in {EVERY, other} for one, other in zip(wide, narrow, strict=True))


def latest(*times: datetime | None) -> datetime | None:
    """Return the latest of those that there are."""
    return max((at for at in times if at is not None), default=None)


def _line(line: ConsentLine, event: ConsentEvent) -> ConsentLine:
    match event.type:
        case EventType.REFUSED:
            return replace(line, refused_at=latest(line.refused_at, event.time))
        case EventType.WITHDRAWN:
            return replace(line, withdrawn_at=latest(line.withdrawn_at, event.time))
        case EventType.EXPIRED:
            return replace(line, expired_at=latest(line.expired_at, event.time))
        case _:
            if line.given_at is not None and _grant_order(line) >= (True, event.time, event.id):
                return line
            return replace(
                line,
                given_at=event.time,
                until=event.until,
                event_id=event.id,
                notice_version=event.notice_version,
            )


def _grant_order(line: ConsentLine) -> tuple[bool, datetime, str]:
    given = line.given_at
    return given is not None, given or datetime.min.replace(tzinfo=UTC), line.event_id or ""


def _objected(state: ConsentState, key: Key, event: ConsentEvent) -> ConsentState:
    overruling, against = state.overrulings.get(key), state.objections.get(key)
    if event.type is EventType.OBJECTED:
        if against is None or (against.at, against.event_id) < (event.time, event.id):
            against = Objection(event.time, event.id)
    elif event.about is not None:
        made = Overruling(event.about, event.time)
        if overruling is None or (overruling.about, overruling.at) < (made.about, made.at):
            overruling = made
    changed = state
    if overruling is not None:
        changed = replace(changed, overrulings={**state.overrulings, key: overruling})
    if against is not None:
        settled = overruling is not None and overruling.about >= against.at
        at = overruling.at if overruling is not None and settled else None
        against = replace(against, overruled_at=at)
        changed = replace(changed, objections={**state.objections, key: against})
    return changed


def _blocked(state: ConsentState, key: Key, event: ConsentEvent) -> ConsentState:
    blocks, unblocks = dict(state.vendor_blocks), state.vendor_unblocks
    if event.type is EventType.VENDOR_BLOCKED:
        blocks = _raised(blocks, key, event.time)
    else:
        unblocks = _raised(unblocks, key, event.time)
    if key in blocks and key in unblocks and blocks[key] < unblocks[key]:
        del blocks[key]
    return replace(state, vendor_blocks=blocks, vendor_unblocks=unblocks)


def _span(span: BasisSpan, event: ConsentEvent) -> BasisSpan:
    if event.type is EventType.BASIS_ENDED:
        return replace(span, ended_at=latest(span.ended_at, event.time))
    if span.begun_at is not None and (span.begun_at, span.event_id or "") >= (event.time, event.id):
        return span
    return replace(
        span,
        begun_at=event.time,
        event_id=event.id,
        opt_out_offered=event.opt_out_offered,
    )


def _is_open(span: BasisSpan, voided_at: datetime | None) -> bool:
    end = latest(span.ended_at, voided_at)
    return span.begun_at is not None and (end is None or span.begun_at > end)


def _basis_end(span: BasisSpan, voided_at: datetime | None) -> datetime | None:
    return None if _is_open(span, voided_at) else latest(span.ended_at, voided_at)


def _line_end(state: ConsentState, key: Key, line: ConsentLine) -> datetime | None:
    """When the processing on one line's grant ended, or its own last no if that is later."""
    said = latest(line.withdrawn_at, line.refused_at)
    if line.given_at is None:
        return latest(said, line.expired_at)
    no = last_no(state, *key, "")
    ends = [] if line.until is None else [max(line.until, line.given_at)]
    if no is not None and no >= line.given_at:
        ends.append(no)
    return latest(said, min(ends)) if ends else None


def _covering(purpose: str, channel: str) -> tuple[Key, ...]:
    """Every key that speaks about a purpose on a channel, each once."""
    keys = ((purpose, channel), (purpose, EVERY), (EVERY, channel), (EVERY, EVERY))
    return tuple(dict.fromkeys(keys))


def _on(times: Mapping[Key, datetime], channel: str, own: str) -> list[datetime]:
    return [
        at
        for (on, by), at in times.items()
        if on in {channel, EVERY} and (own == EVERY or by in {own, EVERY})
    ]


def _raised(times: Mapping[Key, datetime], key: Key, at: datetime) -> dict[Key, datetime]:
    return {**times, key: max(at, times.get(key, at))}
