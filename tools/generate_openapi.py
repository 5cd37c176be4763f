"""Writes docs/openapi.yaml from the table of routes and the models that read the bodies.

`python -m tools.generate_openapi`; a test compares the file with what this would write.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import yaml
from lethe.api import auth
from lethe.api.bodies.access import ProofIn, SearchIn
from lethe.api.bodies.erase import DecisionsIn, DeletionIn, RequestIn
from lethe.api.bodies.govern import ApprovalIn, FactsIn, OwnAddressQuery
from lethe.api.bodies.ingest import UploadIn
from lethe.api.calls import IDEMPOTENCY_KEY, IF_MATCH, MAILBOX, REASON, UPLOAD
from lethe.api.limits import MAX_BATCH
from lethe.channels.generic import NewMessage
from lethe.domain.own_addresses import OwnAddressesIn
from lethe.domain.policy import Policy
from pydantic.json_schema import models_json_schema

from tools import openapi_consent, openapi_dispatch, openapi_notices, openapi_twilio
from tools.openapi_operation import Operation

TARGET: Final = Path(__file__).parents[1] / "docs/openapi.yaml"
JSON: Final = "application/json"
BINARY: Final = {"type": "string", "format": "binary"}
_REF: Final = "#/components/schemas/{model}"


_REQUIRED: Final = {REASON, MAILBOX, IF_MATCH}
_CAPTURED: Final = {"201": "Captured.", "200": "It was there already."}
_REFUSALS: Final = "400 403 409 410 413 500 503"
_READS: Final = "400 403 404 410 423 500 503"

OPERATIONS: Final[dict[tuple[str, str], Operation]] = {
    ("POST", "/messages"): Operation("Capture a message", _CAPTURED, _REFUSALS, NewMessage),
    ("POST", "/messages/batch"): Operation(
        "Capture up to 100 messages, each for itself",
        {"200": "A result per message, in order."},
        "400 403 413 500 503",
        others={
            JSON: {
                "type": "object",
                "additionalProperties": False,
                "required": ["messages"],
                "properties": {
                    "messages": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": MAX_BATCH,
                        "items": {"$ref": _REF.format(model="NewMessage")},
                    }
                },
            }
        },
    ),
    ("POST", "/channels/email"): Operation(
        "Capture a raw mail",
        _CAPTURED,
        _REFUSALS,
        others={"message/rfc822": BINARY},
        headers=(MAILBOX, UPLOAD),
    ),
    ("POST", "/uploads"): Operation(
        "Open a place for what is too large for one call",
        {"201": "Where to put the bytes."},
        "400 403 413 500 503",
        UploadIn,
    ),
    ("GET", "/messages/<message_id>"): Operation(
        "Read a message", {"200": "The message in clear."}, _READS, headers=(REASON,)
    ),
    ("POST", "/messages/search"): Operation(
        "Find the messages of an address", {"200": "A page, newest first."}, body=SearchIn
    ),
    ("POST", "/consents/proof"): Operation(
        "Prove everything on record of one person's consents, for anybody to verify",
        {"200": "Every event, text and receipt, and whether the chain of them holds."},
        "400 403 404 410 500 503",
        ProofIn,
    ),
    ("GET", "/messages/<message_id>/original"): Operation(
        "Read the raw original",
        {"200": "The bytes, or what opens them."},
        "400 403 404 410 413 423 500 503",
        headers=(REASON,),
        query=("version", "grant"),
    ),
    ("GET", "/messages/<message_id>/attachments/<number>"): Operation(
        "Get an attachment's ciphertext and key",
        {"200": "A short-lived URL, and the key of that attachment."},
        _READS,
        headers=(REASON,),
        query=("version",),
    ),
    ("POST", "/messages/<message_id>/deletion"): Operation(
        "Delete a message on a participant's behalf",
        {"200": "What ended."},
        "400 403 404 409 410 500 503",
        DeletionIn,
    ),
    ("POST", "/requests"): Operation(
        "Erase a person by address",
        {"202": "The request; what is erased now is unreadable."},
        "400 403 409 500 503",
        RequestIn,
        headers=(IDEMPOTENCY_KEY,),
    ),
    ("GET", "/requests/<request_id>"): Operation(
        "See how far a request has come", {"200": "The request."}, "403 404 500 503"
    ),
    ("POST", "/requests/<request_id>/decisions"): Operation(
        "Settle classes under review",
        {"202": "The request."},
        "400 403 404 409 500 503",
        DecisionsIn,
    ),
    ("GET", "/policy"): Operation(
        "Read the policy", {"200": "The version in force."}, "403 500 503"
    ),
    ("POST", "/policy/proposals"): Operation(
        "Propose the next version of the policy",
        {"201": "The proposal, and what it changes."},
        "400 403 409 413 500 503",
        Policy,
        headers=(IF_MATCH,),
    ),
    ("GET", "/policy/proposals/<proposal_id>"): Operation(
        "Read a proposal", {"200": "The proposal with its document."}, "403 404 500 503"
    ),
    ("POST", "/policy/proposals/<proposal_id>/preview"): Operation(
        "See what a proposal would do to what exists",
        {"200": "What would end earlier, the notices that follow, and a token for an hour."},
        "400 403 404 409 500 503",
    ),
    ("POST", "/policy/proposals/<proposal_id>/approval"): Operation(
        "Put another person's proposal in force",
        {"200": "The versions in force."},
        "400 403 404 409 500 503",
        ApprovalIn,
    ),
    ("GET", "/doctor"): Operation(
        "See what is missing or overdue", {"200": "The findings, worst first."}, "403 500 503"
    ),
    ("GET", "/reports/<day>"): Operation(
        "Read the figures of a day", {"200": "The report."}, "403 404 500 503"
    ),
    ("POST", "/policy/explanations"): Operation(
        "Explain a classification", {"200": "Which rule decides, and why."}, body=FactsIn
    ),
    ("POST", "/own-addresses"): Operation(
        "Record which addresses are the controller's",
        {"200": "How many."},
        body=OwnAddressesIn,
        others={"text/csv": {"type": "string"}},
    ),
    ("POST", "/own-addresses/search"): Operation(
        "See when an address is the controller's", {"200": "The spans."}, body=OwnAddressQuery
    ),
    **openapi_consent.CONSENT,
    **openapi_notices.NOTICES,
    **openapi_dispatch.DISPATCH,
    **openapi_twilio.TWILIO,
}

PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:lethe:problem:invalid-input"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def document() -> dict[str, Any]:
    """Return the description of the API."""
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    models = [operation.body for operation in OPERATIONS.values() if operation.body]
    _, schemas = models_json_schema(
        [(model, "validation") for model in dict.fromkeys([*models, *openapi_consent.MODELS])],
        ref_template=_REF,
    )
    paths: dict[str, dict[str, Any]] = {}
    for (method, rule), access in auth.ROUTES.items():
        path = re.sub(r"<(\w+)>", r"{\1}", rule)
        paths.setdefault(path, {})[method.lower()] = _operation(
            path, OPERATIONS[method, rule], access
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lethe",
            "version": "1",
            "description": "Words, answers and examples stand in api.md.",
        },
        "servers": [{"url": "https://{host}", "variables": {"host": {"default": "example.org"}}}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"] | {"Problem": PROBLEM},
            "responses": {"Problem": {"description": "See api.md.", "content": problem}},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "account": {"type": "http", "scheme": "basic"},
            },
        },
    }


def text() -> str:
    """Return the description as the file holds it."""
    head = "# Written by tools/generate_openapi.py: change the code, then run it.\n"
    plain = json.loads(json.dumps(document()))
    return head + str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100))


def _operation(path: str, operation: Operation, access: auth.Access) -> dict[str, Any]:
    contents = (
        {JSON: {"$ref": _REF.format(model=operation.body.__name__)}} if operation.body else {}
    )
    contents |= operation.others or {}
    described: dict[str, Any] = {
        "summary": operation.summary,
        "security": [{"account": []}]
        if operation.by_account
        else [{"token": [scope]} for scope in sorted(access.token_scopes)],
        "parameters": [
            *(_parameter(name, "path") for name in re.findall(r"\{(\w+)\}", path)),
            *(_parameter(name, "header") for name in operation.headers),
            *(_parameter(name, "query") for name in operation.query),
        ],
        "responses": {
            **{status: {"description": said} for status, said in operation.answers.items()},
            **{
                status: {"$ref": "#/components/responses/Problem"}
                for status in operation.problems.split()
            },
        },
    }
    if access.groups:
        described["x-groups"] = sorted(access.groups)
    if contents:
        described["requestBody"] = {
            "required": UPLOAD not in operation.headers,
            "content": {kind: {"schema": schema} for kind, schema in contents.items()},
        }
    return described


def _parameter(name: str, place: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path" or name in _REQUIRED,
        "schema": {"type": "integer" if name in {"number", "version"} else "string"},
    }


if __name__ == "__main__":
    TARGET.write_text(text(), "utf-8")
