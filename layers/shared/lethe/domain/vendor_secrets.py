"""What vendors know the company by; no repr shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class TwilioSecret:
    """The account: its name, and what proves that a call is its own."""

    account_sid: str
    auth_token: str


@dataclass(frozen=True, slots=True, repr=False)
class WhatsAppSecret:
    """The one number that sends, by the Cloud API's own id, and the token of the business."""

    phone_number_id: str
    access_token: str
