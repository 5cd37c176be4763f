"""Amazon SES: one raw mail, one call; what is not known to have failed may have been taken."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)

from lethe.domain.messages import Role
from lethe.domain.outbox import Answered, Refused, Sent, TryAgain, Unknown
from lethe.store.errors import code

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

_NOT_CONNECTED: Final = (ConnectTimeoutError, EndpointConnectionError, NoCredentialsError)
_LATER: Final = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "LimitExceededException",
        "SendingPausedException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "UnrecognizedClientException",
    }
)
"""Not taken, and not the mail's fault: too fast, or a setting that an operator mends."""
_TOO_MANY: Final = 429
_TIMED_OUT: Final = 408
_REFUSED: Final = range(400, 500)


class SesMailer:
    """SendEmail. The client must not repeat calls by itself: `clients.ses_config` sees to that."""

    def __init__(self, client: SESV2Client) -> None:
        self._client: Any = client

    def send(self, sender: str, recipients: Mapping[Role, Sequence[str]], mail: bytes) -> Answered:
        """Hand a raw mail over; the envelope names its recipients, whatever its headers say."""
        destination = {
            name: list(addresses)
            for name, role in (
                ("ToAddresses", Role.RECIPIENT),
                ("CcAddresses", Role.CC),
                ("BccAddresses", Role.BCC),
            )
            if (addresses := recipients.get(role))
        }
        try:
            answer = self._client.send_email(
                FromEmailAddress=sender,
                Destination=destination,
                Content={"Raw": {"Data": mail}},
            )
        except ClientError as error:
            return _classified(error)
        except _NOT_CONNECTED:
            return TryAgain("not_connected")
        except BotoCoreError:
            return Unknown("no_answer")
        vendor_id = answer.get("MessageId")
        return Sent(vendor_id) if vendor_id else Unknown("no_id")


def _classified(error: ClientError) -> Answered:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    word = code(error)
    if word in _LATER or status == _TOO_MANY:
        return TryAgain(_coded(word))
    if status in _REFUSED and status != _TIMED_OUT:
        return Refused(_coded(word))
    return Unknown(f"http_{status}")


def _coded(word: str) -> str:
    """`MessageRejected` → `message_rejected`: words of the service, never its text."""
    words = re.findall(r"[A-Z][a-z]+", word.removesuffix("Exception"))
    return "_".join(words).lower() or "refused"
