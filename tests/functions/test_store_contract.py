"""What every store does, whatever is below it: one suite over memory and AWS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from lethe.domain.archive import (
    Ending,
    Entry,
    EntryKey,
    Head,
    MessageItem,
    Tombstone,
    Versions,
    entry_key,
    partition,
)
from lethe.domain.audit import AuditEvent
from lethe.domain.envelope import Header, Sealed, Slot
from lethe.domain.errors import (
    ConflictError,
    ErasedError,
    NotFoundError,
    RaceLostError,
    SealError,
    UnavailableError,
)
from lethe.domain.holders import HolderId, PublicHolder
from lethe.domain.in_force import Audience, Change, InForce, NoticeVersion
from lethe.domain.messages import Direction, MessageId
from lethe.domain.own_addresses import AddressKind, OwnSpan
from lethe.domain.policy import Policy, load_default
from lethe.domain.ports import (
    Archive,
    AuditTrail,
    Counts,
    DayKey,
    DayRequests,
    Days,
    EraseQueue,
    Keys,
    KeyWrap,
    Ledger,
    NewPersonKey,
    Objects,
    Policies,
    PurgeQueue,
    Register,
    Requests,
    Shred,
    Staging,
    WrappedKey,
)
from lethe.domain.ports_governing import Proposals
from lethe.domain.proposals import Approval, Proposal, ProposalId
from lethe.domain.register import (
    EVERY_CLASS,
    Holds,
    Pseudonym,
    RegisterEntry,
    RegisterItem,
    RestrictedEntry,
)
from lethe.domain.requests import (
    Act,
    AddressCase,
    Decision,
    PrivacyRequest,
    RequestId,
    RequestState,
)
from lethe.domain.rules import Flag, Rule
from lethe.domain.work import PurgeHolder, PurgeMessage

from tests.aws_store import AwsStores, on_aws
from tests.memory_store import MemoryStores

if TYPE_CHECKING:

    def _keeps_the_contract(stores: MemoryStores | AwsStores) -> None:
        """Let mypy hold every store to its port."""
        register: Register = stores.register
        keys: Keys = stores.keys
        days: Days = stores.days
        archive: Archive = stores.archive
        objects: Objects = stores.objects
        staging: Staging = stores.staging
        requests: Requests = stores.requests
        audit: AuditTrail = stores.audit
        policies: Policies = stores.policies
        proposals: Proposals = stores.proposals
        counts: Counts = stores.counts
        ledger: Ledger = stores.ledger
        purge_queue: PurgeQueue = stores.purge_queue
        erase_queue: EraseQueue = stores.erase_queue
        day_requests: DayRequests = stores.day_requests
        wrap: KeyWrap = stores.wrap
        del register, keys, days, archive, objects, staging, requests, audit, policies, counts
        del ledger, purge_queue, erase_queue, day_requests, wrap, proposals


AT = datetime(2026, 3, 10, 12, 0, 0, 5000, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
DAY, END = date(2026, 3, 10), date(2027, 3, 10)
ANNA = Pseudonym("A" * 43)
BERT = Pseudonym("b" * 43)
CLASS = "support"


@pytest.fixture(params=["memory", "aws"])
def stores(request: pytest.FixtureRequest) -> Iterator[MemoryStores | AwsStores]:
    if request.param == "memory":
        yield MemoryStores()
    else:
        with on_aws() as on:
            yield on


Stores = Any  # one attribute per port


def a_holder_id() -> HolderId:
    return HolderId(os.urandom(16))


def an_entry(since: str = "2026-03") -> tuple[RegisterEntry, NewPersonKey]:
    holder = PublicHolder(a_holder_id(), 1, os.urandom(32))
    return RegisterEntry(holder.id, holder, since), NewPersonKey(os.urandom(120), os.urandom(90))


def known(stores: Stores, pseudonym: Pseudonym = ANNA, cls: str = CLASS) -> RegisterEntry:
    """A person with a key in a class."""
    entry, key = an_entry()
    stores.register.create(stores.register.item(pseudonym), cls, entry, key)
    return entry


def decision(entry: RegisterEntry, act: Act = Act.ERASE, cls: str = CLASS) -> Decision:
    return Decision(cls, act, "Art. 17", "erased", entry.holder_id, entry.since, entry.shards)


def a_shred(*decisions: Decision, receipt: str = "r#0#0", at: datetime = AT) -> Shred:
    return Shred(receipt, ANNA, decisions, at)


def raise_holds(stores: Stores, version: int) -> None:
    """Place a hold; the function that does it comes with a later release."""
    if isinstance(stores, MemoryStores):
        stores.world.holds = Holds(version, ("all",))
    else:
        item = {
            "pk": {"S": "holds"},
            "version": {"N": str(version)},
            "scopes": {"L": [{"S": "all"}]},
        }
        stores.dynamodb.put_item(TableName="RegisterTable", Item=item)


def a_message_id() -> MessageId:
    return MessageId(os.urandom(16).hex())


def an_item(
    message_id: MessageId | None = None,
    version: int = 1,
    *,
    holders: tuple[HolderId | None, ...] | None = None,
    ciphertext: bytes = b"sealed",
    keep: bool = False,
) -> MessageItem:
    slots = tuple(
        Slot(holder, Flag.SHARE | Flag.EXTERNAL, os.urandom(32))
        for holder in (holders or (a_holder_id(),))
    )
    function = Slot(a_holder_id(), Flag.AUTHOR, b"")
    header = Header(
        message_id=message_id or a_message_id(),
        version=version,
        attempt=os.urandom(12),
        cls=CLASS,
        day=DAY,
        end=END,
        time=AT,
        rule=Rule.AUTHOR,
        channel="email",
        direction=Direction.OUTBOUND,
        fingerprint=os.urandom(16),
    )
    sealed = Sealed(header, os.urandom(80), ciphertext, (*slots, function), True, 2)  # noqa: FBT003
    return MessageItem(sealed, (*(None for _ in slots), 3), keep, not ciphertext)


def a_tombstone(item: MessageItem, ending: Ending = Ending.ERASED) -> Tombstone:
    header = item.head.header
    return Tombstone(header.message_id, header.version, ending, header.end, item.head)


def a_proposal(stores: Stores, policy: Policy, seen: int) -> Proposal:
    proposal = Proposal(ProposalId(os.urandom(16).hex()), policy, seen, AT, "officer")
    stores.proposals.create(proposal)
    return proposal


def put_in_force(stores: Stores, policy: Policy) -> InForce:
    """Put the next version in force, as two persons do."""
    seen = stores.policies.in_force()
    proposal = a_proposal(stores, policy, seen.version)
    made: InForce = stores.policies.put_in_force(approved(seen, proposal))
    return made


def approved(seen: InForce, proposal: Proposal, actor: str = "approver") -> Change:
    return Change(seen, AT, actor, proposal, proposal.policy)


# ---- register -------------------------------------------------------------------------------


def test_an_unknown_address_is_an_empty_item(stores: Stores) -> None:
    assert stores.register.item(ANNA) == RegisterItem(ANNA)


def test_a_created_entry_and_its_key_are_found(stores: Stores) -> None:
    entry, key = an_entry()
    stores.register.create(RegisterItem(ANNA), CLASS, entry, key)
    item = stores.register.item(ANNA)
    assert item.entries == {CLASS: entry}
    assert item.revision == 1
    found = stores.keys.open_keys([entry.holder_id], (CLASS, DAY, END), a_message_id())
    assert found.persons == {entry.holder_id: WrappedKey(entry.holder_id, 1, key.wrapped)}
    assert stores.keys.living([entry.holder_id, a_holder_id()]) == {entry.holder_id}


def test_an_entry_without_key_has_none(stores: Stores) -> None:
    entry = RegisterEntry(a_holder_id(), None, "2026-03", shards=4)
    stores.register.create(RegisterItem(ANNA), CLASS, entry, None)
    assert stores.register.item(ANNA).entries == {CLASS: entry}
    assert stores.keys.living([entry.holder_id]) == frozenset()


def test_an_entry_gets_its_key_later(stores: Stores) -> None:
    bare = RegisterEntry(a_holder_id(), None, "2026-03")
    stores.register.create(RegisterItem(ANNA), CLASS, bare, None)
    entry = replace(bare, holder=PublicHolder(bare.holder_id, 1, b"public"))
    key = NewPersonKey(b"wrapped", b"address")
    stores.register.create(stores.register.item(ANNA), CLASS, entry, key)
    assert stores.register.item(ANNA).entries == {CLASS: entry}
    assert stores.keys.living([entry.holder_id])


def test_the_loser_of_a_creation_leaves_no_key(stores: Stores) -> None:
    seen = stores.register.item(ANNA)
    winner = known(stores)
    entry, key = an_entry()
    with pytest.raises(RaceLostError):
        stores.register.create(seen, CLASS, entry, key)
    assert stores.register.item(ANNA).entries == {CLASS: winner}
    assert not stores.keys.living([entry.holder_id])


def test_nothing_is_created_behind_an_erasure(stores: Stores) -> None:
    seen = stores.register.item(ANNA)
    stores.register.shred(a_shred(), 0)
    entry, key = an_entry()
    with pytest.raises(RaceLostError):
        stores.register.create(seen, CLASS, entry, key)


def test_the_earliest_month_moves_back(stores: Stores) -> None:
    entry = known(stores)
    seen = stores.register.item(ANNA)
    stores.register.lower_since(seen, CLASS, "2025-11")
    assert stores.register.item(ANNA).entries == {CLASS: replace(entry, since="2025-11")}
    with pytest.raises(RaceLostError):
        stores.register.lower_since(seen, CLASS, "2025-10")


def test_own_spans_stand_beside_entries(stores: Stores) -> None:
    entry = known(stores)
    spans = (
        OwnSpan(AddressKind.PERSON, date(2025, 1, 1), date(2025, 12, 31)),
        OwnSpan(AddressKind.FUNCTION, date(2026, 1, 1), None),
    )
    stores.register.set_own(ANNA, spans)
    item = stores.register.item(ANNA)
    assert (item.own, item.entries, item.revision) == (spans, {CLASS: entry}, 2)


def test_a_view_has_all_that_capture_decides_on(stores: Stores) -> None:
    entry = known(stores)
    item, deleted = an_item(), an_item()
    stores.archive.put_items([item, deleted])
    stores.archive.bury(a_tombstone(deleted))
    raise_holds(stores, 3)
    policy = load_default()
    put_in_force(stores, policy)
    ids = [i.head.header.message_id for i in (item, deleted)]
    view = stores.register.view([ANNA, BERT], [*ids, a_message_id()])
    assert view.persons[ANNA].entries == {CLASS: entry}
    assert view.persons[BERT] == RegisterItem(BERT)
    assert view.holds == Holds(3, ("all",))
    assert view.in_force.version == 1
    assert view.firsts == {ids[0]: item.head, ids[1]: a_tombstone(deleted)}


def test_a_view_of_more_than_a_hundred_items(stores: Stores) -> None:
    items = [an_item() for _ in range(120)]
    stores.archive.put_items(items)
    entry = known(stores)
    names = [ANNA, *(Pseudonym(f"{n:043d}") for n in range(110))]
    view = stores.register.view(names, [i.head.header.message_id for i in items])
    assert len(view.persons) == 111
    assert view.persons[ANNA].entries == {CLASS: entry}
    assert len(view.firsts) == 120


# ---- shredding ------------------------------------------------------------------------------


def test_a_shred_ends_keys_and_remembers_when(stores: Stores) -> None:
    entry = known(stores)
    other = known(stores, BERT)
    assert stores.register.shredded_at("r#0#0") is None
    assert stores.register.shred(a_shred(decision(entry)), 0) == AT
    item = stores.register.item(ANNA)
    assert (item.entries, item.erased) == ({}, {CLASS: AT, EVERY_CLASS: AT})
    assert stores.keys.living([entry.holder_id, other.holder_id]) == {other.holder_id}
    found = stores.keys.open_keys([entry.holder_id], (CLASS, DAY, END), a_message_id())
    assert found.persons == {}
    assert stores.register.shredded_at("r#0#0") == AT


def test_an_unknown_person_is_erased_too(stores: Stores) -> None:
    stores.register.shred(a_shred(), 0)
    assert stores.register.item(ANNA).erased == {EVERY_CLASS: AT}


def test_a_retry_leaves_a_new_holder_alone(stores: Stores) -> None:
    shred = a_shred(decision(known(stores)))
    stores.register.shred(shred, 0)
    new = known(stores)
    raise_holds(stores, 7)
    assert stores.register.shred(replace(shred, at=LATER), 0) == AT
    item = stores.register.item(ANNA)
    assert item.entries == {CLASS: new}
    assert item.erased == {CLASS: AT, EVERY_CLASS: AT}
    assert stores.keys.living([new.holder_id])


def test_a_shred_on_a_changed_address_is_decided_anew(stores: Stores) -> None:
    old = decision(known(stores))
    stores.register.shred(a_shred(old), 0)
    new = known(stores)
    with pytest.raises(RaceLostError):  # the class has another holder
        stores.register.shred(a_shred(old, receipt="r#0#1"), 0)
    with pytest.raises(RaceLostError):  # the class is undecided
        stores.register.shred(a_shred(receipt="r#0#1"), 0)
    with pytest.raises(RaceLostError):  # the class is not there
        stores.register.shred(a_shred(decision(new), decision(new, cls="x"), receipt="r#0#1"), 0)
    stores.register.lower_since(stores.register.item(ANNA), CLASS, "2025-01")
    with pytest.raises(RaceLostError):  # purge would not look back far enough
        stores.register.shred(a_shred(decision(new), receipt="r#0#1"), 0)
    assert stores.keys.living([new.holder_id])
    assert stores.register.shredded_at("r#0#1") is None


def test_a_shred_waits_for_a_look_at_new_holds(stores: Stores) -> None:
    shred = a_shred(decision(known(stores)))
    raise_holds(stores, 1)
    with pytest.raises(RaceLostError):
        stores.register.shred(shred, 0)
    assert stores.register.holds() == Holds(1, ("all",))
    assert stores.register.shred(shred, 1) == AT


def test_review_restricts_and_a_new_entry_stands_beside(stores: Stores) -> None:
    entry = known(stores)
    stores.register.shred(a_shred(decision(entry, Act.REVIEW)), 0)
    item = stores.register.item(ANNA)
    assert (item.entries, item.erased) == ({}, {EVERY_CLASS: AT})
    assert item.restricted == (RestrictedEntry(CLASS, entry, AT),)
    found = stores.keys.open_keys([entry.holder_id], (CLASS, DAY, END), a_message_id())
    assert found.restricted == {entry.holder_id}
    assert set(found.persons) == {entry.holder_id}
    new = known(stores)
    item = stores.register.item(ANNA)
    assert item.restricted_at(CLASS, AT) == entry
    assert item.restricted_at(CLASS, LATER) is None
    assert item.entries == {CLASS: new}


def test_a_review_that_ends_in_erasure_leaves_the_new_entry(stores: Stores) -> None:
    entry = known(stores)
    stores.register.shred(a_shred(decision(entry, Act.REVIEW)), 0)
    new = known(stores)
    second = replace(a_shred(decision(entry), receipt="r#0#1", at=LATER), whole=False)
    assert stores.register.shred(second, 0) == LATER
    item = stores.register.item(ANNA)
    assert (item.entries, item.restricted) == ({CLASS: new}, ())
    assert item.erased == {CLASS: AT, EVERY_CLASS: AT}, "later messages are the new entry's"
    assert stores.keys.living([entry.holder_id, new.holder_id]) == {new.holder_id}


def test_keep_restricts_a_holder_without_key(stores: Stores) -> None:
    entry = RegisterEntry(a_holder_id(), None, "2026-03")
    stores.register.create(RegisterItem(ANNA), CLASS, entry, None)
    stores.register.shred(a_shred(decision(entry, Act.KEEP)), 0)
    found = stores.keys.open_keys([entry.holder_id], (CLASS, DAY, END), a_message_id())
    assert (found.restricted, found.persons) == ({entry.holder_id}, {})
    assert not stores.keys.living([entry.holder_id])


def test_several_classes_go_at_once(stores: Stores) -> None:
    first, second, third = (known(stores, cls=cls) for cls in ("a", "b", "c"))
    stores.register.shred(
        a_shred(
            decision(first, cls="a"),
            decision(second, Act.REVIEW, cls="b"),
            decision(third, cls="c"),
        ),
        0,
    )
    item = stores.register.item(ANNA)
    assert item.entries == {}
    assert item.erased.keys() == {"a", "c", EVERY_CLASS}
    assert stores.keys.living([e.holder_id for e in (first, second, third)]) == {second.holder_id}


# ---- keys, days -----------------------------------------------------------------------------


def test_a_deletion_mark_grows(stores: Stores) -> None:
    message_id, part, other = a_message_id(), a_holder_id(), a_holder_id()
    assert stores.keys.deletion(message_id) is None
    stores.keys.mark_deleted(message_id, part, AT)
    stores.keys.mark_deleted(message_id, part, LATER)
    mark = stores.keys.deletion(message_id)
    assert (mark.whole, mark.parts) == (False, {part})
    stores.keys.mark_deleted(message_id, other, LATER)
    stores.keys.mark_deleted(message_id, None, LATER)
    mark = stores.keys.deletion(message_id)
    assert (mark.whole, mark.parts) == (True, {part, other})
    assert stores.keys.open_keys([], (CLASS, DAY, END), message_id).deletion == mark


def a_day(stores: Stores, *, keep: bool = False) -> tuple[DayKey, PublicHolder]:
    key = DayKey(CLASS, DAY, END, keep=keep)
    holder = PublicHolder(a_holder_id(), 1, os.urandom(32))
    assert stores.days.create(key, holder, b"wrapped")
    return key, holder


def test_a_day_lives_until_it_is_shredded(stores: Stores) -> None:
    with pytest.raises(UnavailableError):
        stores.days.public(CLASS, DAY, END)
    assert not stores.days.living(CLASS, DAY, END)
    key, holder = a_day(stores)
    assert not stores.days.create(key, replace(holder, id=a_holder_id()), b"other")
    assert stores.days.living(CLASS, DAY, END)
    assert stores.days.public(CLASS, DAY, END) == holder
    opened = stores.keys.open_keys([], (CLASS, DAY, END), a_message_id())
    assert opened.day == WrappedKey(holder.id, 1, b"wrapped")
    assert list(stores.days.all()) == [key]
    assert stores.days.shred(key, AT, 0)
    assert not stores.days.shred(key, AT, 0)
    assert not stores.days.living(CLASS, DAY, END)
    assert stores.keys.open_keys([], (CLASS, DAY, END), a_message_id()).day is None
    assert list(stores.days.all()) == [replace(key, ended=True)]
    assert not stores.days.create(key, holder, b"wrapped")
    stores.days.clear(key)
    assert list(stores.days.all()) == [replace(key, ended=True, cleared=True)]


def test_capture_finds_an_ended_day_ended(stores: Stores) -> None:
    key, _ = a_day(stores)
    stores.days.shred(key, AT, 0)
    with pytest.raises(ErasedError):
        stores.days.public(CLASS, DAY, END)


def test_a_day_that_was_never_made_does_not_end(stores: Stores) -> None:
    assert not stores.days.shred(DayKey(CLASS, DAY, END), AT, 0)
    assert list(stores.days.all()) == []


def test_a_day_waits_for_a_look_at_new_holds(stores: Stores) -> None:
    key, _ = a_day(stores)
    raise_holds(stores, 2)
    with pytest.raises(RaceLostError):
        stores.days.shred(key, AT, 0)
    assert stores.days.living(CLASS, DAY, END)
    assert stores.days.shred(key, AT, 2)


def test_L88_a_kept_day_ends_no_earlier_than_its_end(stores: Stores) -> None:
    key, _ = a_day(stores, keep=True)
    eve = datetime(2027, 3, 9, 23, 59, tzinfo=UTC)
    for told in (key, replace(key, keep=False)):
        with pytest.raises(ConflictError):
            stores.days.shred(told, eve, 0)
    assert stores.days.living(CLASS, DAY, END)
    assert stores.days.shred(key, eve + timedelta(minutes=1), 0)


# ---- archive --------------------------------------------------------------------------------


def test_an_item_comes_back_as_it_was_put(stores: Stores) -> None:
    items = [
        an_item(),
        an_item(ciphertext=b"", keep=True),
        an_item(holders=(None, a_holder_id())),
    ]
    items.append(
        replace(
            items[0],
            sealed=replace(
                items[0].sealed,
                header=replace(
                    items[0].sealed.header,
                    message_id=a_message_id(),
                    part="media/1",
                    rule=Rule.PERIOD,
                    direction=Direction.INBOUND,
                ),
                has_original=False,
                slots=(),
            ),
            shards=(),
        )
    )
    assert stores.archive.put_items(items) == [None] * 4
    for item in items:
        message_id = item.sealed.header.message_id
        assert stores.archive.versions(message_id) == Versions((item,))
        assert stores.archive.heads(message_id) == ((item.head,), frozenset())


def test_a_duplicate_meets_its_twin(stores: Stores) -> None:
    item = an_item()
    twin = an_item(item.sealed.header.message_id)
    other = an_item()
    stores.archive.put_items([item])
    assert stores.archive.put_items([twin, other]) == [item.head, None]
    assert stores.archive.versions(item.sealed.header.message_id).items == (item,)


def test_a_later_version_needs_a_living_first(stores: Stores) -> None:
    first = an_item()
    message_id = first.sealed.header.message_id
    second, twin = an_item(message_id, 2), an_item(message_id, 2)
    with pytest.raises(RaceLostError):
        stores.archive.put_items([second])
    stores.archive.put_items([first])
    assert stores.archive.put_items([second]) == [None]
    assert stores.archive.put_items([twin]) == [second.head]
    assert stores.archive.versions(message_id).items == (first, second)
    stores.archive.bury(a_tombstone(first))
    assert stores.archive.put_items([an_item(message_id, 3)]) == [a_tombstone(first)]
    assert stores.archive.put_items([twin]) == [a_tombstone(first)]


def test_a_tombstone_keeps_its_place(stores: Stores) -> None:
    item = an_item()
    message_id = item.sealed.header.message_id
    stores.archive.put_items([item])
    buried = a_tombstone(item, Ending.DELETED)
    for tombstone in (buried, buried, replace(buried, head=None), replace(buried, head=None)):
        stores.archive.bury(tombstone)
        assert stores.archive.versions(message_id).items == (tombstone,)
        assert stores.archive.put_items([an_item(message_id)]) == [tombstone]
    stores.archive.bury(buried)  # a slower worker's
    assert stores.archive.heads(message_id)[0] == (replace(buried, head=None),)


def test_a_tombstone_is_put_where_nothing_stands(stores: Stores) -> None:
    tombstone = a_tombstone(an_item())
    stores.archive.bury(tombstone)
    assert stores.archive.versions(tombstone.message_id).items == (tombstone,)


def test_a_slot_is_cut_out_once(stores: Stores) -> None:
    item = an_item(holders=(a_holder_id(), a_holder_id()))
    message_id, head = item.sealed.header.message_id, item.head
    stores.archive.put_items([item])
    stores.archive.cut(head, 1)
    stores.archive.cut(head, 1)
    (found,) = stores.archive.versions(message_id).items
    assert [slot.holder_id for slot in found.sealed.slots] == [
        head.slots[0].holder_id,
        None,
        head.slots[2].holder_id,
    ]
    assert [s.digest for s in found.sealed.slots] == [s.digest for s in head.slots]
    stores.archive.cut(found.head, 1)
    stores.archive.bury(a_tombstone(item))
    (buried,) = stores.archive.heads(message_id)[0]
    assert buried.head == found.head, "burying brings no holder id back"
    stores.archive.cut(head, 0)
    (buried,) = stores.archive.heads(message_id)[0]
    assert buried.head.slots[0].holder_id is None
    stores.archive.bury(replace(a_tombstone(item), head=None))
    stores.archive.cut(head, 2)
    stores.archive.cut(an_item().head, 0)
    assert stores.archive.heads(message_id)[0] == (replace(a_tombstone(item), head=None),)


def test_ended_parts_are_remembered(stores: Stores) -> None:
    item = an_item()
    message_id = item.sealed.header.message_id
    stores.archive.put_items([item])
    for digest in ("aa" * 16, "bb" * 16, "aa" * 16):
        stores.archive.end_part(message_id, digest, END)
    heads, parts = stores.archive.heads(message_id)
    assert (heads, parts) == ((item.head,), {"aa" * 16, "bb" * 16})
    assert stores.archive.versions(message_id) == Versions((item,), parts)


def entries_of(holder: HolderId, times: int, shard: int | None = None) -> list[Entry]:
    place = partition(holder, "2026-03", shard)
    return [
        Entry(
            EntryKey(place, AT + timedelta(minutes=n), a_message_id(), 1, os.urandom(12)),
            os.urandom(40) if n % 2 else b"",
            CLASS,
            END,
        )
        for n in range(times)
    ]


def test_entries_are_paged_by_time(stores: Stores) -> None:
    holder = a_holder_id()
    entries = entries_of(holder, 25)
    stores.archive.put_entries([*reversed(entries), *entries_of(holder, 3, shard=1)])
    place = partition(holder, "2026-03")
    for newest_first in (False, True):
        keys: list[EntryKey] = []
        while True:
            page = stores.archive.page(
                place, after=keys[-1] if keys else None, newest_first=newest_first, limit=10
            )
            keys += page
            if len(page) < 10:
                break
        wanted = [entry.key for entry in entries]
        assert keys == (wanted[::-1] if newest_first else wanted)


def test_entries_of_one_moment_are_all_found(stores: Stores) -> None:
    holder = a_holder_id()
    entries = [replace(e, key=replace(e.key, time=AT)) for e in entries_of(holder, 6)]
    stores.archive.put_entries(entries)
    place = partition(holder, "2026-03")
    found: list[EntryKey] = []
    for _ in entries:
        found += stores.archive.page(
            place, after=found[-1] if found else None, newest_first=False, limit=1
        )
    assert set(found) == {entry.key for entry in entries}


def test_blocks_are_found_until_deleted(stores: Stores) -> None:
    entries = entries_of(a_holder_id(), 130)
    stores.archive.put_entries(entries)
    stores.archive.delete_entry(entries[0].key)
    stores.archive.delete_entry(entries[0].key)
    found = stores.archive.blocks([entry.key for entry in entries])
    assert found == {entry.key: entry.block for entry in entries[1:]}
    assert stores.archive.blocks([]) == {}
    assert stores.archive.filed(entries[0].key) is None
    assert stores.archive.filed(entries[1].key) == (entries[1].cls, entries[1].end)


def test_an_entry_is_found_by_the_key_that_its_head_gives(stores: Stores) -> None:
    item = an_item()
    keys = [key for n in range(2) if (key := entry_key(item.head, n))]
    stores.archive.put_entries([Entry(key, b"block", CLASS, END) for key in keys])
    assert set(stores.archive.blocks(keys)) == set(keys)
    (found,) = stores.archive.page(keys[1].partition, after=None, newest_first=True, limit=5)
    assert found == keys[1]


# ---- objects, staging -----------------------------------------------------------------------


@pytest.mark.parametrize("keep_until", [None, END])
def test_an_object_comes_back_until_it_is_deleted(stores: Stores, keep_until: date | None) -> None:
    keep = keep_until is not None
    stores.objects.put("a/1/body", iter([b"one", b"", b"two"]), keep_until=keep_until)
    assert b"".join(stores.objects.get("a/1/body", keep=keep)) == b"onetwo"
    with pytest.raises(ErasedError):
        stores.objects.get("a/1/other", keep=keep)
    with pytest.raises(ErasedError):
        stores.objects.get("a/1/body", keep=not keep)


def test_a_prefix_is_deleted_whole(stores: Stores) -> None:
    for name in ("a/1/body", "a/1/attachment-1", "a/2/body"):
        stores.objects.put(name, [b"x"], keep_until=None)
    stores.objects.put("a/empty", [], keep_until=None)
    assert stores.objects.delete_prefix("a/1/", keep=False) == 2
    assert stores.objects.delete_prefix("a/1/", keep=False) == 0
    with pytest.raises(ErasedError):
        stores.objects.get("a/1/body", keep=False)
    assert b"".join(stores.objects.get("a/2/body", keep=False)) == b"x"
    assert b"".join(stores.objects.get("a/empty", keep=False)) == b""


def test_an_upload_is_read_and_removed(stores: Stores) -> None:
    if isinstance(stores, MemoryStores):
        stores.world.uploads["u1"] = b"bytes"
    else:
        bucket = stores.buckets["StagingBucket"]
        stores.s3.put_object(Bucket=bucket, Key="u1", Body=b"bytes")
    assert stores.staging.size("u1") == 5
    assert b"".join(stores.staging.read("u1")) == b"bytes"
    stores.staging.remove("u1")
    stores.staging.remove("u1")
    for look in (stores.staging.size, stores.staging.read):
        with pytest.raises(NotFoundError):
            look("u1")


# ---- requests -------------------------------------------------------------------------------


def a_request(name: str = "0" * 32, received: datetime = AT) -> PrivacyRequest:
    entry, _ = an_entry()
    decided = replace(decision(entry, Act.KEEP), until=LATER, round=1)
    case = AddressCase(ANNA, (decision(entry), decided), LATER)
    return PrivacyRequest(
        id=RequestId(name),
        ground="17(1)(a)",
        received_at=received,
        state=RequestState.RECEIVED,
        cases=(case, AddressCase(BERT)),
        policy_version=3,
    )


def shredded(stores: Stores, pending: set[HolderId]) -> PrivacyRequest:
    request = a_request()
    stores.requests.create(request)
    after = replace(
        request,
        state=RequestState.SHREDDED,
        pending=frozenset(holder.hex() for holder in pending),
    )
    stores.requests.save(after, request)
    return after


def test_a_request_comes_back_as_recorded(stores: Stores) -> None:
    request = a_request()
    assert stores.requests.create(request)
    assert not stores.requests.create(replace(request, ground="other"))
    assert stores.requests.get(request.id) == request
    with pytest.raises(NotFoundError):
        stores.requests.get(RequestId("1" * 32))


def test_a_request_is_saved_as_seen_only(stores: Stores) -> None:
    request = a_request()
    stores.requests.create(request)
    decided = replace(request, state=RequestState.DECIDED, round=1, policy_version=4)
    stores.requests.save(decided, request)
    assert stores.requests.get(request.id) == decided
    with pytest.raises(RaceLostError):
        stores.requests.save(decided, request)
    other = replace(decided, cases=())
    with pytest.raises(RaceLostError):
        stores.requests.save(decided, other)
    stores.requests.save(other, decided)
    assert stores.requests.get(request.id) == other


def test_the_last_verification_completes(stores: Stores) -> None:
    one, two = a_holder_id(), a_holder_id()
    request = shredded(stores, {one, two})
    stores.requests.count_purged(request.id, 3)
    stores.requests.verified(request.id, one, LATER)
    stores.requests.verified(request.id, one, LATER)
    stores.requests.count_purged(request.id, 2)
    found = stores.requests.get(request.id)
    assert (found.state, found.pending, found.purged) == (
        RequestState.SHREDDED,
        {two.hex()},
        5,
    )
    assert list(stores.requests.open()) == [request.id]
    stores.requests.verified(request.id, two, LATER)
    stores.requests.verified(request.id, two, LATER + timedelta(days=1))
    found = stores.requests.get(request.id)
    assert (found.state, found.pending, found.purged) == (
        RequestState.COMPLETED,
        frozenset(),
        5,
    )
    assert found.completed_at == LATER
    assert list(stores.requests.open()) == []


def test_a_save_brings_back_nothing_that_was_struck_off(stores: Stores) -> None:
    one, two, three = a_holder_id(), a_holder_id(), a_holder_id()
    seen = shredded(stores, {one, two})
    stores.requests.verified(seen.id, one, LATER)
    stores.requests.count_purged(seen.id, 4)
    more = replace(seen, pending=seen.pending | {three.hex()})
    stores.requests.save(more, seen)
    found = stores.requests.get(seen.id)
    assert (found.pending, found.purged) == ({two.hex(), three.hex()}, 4)


def test_whoever_counted_on_pending_work_looks_again(stores: Stores) -> None:
    one = a_holder_id()
    request = shredded(stores, {one})
    seen = replace(request, state=RequestState.DECIDED, round=1)
    stores.requests.save(seen, request)
    stores.requests.verified(seen.id, one, LATER)
    assert stores.requests.get(seen.id).state is RequestState.DECIDED
    with pytest.raises(RaceLostError):
        stores.requests.save(replace(seen, state=RequestState.SHREDDED), seen)


def test_a_completed_request_is_opened_by_another_round(stores: Stores) -> None:
    request = a_request()
    stores.requests.create(request)
    done = replace(request, state=RequestState.COMPLETED, completed_at=LATER)
    stores.requests.save(done, request)
    assert stores.requests.get(request.id) == done
    assert list(stores.requests.open()) == []
    again = replace(done, state=RequestState.DECIDED, completed_at=None, round=1)
    stores.requests.save(again, done)
    assert stores.requests.get(request.id) == again
    assert list(stores.requests.open()) == [request.id]


def test_open_requests_come_oldest_first(stores: Stores) -> None:
    for n in (2, 0, 1):
        stores.requests.create(a_request(f"{n:032d}", AT + timedelta(hours=n)))
    assert list(stores.requests.open()) == [f"{n:032d}" for n in range(3)]


def test_a_request_whose_own_period_is_over_is_no_error(stores: Stores) -> None:
    stores.requests.verified(RequestId("9" * 32), a_holder_id(), AT)
    stores.requests.count_purged(RequestId("9" * 32), 1)
    with pytest.raises(NotFoundError):
        stores.requests.get(RequestId("9" * 32))


# ---- the rest -------------------------------------------------------------------------------


def test_the_default_policy_is_version_0(stores: Stores) -> None:
    assert stores.policies.current() == (0, load_default())
    assert stores.policies.at(0) == load_default()
    with pytest.raises(NotFoundError):
        stores.policies.at(1)


def test_a_policy_follows_the_one_that_was_seen(stores: Stores) -> None:
    policy = load_default().model_copy(update={"function_shards": 8})
    late = a_proposal(stores, load_default(), 0)
    assert put_in_force(stores, policy) == InForce(1)
    with pytest.raises(RaceLostError):
        stores.policies.put_in_force(approved(InForce(0), late))
    with pytest.raises(RaceLostError):
        stores.policies.put_in_force(approved(InForce(1), late))
    assert stores.policies.current() == (1, policy)
    assert put_in_force(stores, load_default()) == InForce(2)
    assert stores.policies.current() == (2, load_default())
    assert stores.policies.at(1) == policy


def test_a_proposal_is_approved_once_and_by_another_person(stores: Stores) -> None:
    proposal = a_proposal(stores, load_default(), 0)
    assert stores.proposals.get(proposal.id) == proposal
    with pytest.raises(RaceLostError):
        stores.policies.put_in_force(approved(InForce(), proposal, actor=proposal.actor))
    stores.policies.put_in_force(approved(InForce(), proposal))
    with pytest.raises(RaceLostError):
        stores.policies.put_in_force(approved(InForce(1), proposal))
    assert stores.proposals.get(proposal.id).approval == Approval(1, AT, "approver")
    assert stores.policies.in_force() == InForce(1)


def test_a_proposal_that_was_never_made_is_not_put_in_force(stores: Stores) -> None:
    proposal = Proposal(ProposalId("f" * 32), load_default(), 0, AT, "officer")
    with pytest.raises(RaceLostError):
        stores.policies.put_in_force(approved(InForce(), proposal))
    with pytest.raises(NotFoundError):
        stores.proposals.get(proposal.id)


def test_open_proposals_are_those_on_the_version_in_force(stores: Stores) -> None:
    assert stores.proposals.open(0) == []
    first, second = (a_proposal(stores, load_default(), 0) for _ in range(2))
    assert stores.proposals.open(0) == [first, second]
    stores.policies.put_in_force(approved(InForce(), second))
    assert stores.proposals.open(1) == []
    third = a_proposal(stores, load_default(), 1)
    assert stores.proposals.open(1) == [third]


def test_policy_and_notices_come_into_force_together_or_not_at_all(stores: Stores) -> None:
    proposal = a_proposal(stores, load_default(), 0)
    notices = tuple(NoticeVersion(audience, 1, 1, "{}") for audience in Audience)
    stale = replace(approved(InForce(notice=1), proposal), notices=notices)
    with pytest.raises(RaceLostError):
        stores.policies.put_in_force(stale)
    assert stores.policies.in_force() == InForce()
    made = stores.policies.put_in_force(replace(approved(InForce(), proposal), notices=notices))
    assert made == stores.policies.in_force() == InForce(1, 1, 1)
    alone = Change(made, AT, "approver", notices=(replace(notices[0], version=2),))
    assert stores.policies.put_in_force(alone) == InForce(1, 2, 1)
    with pytest.raises(RaceLostError):
        stores.policies.put_in_force(alone)


def test_counts_add_up(stores: Stores) -> None:
    for messages in (1, 2, 30):
        stores.counts.add(CLASS, DAY, END, messages)
    stores.counts.add(CLASS, DAY, END + timedelta(days=1), 7)
    assert stores.counts.total(CLASS, DAY, END) == 33
    assert stores.counts.total("other", DAY, END) == 0
    days = [(CLASS, DAY, END), ("other", DAY, END), (CLASS, DAY, END + timedelta(days=1))]
    assert stores.counts.totals(days) == [33, 0, 7]
    assert stores.counts.totals([]) == []


def test_audit_and_ledger_take_the_same_twice(stores: Stores) -> None:
    event = AuditEvent(AT, "message_read", "staff-1", a_message_id(), 1, {"reason": "claim"})
    for _ in range(2):
        stores.audit.put(event)
        stores.ledger.put("requests/1/0/0", {"at": AT.isoformat()}, timedelta(days=8))


def test_a_key_opens_for_its_holder_alone(stores: Stores) -> None:
    holder = a_holder_id()
    wrapped = stores.wrap.wrap(b"private", holder)
    assert stores.wrap.unwrap(wrapped, holder) == b"private"
    with pytest.raises(SealError):
        stores.wrap.unwrap(wrapped, a_holder_id())


def test_queues_take_work(stores: Stores) -> None:
    holder = PurgeHolder(RequestId("0" * 32), a_holder_id(), "2026-03", 0)
    stores.purge_queue.send([holder] * 23)
    stores.purge_queue.send([PurgeMessage(a_message_id(), verify=True)], timedelta(seconds=30))
    stores.purge_queue.send([])
    stores.erase_queue.send([RequestId("0" * 32)])
    stores.day_requests.ask(CLASS, DAY, END)


def test_a_version_with_a_thousand_participants(stores: Stores) -> None:
    item = an_item(holders=tuple(a_holder_id() for _ in range(1000)))
    assert stores.archive.put_items([item]) == [None]
    head = item.head
    assert isinstance(head, Head)
    stores.archive.cut(head, 999)
    (found,), _ = stores.archive.heads(head.header.message_id)
    assert found.slots[999].holder_id is None
    assert found.slots[1000] == head.slots[1000]
    holders = [slot.holder_id for slot in head.slots if slot.holder_id]
    assert stores.keys.living(holders) == frozenset()
