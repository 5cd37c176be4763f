"""A notice as it is drafted, approved and published: its model, and its words in every language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from lethe.domain.errors import InvalidInputError
from lethe.domain.in_force import Audience, Change, NoticeVersion
from lethe.domain.languages import Language, Run, available, language, text_of
from lethe.domain.live import LiveSettings
from lethe.domain.notice import sections
from lethe.domain.notice_checks import problems
from lethe.domain.policy import Policy
from lethe.domain.statements import Document, Own, Section, canonical, changes, model


@dataclass(frozen=True, slots=True)
class NoticeDocument:
    """What a notice says: `model` apart from any language, `words` by language."""

    audience: Audience
    model: Document
    words: Mapping[str, Document]
    live: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """SHA-256 of everything that a reader is told, in hexadecimal digits."""
        said = {"model": self.model, "words": self.words}
        return sha256(canonical(said).encode()).hexdigest()

    def json(self) -> str:
        """Return it as it is stored."""
        stored = {"model": self.model, "live": self.live, "words": self.words}
        return json.dumps(stored, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def read(cls, audience: Audience, text: str) -> NoticeDocument:
        """Read what was stored."""
        stored = json.loads(text)
        return cls(audience, *(stored.get(part, {}) for part in ("model", "words", "live")))


@dataclass(frozen=True, slots=True)
class PublishedNotice:
    """A version of a notice, who made it so, and since when."""

    version: int
    policy_version: int
    document: NoticeDocument
    drafted_by: str
    approved_by: str
    at: datetime

    @classmethod
    def of(cls, change: Change, notice: NoticeVersion) -> PublishedNotice:
        """Return what a change publishes."""
        return cls(
            version=notice.version,
            policy_version=notice.policy_version,
            document=NoticeDocument.read(notice.audience, notice.document),
            drafted_by=notice.drafted_by or (change.proposal.actor if change.proposal else ""),
            approved_by=change.actor,
            at=change.at,
        )


@dataclass(frozen=True, slots=True)
class PublishedWords:
    """A version in one language: all that its public page needs."""

    version: int
    words: Document
    languages: tuple[str, ...]
    """Every language of this version."""
    hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NoticeDraft:
    """What somebody drafted, by the hash of what it says: it waits for another person."""

    audience: Audience
    hash: str
    policy_version: int
    actor: str
    at: datetime


def draft(policy: Policy, live: LiveSettings, audience: Audience) -> NoticeDocument:
    """Return the notice that policy and settings lead to; InvalidInputError names what it lacks."""
    if found := problems(policy, live, audience):
        raise InvalidInputError(
            "The notice can't be made: fields of the policy are missing.", found
        )
    made = sections(policy, live, audience)
    words = {code: _words(policy, made, audience, language(code)) for code in available()}
    return NoticeDocument(audience, model(made), words, asdict(live))


def differences(
    before: Mapping[str, Document], after: Mapping[str, Document]
) -> dict[str, list[str]]:
    """Return what differs between two notices, language by language, in lines for a reader."""
    return {
        code: list(_lines(before.get(code, _NOTHING), after.get(code, _NOTHING)))
        for code in sorted({*before, *after})
    }


_NOTHING: Document = {"sections": {}}
_AROUND = ("in_force", "languages", "formats", "contents", "colon", "skip")
"""What a page has around the text."""


def _words(
    policy: Policy, made: tuple[Section, ...], audience: Audience, plain: Language
) -> Document:
    spoken = plain.of(policy.notice.language, policy.notice.translations)
    page = plain.words["page"]
    name = Own(policy.controller.name, "/controller/name", name=True)
    return {
        "language": plain.words["language"],
        "title": page[f"title_{audience}"],
        "lead": spoken.fill(page[f"lead_{audience}"], {"controller": name}),
        "page": {key: page[key] for key in _AROUND},
        "sections": spoken.document(made),
    }


def _lines(before: Document, after: Document) -> Iterator[str]:
    for change in changes(before["sections"], after["sections"]):
        there = after if change.after is not None else before
        where = _where(there["sections"], change.pointer)
        old, new = _said(change.before), _said(change.after)
        if old is None:
            yield f"{where}: + {new}"
        elif new is None:
            yield f"{where}: - {old}"
        else:
            yield f"{where}: {old} → {new}"


def _where(told: Document, pointer: str) -> str:
    """Say in words where a statement stands: section, entry, label."""
    _, section_id, *rest = pointer.split("/")
    holder = told[section_id]
    names = [holder["title"]]
    if rest[0] == "entries":
        holder = holder["entries"][rest[1]]
        names.append(text_of(holder["title"]))
    if rest[-2:-1] == ["statements"]:
        names.append(holder["statements"][rest[-1]]["label"])
    return ", ".join(filter(None, names))


def _said(told: Document | list[Run] | str | None) -> str | None:
    if told is None or isinstance(told, str):
        return told
    return text_of(told["text"] if isinstance(told, dict) else told)
