"""HTML to plain text in one linear pass, for mails that bring no text of their own.

Python's own `html.parser` takes quadratic time on unclosed markup (`docs/channels.md`).
The HTML itself is kept beside the text, so that nothing depends on what is left out here.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

_TAG: Final = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,20})")
_BREAK: Final = re.compile(
    "address|article|blockquote|br|d[dlt]|div|fieldset|footer|form|h[1-6r]|header|li|main|nav|ol|p"
    "|pre|section|table|tr|ul"
)
_LONG_NUMBER: Final = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")
_UNSHOWN: Final = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "title", "template")
}


def text_of(html: str) -> str:
    """Return what a reader would see of the HTML, as lines of text."""
    pieces: list[str] = []
    at = 0
    while (opened := html.find("<", at)) >= 0:
        pieces.append(_text(html[at:opened]))
        if html.startswith("<!--", opened):
            closed = html.find("-->", opened + 4)
            at = len(html) if closed < 0 else closed + 3
            continue
        tag = _TAG.match(html, opened)
        if not tag and html[opened + 1 : opened + 2] not in ("!", "?", "/"):
            pieces.append("<")
            at = opened + 1
            continue
        closed = html.find(">", opened)
        if closed < 0:
            at = opened
            break
        at = closed + 1
        name = tag[1].lower() if tag else ""
        if _BREAK.fullmatch(name):
            pieces.append("\n")
        elif name in ("td", "th"):
            pieces.append(" ")
        elif name in _UNSHOWN and html[opened + 1] != "/":
            end = _UNSHOWN[name].search(html, at)
            at = end.start() if end else len(html)
    pieces.append(_text(html[at:]))
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _text(piece: str) -> str:
    return unescape(_LONG_NUMBER.sub("\ufffd", re.sub(r"[ \t\r\n\f]+", " ", piece)))
