"""Writes tests/vectors/*.json and the worked example of docs/message-format.md anew.

HPKE draws its own randomness, so each run gives other vectors that mean the same. The ones in
the repository stay as they are unless the format gets a new version: they are the promise.

    python -m tools.generate_vectors [FOLDER]
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lethe.crypto import binding, encoding, envelope, keyed, stream
from lethe.crypto.encoding import DICTIONARY, compress, pad, padded_size
from lethe.crypto.envelope import Header, OpenedBlock, Party, Sealed, Slot
from lethe.crypto.holders import Kem, PublicHolder, generate
from lethe.domain.holders import HolderId
from lethe.domain.messages import Direction, MessageId
from lethe.domain.rules import Flag, Rule

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "vectors"
DOCUMENT = ROOT / "docs" / "message-format.md"
Vector = dict[str, Any]
People = Sequence[tuple[Flag, bytes | None]]

HEADER = Header(
    message_id=MessageId("6c657468652f312076656374" + "6f727321"),
    version=1,
    attempt=bytes(range(12)),
    cls="support",
    day=date(2026, 7, 1),
    end=date(2027, 7, 1),
    time=datetime(2026, 7, 1, 10, 30, 15, 123000, tzinfo=UTC),
    rule=Rule.AUTHOR,
    channel="email",
    direction=Direction.INBOUND,
    fingerprint=bytes(range(16, 32)),
)
LETTER = json.dumps(
    {
        "b": "Good morning, I would be grateful if you could tell me when the parcel arrives.",
        "s": "My order",
        "r": "sr",
        "l": "Art. 6(1)(b)",
    },
    separators=(",", ":"),
).encode()
LONG = "".join(hashlib.sha256(bytes([n])).hexdigest() + " order " for n in range(250)).encode()
ANNA = b'{"a":"mailto:anna@example.org","n":"Anna"}'
BEN = b'{"a":"mailto:ben@example.net"}'
EVE = b'{"a":"mailto:eve@example.com","n":"Eve (sales)"}'


class Person:
    """A holder with its private key, for vectors only."""

    def __init__(self, kem: Kem = Kem.X25519, *, keyless: bool = False) -> None:
        self.holder, self.private = generate(kem)
        self.keyless = keyless

    def party(self, flags: Flag, identity: bytes = b"") -> Party:
        """The person as a participant."""
        holder: PublicHolder | None = None if self.keyless else self.holder
        return Party(holder, self.holder.id, flags, identity)


def envelopes() -> Iterable[Vector]:
    """One vector for each thing that the format allows."""
    sender, recipient = Flag.SHARE | Flag.AUTHOR | Flag.EXTERNAL, Flag.SHARE | Flag.EXTERNAL
    own = Flag(0)
    yield make("author, inbound", [(sender, ANNA), (own, EVE)])
    yield make("author, to a function address", [(sender, ANNA), (own, None)])
    yield make(
        "author, outbound to two",
        [(Flag.AUTHOR, EVE), (recipient, ANNA), (recipient, BEN)],
        header=replace(HEADER, direction=Direction.OUTBOUND),
    )
    everybody = [(sender, ANNA), (sender, BEN), (own, EVE)]
    yield make("any_party, a call of two", everybody, header=rule(Rule.ANY_PARTY))
    yield make("period, no external participant", [(Flag.AUTHOR, EVE)], header=rule(Rule.PERIOD))
    kept = [(Flag.AUTHOR | Flag.EXTERNAL, None), (own, None)]
    yield make(
        "period, kept by law with its original", kept, header=rule(Rule.PERIOD), original=True
    )
    yield make("author, with its original", [(sender, ANNA), (own, EVE)], original=True)
    yield make("author, one part cut out", [(sender, ANNA), (own, EVE)], cut=1)
    two = [(Flag.AUTHOR, EVE), (recipient, ANNA), (recipient, BEN)]
    yield make("author, one of two recipients cut out", two, cut=1)
    yield make(
        "author, its original after an erasure", [(sender, ANNA), (own, EVE)], original=True, cut=1
    )
    yield make("hybrid", [(sender, ANNA), (own, EVE)], kem=Kem.MLKEM768_X25519)
    yield make("hybrid period, older persons", [(sender, ANNA)], period_kem=Kem.MLKEM768_X25519)
    yield make("empty content, empty identity", [(sender, b"")], content=b"")
    yield make("long content", [(sender, ANNA)], content=LONG)
    late = replace(HEADER, part="media-1", attempt=bytes(range(12, 24)))
    yield make("a part that came later", [(sender, ANNA), (own, EVE)], header=late)
    early = replace(
        HEADER, time=datetime(1969, 7, 20, 20, 17, 39, 999000, tzinfo=UTC), version=70000
    )
    yield make("before 1970, version 70000", [(sender, ANNA)], header=early)


def rule(value: Rule) -> Header:
    """The header under another rule."""
    return replace(HEADER, rule=value)


def make(  # noqa: PLR0913  a vector has many sides
    name: str,
    people: People,
    *,
    header: Header = HEADER,
    content: bytes = LETTER,
    original: bool = False,
    kem: Kem = Kem.X25519,
    period_kem: Kem | None = None,
    cut: int | None = None,
) -> Vector:
    """Seal, and write down everything with what it opens to."""
    period = Person(period_kem or kem)
    persons = [Person(kem, keyless=identity is None) for _, identity in people]
    parties = [
        person.party(flags, identity or b"")
        for person, (flags, identity) in zip(persons, people, strict=True)
    ]
    sealed, blocks, keys = envelope.seal(header, content, period.holder, parties, original=original)
    slots = [
        {
            "holder_id": None if number == cut else party.holder_id.hex(),
            "flags": party.flags.value,
            "digest": slot.digest.hex() or None,
        }
        for number, (party, slot) in enumerate(zip(parties, sealed.slots, strict=True))
    ]
    gone = [party.holder is None or number == cut for number, party in enumerate(parties)]
    original_key = None if cut is not None else keys.original_key
    return {
        "name": name,
        "header": {
            "message_id": header.message_id,
            "version": header.version,
            "attempt": header.attempt.hex(),
            "part": header.part,
            "class": header.cls,
            "day": header.day.isoformat(),
            "end": header.end.isoformat(),
            "time": header.time.isoformat(timespec="milliseconds"),
            "rule": header.rule.value,
            "channel": header.channel,
            "direction": header.direction.value,
            "fingerprint": header.fingerprint.hex(),
        },
        "period": {"kem": period.holder.kem, "private": period.private.hex()},
        "holders": [
            None if out else {"kem": person.holder.kem, "private": person.private.hex()}
            for person, out in zip(persons, gone, strict=True)
        ],
        "sealed": {
            "kem": sealed.kem,
            "has_original": sealed.has_original,
            "period_seal": sealed.period_seal.hex(),
            "slots": slots,
            "ciphertext": sealed.ciphertext.hex(),
        },
        "blocks": [None if out else block.hex() for block, out in zip(blocks, gone, strict=True)],
        "opens_to": {
            "content": content.hex(),
            "identities": {
                str(number): (identity or b"").hex()
                for number, (_, identity) in enumerate(people)
                if not gone[number]
            },
            "content_key": keys.content_key.hex(),
            "attachment_key": keys.part_key("attachment-1").hex(),
            "original_key": original_key.hex() if original_key else None,
        },
    }


def invalid() -> Iterable[Vector]:
    """One vector for each MUST of the document: none opens."""
    yield from forged()
    yield from changed()


def forged() -> Iterable[Vector]:
    """Sealed with the right keys by someone who breaks a rule of the format."""
    sender = Flag.SHARE | Flag.AUTHOR | Flag.EXTERNAL

    def badly(reason: str, place: str, by: Callable[..., Any], **others: Any) -> Vector:
        with patch(f"lethe.crypto.envelope.{place}", by):
            return refused(reason, make("", [(sender, ANNA), (Flag(0), EVE)], **others))

    def deflated(content: bytes) -> bytes:
        return compress(content).rstrip(b"\0")

    whole = deflated(LETTER)
    bomb = encoding._DEFLATER.copy()  # noqa: SLF001  the same deflater, past its limit
    too_long = bomb.compress(bytes(encoding.MAX_CONTENT + 1)) + bomb.flush()
    full = padded_size(len(too_long))
    yield badly("content: a byte behind the stream", "compress", lambda c: compress(c)[:-1] + b"x")
    yield badly("content: not padded", "compress", lambda _: whole)
    yield badly("content: padded too far", "compress", lambda c: compress(c) + bytes(64))
    yield badly("content: the stream does not end", "compress", lambda _: deflated(LONG)[:640])
    yield badly("content: not deflate", "compress", lambda _: b"\xff" * 64)
    yield badly("content: longer than the limit", "compress", lambda _: too_long.ljust(full, b"\0"))
    yield badly("block: no padding", "pad", lambda p: p.ljust(128, b"\0"))
    yield badly("block: padded too far", "pad", lambda p: pad(p) + bytes(64))
    yield badly("block: unknown bits", "pad", lambda p: pad(bytes([p[0] | 4]) + p[1:]))
    yield badly("block: empty", "pad", lambda _: pad(b""))
    yield badly("block: shorter than its share", "pad", lambda p: pad(p[:20]))
    yield badly("block: a share without the flag", "pad", lambda p: pad(b"\1" + bytes(32) + p[1:]))
    yield badly("block: no share despite the flag", "pad", lambda p: pad(b"\0" + p[1:]))

    seal_key = binding.sealing_key
    yield badly(
        "ciphertext: does not commit to its key",
        "binding.sealing_key",
        lambda key, context: (seal_key(key, context)[0], bytes(32)),
    )
    split = envelope._split  # noqa: SLF001  to break it
    yield badly(
        "period seal: longer than its halves",
        "_split",
        lambda *a: (split(*a)[0], split(*a)[1] + bytes(32)),
    )
    with patch("lethe.crypto.envelope._check", lambda *_: None):
        yield refused(
            "rule period with a share", make("", [(sender, ANNA)], header=rule(Rule.PERIOD))
        )
        yield refused("rule author without a share", make("", [(Flag(0), ANNA)]))
        unsplit = make("", [(Flag(0), ANNA)], header=rule(Rule.ANY_PARTY))
        yield refused("rule any_party without a share", unsplit)


def changed() -> Iterable[Vector]:
    """A good envelope with one thing changed afterwards."""
    yield from changed_headers()
    yield from changed_parts()


def changed_headers() -> Iterable[Vector]:
    """A good envelope under another header."""
    sender = Flag.SHARE | Flag.AUTHOR | Flag.EXTERNAL
    people: People = [(sender, ANNA), (Flag(0), EVE)]
    replacements: dict[str, Any] = {
        "message_id": "00" * 16,
        "version": 2,
        "attempt": "ff" * 12,
        "part": "media-1",
        "class": "suppor",
        "day": "2026-07-02",
        "end": "2027-07-02",
        "time": "2026-07-01T10:30:15.124+00:00",
        "channel": "sms",
        "direction": "outbound",
        "fingerprint": "00" * 16,
        "rule": "any_party",
    }
    for field, value in replacements.items():
        vector = make("", people)
        vector["header"][field] = value
        yield refused(f"header: another {field}", vector)
    for field, value in (("attempt", "00" * 11), ("fingerprint", "00" * 17), ("message_id", "00")):
        vector = make("", people)
        vector["header"][field] = value
        yield refused(f"header: {field} of another length", vector)


def changed_parts() -> Iterable[Vector]:
    """A good envelope with a part changed, moved, mixed or missing."""
    sender = Flag.SHARE | Flag.AUTHOR | Flag.EXTERNAL
    people: People = [(sender, ANNA), (Flag(0), EVE)]
    other = make("", people)

    def edited(reason: str, edit: Callable[[Vector], object]) -> Vector:
        vector = make("", people)
        edit(vector)
        return refused(reason, vector)

    def flip(text: str, at: int = -1) -> str:
        raw = bytearray.fromhex(text)
        raw[at] ^= 1
        return raw.hex()

    def set_to(place: str, key: Any, by: Callable[[Any], Any]) -> Callable[[Vector], object]:
        def edit(vector: Vector) -> None:
            target: Any = vector
            for step in filter(None, place.split("/")):
                target = target[int(step)] if isinstance(target, list) else target[step]
            target[key] = by(target[key])

        return edit

    yield edited(
        "another message's period seal",
        set_to("sealed", "period_seal", lambda _: other["sealed"]["period_seal"]),
    )
    yield edited(
        "another message's ciphertext",
        set_to("sealed", "ciphertext", lambda _: other["sealed"]["ciphertext"]),
    )
    yield edited("another message's block", set_to("blocks", 0, lambda _: other["blocks"][0]))
    yield edited(
        "another message's slots", set_to("sealed", "slots", lambda _: other["sealed"]["slots"])
    )
    yield edited("blocks exchanged", set_to("", "blocks", lambda blocks: blocks[::-1]))
    yield edited("slots exchanged", set_to("sealed", "slots", lambda slots: slots[::-1]))
    yield edited("a slot added", with_another_slot)
    yield edited("a slot removed, not only cut", set_to("sealed", "slots", lambda slots: slots[:1]))
    yield edited("another holder id", set_to("sealed/slots/0", "holder_id", lambda _: "00" * 16))
    yield edited("a flag more", set_to("sealed/slots/1", "flags", lambda _: 4))
    yield edited("a flag less", set_to("sealed/slots/0", "flags", lambda _: 5))
    yield edited("a digest removed", set_to("sealed/slots/1", "digest", lambda _: None))
    yield edited("another digest", set_to("sealed/slots/0", "digest", flip))
    yield edited("another digest of a cut part", cut_with_another_digest)
    yield edited("an original announced", set_to("sealed", "has_original", lambda _: True))
    yield edited("another KEM announced", set_to("sealed", "kem", lambda _: 2))
    yield edited("a block changed", set_to("blocks", 0, flip))
    yield edited("the period seal changed", set_to("sealed", "period_seal", flip))
    yield edited(
        "the period seal cut short", set_to("sealed", "period_seal", lambda seal: seal[:40])
    )
    yield edited("the commitment changed", set_to("sealed", "ciphertext", lambda c: flip(c, 0)))
    yield edited("the ciphertext changed", set_to("sealed", "ciphertext", flip))
    yield edited("the ciphertext cut short", set_to("sealed", "ciphertext", lambda c: c[:-2]))
    yield edited("the ciphertext continued", set_to("sealed", "ciphertext", lambda c: c + "00"))
    yield edited("no ciphertext", set_to("sealed", "ciphertext", lambda _: ""))
    key = Person().private.hex()
    yield edited("another period's key", set_to("period", "private", lambda _: key))
    yield edited("another person's key", set_to("holders/0", "private", lambda _: key))
    yield edited("the sharer's key is gone", set_to("holders", 0, lambda _: None))
    call: People = [(sender, ANNA), (sender, BEN)]
    vector = make("", call, header=rule(Rule.ANY_PARTY))
    vector["holders"][1] = None
    yield refused("any_party: one key is gone", vector)


def with_another_slot(vector: Vector) -> None:
    """Add a participant without a block."""
    vector["sealed"]["slots"].append({"holder_id": "00" * 16, "flags": 0, "digest": None})
    vector["holders"].append(None)
    vector["blocks"].append(None)


def cut_with_another_digest(vector: Vector) -> None:
    """Cut a part and change what is left of it."""
    vector["sealed"]["slots"][1] |= {"holder_id": None, "digest": "00" * 31 + "01"}


def refused(reason: str, vector: Vector) -> Vector:
    """The vector with the reason for which it does not open."""
    del vector["opens_to"]
    return vector | {"name": reason}


def streams() -> Iterable[Vector]:
    """Sealed streams of (n mod 251) bytes."""
    key, aad = bytes(range(32)), b""
    for size in (0, 1, stream.CHUNK - 1, stream.CHUNK, stream.CHUNK + 1, 3 * stream.CHUNK):
        plaintext = (bytes(range(251)) * (size // 251 + 1))[:size]
        sealed = b"".join(stream.seal_stream(key, [plaintext], aad))
        yield {
            "key": key.hex(),
            "size": size,
            "sealed_size": len(sealed),
            "sealed_sha256": hashlib.sha256(sealed).hexdigest(),
        }


def names() -> Vector:
    """Pseudonyms, message ids and fingerprints."""
    key = bytes(range(32))
    message_id = keyed.message_id(key, "email", "<1@example.org>")
    return {
        "key": key.hex(),
        "pseudonyms": {
            a: keyed.pseudonym(key, a) for a in ("mailto:anna@example.org", "tel:+4930901820")
        },
        "message_ids": [
            {"channel": c, "external_id": e, "message_id": keyed.message_id(key, c, e)}
            for c, e in (("email", "<1@example.org>"), ("emai", "l<1@example.org>"), ("sms", "é"))
        ],
        "fingerprints": [
            {
                "message_id": message_id,
                "content": content.hex(),
                "fingerprint": keyed.fingerprint(key, message_id, content).hex(),
            }
            for content in (b"", LETTER)
        ],
    }


def parsed(vector: Vector) -> Sealed:
    """The envelope of a vector as Lethe reads it; ValueError if it cannot even be read."""
    head, sealed = vector["header"], vector["sealed"]
    header = Header(
        message_id=MessageId(head["message_id"]),
        version=head["version"],
        attempt=bytes.fromhex(head["attempt"]),
        part=head["part"],
        cls=head["class"],
        day=date.fromisoformat(head["day"]),
        end=date.fromisoformat(head["end"]),
        time=datetime.fromisoformat(head["time"]),
        rule=Rule(head["rule"]),
        channel=head["channel"],
        direction=Direction(head["direction"]),
        fingerprint=bytes.fromhex(head["fingerprint"]),
    )
    slots = tuple(
        Slot(
            HolderId(bytes.fromhex(slot["holder_id"])) if slot["holder_id"] else None,
            Flag(slot["flags"]),
            bytes.fromhex(slot["digest"] or ""),
        )
        for slot in sealed["slots"]
    )
    return Sealed(
        header=header,
        period_seal=bytes.fromhex(sealed["period_seal"]),
        ciphertext=bytes.fromhex(sealed["ciphertext"]),
        slots=slots,
        has_original=sealed["has_original"],
        kem=sealed["kem"],
    )


def opened(vector: Vector) -> Vector:
    """What Lethe opens of a vector: as `opens_to`, or SealError."""
    sealed = parsed(vector)
    period = vector["period"]["kem"], bytes.fromhex(vector["period"]["private"])
    blocks: dict[int, OpenedBlock] = {}
    for number, slot in enumerate(sealed.slots):
        if slot.digest and slot.holder_id and (holder := vector["holders"][number]):
            block, private = vector["blocks"][number], bytes.fromhex(holder["private"])
            blocks[number] = envelope.open_block(
                sealed.header, slot, bytes.fromhex(block), holder["kem"], private
            )
    shares = {number: block.share for number, block in blocks.items() if block.share}
    content, keys = envelope.open_content(sealed, *period, shares)
    original_key = None
    if sealed.has_original and all(n in blocks for n, s in enumerate(sealed.slots) if s.digest):
        original_shares = {n: block.original_share or b"" for n, block in blocks.items()}
        original_key = envelope.original_key(sealed, *period, original_shares).hex()
    return {
        "content": content.hex(),
        "identities": {str(number): block.identity.hex() for number, block in blocks.items()},
        "content_key": keys.content_key.hex(),
        "attachment_key": keys.part_key("attachment-1").hex(),
        "original_key": original_key,
    }


def example(vector: Vector) -> str:
    """The worked example: every intermediate value of the first vector."""
    sealed = parsed(vector)
    header, slot = sealed.header, sealed.slots[0]
    context = binding.context(header)
    block = bytes.fromhex(vector["blocks"][0])
    content, keys = envelope.open_content(
        sealed, 1, bytes.fromhex(vector["period"]["private"]), {0: shares_of(vector)}
    )
    key, commitment = binding.sealing_key(keys.content_key, context)
    period_half = envelope._open_period(  # noqa: SLF001
        sealed, 1, bytes.fromhex(vector["period"]["private"])
    )[0]
    assert slot.holder_id  # noqa: S101  it is the first vector
    rows = {
        "period's private key": bytes.fromhex(vector["period"]["private"]),
        "sender's private key": bytes.fromhex(vector["holders"][0]["private"]),
        "sender's holder id": slot.holder_id,
        "context": context,
        "info of the period seal": binding.period_info(context, header),
        "period seal": sealed.period_seal,
        "period half": period_half,
        "info of the sender's block": binding.block_info(context, slot.holder_id),
        "sender's block": block,
        "party half": shares_of(vector),
        "content key": keys.content_key,
        "sealing key": key,
        "commitment": commitment,
        "AAD": binding.aad(
            context, header, sealed.kem, sealed.period_seal, sealed.slots, has_original=False
        ),
        "plaintext, compressed and padded": compress(content),
        "ciphertext": sealed.ciphertext,
        "key of attachment-1": keys.part_key("attachment-1"),
    }
    lines = [
        f"{name}\n{textwrap.indent(textwrap.fill(value.hex(), 96), '  ')}"
        for name, value in rows.items()
    ]
    return "```\n" + "\n".join(lines) + "\n```\n"


def shares_of(vector: Vector) -> bytes:
    """The sender's share in the first vector."""
    sealed, holder = parsed(vector), vector["holders"][0]
    block = bytes.fromhex(vector["blocks"][0])
    private = bytes.fromhex(holder["private"])
    found = envelope.open_block(sealed.header, sealed.slots[0], block, holder["kem"], private)
    return found.share or b""


def with_example(document: str, vector: Vector) -> str:
    """The document with the example between its markers."""
    return re.sub(
        r"(?s)(<!-- example -->\n).*?(<!-- end of example -->)",
        lambda found: found[1] + example(vector) + found[2],
        document,
    )


def write(folder: Path) -> None:
    """Write every file of vectors."""
    files = {
        "envelopes": {
            "format": "lethe/1",
            "dictionary_sha256": hashlib.sha256(DICTIONARY).hexdigest(),
            "vectors": list(envelopes()),
        },
        "invalid": {"format": "lethe/1", "vectors": list(invalid())},
        "streams": {"format": "lethe/1", "vectors": list(streams())},
        "names": {"format": "lethe/1", "vectors": names()},
    }
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def main() -> None:
    """Write the vectors, and the example into the document."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else FOLDER
    write(folder)
    if folder == FOLDER:
        first = json.loads((folder / "envelopes.json").read_text())["vectors"][0]
        DOCUMENT.write_text(with_example(DOCUMENT.read_text(), first))


if __name__ == "__main__":
    main()
