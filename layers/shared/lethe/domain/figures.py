"""The names of figures that say whether a channel lives, and whether the policy knows it.

What the gate said stands beside them under names that begin with `gate.`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SEEN_INBOUND: Final = "seen_inbound"
SEEN_OUTBOUND: Final = "seen_outbound"
UNLISTED_SENDER: Final = "unlisted_sender"
"""An outbound message whose sender is not on the list of own addresses."""

UNKNOWN_CHANNELS: Final = "*"
"""Stands for a channel: its figures name the channels that the policy does not know."""

_CHANNEL: Final = "channel."


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
