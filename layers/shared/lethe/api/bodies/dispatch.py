"""What dispatch takes."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator

from lethe.api.bodies import Body
from lethe.api.limits import MAX_RECIPIENTS
from lethe.domain.addresses import Address
from lethe.domain.channel_settings import Locale
from lethe.domain.classification import Name
from lethe.domain.messages import Role
from lethe.domain.outbox import OutMessage, OutRecipient
from lethe.domain.validation import CanonicalAddress, line, text, wrong_at
from lethe.usecases.dispatching import Request

MAX_TEXT: Final = 100_000
"""Characters; a text message or a mail without its attachments is shorter."""
MAX_HTML: Final = 250_000

_ROLES: Final = {"member": Role.RECIPIENT}


Line = Annotated[str, AfterValidator(line)]
Text = Annotated[str, AfterValidator(text)]
Template = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,512}$")]


class RecipientIn(Body):
    """One who is to get it; a member is one of a group that is written to at once."""

    address: CanonicalAddress
    role: Literal["recipient", "cc", "bcc", "member"] = "recipient"
    name: Annotated[Line, Field(max_length=256)] = ""


class DispatchIn(Body):
    """POST /dispatches."""

    sender: CanonicalAddress = Field(alias="from")
    channel: Name
    vendor: Name | None = None
    purpose: Name
    recipients: list[RecipientIn] = Field(min_length=1, max_length=MAX_RECIPIENTS)
    text: Annotated[Text, Field(min_length=1, max_length=MAX_TEXT)]
    subject: Annotated[Line, Field(max_length=1_000)] = ""
    html: Annotated[Text, Field(max_length=MAX_HTML)] = ""
    locale: Locale = "en"
    template: Template | None = None
    send: bool = False
    together: bool = False
    explain: bool = False
    not_after: AwareDatetime | None = None

    @model_validator(mode="after")
    def _waits_only_if_sent(self) -> Self:
        if self.send:
            return self
        expected = "Only what Lethe is to send has this: leave it out, or say `send`."
        given = {"not_after": self.not_after, "template": self.template}
        if wrong_ones := [((name,), expected) for name, value in given.items() if value]:
            raise wrong_at(wrong_ones, "DispatchIn")
        return self

    @property
    def request(self) -> Request:
        recipients = tuple(
            OutRecipient(
                number,
                Address(each.address),
                _ROLES.get(each.role) or Role(each.role),
                each.name,
            )
            for number, each in enumerate(self.recipients)
        )
        message = OutMessage(
            purpose=self.purpose,
            channel=self.channel,
            vendor=self.vendor or "",
            sender=Address(self.sender),
            recipients=recipients,
            text=self.text,
            subject=self.subject,
            html=self.html,
            locale=self.locale,
            template=self.template or "",
        )
        return Request(message, together=self.together, send=self.send, explain=self.explain)


class SuppressionsIn(Body):
    """POST /suppressions/search."""

    addresses: list[CanonicalAddress] = Field(min_length=1, max_length=MAX_RECIPIENTS)
    channel: Name
    own_address: CanonicalAddress | None = None
    purpose: Name | None = None

    @property
    def all_addresses(self) -> list[Address]:
        return list(map(Address, self.addresses))

    @property
    def own(self) -> Address | None:
        return Address(self.own_address) if self.own_address else None
