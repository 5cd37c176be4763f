"""Words that nobody else says, the forms in which they may lie somewhere, and what came back."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.e2e.archive import QUEUES, Archive, Document, somebody

WORD = f"canary{secrets.token_hex(6)}"
ADDRESS = f"mailto:{WORD}@example.org"
OTHER = f"mailto:x.{WORD}@{WORD}.example.net"
BUYER, STOPPER, ASKER, REFUSED, UNSURE, OPTED_OUT, WAITING, CHILD = (somebody() for _ in range(8))
NUMBERS = (BUYER, STOPPER, ASKER, REFUSED, UNSURE, OPTED_OUT, WAITING, CHILD)
CONSENT_TEXT = f"I agree that the shop writes to me; {WORD} is a word of this text."


def forms(word: str) -> set[bytes]:
    """Return the word in every form in which it may lie somewhere, in lower case."""
    plain = word.encode()
    found = {plain, plain.hex().encode(), word.encode("utf-16-le"), word.encode("utf-16-be")}
    for before in range(3):
        encoded = base64.b64encode(b"." * before + plain)
        found.add(encoded[-(-before * 4 // 3) : len(encoded) // 4 * 4 - 4])
    return {form.lower() for form in found}


WORDS = (WORD, *(number.removeprefix("tel:+49") for number in NUMBERS))
FORMS = {form for word in WORDS for form in forms(word)}


def has_word(text: bytes | str) -> bool:
    raw = (text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text).lower()
    return any(form in raw for form in FORMS)


@dataclass
class Journey:
    """What came back on the way of the words through every function."""

    ids: set[str] = field(default_factory=set)
    queued: list[Document] = field(default_factory=list)
    outbox: list[Document] = field(default_factory=list)
    """Items while they were on their way."""
    refusals: list[bytes] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)
    """Answers that say what was recorded or sent, and of nobody whom it is about."""
    read: list[bytes] = field(default_factory=list)

    def look(self, archive: Archive) -> None:
        """Note what waits in queues and in the outbox."""
        self.queued += [each for queue in QUEUES for each in archive.queued(queue)]
        self.outbox += archive.items("OutboxTable")


@contextmanager
def held(archive: Archive) -> Iterator[None]:
    """Nothing is taken from a queue meanwhile."""
    lambdas = archive.stack.client("lambda")
    mappings = [m["UUID"] for m in lambdas.list_event_source_mappings()["EventSourceMappings"]]
    assert len(mappings) == len(QUEUES)
    for each in mappings:
        lambdas.update_event_source_mapping(UUID=each, Enabled=False)
    try:
        yield
    finally:
        for each in mappings:
            lambdas.update_event_source_mapping(UUID=each, Enabled=True)
