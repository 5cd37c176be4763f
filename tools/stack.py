"""Deploy the template to a local AWS, and know what came of it."""

import json
import platform
import sys
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.build import build_for_this_machine, overrides, run_sam
from tools.callers import Callers
from tools.complete import complete
from tools.fake_vendors import FakeVendors
from tools.local_aws import ROOT, Answer, LocalAws, LocalAwsError
from tools.recorder import Recorder

CONFIG = ROOT / "samconfig.toml"
ACCOUNT_SID = "AC00000000000000000000000000000001"
MAIL_DOMAINS = ("controller.example",)
NAME: str = tomllib.loads(CONFIG.read_text())["local"]["deploy"]["parameters"]["stack_name"]


@dataclass(frozen=True)
class Role:
    """What a function's role may do: clients with its credentials."""

    aws: LocalAws
    credentials: dict[str, str] = field(repr=False)

    def client(self, service: str) -> Any:
        return self.aws.client(service, **self.credentials)


@dataclass(frozen=True)
class Stack:
    """A deployed stack: its outputs, and its resources' physical by their logical ids."""

    aws: LocalAws
    outputs: dict[str, str]
    resources: dict[str, str] = field(repr=False)

    @cached_property
    def api_url(self) -> str:
        """The address at which the local AWS serves the API; the output names Amazon's."""
        return f"{self.aws.endpoint}{self._api_path}"

    @cached_property
    def functions(self) -> list[str]:
        """Logical ids of all functions."""
        return sorted(name for name in self.resources if name.endswith("Function"))

    @cached_property
    def callers(self) -> Callers:
        return Callers(self.aws, self.resources)

    @cached_property
    def recorder(self) -> Recorder:
        return Recorder(self.aws, self.resources)

    def client(self, service: str) -> Any:
        """Return a boto3 client of the administrator, who may do everything."""
        return self.aws.client(service)

    def assume(self, function: str) -> Role:
        """Take the role of a function, by its logical id, to see what it may do."""
        role = self._configuration(function)["Role"]
        answer = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")
        credentials = answer["Credentials"]
        return Role(
            self.aws,
            {
                "aws_access_key_id": credentials["AccessKeyId"],
                "aws_secret_access_key": credentials["SecretAccessKey"],
                "aws_session_token": credentials["SessionToken"],
            },
        )

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call the API; a body is sent as JSON unless it is bytes."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        return self.aws.http(method, self._api_path + path, body or b"", sent)

    def invoke(self, function: str, event: Any = None) -> Any:
        """Invoke a function by its logical id and return what it returns; its error is ours."""
        answer = self.client("lambda").invoke(
            FunctionName=self.resources[function], Payload=json.dumps(event or {})
        )
        payload = json.load(answer["Payload"])
        if "FunctionError" in answer:
            raise LocalAwsError(f"{function} failed: {payload}")
        return payload

    def environment(self, function: str) -> dict[str, str]:
        """Return the environment variables of a function."""
        variables: dict[str, str] = self._configuration(function)["Environment"]["Variables"]
        return variables

    def logs(self, function: str, *, since: float = 0) -> list[str]:
        """Return what a function logged, from a point of `time.time()` on."""
        group = self._configuration(function)["LoggingConfig"]["LogGroup"]
        pages = self.client("logs").get_paginator("filter_log_events")
        return [
            event["message"]
            for page in pages.paginate(logGroupName=group, startTime=int(since * 1000))
            for event in page["events"]
        ]

    @cached_property
    def _api_path(self) -> str:
        stage = urlsplit(self.outputs["ApiUrl"]).path
        return f"/_aws/execute-api/{self.resources['Api']}{stage}"

    def _configuration(self, function: str) -> dict[str, Any]:
        name = self.resources[function]
        configuration: dict[str, Any] = self.client("lambda").get_function_configuration(
            FunctionName=name
        )
        return configuration


def deploy(aws: LocalAws, vendors: FakeVendors | None = None, **parameters: str) -> Stack:
    """Build and deploy the template, complete what the local AWS leaves out, make day keys.

    Parameters beside the configured ones reach the deployment alone: a build knows none of them.
    """
    configured = local_parameters()
    built = build_for_this_machine(configured)
    reached = {"TwilioUrl": vendors.url, "WhatsAppUrl": vendors.url} if vendors else {}
    parameters = configured | reached | parameters
    _sam_deploy(aws, built, parameters)
    stack = read_stack(aws)
    complete(aws, built / "template.yaml", parameters, stack.resources)
    if vendors:
        connect(stack, vendors)
    stack.invoke("RetentionSweepFunction")
    return stack


def connect(stack: Stack, vendors: FakeVendors) -> None:
    """Make the company known at its vendors: credentials, and domains that mail comes from."""
    vendors.account_sid, vendors.auth_token = ACCOUNT_SID, "local-twilio-token"
    vendors.access_token = "local-whatsapp-token"  # noqa: S105 - nobody's
    known = {
        "twilio": {"account_sid": ACCOUNT_SID, "auth_token": vendors.auth_token},
        "whatsapp": {
            "phone_number_id": "100000000000001",
            "access_token": vendors.access_token,
        },
    }
    stack.client("secretsmanager").put_secret_value(
        SecretId=stack.resources["VendorSecret"], SecretString=json.dumps(known)
    )
    ses: Any = stack.client("sesv2")
    for domain in MAIL_DOMAINS:
        with suppress(ses.exceptions.AlreadyExistsException):
            ses.create_email_identity(EmailIdentity=domain)


def local_parameters() -> dict[str, str]:
    """Return the [local] parameters of samconfig.toml with this machine's own two."""
    configured = tomllib.loads(CONFIG.read_text())["local"]["deploy"]["parameters"]
    pairs = (item.partition("=") for item in configured["parameter_overrides"])
    return {key: value for key, _, value in pairs} | {
        "PythonRuntime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "Architecture": {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64"),
    }


def read_stack(aws: LocalAws) -> Stack:
    cloudformation = aws.client("cloudformation")
    (described,) = cloudformation.describe_stacks(StackName=NAME)["Stacks"]
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=NAME)
    return Stack(
        aws,
        {item["OutputKey"]: item["OutputValue"] for item in described.get("Outputs", [])},
        {
            item["LogicalResourceId"]: item["PhysicalResourceId"]
            for page in pages
            for item in page["StackResourceSummaries"]
        },
    )


def _sam_deploy(aws: LocalAws, built: Path, parameters: dict[str, str]) -> None:
    run_sam(
        "deploy",
        *("--template-file", built / "template.yaml", "--no-progressbar"),
        *("--config-file", CONFIG, "--config-env", "local"),
        *overrides(parameters),
        environment=aws.variables(),
    )
