"""MIME as it is found in the wild, taken apart in linear time; nothing here raises on odd input.

Python's own `email` package is not used: on hostile mail it raises, takes quadratic time and writes
embedded mails anew (`docs/channels.md` has the figures). Whatever can't be understood stays whole,
as an opaque part, and is counted as a defect.
"""

from __future__ import annotations

import binascii
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from lethe.channels.charsets import decode

MAX_DEPTH: Final = 20
"""Multiparts nested deeper stay whole, as one opaque part."""
MAX_PARTS: Final = 250
"""Of a mail with more parts, the rest stays whole, as one opaque part."""
_STRUCTURAL: Final = 8_192
"""So much of a header is read for media type, boundary, charset and file name."""

_NAME: Final = re.compile(rb"([!-9;-~]+)[ \t]*:")
_MEDIA_TYPE: Final = re.compile(r"\s*([!#$&*+.^\w-]{1,127})\s*/\s*([!#$&*+.^\w-]{1,127})", re.ASCII)
_TOKEN: Final = re.compile(r"\s*([\w!#$&^.+-]{1,127})", re.ASCII)
_PARAMETER: Final = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)', re.DOTALL)
_SECTION: Final = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?")
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n"
_WORD: Final = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*)\?=")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Part:
    """One node of a mail: a leaf with its decoded content, or a multipart with children."""

    headers: tuple[tuple[str, bytes], ...]
    media_type: str
    parameters: dict[str, str]
    disposition: str
    file_name: str
    content: bytes = b""
    children: tuple[Part, ...] = ()
    outside: tuple[bytes, ...] = ()

    def values(self, name: str) -> list[bytes]:
        """Return every value of the header, unfolded, in order."""
        return [value for key, value in self.headers if key == name]

    def text(self, name: str) -> str:
        """Return the first value of the header as clean text, or an empty one."""
        return next((header_text(value) for value in self.values(name)), "")

    def leaves(self) -> list[Part]:
        """Return the parts without children, in order."""
        found: list[Part] = []
        todo = [self]
        while todo:
            part = todo.pop()
            if part.children:
                todo.extend(reversed(part.children))
            else:
                found.append(part)
        return found


@dataclass(slots=True)
class Reader:
    """Takes one mail apart and counts what was wrong with it."""

    defects: Counter[str] = field(default_factory=Counter)
    _parts: int = 0

    def read(self, raw: bytes) -> Part:
        """Return the tree of a whole mail."""
        if b"\n" not in raw:
            raw = raw.replace(b"\r", b"\n")
        return self._part(raw, 0, len(raw), "text/plain", 0)

    def text(self, part: Part) -> str:
        """Return a text part as Unicode with line feeds as line ends; no character is lost."""
        text, exact = decode(
            part.content, part.parameters.get("charset", ""), html=part.media_type == "text/html"
        )
        if not exact:
            self.defects["charset"] += 1
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _part(self, raw: bytes, start: int, end: int, default: str, depth: int) -> Part:
        self._parts += 1
        headers, body = self._headers(raw, start, end)
        fields = dict(reversed(headers))  # of two headers with one name, the first counts
        media_type, parameters = _media_type(fields.get("content-type", b""), default)
        disposition, more = _value(fields.get("content-disposition", b""))
        name = more.get("filename") or parameters.get("name") or ""
        part = Part(headers, media_type, parameters, disposition, name)
        if not media_type.startswith("multipart/"):
            content = self._transfer_decoded(
                fields.get("content-transfer-encoding", b""), raw[body:end]
            )
            return replace(part, content=content)
        boundary = parameters.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
        if depth >= MAX_DEPTH or self._parts >= MAX_PARTS:
            self.defects["bound"] += 1
            return replace(part, content=raw[body:end], media_type="application/octet-stream")
        children: list[Part] = []
        digest = "message/rfc822" if media_type == "multipart/digest" else "text/plain"
        sections, outside, closed = _sections(raw, body, end, boundary, MAX_PARTS)
        if not sections:
            self.defects["boundary"] += 1
            return replace(part, content=raw[body:end], media_type="text/plain")
        if not closed:
            self.defects["unclosed"] += 1
        for first, last in sections:
            if self._parts >= MAX_PARTS:
                self.defects["bound"] += 1
                rest = raw[first : sections[-1][1]]
                children.append(Part((), "application/octet-stream", {}, "attachment", "", rest))
                break
            children.append(self._part(raw, first, last, digest, depth + 1))
        return replace(part, children=tuple(children), outside=outside)

    def _headers(
        self, raw: bytes, start: int, end: int
    ) -> tuple[tuple[tuple[str, bytes], ...], int]:
        """The header fields, unfolded, and where the body starts."""
        found: list[tuple[str, list[bytes]]] = []
        at = start
        while at < end:
            stop = raw.find(b"\n", at, end) + 1 or end
            line = raw[at:stop].rstrip(b"\r\n")
            if not line:
                at = stop
                break
            if line[:1] in (b" ", b"\t") and found:
                found[-1][1].append(line)
            elif match := _NAME.match(line):
                found.append((match[1].decode("ascii").lower(), [line[match.end() :]]))
            elif at == start and line.startswith((b"From ", b">From ")):
                pass  # an mbox separator
            else:
                self.defects["header"] += bool(found)
                break
            at = stop
        return tuple((name, b"".join(lines).strip()) for name, lines in found), at

    def _transfer_decoded(self, encoding: bytes, data: bytes) -> bytes:
        match encoding[:40].strip().lower():
            case b"base64":
                decoded, exact = _base64(data)
                self.defects["base64"] += not exact
                return decoded
            case b"binary":
                return data
            case b"quoted-printable":
                return binascii.a2b_qp(_crlf(data))
            case _:
                return _crlf(data)


