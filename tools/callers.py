"""Who may call a local stack: machines by client credentials, staff by password."""

import base64
import http
import json
import secrets
import time
import urllib.parse
from contextlib import suppress
from typing import Any

from tools.local_aws import LocalAws, LocalAwsError

MACHINES = {
    "capture": ("CaptureClient", "lethe/capture"),
    "import": ("CaptureClient", "lethe/capture lethe/import"),
    "requests": ("RequestsClient", "lethe/requests"),
    "consent": ("ConsentClient", "lethe/consent"),
    "dispatch": ("DispatchClient", "lethe/dispatch"),
}
RENEWED_BEFORE_END_SECONDS = 120
GROUPS = ("privacy-officer", "approver", "investigator", "auditor", "operator")


class Callers:
    """Gives out access tokens that hold for a while yet; a caller is made when first asked for."""

    def __init__(self, aws: LocalAws, resources: dict[str, str]) -> None:
        self._aws = aws
        self._resources = resources
        self._cognito: Any = aws.client("cognito-idp")
        self._pool = resources["UserPool"]
        self._tokens: dict[tuple[str, ...], str] = {}

    def machine(self, name: str) -> str:
        """Return a token of one of the machines, such as `capture` or `dispatch`."""
        if _ends_soon(self._tokens.get((name,))):
            self._tokens[name,] = self._machine_token(*MACHINES[name])
        return self._tokens[name,]

    def staff(self, *groups: str) -> str:
        """Return a token of a member of the groups; without any, of somebody in none."""
        name = f"{'-'.join(groups) or 'nobody'}@controller.example"
        if _ends_soon(self._tokens.get((name, *groups))):
            self._tokens[name, *groups] = self._staff_token(name, groups)
        return self._tokens[name, *groups]

    def _machine_token(self, client: str, scope: str) -> str:
        client_id = self._resources[client]
        described = self._cognito.describe_user_pool_client(
            UserPoolId=self._pool, ClientId=client_id
        )
        secret = described["UserPoolClient"]["ClientSecret"]
        credentials = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        answer = self._aws.http(
            "POST",
            "/oauth2/token",
            urllib.parse.urlencode({"grant_type": "client_credentials", "scope": scope}).encode(),
            {
                "Authorization": f"Basic {credentials}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        if answer.status != http.HTTPStatus.OK:
            raise LocalAwsError(f"no token for {client}: {answer.body!r}")
        return str(answer.json()["access_token"])

    def _staff_token(self, name: str, groups: tuple[str, ...]) -> str:
        cognito = self._cognito
        password = secrets.token_urlsafe(16) + "aA1!"
        with suppress(cognito.exceptions.UsernameExistsException):  # it gets a new password
            cognito.admin_create_user(
                UserPoolId=self._pool,
                Username=name,
                TemporaryPassword=password,
                MessageAction="SUPPRESS",
                UserAttributes=[{"Name": "email", "Value": name}],
            )
        cognito.admin_set_user_password(
            UserPoolId=self._pool, Username=name, Password=password, Permanent=True
        )
        for group in groups:
            cognito.admin_add_user_to_group(UserPoolId=self._pool, Username=name, GroupName=group)
        signed_in = cognito.admin_initiate_auth(
            UserPoolId=self._pool,
            ClientId=self._resources["StaffClient"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        return str(signed_in["AuthenticationResult"]["AccessToken"])


def _ends_soon(token: str | None) -> bool:
    if token is None:
        return True
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return bool(claims["exp"] < time.time() + RENEWED_BEFORE_END_SECONDS)
