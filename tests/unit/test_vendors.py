"""What each vendor is sent, and what its answer means: whether it may have the message."""

from __future__ import annotations

import email
import email.policy
import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from lethe.domain.addresses import Address
from lethe.domain.errors import UnavailableError
from lethe.domain.messages import Role
from lethe.domain.outbox import (
    Answered,
    OutMessage,
    OutRecipient,
    Refused,
    Sent,
    TryAgain,
    Unknown,
)
from lethe.domain.vendor_secrets import TwilioSecret, WhatsAppSecret
from lethe.store.mail import SesMailer
from lethe.vendors import ses
from lethe.vendors.http import Endpoint
from lethe.vendors.ses import Ses
from lethe.vendors.twilio import Twilio
from lethe.vendors.whatsapp import WhatsApp

from tests.memory_outbox import KnownSecrets
from tools.fake_vendors import FakeVendors

SMS = OutMessage(
    purpose="service",
    channel="sms",
    vendor="twilio",
    sender=Address("tel:+4930123456"),
    recipients=(OutRecipient(0, Address("tel:+4915112345678"), Role.RECIPIENT),),
    text="Ihr Paket 17 ist da. Grüße",
)
CHAT = replace(SMS, channel="whatsapp", vendor="whatsapp")
MAIL = replace(
    SMS,
    channel="email",
    vendor="ses",
    sender=Address("mailto:news@example.com"),
    recipients=(OutRecipient(0, Address("mailto:mara@example.org"), Role.RECIPIENT, "Mära L."),),
    subject="Neues im März",
    text="Hallo,\nhier ist das Neueste.\n",
    html="<p>Hallo</p>",
    locale="de",
    withdrawal_url="https://lethe.example/withdrawals/" + "t" * 300,
)


@pytest.fixture
def vendors() -> Iterator[FakeVendors]:
    fake = FakeVendors(
        account_sid="AC" + "0" * 32, auth_token="twilio-token", access_token="whatsapp-token"
    ).start()
    yield fake
    fake.stop()


def twilio(vendors: FakeVendors, seconds: float = 5) -> Twilio:
    endpoint = Endpoint(vendors.url, plain_allowed=True, answer_seconds=seconds)
    return Twilio(KnownSecrets(), endpoint)


def whatsapp(vendors: FakeVendors, seconds: float = 5) -> WhatsApp:
    endpoint = Endpoint(vendors.url, plain_allowed=True, answer_seconds=seconds)
    return WhatsApp(KnownSecrets(), endpoint)


# ---- Twilio ---------------------------------------------------------------------------------


def test_twilio_is_sent_what_its_api_asks_for(vendors: FakeVendors) -> None:
    answered = twilio(vendors).send(SMS)
    [taken] = vendors.accepted
    assert answered == Sent(taken.id)
    assert taken.document == {
        "To": "+4915112345678",
        "From": "+4930123456",
        "Body": "Ihr Paket 17 ist da. Grüße",
    }


def test_twilio_sends_whatsapp_and_names(vendors: FakeVendors) -> None:
    client = twilio(vendors)
    client.send(CHAT)
    client.send(replace(SMS, sender=Address("sms-sender:lethe")))
    assert [(one.sender, one.to) for one in vendors.accepted] == [
        ("whatsapp:+4930123456", "whatsapp:+4915112345678"),
        ("lethe", "+4915112345678"),
    ]


CERTAIN_AT_TWILIO: Mapping[str, Answered] = {
    "refuse:21610": Refused("21610", opted_out=True),
    "refuse:21211": Refused("21211"),
    "refuse:20429": TryAgain("20429"),
    "refuse:21611": TryAgain("21611"),
    "refuse:20003": TryAgain("20003"),
    "status:429": TryAgain("http_429"),
    "status:404": Refused("http_404"),
}
NOT_CERTAIN: Mapping[str, Answered] = {
    "status:500": Unknown("http_500"),
    "status:503": Unknown("http_503"),
    "status:302": Unknown("http_302"),
    "status:408": Unknown("http_408"),
    "status_after:500": Unknown("http_500"),
    "drop_before": Unknown("no_answer"),
    "drop_after": Unknown("no_answer"),
    "garbage": Unknown("no_id"),
}


@pytest.mark.parametrize("act", [*CERTAIN_AT_TWILIO, *NOT_CERTAIN])
def test_what_twilio_answers_is_understood(vendors: FakeVendors, act: str) -> None:
    vendors.script(act)
    answered = twilio(vendors).send(SMS)
    assert answered == {**CERTAIN_AT_TWILIO, **NOT_CERTAIN}[act]
    assert vendors.calls == 1, "a client repeats nothing"
    if not isinstance(answered, Unknown):
        assert not vendors.accepted


