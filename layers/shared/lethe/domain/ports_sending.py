"""What consent, gate and sending need of the world; AWS and memory implement these ports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from lethe.domain.consent import ConsentEvent, ConsentState, EventId, LedgerId
from lethe.domain.holders import HolderId
from lethe.domain.messages import Role
from lethe.domain.outbox import Answered, DispatchId, OutItem, OutMessage, SendState
from lethe.domain.ports import WrappedKey
from lethe.domain.register import Pseudonym
from lethe.domain.vendor_secrets import TwilioSecret, WhatsAppSecret


@dataclass(frozen=True, slots=True)
class NewConsentKey:
    """The private side of a new ledger's holder, wrapped under HoldersKey."""

    holder_id: HolderId
    kem: int
    wrapped: bytes


class Consents(Protocol):
    """ConsentTable, ConsentStatesTable and ConsentKeysTable."""

    def states(self, pseudonyms: Collection[Pseudonym]) -> Mapping[Pseudonym, ConsentState]:
        """Read every state, strongly consistently, 100 in a call; unknown ones are empty."""
        ...

    def append(
        self,
        events: Sequence[ConsentEvent],
        before: ConsentState,
        after: ConsentState,
        key: NewConsentKey | None,
    ) -> None:
        """Put events and their fold in one transaction, never over what stands there.

        Without events it is the fold alone that is put, as after a change of the policy.

        RaceLostError if the state's revision is not that of `before`; ConflictError if an id of
        the events was recorded before, whoever recorded it.
        """
        ...

    def recorded(self, event_ids: Collection[EventId]) -> Mapping[EventId, ConsentEvent]:
        """The events of these ids that were recorded, whoever's they are, strongly consistently."""
        ...

    def events(self, ledger: LedgerId) -> Iterator[ConsentEvent]:
        """Every event of a chain, in its order, strongly consistently."""
        ...

    def mark_inbound(self, pseudonym: Pseudonym, channel: str, own: str, at: datetime) -> None:
        """Note that the person wrote; an earlier time than the one that stands changes nothing."""
        ...

    def mark_notified(self, pseudonym: Pseudonym, version: int, at: datetime) -> None:
        """Note that the person was sent this version of the notice."""
        ...

    def due(self, now: datetime) -> Iterator[Pseudonym]:
        """Every person whose state's `due` has come, earliest first."""
        ...

    def end_evidence(self, state: ConsentState) -> None:
        """Delete the ledger's key and put `consent_fold.ended` of the state: what suppresses.

        RaceLostError if the state's revision has changed.
        """
        ...

    def key(self, holder_id: HolderId) -> WrappedKey | None:
        """The private side of a ledger's holder; None once it ended."""
        ...


class Texts(Protocol):
    """The texts that people were shown: not personal, kept once by their SHA-256."""

    def put(self, sha256: str, document: Mapping[str, str]) -> None:
        """Keep a text (`text`, `language`, `version`); keeping it again changes nothing."""
        ...

    def get(self, sha256: str) -> Mapping[str, str] | None:
        """Read a text."""
        ...


class Signer(Protocol):
    """The key that signs receipts and certificates: ECDSA over P-256 with SHA-256 (ES256)."""

    def sign(self, data: bytes) -> bytes:
        """Sign: r and s, 32 bytes each (RFC 7518, section 3.4)."""
        ...

    def public_key(self) -> bytes:
        """The public key, DER-encoded SubjectPublicKeyInfo."""
        ...


class Reviews(Protocol):
    """What waits for a human: a text that may withdraw, an erasure that a withdrawal proposes."""

    def put(self, review_id: str, document: Mapping[str, str], at: datetime) -> None:
        """Put one that is not there yet; putting it again changes nothing."""
        ...

    def open(self) -> Iterator[Mapping[str, str]]:
        """Every open one, oldest first, with its `id` and `at` (ISO 8601)."""
        ...

    def times(self) -> Iterator[tuple[str, datetime]]:
        """The kind and the time of every open one, oldest first; nothing else of them is read."""
        ...

    def get(self, review_id: str) -> Mapping[str, str]:
        """Read one; NotFoundError."""
        ...

    def close(self, review_id: str, decision: str, actor: str, at: datetime) -> None:
        """Record the decision; ConflictError if it was closed before."""
        ...


class Outbox(Protocol):
    """OutboxTable."""

    def create(
        self, dispatch: DispatchId, request_hash: bytes, items: Sequence[OutItem], expires: datetime
    ) -> bool:
        """Record a dispatch whole; False if it was recorded before with the same hash.

        ConflictError if anything of it was recorded with another hash. A crash in between leaves
        no head, and a repetition completes it: an item that stands is never put over.
        """
        ...

    def item(self, dispatch: DispatchId, number: int) -> OutItem | None:
        """Read one item, strongly consistently."""
        ...

    def items(self, dispatch: DispatchId) -> Sequence[OutItem]:
        """Read all items of a dispatch without what is sealed; NotFoundError if there is none."""
        ...

    def claim(self, item: OutItem, at: datetime) -> OutItem | None:
        """Move it from queued to sending, with its basis and flags; None if somebody else did."""
        ...

    def release(self, item: OutItem) -> bool:
        """Move it from sending back to queued: the vendor certainly does not have it."""
        ...

    def sent(self, item: OutItem, vendor_sealed: bytes) -> bool:
        """Move it from sending to sent, with what the vendor calls it."""
        ...

    def finish(
        self, item: OutItem, state: SendState, reason: str, *, keep_sealed: bool = False
    ) -> bool:
        """Move it from the state it was seen in to denied, refused or uncertain.

        What is sealed is dropped, unless somebody still has to read it. False if its state had
        changed.
        """
        ...

    def settle(self, item: OutItem, reason: str = "") -> bool:
        """Drop what is sealed, since nobody has to read it any more; a sent one is captured."""
        ...


class OutQueue(Protocol):
    """SendQueue to `dispatch`, SentQueue to `ingest`: a dispatch's random id and a number."""

    def send(self, works: Sequence[tuple[DispatchId, int]], delay: timedelta = timedelta()) -> None:
        """Queue items."""
        ...


class TransitKeys(Protocol):
    """TransitKey of KMS: data keys that seal what is on its way out, for minutes."""

    def new(self, dispatch: DispatchId) -> tuple[bytes, bytes]:
        """A new data key and its wrapped form."""
        ...

    def open(self, wrapped: bytes, dispatch: DispatchId) -> bytes:
        """The data key again."""
        ...


class VendorSecrets(Protocol):
    """What the vendors know the company by; UnavailableError if it is not there."""

    def twilio(self) -> TwilioSecret:
        """The account at Twilio."""
        ...

    def whatsapp(self) -> WhatsAppSecret:
        """The number at the WhatsApp Cloud API."""
        ...


class Mailer(Protocol):
    """Amazon SES."""

    def send(self, sender: str, recipients: Mapping[Role, Sequence[str]], mail: bytes) -> Answered:
        """Hand a raw mail over, once, to these recipients and no other."""
        ...


class VendorClient(Protocol):
    """One vendor's API."""

    def send(self, message: OutMessage) -> Answered:
        """Hand one message over, once; never repeats by itself what the vendor may have taken."""
        ...


class ActivityLog(Protocol):
    """CountsTable: figures per channel and day, never about a person."""

    def add(self, channel: str, day: date, figures: Mapping[str, int]) -> None:
        """Add to the figures of a channel's day; names are coded words."""
        ...

    def read(self, day: date, channels: Collection[str]) -> Mapping[str, Mapping[str, int]]:
        """The figures of a day by channel."""
        ...
