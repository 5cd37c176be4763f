"""The secret with what the vendors know the company by, read when a message leaves.

{"twilio": {"account_sid", "auth_token"}, "whatsapp": {"phone_number_id", "access_token"}}
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lethe.domain.errors import UnavailableError
from lethe.domain.vendor_secrets import TwilioSecret, WhatsAppSecret
from lethe.store.errors import calling

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KNOWN_FOR: Final = timedelta(minutes=5)
"""After this long a rotated secret is in use."""

_Visible = Annotated[str, Field(pattern=r"^[!-~]{1,512}$")]
_MODEL: Final = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _Twilio(BaseModel):
    model_config = _MODEL

    account_sid: _Visible
    auth_token: _Visible


class _WhatsApp(BaseModel):
    model_config = _MODEL

    phone_number_id: _Visible
    access_token: _Visible


class _Secret(BaseModel):
    model_config = _MODEL

    twilio: _Twilio | None = None
    whatsapp: _WhatsApp | None = None


class SecretsManagerVendorSecrets:
    """The vendors' part of Secrets Manager; it is in memory for minutes and nowhere else."""

    def __init__(
        self, client: SecretsManagerClient, *, secret: str, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._secret = secret
        self._clock = clock
        self._known: tuple[datetime, _Secret] | None = None

    def twilio(self) -> TwilioSecret:
        """The account at Twilio; UnavailableError if the secret has none."""
        part = self._read().twilio
        if part is None:
            raise _missing()
        return TwilioSecret(part.account_sid, part.auth_token)

    def whatsapp(self) -> WhatsAppSecret:
        """The number at the WhatsApp Cloud API; UnavailableError if the secret has none."""
        part = self._read().whatsapp
        if part is None:
            raise _missing()
        return WhatsAppSecret(part.phone_number_id, part.access_token)

    def _read(self) -> _Secret:
        now = self._clock()
        if self._known is None or now - self._known[0] >= KNOWN_FOR:
            try:
                with calling():
                    answer = self._client.get_secret_value(SecretId=self._secret)
                secret = _Secret.model_validate_json(answer["SecretString"])
            except (ClientError, KeyError, ValidationError):
                raise _missing() from None
            self._known = now, secret
        return self._known[1]


def _missing() -> UnavailableError:
    return UnavailableError(
        "The secret of the vendors lacks this vendor; docs/sending.md shows it."
    )
