"""No more personal data than needed: in what leaves, and in what is kept (Art. 5(1)(c), 25)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lethe.domain.channel_settings import Action, Detector

if TYPE_CHECKING:
    from lethe.domain.detectors import DetectorPort, Found

_MASKS: Final = {
    Detector.IBAN: "{country}** **** {last}",
    Detector.CARD: "**** **** **** {last}",
    Detector.NATIONAL_ID: "*** *** ***",
    Detector.PHONE: "+** *** ***",
    Detector.EMAIL: "***@***",
    Detector.SPECIAL: "***",
}
"""What stands in the place of a value: its sort, and of accounts and cards the last four.

Asterisks are in every character set; a bullet would halve what fits into a text message.
"""


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
    found = _find(text, actions, more)
    pieces: list[str] = []
    at = 0
    for one in found:
        if actions[one.detector] is Action.MASK:
            pieces += text[at : one.start], mask(one.detector, text[one.start : one.end])
            at = one.end
    return _minimised("".join((*pieces, text[at:])), found, actions)


def minimise_html(
    html: str, actions: Mapping[Detector, Action], more: Sequence[DetectorPort] = ()
) -> Minimised:
    """Mask in what an HTML body shows and in its attributes; its tags stay as they are."""
    if not _wanted(actions):
        return Minimised(html)
    from lethe.domain.html_text import Html  # noqa: PLC0415 - few messages need it

    document = Html(html)
    found: list[Found] = []
    for view in document.views():
        text = view.text()
        for one in _find(text, actions, more):
            found.append(one)
            if actions[one.detector] is Action.MASK:
                shown = mask(one.detector, text[one.start : one.end])
                document.replace(view, one.start, one.end, shown)
    return _minimised(document.source(), found, actions)


def mask(detector: Detector, value: str) -> str:
    """Return what stands in the place of a value."""
    bare = "".join(character for character in value if character.isalnum())
    return _MASKS[detector].format(country=bare[:2].upper(), last=bare[-4:])


def _wanted(actions: Mapping[Detector, Action]) -> frozenset[Detector]:
    return frozenset(one for one, action in actions.items() if action is not Action.ALLOW)


def _find(
    text: str, actions: Mapping[Detector, Action], more: Sequence[DetectorPort]
) -> Sequence[Found]:
    wanted = _wanted(actions)
    if not wanted or not text:
        return ()
    from lethe.domain.detectors import find  # noqa: PLC0415 - a cold start may not need it

    return find(text, wanted, more)


def _minimised(text: str, found: Sequence[Found], actions: Mapping[Detector, Action]) -> Minimised:
    counts: dict[Action, Counter[Detector]] = {action: Counter() for action in Action}
    for one in found:
        counts[actions[one.detector]][one.detector] += 1
    return Minimised(text, counts[Action.MASK], counts[Action.FLAG], counts[Action.REFUSE])
