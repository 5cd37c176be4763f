"""The text of an HTML body and where in its source each character stands, in one linear pass.

Python's own `html.parser` takes quadratic time on unclosed markup, as `docs/channels.md` says.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Final

_MARKUP: Final = re.compile(r"<(?=[a-zA-Z/!?])")
_TAG: Final = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,20})")
_INLINE: Final = re.compile(
    "a|abbr|b|bd[io]|big|cite|code|em|font|i|ins|kbd|mark|nobr|q|s|samp|small|span|strike|strong"
    "|su[bp]|tt|u|wbr"
)
"""Tags that do not part what stands left and right of them."""
_RAW: Final = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea")
}
_VALUE: Final = re.compile(r"=[ \t\r\n\f]*(?:\"([^\"]*)|'([^']*)|([^\s\"'>]+))")
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?")


@dataclass(slots=True)
class View:
    """Text out of the source, in stretches: where each begins here, and where it stands there."""

    pieces: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    _length: int = 0

    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)

    def add(self, html: str, start: int, stop: int) -> None:
        """Add a stretch of the source, its entities as the characters that they stand for."""
        for entity in _ENTITY.finditer(html, start, stop):
            self._stretch(html[start : entity.start()], start, entity.start())
            self._stretch(unescape(entity[0]), *entity.span())
            start = entity.end()
        self._stretch(html[start:stop], start, stop)

    def part(self, at: int) -> None:
        """Part what stands before from what comes; in the source this is nowhere."""
        self._stretch("\n", at, at)

    def places_of(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield where the characters `start` to `end` of the text stand in the source."""
        for index in range(bisect_right(self.offsets, start) - 1, len(self.offsets)):
            offset, (first, last) = self.offsets[index], self.places[index]
            if offset >= end:
                return
            if len(self.pieces[index]) == last - first:
                yield first + max(0, start - offset), min(last, first + end - offset)
            elif first < last:
                yield first, last

    def _stretch(self, shown: str, start: int, stop: int) -> None:
        if shown:
            self.pieces.append(shown)
            self.offsets.append(self._length)
            self.places.append((start, stop))
            self._length += len(shown)


class Html:
    """An HTML body in which text can be replaced."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._shown, self._unshown = View(), View()
        self._replaced: list[tuple[int, int, str]] = []
        self._read()

    def views(self) -> tuple[View, View]:
        """What a reader sees; and what stands in attributes, comments and styles."""
        return self._shown, self._unshown

    def replace(self, view: View, start: int, end: int, by: str) -> None:
        """Put something in the place of characters of a view; tags between them stay."""
        for first, last in view.places_of(start, end):
            self._replaced.append((first, last, by))
            by = ""

    def source(self) -> str:
        """The HTML with everything replaced."""
        pieces: list[str] = []
        at = 0
        for first, last, by in sorted(self._replaced):
            pieces += self._html[at:first], by
            at = last
        return "".join((*pieces, self._html[at:]))

    def _read(self) -> None:
        at = 0
        while markup := _MARKUP.search(self._html, at):
            self._shown.add(self._html, at, markup.start())
            at = self._markup(markup.start())
        self._shown.add(self._html, at, len(self._html))

    def _markup(self, opened: int) -> int:
        """Read a comment or a tag, and return where the text goes on."""
        html = self._html
        if html.startswith("<!--", opened):
            closed = html.find("-->", opened + 4)
            self._aside(opened + 4, len(html) if closed < 0 else closed)
            return len(html) if closed < 0 else closed + 3
        closed = html.find(">", opened)
        if closed < 0:
            self._aside(opened, len(html))
            return len(html)
        for value in _VALUE.finditer(html, opened, closed):
            self._aside(*value.span(value.lastindex or 0))
        tag = _TAG.match(html, opened)
        name = tag[1].lower() if tag else ""
        if not _INLINE.fullmatch(name):
            self._shown.part(closed + 1)
        if name in _RAW and html[opened + 1] != "/":
            end = _RAW[name].search(html, closed)
            stop = end.start() if end else len(html)
            self._aside(closed + 1, stop)
            return stop
        return closed + 1

    def _aside(self, start: int, stop: int) -> None:
        self._unshown.add(self._html, start, stop)
        self._unshown.part(stop)