def test_a_slow_vendor_may_have_it(vendors: FakeVendors) -> None:
    vendors.script("slow:1.5")
    assert twilio(vendors, seconds=0.2).send(SMS) == Unknown("no_answer")
    vendors.script("slow:0.1")
    assert isinstance(twilio(vendors).send(SMS), Sent)


def test_who_is_not_there_has_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    for endpoint in (
        Endpoint(url, plain_allowed=True),
        Endpoint("http://no-such-host.invalid", plain_allowed=True),
        Endpoint("ftp://127.0.0.1", plain_allowed=True),
    ):
        assert Twilio(KnownSecrets(), endpoint).send(SMS) == TryAgain("not_connected")
        assert WhatsApp(KnownSecrets(), endpoint).send(CHAT) == TryAgain("not_connected")


def test_plain_http_is_for_the_local_stage_alone(vendors: FakeVendors) -> None:
    client = Twilio(KnownSecrets(), Endpoint(vendors.url))
    assert client.send(SMS) == TryAgain("not_connected")
    assert vendors.calls == 0


def test_a_certificate_that_nobody_vouches_for_is_no_connection(vendors: FakeVendors) -> None:
    speaks_no_tls = vendors.url.replace("http://", "https://")
    client = Twilio(KnownSecrets(), Endpoint(speaks_no_tls))
    assert client.send(SMS) == TryAgain("not_connected")
    assert vendors.calls == 0


class _NoSecrets(KnownSecrets):
    def twilio(self) -> TwilioSecret:
        raise UnavailableError("not set")

    def whatsapp(self) -> WhatsAppSecret:
        raise UnavailableError("not set")


def test_without_a_secret_nothing_leaves(vendors: FakeVendors) -> None:
    endpoint = Endpoint(vendors.url, plain_allowed=True)
    assert Twilio(_NoSecrets(), endpoint).send(SMS) == TryAgain("secret_missing")
    assert WhatsApp(_NoSecrets(), endpoint).send(CHAT) == TryAgain("secret_missing")
    assert vendors.calls == 0


# ---- WhatsApp -------------------------------------------------------------------------------


def test_whatsapp_is_sent_what_its_api_asks_for(vendors: FakeVendors) -> None:
    answered = whatsapp(vendors).send(CHAT)
    [taken] = vendors.accepted
    assert answered == Sent(taken.id)
    assert taken.sender == "100000000000001"
    assert taken.document == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+4915112345678",
        "type": "text",
        "text": {"preview_url": False, "body": "Ihr Paket 17 ist da. Grüße"},
    }


def test_a_template_carries_the_text_as_its_parameter(vendors: FakeVendors) -> None:
    client = whatsapp(vendors)
    client.send(replace(CHAT, template="parcel_arrived", locale="de"))
    client.send(replace(CHAT, template="hello", locale="de", text=""))
    assert [one.document["template"] for one in vendors.accepted] == [
        {
            "name": "parcel_arrived",
            "language": {"code": "de"},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": CHAT.text}]}],
        },
        {"name": "hello", "language": {"code": "de"}},
    ]


CERTAIN_AT_WHATSAPP: Mapping[str, Answered] = {
    "refuse:131047": Refused("131047"),
    "refuse:131026": Refused("131026"),
    "refuse:131050": Refused("131050", opted_out=True),
    "refuse:130429": TryAgain("130429"),
    "refuse:80007": TryAgain("80007"),
    "refuse:131056": TryAgain("131056"),
    "refuse:190": TryAgain("190"),
    "refuse:131000": Unknown("131000"),
    "status:429": TryAgain("http_429"),
    "status:400": Refused("http_400"),
}


@pytest.mark.parametrize("act", [*CERTAIN_AT_WHATSAPP, *NOT_CERTAIN])
def test_what_whatsapp_answers_is_understood(vendors: FakeVendors, act: str) -> None:
    vendors.script(act)
    answered = whatsapp(vendors).send(CHAT)
    assert answered == {**CERTAIN_AT_WHATSAPP, **NOT_CERTAIN}[act]
    assert vendors.calls == 1


# ---- SES ------------------------------------------------------------------------------------


@dataclass
class _Mailer:
    """A mailer that keeps what it was given."""

    given: list[tuple[str, Mapping[Role, Sequence[str]], bytes]] = field(default_factory=list)

    def send(self, sender: str, recipients: Mapping[Role, Sequence[str]], mail: bytes) -> Answered:
        self.given.append((sender, recipients, mail))
        return Sent("ses-1")


