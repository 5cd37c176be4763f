"""What people say about being written to, and what the company sends, through the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.e2e.archive import SHOP, Archive, Document, wait
from tools.fake_vendors import FakeVendors
from tools.local_aws import Answer

TEXT = "I agree that the shop tells me about its products by this channel. I can end this any time."
FINAL = frozenset({"captured", "denied", "refused", "uncertain"})


def evidence(**changes: Any) -> Document:
    """Return evidence of a consent that was just given in a form."""
    given: Document = {
        "method": "web_form",
        "at": datetime.now(UTC).isoformat(),
        "text": TEXT,
        "language": "en",
        "text_version": "2026-11",
        "action": "ticked_box",
        "separate": True,
        "collected_by": "shop-form",
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


@dataclass(frozen=True)
class Speaking:
    """Consents, withdrawals and dispatches in one word each."""

    archive: Archive
    vendors: FakeVendors

    def say(
        self, address: str, decision: str, purpose: str, channel: str, **changes: Any
    ) -> Answer:
        """Say yes or no to a purpose on a channel; `changes` are of the evidence."""
        consent: Document = {"decision": decision, "purpose": purpose, "channel": channel}
        consent["evidence"] = evidence(**changes)
        body = {"address": address, "consents": [consent]}
        return self.archive.consenting.call("POST", "/consents", body)

    def agree(self, address: str, purpose: str, channel: str, **changes: Any) -> Document:
        """Consent; the recorded event."""
        answer = self.say(address, "given", purpose, channel, **changes)
        assert answer.status == 201, answer.body
        [event] = answer.json()["events"]
        found: Document = event
        return found

    def withdraw(self, address: str, **what: Any) -> Document:
        """Withdraw, as machines do on the person's behalf."""
        answer = self.archive.consenting.call("POST", "/withdrawals", {"address": address, **what})
        assert answer.status in {200, 201}, answer.body
        found: Document = answer.json()
        return found

    def write(self, sender: str, text: str, channel: str, to: str = SHOP) -> str:
        """Write to the company; the message's id."""
        document = {
            "channel": channel,
            "external_id": f"{channel}-{datetime.now(UTC).timestamp()}",
            "direction": "inbound",
            "participants": [
                {"address": sender, "role": "sender"},
                {"address": to, "role": "recipient"},
            ],
            "body": text,
        }
        return self.archive.capture(document)

    def standing(self, address: str) -> Document:
        """Return where a person stands."""
        body = {"address": address}
        found: Document = self.archive.consenting.read("POST", "/consents/search", body)
        return found

    def ask(self, address: str, purpose: str, channel: str = "sms", **fields: Any) -> Document:
        """Ask whether a message may be sent; the answer for its one recipient."""
        answer = self.dispatch([address], purpose, channel, **fields)
        assert answer.status == 200, answer.body
        [recipient] = answer.json()["recipients"]
        found: Document = recipient
        return found

    def denied(self, address: str, purpose: str, channel: str = "sms", **fields: Any) -> str:
        """Ask for what is denied; the reason."""
        recipient = self.ask(address, purpose, channel, **fields)
        assert recipient["decision"] == "deny", recipient
        return str(recipient["reason"])

    def allowed(self, address: str, purpose: str, channel: str = "sms", **fields: Any) -> Document:
        """Ask for what is allowed; what it stands on."""
        recipient = self.ask(address, purpose, channel, **fields)
        assert recipient["decision"] == "allow", recipient
        basis: Document = recipient["basis"]
        return basis

    def dispatch(
        self, addresses: list[str], purpose: str, channel: str = "sms", **fields: Any
    ) -> Answer:
        """Call POST /dispatches; `sender` is the company's number unless stated."""
        key = fields.pop("key", None)
        body = {
            "from": fields.pop("sender", SHOP),
            "channel": channel,
            "purpose": purpose,
            "recipients": [{"address": address} for address in addresses],
            "text": fields.pop("text", "A word from the shop."),
            **fields,
        }
        headers = {"Idempotency-Key": key} if key else {}
        return self.archive.dispatching.call("POST", "/dispatches", body, headers)

    def send(self, addresses: list[str], purpose: str, channel: str = "sms", **fields: Any) -> str:
        """Send; the id of the dispatch."""
        answer = self.dispatch(addresses, purpose, channel, send=True, **fields)
        assert answer.status == 202, answer.body
        return str(answer.json()["dispatch_id"])

    def followed(self, dispatch: str) -> list[Document]:
        """Wait until each message of a dispatch has met its fate; how it went."""
        wait(lambda: all(r["state"] in FINAL for r in self.status(dispatch)), "a dispatch")
        return self.status(dispatch)

    def status(self, dispatch: str) -> list[Document]:
        """Return how far the message to each recipient has come."""
        found = self.archive.dispatching.read("GET", f"/dispatches/{dispatch}")["recipients"]
        listed: list[Document] = found
        return listed

    def reached(self, address: str) -> list[str]:
        """Return what the vendors took for a number."""
        return self.vendors.sent_to(address.removeprefix("tel:"))

    def mails_to(self, address: str) -> list[Document]:
        """Return what SES took for a mailbox."""
        mailbox = address.removeprefix("mailto:")
        answer = self.archive.stack.aws.http("GET", "/_ministack/ses/messages")
        return [mail for mail in _mails(answer.json()) if mailbox in str(mail.get("To"))]


def _mails(found: Any) -> list[Document]:
    """Flatten what the local AWS lists by account and region."""
    if isinstance(found, list):
        return [mail for each in found for mail in _mails(each)]
    if isinstance(found, dict) and "MessageId" in found:
        return [found]
    if isinstance(found, dict):
        return [mail for each in found.values() for mail in _mails(each)]
    return []
