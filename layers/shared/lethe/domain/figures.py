"""The names of figures that say whether a channel lives, and what was left out of its messages.

Beside them stand what the gate said, under names that begin with `gate.`, and what detectors
demanded of what is sent, under `content.`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from lethe.domain.channel_settings import Detector

SEEN_INBOUND: Final = "seen_inbound"
SEEN_OUTBOUND: Final = "seen_outbound"
UNLISTED_SENDER: Final = "unlisted_sender"
"""An outbound message whose sender is not on the list of own addresses."""

UNKNOWN_CHANNELS: Final = "*"
"""Stands for a channel: its figures name the channels that the policy does not know."""

_CHANNEL: Final = "channel."


class HeaderGroup(StrEnum):
    """What a header that is not kept spoke of."""

    ROUTING = "routing"
    """By which servers it came, who vouched for it on the way, and what they thought of it."""
    IP = "ip"
    DEVICE = "device"
    """With what program and on what machine it was written."""
    LOCATION = "location"
    OTHER = "other"


class LeftOut(StrEnum):
    """A part of a message that the policy says its channel does not need."""

    HTML = "html"
    THREAD = "thread"
    DISPLAY_NAMES = "display_names"


def dropped_header(group: HeaderGroup) -> str:
    """Return the figure of headers of a group that were not kept."""
    return f"dropped.header.{group}"


def dropped(part: LeftOut) -> str:
    """Return the figure of messages that lost a part; of display names, how many there were."""
    return f"dropped.{part}"


def found(detector: Detector) -> str:
    """Return the figure of inbound messages in which a detector found something."""
    return f"found.{detector}"


def unknown_channel(channel: str) -> str:
    """Return the figure that names a channel which the policy does not know."""
    return f"{_CHANNEL}{channel}"


def unknown_channels(figures: Mapping[str, int]) -> frozenset[str]:
    """Return the channels that figures of UNKNOWN_CHANNELS name."""
    named = (name for name in figures if name.startswith(_CHANNEL))
    return frozenset(name.removeprefix(_CHANNEL) for name in named)


def was_seen(figures: Mapping[str, int]) -> bool:
    """Say whether a message came or went that day."""
    return any(figures.get(name) for name in (SEEN_INBOUND, SEEN_OUTBOUND))
