"""The part of the tour in which the company writes: a campaign, a consent, STOP, an alert."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from tools.fake_vendors import FakeVendors
from tools.sample_delivery import Delivery
from tools.sample_messages import Document
from tools.stack import Stack

NUMBER: Final = "tel:+493023125300"
"""The company's number on WhatsApp."""
ZOE, YUSUF, XENIA = "tel:+491713920181", "tel:+491713920182", "tel:+491713920183"
CONSENT_TEXT: Final = (
    "Ja, ich möchte den Newsletter von Larkspur über WhatsApp erhalten. Ich kann das jederzeit"
    " mit STOP beenden."
)
IBAN: Final = "DE89 3704 0044 0532 0130 00"
WAIT_SECONDS: Final = 60.0
FIGURES: Final = (
    "campaign_denied",
    "consent_receipt_signed",
    "newsletter_arrived",
    "denied_after_stop",
    "iban_masked",
    "fraud_alert_arrived",
    "notice_versions",
)

Say = Callable[[str], None]
Expect = Callable[[bool, str], bool]


class Campaign:
    """Walks through sending, says what it sees, and keeps figures."""

    def __init__(
        self, stack: Stack, vendors: FakeVendors, delivery: Delivery, *, say: Say, expect: Expect
    ) -> None:
        self.figures: dict[str, Any] = dict.fromkeys(FIGURES)
        self._stack, self._vendors, self._delivery = stack, vendors, delivery
        self._say, self._expect = say, expect
        callers, client = stack.callers, delivery.client
        self._capture = client(lambda: callers.machine("capture"))
        self._consent = client(lambda: callers.machine("consent"))
        self._dispatch = client(lambda: callers.machine("dispatch"))
        self._officer = client(lambda: callers.staff("privacy-officer"))

    def go(self) -> None:
        """Take every step in order."""
        own = {"address": NUMBER, "kind": "function", "valid_from": "2020-01-01"}
        self._officer.read("POST", "/own-addresses", {"own_addresses": [own]})
        self._deny()
        self._agree()
        self._stop()
        self._mask_and_alert()
        self._change_the_notice()

    def _deny(self) -> None:
        body = self._message("newsletter", "Neu im Laden: Herbststiefel.", ZOE, YUSUF, XENIA)
        answered = self._dispatch.read("POST", "/dispatches", body)["recipients"]
        reasons = {each["reason"] for each in answered if each["decision"] == "deny"}
        self.figures["campaign_denied"] = sum(each["decision"] == "deny" for each in answered)
        self._expect(reasons == {"no_consent"}, "a campaign without consent is denied")
        self._say(f"A campaign to {len(answered)} people: {len(answered)} × deny, {reasons.pop()}.")

    def _agree(self) -> None:
        evidence = {
            "method": "web_form",
            "at": datetime.now(UTC).isoformat(),
            "text": CONSENT_TEXT,
            "language": "de",
            "text_version": "2026-11",
            "action": "ticked_box",
            "separate": True,
        }
        consent = {"decision": "given", "purpose": "newsletter", "channel": "whatsapp"}
        body = {"address": ZOE, "consents": [{**consent, "evidence": evidence}]}
        [event] = self._consent.read("POST", "/consents", body)["events"]
        signed = event["receipt"].count(".") == 2  # noqa: PLR2004 - a JWS has three parts
        self.figures["consent_receipt_signed"] = signed
        self._say(f"A consent, recorded as {event['event_id']}; its receipt is signed. It says:")
        for line in event["text"].splitlines():
            print(f"       {line}")
        [fate] = self._send("newsletter", "Neu im Laden: Herbststiefel.", ZOE)
        arrived = self._arrived(ZOE)
        self.figures["newsletter_arrived"] = len(arrived)
        self._expect(fate["state"] == "captured", "an allowed message leaves and is captured")
        self._expect(len(arrived) == 1, "it arrives once")
        self._say(f"The newsletter leaves on {fate['basis'][0]!r} and arrives: {arrived[0]!r}.")

    def _stop(self) -> None:
        self._write(ZOE, "Stopp!")
        [fate] = self._send("newsletter", "Neu im Laden: Winterstiefel.", ZOE)
        self.figures["denied_after_stop"] = fate["reason"]
        self._expect(fate["state"] == "denied", "after STOP nothing more is sent")
        self._expect(len(self._arrived(ZOE)) == 1, "after STOP nothing more arrives")
        self._say(f'She writes "Stopp!" on WhatsApp; the next newsletter: {fate["reason"]}.')

    def _mask_and_alert(self) -> None:
        self._write(YUSUF, "Wohin soll ich überweisen?")
        self._send("service", f"Bitte an {IBAN}, danke.", YUSUF)
        texts = self._arrived(YUSUF)
        masked = bool(texts) and IBAN not in texts[-1]
        self.figures["iban_masked"] = masked
        self._expect(masked, "an IBAN does not leave")
        self._say(f"An answer with an IBAN arrives as {texts[-1] if texts else None!r}.")
        [fate] = self._send("fraud-alert", "Jemand versucht, Ihr Konto zu nutzen.", ZOE)
        self.figures["fraud_alert_arrived"] = len(self._arrived(ZOE)) - 1
        self._expect(fate["state"] == "captured", "an alert goes out in spite of STOP")
        self._say(f"A fraud alert to who wrote STOP still leaves, on {fate['basis'][0]!r}.")

    def _change_the_notice(self) -> None:
        before, text_before = self._notice()
        self._delivery.change_policy(_keep_service_half_a_year)
        after, text_after = self._notice()
        self.figures["notice_versions"] = [before, after]
        self._expect(after == before + 1, "a new policy has a new notice")
        lines = difflib.ndiff(text_before.splitlines(), text_after.splitlines())
        changed = [line for line in lines if line[:1] in "+-"]
        self._expect(bool(changed), "the notice says what changed")
        self._say(
            f"Support messages are kept for half a year from now on; the public notice is version "
            f"{after} without another edit:"
        )
        for line in changed[:6]:
            print(f"       {line[:150]}")

    def _notice(self) -> tuple[int, str]:
        shown = self._stack.call("GET", "/notices/external/en?format=json").json()
        text = self._stack.call("GET", "/notices/external/en?format=md").body.decode()
        return int(shown["version"]), text

    def _message(self, purpose: str, text: str, *people: str) -> Document:
        return {
            "from": NUMBER,
            "channel": "whatsapp",
            "purpose": purpose,
            "recipients": [{"address": person} for person in people],
            "text": text,
            "locale": "de",
        }

    def _send(self, purpose: str, text: str, person: str) -> list[Document]:
        """Send, and wait until the message has met its fate."""
        body = self._message(purpose, text, person) | {"send": True}
        dispatch = self._dispatch.read("POST", "/dispatches", body)["dispatch_id"]
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            found = self._dispatch.read("GET", f"/dispatches/{dispatch}")["recipients"]
            settled = all(each["state"] not in {"queued", "sending", "sent"} for each in found)
            if settled or time.monotonic() > deadline:
                listed: list[Document] = found
                return listed
            time.sleep(0.3)

    def _write(self, person: str, text: str) -> None:
        """Write to the company."""
        places = [{"address": person, "role": "sender"}, {"address": NUMBER, "role": "recipient"}]
        body = {
            "channel": "whatsapp",
            "external_id": f"demo-{person}-{text}",
            "direction": "inbound",
            "participants": places,
            "body": text,
        }
        self._capture.read("POST", "/messages", body)

    def _arrived(self, person: str) -> list[str]:
        return self._vendors.sent_to(person.removeprefix("tel:"))


def _keep_service_half_a_year(policy: Document) -> None:
    policy["classes"]["support"]["period"] = "P6M"
