r"""Verifies a proof of consents without Lethe. Needs Python 3.11 and `cryptography`.

The answer of POST /consents/proof is a document with every event, text and receipt of one person.
Save it, and say which key you trust: that which the controller publishes, or its thumbprint.

    curl … /consents/proof > proof.json
    curl https://…/.well-known/jwks.json > jwks.json
    python verify_proof.py proof.json --jwks jwks.json

It computes anew: the digest of every event and the chain of them up to the head, the signature of
each receipt and that it is about this event and these contents, the commitment to the address, and
the hash of each text. Nothing printed is taken from what the document says of itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

FORMAT = b"lethe/1"
PROOF = "lethe/consent-proof/1"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
COORDINATE = 32
Document = dict[str, Any]


def problems(proof: Document, trusted: dict[str, Document]) -> Iterator[str]:
    """What does not hold; nothing, if all of it does. `trusted` has keys by their thumbprint."""
    if proof.get("format") != PROOF:
        yield "this is no proof that this program knows"
        return
    if not trusted:
        yield "no key was given that is trusted"
    yield from chain(proof)
    for event in proof["events"]:
        name = f"event {event['sequence']}"
        for problem in one(proof, event, trusted):
            yield f"{name}: {problem}"


def chain(proof: Document) -> Iterator[str]:
    """Every event names the digest of the one before it, and the head that of the last."""
    head, made_on = proof["head"], moment(proof["made_at"]).date()
    before: Document | None = None
    for event in proof["events"]:
        name = f"event {event['sequence']}"
        if before is None:
            yield from beginning(event, made_on)
        elif event["sequence"] != before["sequence"] + 1:
            yield f"{name}: the event before it is missing"
        elif event["previous"] != digest(proof, before).hex():
            yield f"event {before['sequence']}: it is not the one that the next event follows"
        before = event
    if before is None:
        if head["sequence"] and made_on < date.fromisoformat(head["expires"]):
            yield "every event is missing, before its time"
    elif before["sequence"] != head["sequence"]:
        yield f"event {head['sequence']}: the last events are missing"
    elif digest(proof, before).hex() != head["sha256"]:
        yield f"event {before['sequence']}: it is not the one that the head names"


def beginning(event: Document, made_on: date) -> Iterator[str]:
    """The first event that is there is the first, or what was before has gone in its time."""
    if event["sequence"] == 1:
        if event["previous"] != bytes(32).hex():
            yield "event 1: it follows another one"
    elif not event["previous_expires"] or made_on < date.fromisoformat(event["previous_expires"]):
        yield f"event {event['sequence'] - 1}: it is missing, before its time"


def one(proof: Document, event: Document, trusted: dict[str, Document]) -> Iterator[str]:
    """One event's receipt, contents, commitment and text."""
    if event["contents"] is None:
        yield "its contents could not be opened"
        return
    contents = json.loads(event["contents"])
    subject = contents["subject"]
    if subject["kind"] == "address" and subject["value"] != proof["address"]:
        yield "it is about another address"
    parts = [bytes.fromhex(contents["salt"]), subject["kind"].encode(), subject["value"].encode()]
    principal = hashlib.sha256(joined(FORMAT, b"principal", *parts)).hexdigest()
    told = claims(event["receipt"], trusted)
    if told is None:
        yield "its receipt is not signed by a key that is trusted"
    elif (
        told["record_id"] != event["id"]
        or told["event_sha256"] != digest(proof, event).hex()
        or told["contents_sha256"] != hashlib.sha256(event["contents"].encode()).hexdigest()
        or told["pii_principal_id"] != principal
        or contents["record"]["pii_principal_id"] != principal
    ):
        yield "its receipt is about something else"
    if sha256 := (contents["evidence"] or {}).get("text_sha256"):
        text = proof["texts"].get(sha256, {}).get("text", "")
        if hashlib.sha256(text.encode()).hexdigest() != sha256:
            yield "the text that was shown is missing, or is another one"


