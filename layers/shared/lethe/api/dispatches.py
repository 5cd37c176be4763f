"""From a call to decisions, and where Lethe is to send, to what was handed in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from lethe.api import answers_dispatch
from lethe.api.bodies.dispatch import DispatchIn, SuppressionsIn
from lethe.domain.errors import NotFoundError
from lethe.domain.outbox import DispatchId

if TYPE_CHECKING:
    from lethe.api.calls import Call
    from lethe.api.resolver import Answer
    from lethe.usecases.dispatching import Dispatching
    from lethe.usecases.sending import Sending
    from lethe.usecases.suppressions import Suppressions

_ID: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Dispatches:
    """The ways in. `public_url` is empty where the API has no name of its own."""

    dispatching: Dispatching
    suppressions: Suppressions
    sending: Sending
    public_url: str

    def dispatch(self, call: Call) -> Answer:
        """Decide on each recipient; send what may go if the body asks for that."""
        body, key = call.json(DispatchIn), call.idempotency_key()
        request, url, actor = body.request, self.public_url or call.api_url, call.caller.actor
        if not request.send:
            checked = self.dispatching.check(request, actor=actor, public_url=url)
            return answers_dispatch.checked(request, checked)
        refuse = partial(
            self.sending.check,
            request.message,
            together=request.together,
            not_after=body.not_after,
        )
        checked = self.dispatching.check(request, actor=actor, public_url=url, refuse=refuse)
        submitted = self.sending.submit(
            checked.content.message,
            checked.decisions,
            together=request.together,
            idempotency_key=key,
            caller=call.caller,
            public_url=url,
            not_after=body.not_after,
        )
        return answers_dispatch.submitted(request, checked, submitted)

    def status(self, dispatch_id: str) -> Answer:
        """Say how far each message of a dispatch has come."""
        if not _ID.fullmatch(dispatch_id):
            raise NotFoundError("There is no such dispatch.")
        return answers_dispatch.status(self.sending.status(DispatchId(dispatch_id)))

    def search(self, call: Call) -> Answer:
        """Say who of many must not be written to."""
        body = call.json(SuppressionsIn)
        found = self.suppressions.search(
            body.all_addresses, body.channel, own_address=body.own, purpose=body.purpose
        )
        return answers_dispatch.suppressions(found)
