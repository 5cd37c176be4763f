"""NoticesTable: every version of every notice, and what was drafted. Nothing in it ever changes.

| attribute | content |
|---|---|
| `pk` | the audience: `external` or `employees` |
| `sk` | `v#0001`: a version; `v#0001#de`: its words in a language; `d#` and a hash: a draft |
| `hash` | SHA-256 of all that a reader is told |
| `at` | since when, or when it was drafted (ms) |
| `policy` | the version of the policy that it was made from |
| `drafted`, `actor` | of a version: who drafted and who approved it; a draft has `actor` alone |
| `doc` | of a version: its model and the live settings; of a language: its words (JSON, zlib) |
| `languages` | of a version and of its words: all languages that there are, with commas |

The texts that people consented to lie here too, below `text#`.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, Final

from lethe.domain.errors import NotFoundError, TooLargeError
from lethe.domain.in_force import Audience, Change, NoticeVersion
from lethe.domain.notice_documents import (
    NoticeDocument,
    NoticeDraft,
    PublishedNotice,
    PublishedWords,
)
from lethe.store.dynamo import Item, Table, b, blob, from_ms, n, number, s, text, to_ms
from lethe.store.errors import ConditionFailedError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_BYTES: Final = 380 * 1024
"""How much of a notice one item holds, compressed: an item of DynamoDB has 400 KB."""


class DynamoNotices:
    """The versions of the notices; `DynamoPolicies` puts them in force."""

    def __init__(self, client: DynamoDBClient, *, notices: str) -> None:
        self._table = Table(client, notices)

    def version(self, audience: Audience, version: int) -> PublishedNotice:
        """Read a version with all its words; NotFoundError."""
        values = {":pk": s(audience), ":sk": s(_sk(version))}
        items = [*self._table.query("pk = :pk AND begins_with(sk, :sk)", values)]
        if not items:
            raise NotFoundError("There is no such version of this notice.")
        head, *languages = items
        words = {text(item, "sk").rpartition("#")[2]: _opened(item) for item in languages}
        document = NoticeDocument(audience, words=words, **_opened(head))
        return PublishedNotice(
            version=version,
            policy_version=number(head, "policy"),
            document=document,
            drafted_by=text(head, "drafted"),
            approved_by=text(head, "actor"),
            at=from_ms(number(head, "at")),
        )

    def words(self, audience: Audience, version: int, language: str) -> PublishedWords | None:
        """Read a version in one language; None if it has none."""
        item = self._table.get({"pk": s(audience), "sk": s(f"{_sk(version)}#{language}")})
        if item is None:
            return None
        return PublishedWords(
            version=version,
            words=_opened(item),
            languages=tuple(text(item, "languages").split(",")),
            hash=text(item, "hash"),
            at=from_ms(number(item, "at")),
        )

    def put_draft(self, draft: NoticeDraft) -> NoticeDraft:
        """Keep a draft; who drafted the same before stays its author. Returns what is kept."""
        item = _draft_key(draft.audience, draft.hash) | {
            "policy": n(draft.policy_version),
            "actor": s(draft.actor),
            "at": n(to_ms(draft.at)),
        }
        try:
            self._table.put_new(item)
        except ConditionFailedError:
            return self.draft(draft.audience, draft.hash)
        return draft

    def draft(self, audience: Audience, content_hash: str) -> NoticeDraft:
        """Read a draft; NotFoundError."""
        item = self._table.get(_draft_key(audience, content_hash))
        if item is None:
            raise NotFoundError("There is no draft with this hash; draft the notice first.")
        at = from_ms(number(item, "at"))
        return NoticeDraft(audience, content_hash, number(item, "policy"), text(item, "actor"), at)


def publishing(change: Change, notice: NoticeVersion) -> list[Item]:
    """The items of a version that a change puts in force; each one is new."""
    made = PublishedNotice.of(change, notice)
    document = made.document
    common = {
        "pk": s(notice.audience),
        "hash": s(document.hash),
        "at": n(to_ms(change.at)),
        "languages": s(",".join(sorted(document.words))),
    }
    head = common | {
        "sk": s(_sk(notice.version)),
        "policy": n(made.policy_version),
        "drafted": s(made.drafted_by),
        "actor": s(made.approved_by),
        "doc": _closed({"model": document.model, "live": document.live}),
    }
    return [head] + [
        common | {"sk": s(f"{_sk(notice.version)}#{code}"), "doc": _closed(words)}
        for code, words in document.words.items()
    ]


def _closed(document: object) -> dict[str, Any]:
    packed = zlib.compress(json.dumps(document, ensure_ascii=False).encode(), 9)
    if len(packed) > MAX_BYTES:
        kilobytes = MAX_BYTES // 1024
        raise TooLargeError(
            f"A notice has at most {kilobytes} KB in a language; shorten its texts."
        )
    return b(packed)


def _opened(item: Item) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(zlib.decompress(blob(item, "doc")))
    return document


def _sk(version: int) -> str:
    return f"v#{version:04d}"


def _draft_key(audience: Audience, content_hash: str) -> Item:
    return {"pk": s(audience), "sk": s(f"d#{content_hash}")}
