"""The address lists of mail headers (RFC 5322, 3.4), read in linear time and leniently."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lethe.channels.mime import decode_words, header_text

_SPECIAL: Final = re.compile(r'["(<:\[]|[,;][,;\s]*')
_QUOTE: Final = re.compile(r'["\\]')
_BRACKET: Final = re.compile(r"[()\\]")
_LITERAL: Final = re.compile(r"[^\[\]]{0,60}\]")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_MAX_NAME: Final = 500


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address of a list: `spec` may be no valid address, `name` may be empty."""

    spec: str
    name: str = ""

    @property
    def written(self) -> str:
        """The usual way to write both."""
        return f"{self.name} <{self.spec}>" if self.name else self.spec


@dataclass(slots=True)
class _Draft:
    words: list[str] = field(default_factory=list)  # as written, quotes included
    comments: list[str] = field(default_factory=list)
    spec: str | None = None
    named: int = 0  # so many of the words stood before the spec


def mailboxes(text: str, *, nested: bool = False) -> Iterator[Mailbox]:
    """Yield each mailbox of a header's value; groups are opened up and their names dropped.

    Encoded words are decoded after the list is taken apart: a comma in a name splits nothing.
    """
    draft = _Draft()
    at = 0
    literal = "["  # and whatever turns out to have no closer in the rest of the text
    while match := _SPECIAL.search(text, at):
        draft.words.append(text[at : match.start()])
        mark, at = match[0][0], match.end()
        if mark in ",;":
            yield from _finished(draft, nested=nested)
            draft = _Draft()
            continue
        if mark == ":":
            if draft.spec is None:  # the end of a group's name, or of "mailto"
                draft = _Draft()
            continue
        end = -1 if mark in literal else _end(text, mark, at)
        if mark == "[" and (address := _LITERAL.match(text, at)):
            end = address.end() - 1
            draft.words.append(text[at - 1 : end + 1])
        elif end < 0:
            literal += mark
            draft.words.append(mark)
            continue
        elif mark == '"':
            draft.words.append(text[at - 1 : end + 1])
        elif mark == "(":
            draft.comments.append(_ESCAPED.sub(r"\1", text[at:end]))
        else:
            inner = text.rfind("<", at, end) + 1 or at
            if draft.spec is not None:  # a comma is missing: what came since is the next name
                since = draft.words[draft.named :]
                del draft.words[draft.named :]
                yield from _finished(draft, nested=nested)
                draft = _Draft(since)
            draft.words.append(text[at : max(at, inner - 1)])
            draft.spec, draft.named = text[inner:end], len(draft.words)
        at = end + 1
    draft.words.append(text[at:])
    yield from _finished(draft, nested=nested)


def _end(text: str, mark: str, at: int) -> int:
    """Where the closer of a quote, comment or angle bracket stands, or -1."""
    if mark == "<":
        return text.find(">", at)
    depth = 1
    pattern = _QUOTE if mark == '"' else _BRACKET
    while match := pattern.search(text, at):
        at = match.end()
        if match[0] == "\\":
            at += 1
            continue
        depth += 1 if match[0] == "(" else -1
        if depth == 0:
            return match.start()
    return -1


def _finished(draft: _Draft, *, nested: bool) -> Iterator[Mailbox]:
    written = "".join(draft.words).strip()
    comment = header_text(" ".join(draft.comments))[:_MAX_NAME]
    if draft.spec is not None:
        spec = draft.spec.strip()
        if spec.startswith("@"):
            spec = spec.rpartition(":")[2]  # an obsolete route
        name = _name(written) or comment
        if spec or name:
            yield Mailbox(_bare(spec), name)
        return
    if not written and not comment:
        return
    if "@" not in written:
        decoded = decode_words(written)
        if not nested and "@" in decoded:
            yield from mailboxes(decoded, nested=True)  # a mailer that encoded the address too
            return
    pieces = written.split()
    specs: list[str] = []
    rest: list[str] = []
    for piece in pieces:
        (specs if "@" in piece and '"' not in piece else rest).append(piece)
    if len(pieces) == 1 or not specs:
        yield Mailbox(_bare(written), comment)
        return
    name = _name(" ".join(rest)) or comment
    for spec in specs:  # without angle brackets or commas
        yield Mailbox(_bare(spec), name if len(specs) == 1 else "")


def _bare(spec: str) -> str:
    spec = spec.strip("'<> \t")
    return spec[7:] if spec[:7].lower() == "mailto:" else spec


def _name(written: str) -> str:
    """A display name without its quotes, decoded."""
    if '"' in written:
        written = _ESCAPED.sub(r"\1", written.replace('\\"', "\0").replace('"', "")).replace(
            "\0", '"'
        )
    return header_text(written).strip("'<> ")[:_MAX_NAME]