def read(mail: bytes) -> Any:
    return email.message_from_bytes(mail, policy=email.policy.default)


def test_a_mail_bears_what_rfc_8058_asks_for() -> None:
    mail = ses.build(MAIL)
    assert f"List-Unsubscribe: <{MAIL.withdrawal_url}>\r\n".encode() in mail, "never folded"
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in mail
    assert mail.isascii()
    parsed = read(mail)
    assert parsed["subject"] == "Neues im März"
    assert [a.display_name for a in parsed["to"].addresses] == ["Mära L."]
    assert parsed.get_body(("plain",)).get_content().splitlines() == MAIL.text.splitlines()
    assert parsed.get_body(("html",)).get_content().strip() == MAIL.html
    assert "List-Unsubscribe" not in read(ses.build(replace(MAIL, withdrawal_url="")))


def test_a_mail_names_bcc_in_its_envelope_alone() -> None:
    mailer = _Mailer()
    whole = replace(
        MAIL,
        recipients=(
            *MAIL.recipients,
            OutRecipient(1, Address("mailto:carl@example.org"), Role.CC),
            OutRecipient(2, Address("mailto:bea@example.org"), Role.BCC),
        ),
    )
    assert Ses(mailer).send(whole) == Sent("ses-1")
    [(sender, recipients, mail)] = mailer.given
    assert sender == "news@example.com"
    assert recipients == {
        Role.RECIPIENT: ["mara@example.org"],
        Role.CC: ["carl@example.org"],
        Role.BCC: ["bea@example.org"],
    }
    assert b"bea" not in mail
    assert b"Cc: carl@example.org" in mail


def test_an_answer_to_who_wrote_starts_no_loop() -> None:
    assert read(ses.build(replace(MAIL, is_notice=True)))["Auto-Submitted"] == "auto-replied"


@pytest.mark.parametrize(
    "recipient",
    [
        OutRecipient(0, Address("mailto:jörg@example.org"), Role.RECIPIENT),
        OutRecipient(0, Address("mailto:a@example.org"), Role.RECIPIENT, "x\r\nBcc: y@example.org"),
    ],
)
def test_what_no_header_can_hold_is_refused(recipient: OutRecipient) -> None:
    mailer = _Mailer()
    answered = Ses(mailer).send(replace(MAIL, recipients=(recipient,)))
    assert answered == Refused("mail_not_valid")
    assert not mailer.given


class _Client:
    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.calls: list[dict[str, Any]] = []

    def send_email(self, **request: Any) -> object:
        self.calls.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def failure(word: str, status: int) -> ClientError:
    response: Any = {
        "Error": {"Code": word, "Message": "mara@example.org is not verified"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "SendEmail")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"MessageId": "0102"}, Sent("0102")),
        ({}, Unknown("no_id")),
        (failure("MessageRejected", 400), Refused("message_rejected")),
        (failure("BadRequestException", 400), Refused("bad_request")),
        (failure("AccountSuspendedException", 400), Refused("account_suspended")),
        (failure("TooManyRequestsException", 429), TryAgain("too_many_requests")),
        (failure("SendingPausedException", 400), TryAgain("sending_paused")),
        (failure("AccessDeniedException", 403), TryAgain("access_denied")),
        (failure("InternalServiceError", 500), Unknown("http_500")),
        (failure("ServiceUnavailable", 503), Unknown("http_503")),
        (ConnectTimeoutError(endpoint_url="https://email"), TryAgain("not_connected")),
        (ReadTimeoutError(endpoint_url="https://email"), Unknown("no_answer")),
    ],
)
def test_what_ses_answers_is_understood(answer: object, expected: Answered) -> None:
    client = _Client(answer)
    mailer = SesMailer(client)  # type: ignore[arg-type]
    recipients = {Role.RECIPIENT: ["mara@example.org"], Role.CC: [], Role.BCC: ["b@example.org"]}
    assert mailer.send("news@example.com", recipients, b"mail") == expected
    [call] = client.calls
    assert call == {
        "FromEmailAddress": "news@example.com",
        "Destination": {"ToAddresses": ["mara@example.org"], "BccAddresses": ["b@example.org"]},
        "Content": {"Raw": {"Data": b"mail"}},
    }


def test_no_answer_repeats_what_was_sent() -> None:
    """Codes of vendors are numbers and words of ours; their texts may show a number or a name."""
    for answered in [*CERTAIN_AT_TWILIO.values(), *CERTAIN_AT_WHATSAPP.values()]:
        assert "+49" not in json.dumps(str(answered))
