"""The record of processing activities as JSON, and as CSV in which nothing is a formula."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.event_handler.api_gateway import Response

from lethe.api.answers import answer

if TYPE_CHECKING:
    from lethe.domain.processing_records import Record

FORMATS: Final = ("json", "csv")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet compute a cell, in full width too."""
_MARK: Final = "\ufeff"
"""By which spreadsheets know UTF-8."""


def record(told: Record, kind: str) -> Response[str]:
    """Return a record in the format asked for."""
    return _csv(told) if kind == "csv" else _json(told)


def safe(cell: str) -> str:
    """Return a cell that is text to every spreadsheet."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


def _json(told: Record) -> Response[str]:
    body = {
        "view": told.view,
        "language": told.language,
        "policy_version": told.policy_version,
        "columns": [
            {"id": each.id, "title": each.title, "article": f"Art. {each.article} GDPR"}
            for each in told.columns
        ],
        "activities": [
            {"id": name, **{column: [*texts] for column, texts in row.items()}}
            for name, row in told.rows.items()
        ],
    }
    return answer(200, body)


def _csv(told: Record) -> Response[str]:
    written = io.StringIO()
    rows = csv.writer(written, quoting=csv.QUOTE_ALL)
    rows.writerow(["id", *(safe(f"{c.title} (Art. {c.article})") for c in told.columns)])
    for name, row in told.rows.items():
        rows.writerow([safe(name), *(safe("\n".join(row[c.id])) for c in told.columns)])
    headers: dict[str, str | list[str]] = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'attachment; filename="records-of-processing-{told.view}.csv"',
    }
    return Response(200, "text/csv; charset=utf-8", _MARK + written.getvalue(), headers)
