"""What `doctor` finds: coded, with its place in the policy and the way to mend it, of nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How bad it is; the order is that of the answer."""

    PROBLEM = "problem"
    """The law asks for something that is not there."""
    WARNING = "warning"
    """Somebody should look."""
    HINT = "hint"
    """It works as it is set; know what that means."""


class Code(StrEnum):
    """What was found."""

    UNLISTED_SENDERS = "unlisted_senders"
    UNKNOWN_CHANNEL = "unknown_channel"
    SILENT_CHANNEL = "silent_channel"
    CHANNEL_NOT_SCREENED = "channel_not_screened"
    PURPOSE_NOT_BALANCED = "purpose_not_balanced"
    CONSENT_WITHOUT_NOTICE = "consent_without_notice"
    VENDOR_LACKS = "vendor_lacks"
    REVIEW_OVERDUE = "review_overdue"
    NO_REVIEW = "no_review"
    NOTICE_NOT_PUBLISHED = "notice_not_published"
    NOTICE_OUTDATED = "notice_outdated"
    NOTICE_FACT_MISSING = "notice_fact_missing"
    PROPOSAL_OPEN = "proposal_open"
    WAITING_TOO_LONG = "waiting_too_long"
    KEYS_WITHOUT_BACKUP = "keys_without_backup"
    KEYS_BACKED_UP_LONG = "keys_backed_up_long"
    KEM_CLASSICAL = "kem_classical"


MEND: Final[Mapping[Code, str]] = {
    Code.UNLISTED_SENDERS: "Messages went out from addresses that are not listed; list them by"
    " POST /own-addresses, or find out who sends for the company.",
    Code.UNKNOWN_CHANNEL: "Messages come by a channel that the policy does not name; propose one"
    " with its settings and its impact screening.",
    Code.SILENT_CHANNEL: "No message was captured for longer than the policy expects; look at what"
    " delivers them.",
    Code.CHANNEL_NOT_SCREENED: "Answer the impact screening of this channel (Art. 35).",
    Code.PURPOSE_NOT_BALANCED: "Say how this legitimate interest was balanced, or where that is"
    " found (Art. 6(1)(f)).",
    Code.CONSENT_WITHOUT_NOTICE: "Consent is asked for while no notice is published; publish the"
    " notice first (Art. 7, 13).",
    Code.VENDOR_LACKS: "Complete this vendor's entry, or stop sending through it (Art. 28, 44).",
    Code.REVIEW_OVERDUE: "Its owner looks at it again, and a proposal sets the next day.",
    Code.NO_REVIEW: "Name an owner and a day for the next look (Art. 24(1)).",
    Code.NOTICE_NOT_PUBLISHED: "Draft the notice, and have another person approve it"
    " (Art. 13, 14).",
    Code.NOTICE_OUTDATED: "The published notice says something else than policy and settings;"
    " draft it anew.",
    Code.NOTICE_FACT_MISSING: "Without this no notice can be made.",
    Code.PROPOSAL_OPEN: "Preview and approve it, or propose another one.",
    Code.WAITING_TOO_LONG: "Decide what waits: GET /reviews shows it.",
    Code.KEYS_WITHOUT_BACKUP: "Keys that are lost by accident are lost for good, with their"
    " messages; KeyBackupDays is 0.",
    Code.KEYS_BACKED_UP_LONG: "An erasure is final only once no backup of keys reaches behind it;"
    " KeyBackupDays says when.",
    Code.KEM_CLASSICAL: "What is sealed now could be opened by a quantum computer that has the"
    " ciphertext; Kem can be MLKEM768_X25519.",
}
"""How each is mended."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `place` is a JSON Pointer into the policy, or empty for the whole."""

    severity: Severity
    code: Code
    place: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def mend(self) -> str:
        """What to do about it."""
        return MEND[self.code]


def finding(severity: Severity, code: Code, place: str = "", **facts: str | int) -> Finding:
    """Return a finding with its facts in coded words and numbers."""
    return Finding(severity, code, place, facts)
