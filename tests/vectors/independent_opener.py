"""Opens what docs/message-format.md describes; written from that document, without Lethe."""

from __future__ import annotations

import hashlib
import hmac
import operator
import struct
import zlib
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CRYPTO = Path(__file__).parents[2] / "layers/shared/lethe/crypto"
DICTIONARY = (CRYPTO / "lethe-1.dictionary").read_bytes()


class RefusedError(Exception):
    """It does not open."""


def require(condition: object) -> None:
    if not condition:
        raise RefusedError


def hkdf(key: bytes, info: bytes, size: int) -> bytes:
    prk, out, last = hmac.digest(bytes(32), key, "sha256"), b"", b""
    while len(out) < size:
        last = hmac.digest(prk, last + info + bytes([len(out) // 32 + 1]), "sha256")
        out += last
    return out[:size]


def hpke_open(key: dict[str, Any], sealed: str, info: bytes) -> bytes:
    private = bytes.fromhex(key["private"])
    x25519 = X25519PrivateKey.from_private_bytes(private[-32:])
    algorithms = hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM
    if key["kem"] == 1:
        return hpke.Suite(hpke.KEM.X25519, *algorithms).decrypt(bytes.fromhex(sealed), x25519, info)
    require(key["kem"] == 2)
    both = hpke.MLKEM768X25519PrivateKey(MLKEM768PrivateKey.from_seed_bytes(private[:64]), x25519)
    suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, *algorithms)
    return suite.decrypt(bytes.fromhex(sealed), both, info)


def lp(*fields: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


def padded_size(size: int) -> int:
    if size <= 1024:
        return (size + 63) // 64 * 64
    exponent = size.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (size + mask) & ~mask


def xor(*keys: bytes) -> bytes:
    return reduce(operator.xor, map(int.from_bytes, keys)).to_bytes(32)


def open_block(holder: dict[str, Any], slot: dict[str, Any], block: str, context: bytes) -> Any:
    require(hashlib.sha256(bytes.fromhex(block)).hexdigest() == slot["digest"])
    padded = hpke_open(holder, block, context + lp(b"block", bytes.fromhex(slot["holder_id"])))
    plain = padded.rstrip(b"\0")
    require(plain[-1:] == b"\x80" and len(padded) == padded_size(len(plain)))
    has, rest, found = plain[0], plain[1:-1], []
    require(has <= 3 and (has & 1) == (slot["flags"] & 1))
    for bit in (1, 2):
        size = 32 if has & bit else 0
        require(len(rest) >= size)
        found.append(rest[:size])
        rest = rest[size:]
    return found[0], found[1], rest


def open_content(content_key: bytes, ciphertext: bytes, context: bytes, aad: bytes) -> bytes:
    keys = hkdf(content_key, context + lp(b"content"), 64)
    require(hmac.compare_digest(keys[32:], ciphertext[:32]))
    padded = AESGCM(keys[:32]).decrypt(bytes(12), ciphertext[32:], aad)
    inflater = zlib.decompressobj(-15, DICTIONARY)
    content = inflater.decompress(padded, 2**24 + 1)
    require(inflater.eof and len(content) <= 2**24 and not inflater.unused_data.strip(b"\0"))
    require(len(padded) == padded_size(len(padded) - len(inflater.unused_data)))
    return content


def open_vector(vector: dict[str, Any]) -> Any:
    try:
        parts = ("header", "sealed", "period", "holders", "blocks")
        return _open(*(vector[part] for part in parts))
    except (InvalidTag, ValueError, KeyError, IndexError, struct.error, zlib.error):
        raise RefusedError from None


def _open(header: Any, sealed: Any, period: Any, holders: Any, blocks: Any) -> Any:
    slots, rule = sealed["slots"], header["rule"]
    ids = [bytes.fromhex(header[field]) for field in ("message_id", "attempt", "fingerprint")]
    require([len(value) for value in ids] == [16, 12, 16])
    version, part = struct.pack(">I", header["version"]), header["part"].encode()
    context = lp(b"lethe/1", ids[0], version, ids[1], part)
    name = [header[field].encode() for field in ("class", "day", "end")]
    halves = hpke_open(period, sealed["period_seal"], context + lp(b"period", lp(*name)))
    keyed = [number for number, slot in enumerate(slots) if slot["digest"]]
    require(len(halves) == (64 if sealed["has_original"] and keyed else 32))
    opened = {
        number: open_block(holders[number], slots[number], blocks[number], context)
        for number in keyed
        if slots[number]["holder_id"] and holders[number]
    }

    wanted = [number for number, slot in enumerate(slots) if slot["flags"] & 1]
    require(rule in ("author", "any_party", "period") and bool(wanted) == (rule != "period"))
    if rule == "author":
        wanted = [number for number in wanted if number in opened][:1]
        require(wanted)
    content_key = xor(halves[:32], *(opened[number][0] for number in wanted))

    since = datetime.fromisoformat(header["time"]) - datetime(1970, 1, 1, tzinfo=UTC)
    aad = context + lp(
        *name,
        struct.pack(">q", since // timedelta(milliseconds=1)),
        *(header[field].encode() for field in ("rule", "channel", "direction")),
        ids[2],
        bytes([sealed["kem"], sealed["has_original"]]),
        bytes.fromhex(sealed["period_seal"]),
        b"".join(bytes([s["flags"]]) + bytes.fromhex(s["digest"] or "00" * 32) for s in slots),
    )
    content = open_content(content_key, bytes.fromhex(sealed["ciphertext"]), context, aad)

    original_key = None
    if sealed["has_original"] and all(number in opened for number in keyed):
        secret = xor(halves[32:], *(o[1] for o in opened.values())) if keyed else content_key
        original_key = hkdf(secret, context + lp(b"part", b"original"), 32).hex()
    return {
        "content": content.hex(),
        "identities": {str(number): block[2].hex() for number, block in opened.items()},
        "content_key": content_key.hex(),
        "attachment_key": hkdf(content_key, context + lp(b"part", b"attachment-1"), 32).hex(),
        "original_key": original_key,
    }
