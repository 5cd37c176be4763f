"""How fast the envelope is, against the AWS Encryption SDK, and what a large attachment takes.

The SDK seals the same messages under a multi-keyring of two raw AES keyrings, so for two parties
as Lethe does, with the fastest of its suites without signature. What Lethe authenticates of a
message's header goes into the SDK's encryption context; figures that end in `.no_context` show
the same without one, when the SDK authenticates the content alone and Lethe still everything.
Lethe's three public-key operations (day, external person, employee) are all in the figure.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from itertools import cycle
from statistics import median
from time import perf_counter
from typing import Any

from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import (
    AesWrappingAlg,
    CreateMultiKeyringInput,
    CreateRawAesKeyringInput,
)
from aws_encryption_sdk import EncryptionSDKClient
from aws_encryption_sdk.identifiers import AlgorithmSuite, CommitmentPolicy
from lethe.crypto.envelope import Header, Party, open_block, open_content, seal
from lethe.crypto.holders import Kem, generate
from lethe.domain.messages import Direction, MessageId
from lethe.domain.rules import Flag, Rule

from tests.bench.figures import Figure, at_least

ROUNDS = 40
MESSAGES = 20
SUITES = {
    AlgorithmSuite.AES_128_GCM_IV12_TAG16: CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT,
    AlgorithmSuite.AES_256_GCM_IV12_TAG16: CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT,
    AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY: (
        CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    ),
}
SENTENCES = (
    "Thank you for looking into my order so quickly.",
    "The parcel arrived on Tuesday, but the blue lamp was missing.",
    "Could you send it to the address of our office in Leeds?",
    "I shall be away until the ninth and cannot take it at home.",
    "Your colleague on the telephone promised a refund of the postage.",
    "Please confirm the new date, so that somebody waits at the door.",
    "The invoice names two lamps although we bought three.",
)


@dataclass(frozen=True)
class Captured:
    """A message of 1 KB with the header that goes with it."""

    header: Header
    content: bytes


def messages() -> list[Captured]:
    """Messages of 1,000 characters that differ."""
    made = []
    for number in range(MESSAGES):
        sentences = cycle(SENTENCES[number % 7 :] + SENTENCES[: number % 7])
        text = f"Message {number}. " + " ".join(next(sentences) for _ in range(25))
        header = Header(
            message_id=MessageId(os.urandom(16).hex()),
            version=1,
            attempt=os.urandom(12),
            cls="support",
            day=date(2026, 7, 1),
            end=date(2027, 7, 1),
            time=datetime(2026, 7, 1, 10, number, tzinfo=UTC),
            rule=Rule.AUTHOR,
            channel="email",
            direction=Direction.INBOUND,
            fingerprint=os.urandom(16),
        )
        made.append(Captured(header, text[:1000].encode()))
    return made


class Lethe:
    """The envelope: a day, an external person, an employee."""

    def __init__(self) -> None:
        self.day, self.day_private = generate(Kem.X25519)
        self.external, self.external_private = generate(Kem.X25519)
        self.own, self.own_private = generate(Kem.X25519)
        self.parties = (
            Party(
                self.external,
                self.external.id,
                Flag.SHARE | Flag.AUTHOR | Flag.EXTERNAL,
                b'{"a":"mailto:anna@example.org","n":"Anna Smith"}',
            ),
            Party(self.own, self.own.id, Flag(0), b'{"a":"mailto:eve@example.com","n":"Eve"}'),
        )

    def seal(self, message: Captured) -> Any:
        return seal(message.header, message.content, self.day, self.parties)[:2]

    def open(self, sealed_and_blocks: Any) -> bytes:
        """Everything that a reader sees: the content and both identities."""
        sealed, blocks = sealed_and_blocks
        share = open_block(sealed.header, sealed.slots[0], blocks[0], 1, self.external_private)
        open_block(sealed.header, sealed.slots[1], blocks[1], 1, self.own_private)
        return open_content(sealed, 1, self.day_private, {0: share.share or b""})[0]


class EncryptionSdk:
    """The AWS Encryption SDK with one suite, for two parties."""

    def __init__(self, suite: AlgorithmSuite, *, with_context: bool) -> None:
        providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
        first, second = (
            providers.create_raw_aes_keyring(
                input=CreateRawAesKeyringInput(
                    key_namespace="bench",
                    key_name=name,
                    wrapping_key=os.urandom(32),
                    wrapping_alg=AesWrappingAlg.ALG_AES256_GCM_IV12_TAG16,
                )
            )
            for name in ("external", "own")
        )
        self.keyring = providers.create_multi_keyring(
            input=CreateMultiKeyringInput(generator=first, child_keyrings=[second])
        )
        self.suite, self.with_context = suite, with_context
        self.client = EncryptionSDKClient(commitment_policy=SUITES[suite])

    def seal(self, message: Captured) -> Any:
        return self.client.encrypt(
            source=message.content,
            keyring=self.keyring,
            encryption_context=context(message.header) if self.with_context else {},
            algorithm=self.suite,
        )[0]

    def open(self, sealed: Any) -> bytes:
        plaintext: bytes = self.client.decrypt(source=sealed, keyring=self.keyring)[0]
        return plaintext


def context(header: Header) -> dict[str, str]:
    """The header as an encryption context: the same fields that Lethe's AAD has."""
    values = {field.name: getattr(header, field.name) for field in fields(header)}
    return {
        name: value.hex() if isinstance(value, bytes) else str(value)
        for name, value in values.items()
    }


