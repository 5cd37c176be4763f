"""Hands the sample traffic to a deployed stack, as the company's own systems would."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from tools.client import Client, UnexpectedAnswerError
from tools.sample_messages import Document, Request
from tools.sample_people import INVOICES
from tools.sample_traffic import Traffic, own_addresses
from tools.stack import Stack

Outcome = tuple[int, Document | None]
"""The status of a message, and what was captured, if it was."""


class Delivery:
    """The company's systems: they list own addresses, set the policy, deliver messages."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._machines = {
            "capture": self.client(lambda: stack.callers.machine("capture")),
            "import": self.client(lambda: stack.callers.machine("import")),
        }
        self._officer = self.client(lambda: stack.callers.staff("privacy-officer"))
        self._approver = self.client(lambda: stack.callers.staff("approver"))
        self._operator = self.client(lambda: stack.callers.staff("operator"))

    def client(self, token: Callable[[], str]) -> Client:
        """Return a client of the stack's API."""
        return Client(self._stack.api_url, token)

    def everything(self, sample: Traffic) -> int:
        """Deliver every message once, and return how many were captured."""
        self.own_addresses(sample)
        self.change_policy(keep_invoices)
        requests = (*sample.first, sample.known, *sample.copies)
        outcomes = [outcome for request in requests for outcome in self.deliver(request)]
        refused = [status for status, captured in outcomes if captured is None]
        if refused:
            raise UnexpectedAnswerError(f"sample messages were answered with {refused}")
        return len({captured["message_id"] for _, captured in outcomes if captured})

    def own_addresses(self, sample: Traffic) -> tuple[int, int]:
        """List the company's addresses and return how many: functions by JSON, people by CSV."""
        functions, people = own_addresses(sample.today)
        listed = self._operator.read("POST", "/own-addresses", functions)
        table = people.encode()
        employed = self._operator.read("POST", "/own-addresses", table, Content_Type="text/csv")
        return listed["addresses"], employed["addresses"]

    def change_policy(self, change: Callable[[Document], None]) -> dict[str, Any]:
        """Change the policy as two people do, and return what the preview showed."""
        return put_in_force(self._officer, self._approver, change)

    def deliver(self, request: Request) -> list[Outcome]:
        """Deliver, repeating what is answered with 503."""
        client = self._machines[request.caller]
        if isinstance(request.body, dict) and "messages" in request.body:
            results = client.capture(request.body["messages"])
            return [(result["status"], result.get("message")) for result in results]
        answer = client.call("POST", request.path, request.body, request.headers)
        is_taken = answer.status < HTTPStatus.BAD_REQUEST
        return [(answer.status, answer.json() if is_taken else None)]


def put_in_force(
    officer: Client, approver: Client, change: Callable[[Document], None]
) -> dict[str, Any]:
    """Propose a changed policy as one person, preview and approve it as another.

    Returns what the preview showed.
    """
    present = officer.read("GET", "/policy")
    change(present["policy"])
    seen = f'"{present["version"]}"'
    proposal = officer.read("POST", "/policy/proposals", present["policy"], If_Match=seen)
    path = f"/policy/proposals/{proposal['proposal_id']}"
    preview: dict[str, Any] = approver.read("POST", f"{path}/preview")
    approver.read("POST", f"{path}/approval", {"token": preview["token"]})
    return preview


def keep_invoices(policy: Document) -> None:
    """Put what comes to invoices@ into the class that the tax law wants kept."""
    rule = {"when": {"own_address": INVOICES}, "class": "invoices", "purpose": "accounting"}
    policy["rules"].insert(0, rule)
    for channel in policy["channels"].values():
        channel["first_contact"] = False  # the notices would be messages that nobody counts on
