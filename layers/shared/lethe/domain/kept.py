"""What is kept of a message: no header and no part that the policy does not need (Art. 5(1)(c))."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from lethe.domain.channel_settings import DEFAULT_HEADERS, ChannelSettings, Detector
from lethe.domain.figures import HeaderGroup, LeftOut, dropped, dropped_header, found
from lethe.domain.messages import Direction, Message, Participant

_OWN: Final = "x-lethe-"
"""Headers of Lethe's own say what became of a message, and are always kept."""

_GROUPS: Final = {
    HeaderGroup.IP: "ip ipv4 ipv6 forwarded-for forwarded-host remote-addr",
    HeaderGroup.LOCATION: "geo location latitude longitude country city timezone time-zone",
    HeaderGroup.DEVICE: "user-agent mailer device os platform app client browser model ua",
    HeaderGroup.ROUTING: (
        "received return-path delivered-to original-to route via hop forwarded envelope gateway "
        "arc dkim spf auth authentication authenticated tenant crosstenant exchange forefront "
        "originatororg spam antispam virus scanned feedback smtp google gm resent mailman"
    ),
}
"""By words of a header's name, between hyphens; its value is never looked at."""

_NAMES_WRITTEN: Final = re.compile(
    r"from|sender|to|cc|bcc|reply-to|return-path|x-envelope-.+|x-unparsed-.+"
)
"""The headers that show who took part, as they were written."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many headers of which group, and how much of which part, were not kept."""

    headers: Mapping[HeaderGroup, int] = field(default_factory=dict)
    parts: Mapping[LeftOut, int] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, int]:
        """Return the same as figures of the channel."""
        headers = {dropped_header(group): number for group, number in self.headers.items()}
        return headers | {dropped(part): number for part, number in self.parts.items() if number}


def minimise_message(message: Message, settings: ChannelSettings | None) -> tuple[Message, Dropped]:
    """Keep of a message what its channel's settings name; of an unknown channel, the default.

    Attachments stay as they are, and so does the raw original, which a class keeps where the law
    demands it whole.
    """
    allowed = frozenset(settings.headers if settings else DEFAULT_HEADERS)
    out = frozenset(settings.drop) if settings else frozenset[str]()
    all_headers = [*message.headers, *message.further_headers]
    headers = tuple(_kept(all_headers, allowed))
    kept = replace(
        message,
        headers=headers,
        further_headers=(),
        html="" if LeftOut.HTML in out else message.html,
        thread="" if LeftOut.THREAD in out else message.thread,
        participants=tuple(
            _participant(one, allowed, nameless=LeftOut.DISPLAY_NAMES in out)
            for one in message.participants
        ),
    )
    lost = Counter(name for name, _ in all_headers)
    lost.subtract(name for name, _ in headers)
    parts = {
        LeftOut.HTML: int(message.html != kept.html),
        LeftOut.THREAD: int(message.thread != kept.thread),
        LeftOut.DISPLAY_NAMES: _names(message) - _names(kept),
    }
    return kept, Dropped(Counter(map(group_of, lost.elements())), parts)


def tags_of(message: Message, settings: ChannelSettings | None) -> frozenset[Detector]:
    """Return which detectors find something in an inbound message, where the policy asks."""
    if settings is None or not settings.tag_inbound or message.direction is Direction.OUTBOUND:
        return frozenset()
    from lethe.domain.detectors import ORDER, find  # noqa: PLC0415 - a cold start may not need it

    return frozenset(
        one.detector for text in (message.subject, message.body) for one in find(text, ORDER)
    )


def tag(detector: Detector) -> str:
    """Return the name by which a policy's rule speaks of a detector: `national-id`, `special`."""
    return detector.replace("_", "-")


def found_figures(tags: Iterable[Detector]) -> dict[str, int]:
    """Return the same as figures of the channel."""
    return {found(detector): 1 for detector in tags}


@lru_cache(maxsize=1_000)
def group_of(name: str) -> HeaderGroup:
    """Return what a header speaks of."""
    for group, words in _GROUPS.items():
        if any(f"-{word}-" in f"-{name}-" for word in words.split()):
            return group
    return HeaderGroup.OTHER


def _names(message: Message) -> int:
    return sum(bool(one.name) for one in message.participants)


def _kept(
    headers: Iterable[tuple[str, str]], allowed: Collection[str]
) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        if name.startswith(_OWN) or (name in allowed and value):
            yield name, value


def _participant(one: Participant, allowed: Collection[str], *, nameless: bool) -> Participant:
    """The same person in the same place, with no more headers than the policy allows."""
    headers = tuple(
        (name, value)
        for name, value in one.headers
        if (not nameless if _NAMES_WRITTEN.fullmatch(name) else name in allowed)
    )
    return replace(one, name="" if nameless else one.name, headers=headers)
