"""The envelope, by property: what opens, and that everything else does not."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lethe.crypto.encoding import MAX_CONTENT
from lethe.crypto.envelope import (
    ContentKeys,
    Header,
    OpenedBlock,
    Party,
    Sealed,
    Slot,
    open_block,
    open_content,
    open_with_content_key,
    original_key,
    seal,
)
from lethe.crypto.holders import Kem, generate
from lethe.crypto.serial import pack_slots, unpack_slots
from lethe.domain.errors import LetheError, SealError, TooLargeError
from lethe.domain.holders import HolderId, PublicHolder
from lethe.domain.messages import Direction, MessageId
from lethe.domain.rules import Flag, Rule

Pair = tuple[PublicHolder, bytes]


@cache
def holders(kem: Kem) -> tuple[Pair, ...]:
    return tuple(generate(kem) for _ in range(6))


@dataclass(frozen=True)
class Capture:
    """A sealed message with all that is needed to open it."""

    sealed: Sealed
    blocks: tuple[bytes, ...]
    keys: ContentKeys
    content: bytes
    parties: tuple[Party, ...]
    period: Pair
    privates: tuple[bytes, ...]

    def block(self, index: int) -> OpenedBlock:
        kem = self.period[0].kem
        slot = self.sealed.slots[index]
        return open_block(self.sealed.header, slot, self.blocks[index], kem, self.privates[index])

    def open(self, without: frozenset[int] = frozenset()) -> bytes:
        """Open everything, the blocks too, as a reader without some persons' keys would."""
        shares = {}
        for index, slot in enumerate(self.sealed.slots):
            if slot.digest and slot.holder_id and index not in without:
                opened = self.block(index)
                assert opened.identity == self.parties[index].identity
                if opened.share is not None:
                    shares[index] = opened.share
        content, keys = open_content(self.sealed, self.period[0].kem, self.period[1], shares)
        assert keys.content_key == self.keys.content_key
        assert keys.part_key("attachment-1") == self.keys.part_key("attachment-1")
        return content

    def original(self, without: frozenset[int] = frozenset()) -> bytes:
        shares = {}
        for index, slot in enumerate(self.sealed.slots):
            if slot.digest and slot.holder_id and index not in without:
                shares[index] = self.block(index).original_share or b""
        return original_key(self.sealed, self.period[0].kem, self.period[1], shares)

    def cut(self, indexes: frozenset[int]) -> Capture:
        slots = tuple(
            replace(slot, holder_id=None) if index in indexes else slot
            for index, slot in enumerate(self.sealed.slots)
        )
        return replace(self, sealed=replace(self.sealed, slots=slots))


times = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001
    lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000, tzinfo=UTC)
)
headers = st.builds(
    Header,
    message_id=st.binary(min_size=16, max_size=16).map(lambda raw: MessageId(raw.hex())),
    version=st.integers(1, 2**32 - 1),
    attempt=st.binary(min_size=12, max_size=12),
    cls=st.sampled_from(["support", "calls", "invoices"]),
    day=st.dates(date(1990, 1, 1)),
    end=st.dates(date(1990, 1, 1)),
    time=times,
    rule=st.just(Rule.PERIOD),
    channel=st.sampled_from(["email", "sms"]),
    direction=st.sampled_from(Direction),
    fingerprint=st.binary(min_size=16, max_size=16),
    part=st.sampled_from(["body", "media-1"]),
)


@st.composite
def captures(draw: st.DrawFn, kem: Kem = Kem.X25519, *, original: bool | None = None) -> Capture:
    rule = draw(st.sampled_from(Rule))
    pairs = holders(kem)
    count = draw(st.integers(1, 5))
    keyed = [draw(st.booleans()) for _ in range(count)]
    sharing = [draw(st.booleans()) and keyed[index] for index in range(count)]
    if rule is Rule.PERIOD:
        sharing = [False] * count
    elif not any(sharing):
        keyed[0] = sharing[0] = True
    parties = tuple(
        Party(
            holder if keyed[index] else None,
            holder.id,
            Flag.SHARE * sharing[index] | draw(st.sampled_from([Flag(0), Flag.EXTERNAL])),
            draw(st.binary(max_size=200)) if keyed[index] else b"",
        )
        for index, (holder, _) in enumerate(pairs[:count])
    )
    content = draw(st.binary(max_size=3000))
    wanted = draw(st.booleans()) if original is None else original
    header = replace(draw(headers), rule=rule)
    sealed, blocks, keys = seal(header, content, pairs[5][0], parties, original=wanted)
    privates = tuple(private for _, private in pairs[:count])
    return Capture(sealed, blocks, keys, content, parties, pairs[5], privates)


