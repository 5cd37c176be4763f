"""Deploy the template to a local AWS, and know what came of it."""

import json
import platform
import sys
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.build import build_for_this_machine, overrides, run_sam
from tools.complete import complete
from tools.local_aws import ROOT, LocalAws, LocalAwsError

CONFIG = ROOT / "samconfig.toml"
NAME: str = tomllib.loads(CONFIG.read_text())["local"]["deploy"]["parameters"]["stack_name"]


@dataclass(frozen=True)
class Stack:
    """A deployed stack: its outputs, and its resources' physical by their logical ids."""

    aws: LocalAws
    outputs: dict[str, str]
    resources: dict[str, str] = field(repr=False)

    @cached_property
    def api_url(self) -> str:
        """The address at which the local AWS serves the API; the output names Amazon's."""
        stage = self.resources.get("ApiStage", "local")
        return f"{self.aws.endpoint}/_aws/execute-api/{self.resources['Api']}/{stage}"

    @cached_property
    def functions(self) -> list[str]:
        """Logical ids of all functions."""
        return sorted(name for name in self.resources if name.endswith("Function"))

    def invoke(self, function: str, event: Any = None) -> Any:
        """Invoke a function by its logical id and return what it returns; its error is ours."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=self.resources[function], Payload=json.dumps(event or {})
        )
        payload = json.load(answer["Payload"])
        if "FunctionError" in answer:
            raise LocalAwsError(f"{function} failed: {payload}")
        return payload


def deploy(aws: LocalAws, **parameters: str) -> Stack:
    """Build and deploy the template, complete what the local AWS leaves out, make day keys."""
    parameters = local_parameters() | parameters
    built = build_for_this_machine(parameters)
    _sam_deploy(aws, built, parameters)
    stack = read_stack(aws)
    complete(aws, built / "template.yaml", parameters, stack.resources)
    stack.invoke("RetentionSweepFunction")
    return stack


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
        "--template-file",
        built / "template.yaml",
        "--no-progressbar",
        "--config-file",
        CONFIG,
        "--config-env",
        "local",
        *overrides(parameters),
        environment=aws.variables(),
    )
