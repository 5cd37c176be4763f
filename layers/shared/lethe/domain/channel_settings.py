"""What the policy says of a channel: its gate and vendor, and what is kept of a message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, model_validator

from lethe.domain.classification import Name
from lethe.domain.periods import PeriodField
from lethe.domain.reviews import STRICT, LongText, Text
from lethe.domain.validation import wrong_at
from lethe.domain.vendors import ImpactScreening, VendorProblem, screening_problems


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

URL: Final = "{url}"
"""Stands in a text for a link: to withdraw in a withdrawal line, to the notice elsewhere."""
_BRACES: Final = re.compile(r"[{}]")
_PLAIN_STOP: Final = re.compile(r"\bSTOP\b")
_Place = tuple[tuple[str | int, ...], str]

HeaderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Keyword = Annotated[str, Field(min_length=1, max_length=40)]


class Keywords(BaseModel):
    """Words beyond the built-in ones that stop or start messages as the whole message."""

    model_config = STRICT

    stop: tuple[Keyword, ...] = Field(default=(), max_length=200)
    start: tuple[Keyword, ...] = Field(default=(), max_length=200)

    @model_validator(mode="after")
    def _mean_one_thing(self) -> Self:
        if not (self.stop or self.start):
            return self
        from lethe.domain.folding import fold  # noqa: PLC0415 - few policies have any

        wrong: list[_Place] = []
        for field, words in (("stop", self.stop), ("start", self.start)):
            blank = [at for at, word in enumerate(words) if not fold(word)]
            wrong += [((field, at), "Write at least one letter or digit.") for at in blank]
        both = [at for at, word in enumerate(self.start) if _stops(fold(word), self)]
        wrong += [(("start", at), "This word stops messages; it cannot start them.") for at in both]
        if wrong:
            raise wrong_at(wrong, "Keywords")
        return self


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
    withdrawal_line: dict[Locale, Text] = Field(default_factory=dict, max_length=24)
    """How to stop, in each language: added to marketing on this channel.

    It names a keyword, or has `{url}` where the link to withdraw belongs.
    """
    first_contact: bool = False
    """Whether an unknown person who writes in is sent the notice."""
    first_contact_text: dict[Locale, LongText] = Field(default_factory=dict, max_length=24)
    """`{url}` stands for the address of the notice."""
    silent_after: PeriodField | None = None
    """After how long without a message the channel counts as silent."""
    announcement: Text | None = None
    """Calls: what is said before audio is stored."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        wrong = [*_header_problems(self), *_text_problems(self)]
        if wrong:
            raise wrong_at(wrong, "ChannelSettings")
        return self

    @property
    def further_headers(self) -> tuple[str, ...]:
        """Name the headers that are kept beyond the default ones."""
        return tuple(name for name in self.headers if name not in DEFAULT_HEADERS)


def missing(channel: ChannelSettings, today: date) -> tuple[VendorProblem, ...]:
    """Return what must be answered before a channel captures or sends (Art. 35)."""
    return screening_problems(channel.screening, today)


def _header_problems(channel: ChannelSettings) -> Iterator[_Place]:
    if channel.further_headers and channel.header_purpose is None:
        expected = "Say why headers beyond the default ones are kept, or leave them out."
        yield ("header_purpose",), expected


def _text_problems(channel: ChannelSettings) -> Iterator[_Place]:
    for language, text in channel.withdrawal_line.items():
        if _braces(text):
            yield ("withdrawal_line", language), "Only {url} may stand in braces."
        elif URL not in text and not _names_keyword(text, channel.keywords):
            expected = "Name a keyword that stops messages, or put {url} where the link belongs."
            yield ("withdrawal_line", language), expected
    for language, text in channel.first_contact_text.items():
        if _braces(text) or URL not in text:
            expected = "Put {url} where the address of the notice belongs, and no other braces."
            yield ("first_contact_text", language), expected
    if channel.first_contact and not channel.first_contact_text:
        yield ("first_contact_text",), "First contact needs a text in at least one language."


def _braces(text: str) -> bool:
    return _BRACES.search(text.replace(URL, "")) is not None


def _names_keyword(text: str, keywords: Keywords) -> bool:
    if _PLAIN_STOP.search(text):
        return True
    from lethe.domain.folding import fold  # noqa: PLC0415 - most lines say STOP

    return any(_stops(word, keywords) for word in fold(text).split())


def _stops(words: str, keywords: Keywords) -> bool:
    from lethe.domain.keywords import stops  # noqa: PLC0415 - capture reads policies, and no words

    return stops(words, keywords)