def _crlf(data: bytes) -> bytes:
    """Return MIME's canonical line ends, which don't depend on who stored the mail."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def header_text(value: bytes | str) -> str:
    """Return a header's value with encoded words decoded and control characters as blanks."""
    text = decode(value)[0] if isinstance(value, bytes) else value
    return " ".join(_UNPRINTABLE.sub(" ", decode_words(text)).split())


def decode_words(text: str) -> str:
    """Return the text with its encoded words (RFC 2047) decoded, adjacent ones joined before."""
    if "=?" not in text:
        return text
    pieces: list[str] = []
    charset, held, at = "", bytearray(), 0

    def flush() -> None:
        if held:
            pieces.append(decode(bytes(held), charset)[0])
            held.clear()

    for match in _WORD.finditer(text):
        gap = text[at : match.start()]
        at = match.end()
        data = _word(match[2], match[3])
        if data is None:
            flush()
            pieces.append(gap + match[0])
            continue
        is_adjacent = bool(held) and not gap.strip()
        if not is_adjacent or match[1].lower() != charset:
            flush()
            pieces.append("" if is_adjacent else gap)
            charset = match[1].lower()
        held += data
    flush()
    return "".join(pieces) + text[at:]


def _word(encoding: str, encoded: str) -> bytes | None:
    data = encoded.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    decoded, exact = _base64(data)
    return decoded if exact else None


def _base64(data: bytes) -> tuple[bytes, bool]:
    """What the base64 lines say; from the first line that is no base64, the bytes as they stand."""
    good = len(data)
    if data.translate(None, _BASE64):
        good = 0
        while good < len(data):
            stop = data.find(b"\n", good) + 1 or len(data)
            if data[good:stop].translate(None, _BASE64):
                break
            good = stop
    decoded = bytearray()
    for match in re.finditer(rb"[^=]+", data[:good].translate(None, b" \t\r\n")):
        digits = match[0] if len(match[0]) % 4 != 1 else match[0][:-1]
        decoded += binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
    return bytes(decoded) + data[good:], good == len(data)


def _sections(
    raw: bytes, start: int, end: int, boundary: bytes, most: int
) -> tuple[list[tuple[int, int]], tuple[bytes, ...], bool]:
    """Where the parts of a multipart lie, what stands outside of them, whether it was closed."""
    found: list[tuple[int, int]] = []
    delimiter = b"--" + boundary
    at, opened, outside = start, -1, b""
    while boundary and (at := raw.find(delimiter, at, end)) >= 0:
        after = at + len(delimiter)
        if at == start or raw[at - 1 : at] == b"\n":
            stop = raw.find(b"\n", after, end)
            stop = end if stop < 0 else stop
            tail = raw[after:stop].strip(b" \t\r")
            if tail in (b"", b"--"):
                before = at - (at > start) - (raw[at - 2 : at] == b"\r\n" and at - 1 > start)
                if opened < 0:
                    outside = raw[start : max(start, before)]
                else:
                    found.append((opened, max(opened, before)))
                opened = min(stop + 1, end)
                if tail:
                    return found, (outside, raw[opened:end]), True
                if len(found) > most:
                    break
                after = opened
        at = after
    if opened < 0:
        return [], (), False
    return [*found, (opened, end)], (outside,), False


def _media_type(value: bytes, default: str) -> tuple[str, dict[str, str]]:
    match = _MEDIA_TYPE.match(value[:_STRUCTURAL].decode("latin-1"))
    if not match:
        # RFC 2045, 5.2: what can't be read is text; so is a type without a subtype.
        return ("text/plain" if value else default), _value(value)[1]
    return f"{match[1]}/{match[2]}".lower(), _value(value)[1]


def _value(value: bytes) -> tuple[str, dict[str, str]]:
    """The token that a structured header starts with, and its parameters (RFC 2045, RFC 2231)."""
    text = value[:_STRUCTURAL].decode("latin-1")
    token = _TOKEN.match(text)
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for match in _PARAMETER.finditer(text):
        name = match[1].lower()
        content = match[2].strip()
        if content.startswith('"'):
            content = content[1:].removesuffix('"').replace('\\"', '"').replace("\\\\", "\\")
        data = content.encode("latin-1")
        split = _SECTION.fullmatch(name)
        if not split or (split[2] is None and split[3] is None):
            plain.setdefault(name, decode_words(decode(data)[0]))
        else:
            section = sections.setdefault(split[1], {})
            section.setdefault(int(split[2] or 0), (data, split[3] is not None))
    return (token[1].lower() if token else ""), plain | {k: _joined(v) for k, v in sections.items()}


def _joined(sections: dict[int, tuple[bytes, bool]]) -> str:
    charset, joined = "", b""
    for number, (data, extended) in sorted(sections.items()):
        rest = data
        if extended:
            if number == 0 and data.count(b"'") > 1:
                named, _, rest = data.split(b"'", 2)
                charset = named.decode("latin-1")
            rest = _PERCENT.sub(lambda match: bytes([int(match[1], 16)]), rest)
        joined += rest
    return decode(joined, charset)[0]