def of(capture: Capture, flag: Flag) -> frozenset[int]:
    return frozenset(i for i, party in enumerate(capture.parties) if flag in party.flags)


def keyed(capture: Capture) -> frozenset[int]:
    return frozenset(i for i, party in enumerate(capture.parties) if party.holder)


@given(captures())
def test_what_is_sealed_opens(capture: Capture) -> None:
    assert capture.open() == capture.content
    if capture.sealed.has_original:
        assert capture.original() == capture.keys.original_key


@settings(max_examples=20, deadline=None)
@given(captures(Kem.MLKEM768_X25519))
def test_what_is_sealed_opens_with_the_hybrid_kem(capture: Capture) -> None:
    assert capture.open() == capture.content
    if capture.sealed.has_original:
        assert capture.original() == capture.keys.original_key


@given(captures(), st.data())
def test_the_rule_says_whose_end_is_the_end(capture: Capture, data: st.DataObject) -> None:
    gone = data.draw(st.frozensets(st.sampled_from(range(len(capture.parties)))))
    sharers = of(capture, Flag.SHARE)
    ended = {
        Rule.PERIOD: False,
        Rule.AUTHOR: sharers <= gone,
        Rule.ANY_PARTY: bool(sharers & gone),
    }[capture.sealed.header.rule]
    if ended:
        with pytest.raises(SealError):
            capture.open(without=gone)
        with pytest.raises(SealError):
            capture.cut(gone).open()
    else:
        assert capture.open(without=gone) == capture.content
        assert capture.cut(gone).open() == capture.content


@given(captures(original=True), st.data())
def test_the_first_erasure_ends_the_original(capture: Capture, data: st.DataObject) -> None:
    gone = data.draw(st.frozensets(st.sampled_from(range(len(capture.parties)))))
    if gone & keyed(capture):
        with pytest.raises(SealError):
            capture.original(without=gone)
        with pytest.raises(SealError):
            capture.cut(gone).original()
    else:
        assert capture.original(without=gone) == capture.keys.original_key


@given(captures(original=False))
def test_there_is_no_original_where_none_was_sealed(capture: Capture) -> None:
    assert capture.keys.original_key is None
    with pytest.raises(SealError):
        capture.original()


def test_without_persons_the_original_follows_the_content() -> None:
    party = Party(None, holders(Kem.X25519)[0][0].id, Flag.EXTERNAL)
    period, private = holders(Kem.X25519)[5]
    sealed, blocks, keys = seal(HEADER, b"x", period, [party], original=True)
    _, opened = open_content(sealed, period.kem, private, {})
    assert blocks == (b"",)
    assert opened.original_key == keys.original_key == keys.part_key("original")


@given(captures(), captures(), st.data())
def test_L73_mixed_parts_do_not_open(one: Capture, two: Capture, data: st.DataObject) -> None:
    names = [field.name for field in fields(Sealed) if field.name != "kem"]
    taken = data.draw(st.sets(st.sampled_from(names), min_size=1, max_size=len(names) - 1))
    mixed = replace(one.sealed, **{name: getattr(two.sealed, name) for name in taken})
    if mixed in (one.sealed, two.sealed):
        return
    base = data.draw(st.sampled_from([one, two]))
    if len(mixed.slots) != len(base.sealed.slots):
        base = one if len(one.sealed.slots) == len(mixed.slots) else two
    with pytest.raises(SealError):
        replace(base, sealed=mixed).open()


@given(captures(), st.data())
def test_L73_another_header_does_not_open(capture: Capture, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([field.name for field in fields(Header)]))
    other = data.draw(headers.filter(lambda h: h != capture.sealed.header))
    value: Any = getattr(other, name)
    if name == "rule":
        value = data.draw(st.sampled_from(Rule))
    header = replace(capture.sealed.header, **{name: value})
    if header == capture.sealed.header:
        return
    with pytest.raises(SealError):
        replace(capture, sealed=replace(capture.sealed, header=header)).open()


