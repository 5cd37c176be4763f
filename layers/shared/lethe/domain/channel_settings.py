"""What the policy says of a channel: its gate and vendor, and what is kept of a message."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, Field

from lethe.domain.classification import Name
from lethe.domain.periods import PeriodField
from lethe.domain.reviews import STRICT, LongText, Text
from lethe.domain.vendors import ImpactScreening


class Gate(StrEnum):
    """Whether the gate decides on this channel, or only counts what it would have decided."""

    ENFORCED = "enforced"
    OBSERVED = "observed"
    OFF = "off"


class Detector(StrEnum):
    """What is looked for in the text of a message."""

    IBAN = "iban"
    CARD = "card"
    NATIONAL_ID = "national_id"
    PHONE = "phone"
    EMAIL = "email"
    SPECIAL = "special"
    """Words that speak of health, religion, politics, unions, sex life, origin (Art. 9)."""


class Action(StrEnum):
    """What happens to what a detector found in an outbound text; inbound is only tagged."""

    ALLOW = "allow"
    MASK = "mask"
    REFUSE = "refuse"
    FLAG = "flag"


DEFAULT_HEADERS: Final = (
    "message-id",
    "in-reply-to",
    "references",
    "date",
    "list-id",
    "auto-submitted",
    "content-language",
    "importance",
)
"""The headers that are kept where the policy names none: what a thread needs, and no routing."""

HeaderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Keyword = Annotated[str, Field(min_length=1, max_length=40)]


class Keywords(BaseModel):
    """Words beyond the built-in ones that stop or start messages as the whole message."""

    model_config = STRICT

    stop: tuple[Keyword, ...] = Field(default=(), max_length=200)
    start: tuple[Keyword, ...] = Field(default=(), max_length=200)


class ChannelSettings(BaseModel):
    """One channel."""

    model_config = STRICT

    description: Text
    gate: Gate = Gate.ENFORCED
    vendor: Name | None = None
    captures: bool = True
    screening: ImpactScreening | None = None
    """Needed before the channel captures (Art. 35)."""
    headers: tuple[HeaderName, ...] = Field(default=DEFAULT_HEADERS, max_length=100)
    header_purpose: Text | None = None
    """Why headers beyond the default ones are kept; needed where there are any (Art. 5(1)(c))."""
    drop: tuple[Annotated[str, Field(pattern=r"^(html|thread|display_names)$")], ...] = ()
    """Parts of a message that are not needed on this channel."""
    outbound: dict[Detector, Action] = Field(default_factory=dict)
    tag_inbound: bool = False
    """Whether detectors tag what comes in, so that rules can class it."""
    default_purpose: Name | None = None
    """The purpose of what is sent through the Twilio-shaped endpoint without one."""
    keywords: Keywords = Field(default_factory=Keywords)
    withdrawal_line: dict[Locale, Text] = Field(default_factory=dict)
    """How to stop, in each language: added to marketing on this channel."""
    first_contact: bool = False
    """Whether an unknown person who writes in is sent the notice."""
    first_contact_text: dict[Locale, LongText] = Field(default_factory=dict)
    """`{url}` stands for the address of the notice."""
    silent_after: PeriodField | None = None
    """After how long without a message the channel counts as silent."""
    announcement: Text | None = None
    """Calls: what is said before audio is stored."""
