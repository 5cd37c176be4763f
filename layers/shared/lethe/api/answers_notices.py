"""What the routes of notices and of the records of processing answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aws_lambda_powertools.event_handler.api_gateway import Response

from lethe.api.answers import answer
from lethe.domain.languages import available, language, text_of
from lethe.domain.times import iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lethe.domain.languages import Run
    from lethe.domain.notice_documents import PublishedWords
    from lethe.usecases.notices import Drafted, ShownVersion

HTML: Final = "html"
FORMATS: Final = (HTML, "md", "json")
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
}
_STYLE: Final = "notice.css"
_CACHE: Final = "public, max-age=300"


class Block(NamedTuple):
    """A paragraph, or facts with a label each."""

    text: list[Run]
    facts: list[tuple[str, list[list[Run]]]]


def page(
    audience: str, code: str, shown: PublishedWords, kind: str, seen: str | None
) -> Response[str]:
    """Return the published notice in a language as a page, as Markdown or as JSON."""
    from lethe.api import pages  # noqa: PLC0415 - most calls show no page

    tag = f'"{audience}-{shown.version}-{code}-{kind}-{shown.hash[:16]}"'
    headers: dict[str, str | list[str]] = {
        "Cache-Control": _CACHE,
        "ETag": tag,
        "Content-Language": code,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Content-Security-Policy": pages.policy_for(_STYLE),
    }
    if seen is not None and tag in seen:
        return Response(304, _TYPES[kind], "", headers)
    text = _WRITERS[kind](audience, code, shown)
    return Response(200, _TYPES[kind], text, headers)


def drafted(made: Drafted) -> Response[str]:
    """Return what was drafted, and the hash under which another person approves it."""
    body = {
        "audience": made.draft.audience,
        "hash": made.draft.hash,
        "version": made.version,
        "policy_version": made.draft.policy_version,
        "drafted_by": made.draft.actor,
        "drafted_at": iso(made.draft.at),
        "differences": made.differences,
    }
    return answer(201, body)


def version(shown: ShownVersion) -> Response[str]:
    """Return a published version with its statements and what it changed."""
    notice = shown.notice
    body = {
        "audience": notice.document.audience,
        "version": notice.version,
        "hash": notice.document.hash,
        "policy_version": notice.policy_version,
        "drafted_by": notice.drafted_by,
        "approved_by": notice.approved_by,
        "published_at": iso(notice.at),
        "live": notice.document.live,
        "statements": notice.document.model,
        "words": {code: _plain(words) for code, words in notice.document.words.items()},
        "changed": [
            {"pointer": each.pointer, "before": each.before, "after": each.after}
            for each in shown.changed
        ],
        "differences": shown.differences,
    }
    return answer(200, body)


def _page(audience: str, code: str, shown: PublishedWords) -> str:
    from lethe.api import pages  # noqa: PLC0415 - as above

    del audience
    return pages.html("notice.html.j2", style=pages.style(_STYLE), **_told(code, shown))


def _markdown(audience: str, code: str, shown: PublishedWords) -> str:
    from lethe.api import pages  # noqa: PLC0415 - as above

    del audience
    return pages.markdown("notice.md.j2", **_told(code, shown))


def _json(audience: str, code: str, shown: PublishedWords) -> str:
    body = {
        "audience": audience,
        "version": shown.version,
        "published_at": iso(shown.at),
        "hash": shown.hash,
        "language": code,
        "languages": shown.languages,
        **_plain(shown.words),
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


_WRITERS: Final = {"html": _page, "md": _markdown, "json": _json}


def _told(code: str, shown: PublishedWords) -> dict[str, Any]:
    words = shown.words
    names = {each: language(each).words["language"] for each in available()}
    return {
        "language": code,
        "title": words["title"],
        "lead": words["lead"],
        "page": words["page"],
        "in_force": _in_force(code, shown),
        "others": [(each, names.get(each, each)) for each in shown.languages if each != code],
        "sections": [
            {
                "id": section_id,
                "title": section["title"],
                "blocks": list(_blocks(section)),
                "entries": [
                    {"title": entry["title"], "blocks": list(_blocks(entry))}
                    for entry in section["entries"].values()
                ],
            }
            for section_id, section in words["sections"].items()
        ],
    }


def _in_force(code: str, shown: PublishedWords) -> str:
    day = shown.at.date()
    date = language(code).day(day) if code in available() else day.isoformat()
    pattern: str = shown.words["page"]["in_force"]
    return pattern.format(version=shown.version, date=date)


def _blocks(holder: Mapping[str, Any]) -> Iterator[Block]:
    """Put statements with labels together to lists, and those of one label under it."""
    facts: list[tuple[str, list[list[Run]]]] = []
    for statement in holder["statements"].values():
        if not statement["label"]:
            if facts:
                yield Block([], facts)
                facts = []
            yield Block(statement["text"], [])
        elif facts and facts[-1][0] == statement["label"]:
            facts[-1][1].append(statement["text"])
        else:
            facts.append((statement["label"], [statement["text"]]))
    if facts:
        yield Block([], facts)


def _plain(words: Mapping[str, Any]) -> dict[str, Any]:
    """Write words out for a machine: each text as one string."""
    return {
        "title": words["title"],
        "lead": text_of(words["lead"]),
        "sections": [
            {
                "id": section_id,
                "title": section["title"],
                "statements": _statements(section),
                "entries": [
                    {
                        "id": entry_id,
                        "title": text_of(entry["title"]),
                        "statements": _statements(entry),
                    }
                    for entry_id, entry in section["entries"].items()
                ],
            }
            for section_id, section in words["sections"].items()
        ],
    }


def _statements(holder: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"id": name, "label": statement["label"], "text": text_of(statement["text"])}
        for name, statement in holder["statements"].items()
    ]