@given(captures(), st.data())
def test_L73_a_flipped_bit_does_not_open(capture: Capture, data: st.DataObject) -> None:
    def flipped(value: bytes) -> bytes:
        bit = data.draw(st.integers(0, 8 * len(value) - 1))
        return (int.from_bytes(value) ^ 1 << bit).to_bytes(len(value))

    place = data.draw(st.sampled_from(["period_seal", "ciphertext", "digest", "block"]))
    sealed, blocks = capture.sealed, capture.blocks
    if place in {"digest", "block"}:
        if not keyed(capture):
            return
        index = data.draw(st.sampled_from(sorted(keyed(capture))))
        if place == "block":
            blocks = (*blocks[:index], flipped(blocks[index]), *blocks[index + 1 :])
        else:
            slots = list(sealed.slots)
            # A part that was cut out cannot show its block; its digest counts all the same.
            slots[index] = replace(slots[index], digest=flipped(slots[index].digest))
            sealed = replace(sealed, slots=tuple(slots))
    else:
        changed: Any = {place: flipped(getattr(sealed, place))}
        sealed = replace(sealed, **changed)
    with pytest.raises(SealError):
        replace(capture, sealed=sealed, blocks=blocks).open()


@given(captures(), st.data())
def test_L73_moved_slots_and_flags_do_not_open(capture: Capture, data: st.DataObject) -> None:
    slots = capture.sealed.slots
    moved = tuple(data.draw(st.permutations(slots)))
    bound = [(slot.flags, slot.digest) for slot in slots]
    if [(slot.flags, slot.digest) for slot in moved] != bound:
        with pytest.raises(SealError):
            replace(capture, sealed=replace(capture.sealed, slots=moved)).open()
    index = data.draw(st.sampled_from(range(len(slots))))
    flags = Flag(data.draw(st.integers(0, 7)))
    if flags != slots[index].flags:
        changed = (*slots[:index], replace(slots[index], flags=flags), *slots[index + 1 :])
        with pytest.raises(SealError):
            replace(capture, sealed=replace(capture.sealed, slots=changed)).open()


@given(captures())
def test_a_hold_opens_with_the_content_key_alone(capture: Capture) -> None:
    everybody = frozenset(range(len(capture.parties)))
    sealed = capture.cut(everybody).sealed
    content, _ = open_with_content_key(sealed, capture.keys.content_key)
    assert content == capture.content
    with pytest.raises(SealError):
        open_with_content_key(sealed, bytes(32))


@given(captures(), st.data())
def test_slots_are_packed_and_unpacked(capture: Capture, data: st.DataObject) -> None:
    gone = data.draw(st.frozensets(st.sampled_from(range(len(capture.parties)))))
    slots = capture.cut(gone).sealed.slots
    packed = pack_slots(slots)
    assert unpack_slots(packed) == slots
    with pytest.raises(SealError):
        unpack_slots(packed + b"\xc0")


HEADER = Header(
    message_id=MessageId("ab" * 16),
    version=1,
    attempt=bytes(12),
    cls="support",
    day=date(2026, 7, 1),
    end=date(2027, 7, 1),
    time=datetime(2026, 7, 1, 9, tzinfo=UTC),
    rule=Rule.PERIOD,
    channel="sms",
    direction=Direction.INBOUND,
    fingerprint=bytes(16),
)


