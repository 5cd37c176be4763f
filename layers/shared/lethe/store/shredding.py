"""What a shred makes of a register item; a pure rule that every store shares."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lethe.domain.errors import RaceLostError
from lethe.domain.holders import HolderId
from lethe.domain.ports import Shred
from lethe.domain.register import EVERY_CLASS, RegisterEntry, RegisterItem, RestrictedEntry
from lethe.domain.requests import Act, Decision

_CHANGED = "The address has changed since the decision was recorded; decide anew."


def item_after(shred: Shred, item: RegisterItem) -> RegisterItem:
    """The item without what ends, and with what is restricted beside it.

    An entry under restriction that ends after all counts as erased up to the time of its
    restriction: what was captured later lies under another entry. RaceLostError if the decisions
    are not about this item: a holder id differs, a class is undecided, or an entry reaches further
    back.
    """
    if shred.whole and item.entries.keys() - {decision.cls for decision in shred.decisions}:
        raise RaceLostError(_CHANGED)
    entries, erased = dict(item.entries), dict(item.erased)
    restricted = {r.entry.holder_id: r for r in item.restricted}
    for decision in shred.decisions:
        under = restricted.get(decision.holder_id)
        entry = under.entry if under else entries.get(decision.cls)
        if not _is_about(decision, entry):
            raise RaceLostError(_CHANGED)
        if under is None:
            del entries[decision.cls]
        if decision.act is Act.ERASE:
            restricted.pop(decision.holder_id, None)
            _raise_to(erased, decision.cls, under.at if under else shred.at)
        elif under is None and entry is not None:
            restricted[entry.holder_id] = RestrictedEntry(decision.cls, entry, shred.at)
    if shred.whole:
        _raise_to(erased, EVERY_CLASS, shred.at)
    ordered = tuple(sorted(restricted.values(), key=_oldest_first))
    return replace(item, entries=entries, erased=erased, restricted=ordered)


def _is_about(decision: Decision, entry: RegisterEntry | None) -> bool:
    if entry is None or entry.holder_id != decision.holder_id:
        return False
    return entry.since >= decision.since


def _raise_to(erased: dict[str, datetime], cls: str, at: datetime) -> None:
    erased[cls] = max(at, erased.get(cls, at))


def _oldest_first(restricted: RestrictedEntry) -> tuple[datetime, str, HolderId]:
    return restricted.at, restricted.cls, restricted.entry.holder_id