def claims(receipt: str, trusted: dict[str, Document]) -> Document | None:
    """What a receipt says, if a trusted key signed it (RFC 7515, ES256)."""
    try:
        parts = receipt.split(".")
        header, payload, signature = (decoded(part) for part in parts)
        head = json.loads(header)
        if head["alg"] != "ES256" or len(signature) != 2 * COORDINATE:
            return None
        r, s = int.from_bytes(signature[:COORDINATE]), int.from_bytes(signature[COORDINATE:])
        signed = ".".join(parts[:2]).encode()
        public(trusted[head["kid"]]).verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
        told: Document = json.loads(payload)
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return None
    return told


def digest(proof: Document, event: Document) -> bytes:
    """SHA-256 over every field of an event, each behind its length."""
    return hashlib.sha256(
        joined(
            FORMAT,
            b"consent event",
            event["id"].encode(),
            proof["ledger"].encode(),
            number(event["sequence"]),
            event["type"].encode(),
            event["purpose"].encode(),
            event["channel"].encode(),
            event["own"].encode(),
            milliseconds(event["time"]),
            milliseconds(event["until"]),
            decoded(event["sealed"]),
            bytes.fromhex(event["previous"]),
            number(event["policy_version"]),
            number(event["notice_version"]),
            (event["expires"] or "").encode(),
            (event["previous_expires"] or "").encode(),
            b"\x01" if event["opt_out_offered"] else b"\x00",
            milliseconds(event["about"]),
        )
    ).digest()


def joined(*fields: bytes) -> bytes:
    """The fields, each behind its length in four bytes."""
    return b"".join(len(field).to_bytes(4) + field for field in fields)


def number(value: int) -> bytes:
    return value.to_bytes(8)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def milliseconds(text: str | None) -> bytes:
    """A time as the chain counts it."""
    return b"" if text is None else ((moment(text) - EPOCH) // MILLISECOND).to_bytes(8, signed=True)


def decoded(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)


def encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def public(jwk: Document) -> ec.EllipticCurvePublicKey:
    """A key of its JWK."""
    x, y = (int.from_bytes(decoded(jwk[name])) for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def thumbprint(jwk: Document) -> str:
    """A key's own name (RFC 7638)."""
    required = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(required, sort_keys=True, separators=(",", ":"))
    return encoded(hashlib.sha256(canonical.encode()).digest())


def keys(proof: Document, jwks: str | None, wanted: str | None) -> dict[str, Document]:
    """The keys that are trusted: those published, or the document's own if its name is known."""
    listed = json.loads(Path(jwks).read_text("utf-8"))["keys"] if jwks else [proof["public_key"]]
    found = {thumbprint(jwk): jwk for jwk in listed if jwk.get("kty") == "EC"}
    return found if wanted is None else {k: jwk for k, jwk in found.items() if k == wanted}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("proof", help="the answer of POST /consents/proof; - is standard input")
    trust = parser.add_mutually_exclusive_group(required=True)
    trust.add_argument("--jwks", help="file with the keys that the controller publishes")
    trust.add_argument("--thumbprint", help="of the key that is trusted (RFC 7638, SHA-256)")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    try:
        text = sys.stdin.read() if given.proof == "-" else Path(given.proof).read_text("utf-8")
        proof = json.loads(text)
        found = list(problems(proof, keys(proof, given.jwks, given.thumbprint)))
    except (OSError, KeyError, TypeError, ValueError) as failure:
        print(f"not verified: {type(failure).__name__}: {failure}", file=sys.stderr)
        return 2
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        print("the proof does not hold", file=sys.stderr)
        return 1
    first = proof["events"][0]["sequence"] if proof["events"] else 0
    print(f"{len(proof['events'])} events from number {first} on: signed, in order, unchanged")
    return 0


if __name__ == "__main__":
    sys.exit(main())