@pytest.mark.parametrize(
    "change",
    [
        {"message_id": MessageId("AB" * 16)},
        {"message_id": MessageId("ab" * 15)},
        {"message_id": MessageId("message")},
        {"attempt": bytes(11)},
        {"fingerprint": bytes(17)},
        {"version": -1},
        {"time": datetime(2026, 7, 1, 9, 0, 0, 1, tzinfo=UTC)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_header_that_is_none_is_neither_sealed_nor_opened(change: dict[str, Any]) -> None:
    period, private = holders(Kem.X25519)[5]
    sealed, _, _ = seal(HEADER, b"", period, [])
    header = replace(HEADER, **change)
    with pytest.raises((ValueError, OverflowError)):
        seal(header, b"", period, [])
    with pytest.raises(SealError):
        open_content(replace(sealed, header=header), period.kem, private, {})


ANNA, BEN = holders(Kem.X25519)[0][0], holders(Kem.X25519)[1][0]


@pytest.mark.parametrize(
    ("rule", "party"),
    [
        (Rule.PERIOD, Party(ANNA, ANNA.id, Flag.SHARE)),
        (Rule.AUTHOR, Party(ANNA, ANNA.id, Flag.EXTERNAL)),
        (Rule.ANY_PARTY, Party(ANNA, ANNA.id, Flag.EXTERNAL)),
        (Rule.AUTHOR, Party(None, ANNA.id, Flag.SHARE)),
        (Rule.PERIOD, Party(None, ANNA.id, Flag.EXTERNAL, b"Anna")),
        (Rule.PERIOD, Party(ANNA, BEN.id, Flag.EXTERNAL)),
        (Rule.PERIOD, Party(None, HolderId(b"short"), Flag.EXTERNAL)),
    ],
)
def test_parties_that_break_the_rule_are_not_sealed_for(rule: Rule, party: Party) -> None:
    with pytest.raises(ValueError, match=r"party|holder|rule"):
        seal(replace(HEADER, rule=rule), b"", ANNA, [party])


def test_a_content_over_the_limit_is_refused_and_one_at_the_limit_opens() -> None:
    period, private = holders(Kem.X25519)[5]
    content = bytes(MAX_CONTENT)
    sealed, _, _ = seal(HEADER, content, period, [])
    assert len(sealed.ciphertext) < 40_000
    assert open_content(sealed, period.kem, private, {})[0] == content
    with pytest.raises(TooLargeError):
        seal(HEADER, content + b"x", period, [])


def test_no_two_seals_share_a_byte_string() -> None:
    party = Party(ANNA, ANNA.id, Flag.SHARE, b"Anna")
    header = replace(HEADER, rule=Rule.AUTHOR)
    one, two = (seal(header, b"the same", BEN, [party]) for _ in range(2))
    assert one[0].ciphertext != two[0].ciphertext
    assert one[0].period_seal[:32] != two[0].period_seal[:32]
    assert one[1][0][:32] != two[1][0][:32]
    assert one[2].content_key != two[2].content_key


def test_every_failure_says_the_same() -> None:
    period, private = holders(Kem.X25519)[5]
    sealed, _, _ = seal(HEADER, b"", period, [])
    said = set()
    for wrong in (
        replace(sealed, ciphertext=b""),
        replace(sealed, period_seal=b""),
        replace(sealed, kem=2),
        replace(sealed, header=replace(HEADER, version=2)),
        replace(sealed, header=replace(HEADER, time=HEADER.time + timedelta(milliseconds=1))),
    ):
        with pytest.raises(LetheError) as failure:
            open_content(wrong, period.kem, private, {})
        said.add((type(failure.value), failure.value.detail, failure.value.__cause__))
        assert failure.value.__suppress_context__ or failure.value.__context__ is None
    assert said == {(SealError, SealError().detail, None)}


TEXT = """\
Good morning, I am writing about the coffee machine that you delivered to our office last
Thursday. It worked for two days, and since Saturday it only shows a red light and makes a noise
like an old tractor. I have cleaned the tank, changed the filter and read the whole manual
twice, but the light does not go out. Two colleagues have tried as well, with the same result
and less patience. We have a visit from our largest customer on Wednesday at ten, and it would
be a pity to offer them tea from paper cups. Could you send an engineer tomorrow, or bring us
another machine for the time being? There is somebody at the door from half past seven until six
in the evening, and the lift is working again. The order was in my name, the invoice went to our
accounts department, and the serial number begins with KX 40. If it is easier for you, call me
on my mobile phone; I am in meetings until noon but always look at the screen. Thank you very
much for your help, and have a good start into the week. Best wishes from all of us here.
""".replace("\n", " ")


def test_an_ordinary_message_fits_one_write_unit() -> None:
    assert len(TEXT) > 950
    text = (TEXT + " Till soon, Maria, second floor, left.")[:1000]
    content = f'{{"b":"{text}","s":"Coffee machine","r":"sr","l":"Art. 6(1)(b)"}}'.encode()
    parties = [
        Party(ANNA, ANNA.id, Flag.SHARE | Flag.AUTHOR | Flag.EXTERNAL, b"Anna"),
        Party(BEN, BEN.id, Flag(0), b"Ben"),
    ]
    header = replace(HEADER, rule=Rule.AUTHOR)
    sealed, _, _ = seal(header, content, holders(Kem.X25519)[5][0], parties)
    sizes = len(sealed.ciphertext), len(sealed.period_seal), len(pack_slots(sealed.slots))
    assert sizes[1:] == (80, 98)
    # What remains of 1,024 bytes holds the names of the attributes and the header.
    assert sum(sizes) <= 1024 - 170


def test_slots_may_have_no_holder_and_no_digest() -> None:
    slots = [
        Slot(holder_id, flags, digest)
        for holder_id, flags, digest in itertools.product(
            (None, HolderId(bytes(16))), (Flag(0), Flag(7)), (b"", bytes(range(32)))
        )
    ]
    assert unpack_slots(pack_slots(slots)) == tuple(slots)
