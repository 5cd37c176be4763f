"""Personal and special data in a text: where it stands, by detector (Art. 5(1)(c), 9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from lethe.domain.channel_settings import Detector


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """What a detector found: characters `start` to `end` of the text, never the value itself."""

    start: int
    end: int
    detector: Detector


class DetectorPort(Protocol):
    """A further detector of a deployment's own, such as one over Amazon Comprehend."""

    def find(self, text: str) -> Iterable[Found]:
        """Find in a text; it is handed the whole text, so whoever answers it is a processor."""
        ...
