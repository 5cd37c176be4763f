"""`make doctor STACK=…`: what is missing, silent, overdue or out of step in a deployed stack.

It asks the function `govern` on the AWS account, or the local AWS, that the environment names;
whoever runs it needs `lambda:InvokeFunction` on it. Ends with 1 where the law asks for more.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

import boto3

FUNCTION = "GovernFunction"
EVENT = {"scheduled": "doctor"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", required=True)
    arguments = parser.parse_args()
    cloudformation: Any = boto3.client("cloudformation")
    resource = cloudformation.describe_stack_resource(
        StackName=arguments.stack, LogicalResourceId=FUNCTION
    )
    name = resource["StackResourceDetail"]["PhysicalResourceId"]
    found = examine(boto3.client("lambda"), name)
    print("\n".join(lines(found)))
    return int(any(each["severity"] == "problem" for each in found))


def examine(lambda_: Any, name: str) -> list[dict[str, Any]]:
    """Return what the function finds."""
    answer = lambda_.invoke(FunctionName=name, Payload=json.dumps(EVENT))
    payload = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise SystemExit("The function failed; its log says where.")
    findings: list[dict[str, Any]] = payload["findings"]
    return findings


def lines(found: list[dict[str, Any]]) -> Iterator[str]:
    """Write findings as lines: severity, code, place, facts; then how to mend it."""
    if not found:
        yield "nothing found"
    for each in found:
        facts = " ".join(f"{name}={fact}" for name, fact in each["facts"].items())
        yield " ".join(filter(None, (f"{each['severity']}:", each["code"], each["place"], facts)))
        yield f"    {each['mend']}"


if __name__ == "__main__":
    sys.exit(main())