def seconds(act: Callable[[Any], Any], arguments: list[Any]) -> float:
    """Seconds for one call, the median over the arguments."""
    taken = []
    for argument in arguments:
        start = perf_counter()
        act(argument)
        taken.append(perf_counter() - start)
    return median(taken)


def ratios(*, with_context: bool) -> tuple[float, float]:
    """How much longer the SDK takes to seal and to open; one round of each in turn."""
    captured, lethe = messages(), Lethe()
    rivals = [EncryptionSdk(suite, with_context=with_context) for suite in SUITES]
    parties: list[Lethe | EncryptionSdk] = [lethe, *rivals]
    sealed = {party: [party.seal(message) for message in captured] for party in parties}
    for party, all_sealed in sealed.items():
        for one, message in zip(all_sealed, captured, strict=True):
            if party.open(one) != message.content:
                raise AssertionError("a message did not come back")
    best_seal = min(rivals, key=lambda rival: seconds(rival.seal, captured))
    best_open = min(rivals, key=lambda rival: seconds(rival.open, sealed[rival]))
    times: dict[str, list[float]] = {"seal": [], "open": [], "their seal": [], "their open": []}
    for _ in range(ROUNDS):
        times["seal"].append(seconds(lethe.seal, captured))
        times["their seal"].append(seconds(best_seal.seal, captured))
        times["open"].append(seconds(lethe.open, sealed[lethe]))
        times["their open"].append(seconds(best_open.open, sealed[best_open]))
    # The best round of each: the SDK suffers more than Lethe when the machine is busy.
    best = {name: min(medians) for name, medians in times.items()}
    return best["their seal"] / best["seal"], best["their open"] / best["open"]


PEAK = r"""
import re
from pathlib import Path
from lethe.crypto.stream import seal_stream

def kilobytes(name):
    return int(re.search(name + r":\s+(\d+)", Path("/proc/self/status").read_text())[1])

def attachment():
    for number in range(200 * 16):
        yield number.to_bytes(4) * 2**14

for _ in seal_stream(bytes(32), [b"warm"]):
    pass
idle, size = kilobytes("VmRSS"), 0
for chunk in seal_stream(bytes(range(32)), attachment(), b"attachment-1"):
    size += len(chunk)
assert size > 200 * 2**20
print((kilobytes("VmHWM") - idle) / 1024)
"""


def attachment_peak_mb() -> float:
    """Peak memory above idle while 200 MiB are sealed, in a process of its own (Linux)."""
    command = [sys.executable, "-c", PEAK]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  ours
    return float(done.stdout)


def figures() -> Iterator[Figure]:
    """Measure; the order of the figures is that of the list in the documents."""
    sealing, opening = ratios(with_context=True)
    yield at_least("seal_vs_encryption_sdk", sealing, 5)
    yield at_least("open_vs_encryption_sdk", opening, 5)
    sealing, opening = ratios(with_context=False)
    yield at_least("seal_vs_encryption_sdk.no_context", sealing, None)
    yield at_least("open_vs_encryption_sdk.no_context", opening, None)
    peak = round(attachment_peak_mb(), 1)
    yield {"name": "attachment_peak_mb", "value": peak, "unit": "MB", "bar": 64, "ok": peak <= 64}
