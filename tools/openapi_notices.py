"""What docs/openapi.yaml says of the routes of notices and records of processing."""

from __future__ import annotations

from typing import Final

from lethe.api.bodies.notices import NoticeApprovalIn

from tools.openapi_operation import Operation

NOTICES: Final[dict[tuple[str, str], Operation]] = {
    ("POST", "/notices/<audience>/drafts"): Operation(
        "Draft the notice that policy and settings lead to",
        {"201": "Its hash, and what a reader would find changed."},
        "400 403 404 409 500 503",
    ),
    ("POST", "/notices/<audience>/approval"): Operation(
        "Publish another person's draft",
        {"200": "The versions in force."},
        "400 403 404 409 500 503",
        NoticeApprovalIn,
    ),
    ("GET", "/notices/<audience>/<language>"): Operation(
        "Read the published notice",
        {"200": "A page, Markdown or JSON.", "304": "It is the one in If-None-Match."},
        "400 404 500 503",
        query=("format",),
    ),
    ("GET", "/notice-versions/<audience>/<version>"): Operation(
        "Read a version of a notice and what it changed",
        {"200": "Statements, words, and the difference to the version before."},
        "403 404 500 503",
    ),
    ("GET", "/records-of-processing"): Operation(
        "Read the record of processing activities",
        {"200": "JSON, or CSV for a spreadsheet."},
        "400 403 500 503",
        query=("view", "format", "language"),
    ),
}
