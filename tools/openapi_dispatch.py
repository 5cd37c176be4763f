"""What docs/openapi.yaml says of the routes of dispatch."""

from __future__ import annotations

from typing import Final

from lethe.api.bodies.dispatch import DispatchIn, SuppressionsIn
from lethe.api.calls import IDEMPOTENCY_KEY

from tools.openapi_operation import Operation

DISPATCH: Final[dict[tuple[str, str], Operation]] = {
    ("POST", "/dispatches"): Operation(
        "Ask whether a message may go, or have it sent",
        {
            "200": "A decision for each recipient, by number; an allow carries an authorisation.",
            "202": "The same of what is to be sent, with the dispatch's id.",
        },
        "400 403 409 413 500 503",
        DispatchIn,
        headers=(IDEMPOTENCY_KEY,),
    ),
    ("GET", "/dispatches/<dispatch_id>"): Operation(
        "See how far each message of a dispatch has come",
        {"200": "The state of each recipient's message."},
        "403 404 500 503",
    ),
    ("POST", "/suppressions/search"): Operation(
        "Find who must not be written to, by an act of their own",
        {"200": "A reason or none for each address, in order."},
        body=SuppressionsIn,
    ),
}
