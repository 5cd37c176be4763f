"""Set what the local AWS's CloudFormation leaves out, as the template states it.

It ignores time to live and point-in-time recovery of tables and Object Lock of buckets.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tools.local_aws import LocalAws

Properties = dict[str, Any]


def complete(
    aws: LocalAws, template: Path, parameters: dict[str, str], resources: dict[str, str]
) -> None:
    """Set the missing properties of every table and bucket of the template."""
    dynamodb, s3 = aws.client("dynamodb"), aws.client("s3")
    read = Template(yaml_parse(template.read_text()), parameters)
    for name, table in read.resources("AWS::DynamoDB::Table"):
        complete_table(dynamodb, resources[name], table)
    for name, bucket in read.resources("AWS::S3::Bucket"):
        complete_bucket(s3, resources[name], bucket)


def complete_table(dynamodb: Any, name: str, table: Properties) -> None:
    if ttl := table.get("TimeToLiveSpecification"):
        now = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        if now["TimeToLiveStatus"] != "ENABLED":
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    if recovery := table.get("PointInTimeRecoverySpecification"):
        if days := recovery.get("RecoveryPeriodInDays"):
            recovery["RecoveryPeriodInDays"] = int(days)
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification=recovery
        )


def complete_bucket(s3: Any, name: str, bucket: Properties) -> None:
    if bucket.get("ObjectLockEnabled"):
        lock = bucket.get("ObjectLockConfiguration", {"ObjectLockEnabled": "Enabled"})
        s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)


@dataclass(frozen=True)
class Template:
    """A template, read with values for its parameters."""

    document: dict[str, Any]
    values: dict[str, str]

    def resources(self, kind: str) -> Iterator[tuple[str, Properties]]:
        for name, resource in self.document["Resources"].items():
            if resource["Type"] == kind and self._exists(resource):
                yield name, self._resolved(resource.get("Properties", {}))

    def _exists(self, resource: dict[str, Any]) -> bool:
        return "Condition" not in resource or bool(self._condition(resource["Condition"]))

    def _condition(self, name: str) -> Any:
        return self._resolved(self.document["Conditions"][name])

    def _parameter(self, name: str) -> Any:
        defaults = self.document.get("Parameters", {})
        return self.values.get(name, defaults.get(name, {}).get("Default", name))

    def _resolved(self, node: Any) -> Any:
        if isinstance(node, list):
            return [item for item in map(self._resolved, node) if item is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((function, argument),) = node.items()
            if evaluate := self._functions.get(function):
                return evaluate(argument)
        resolved = {key: self._resolved(value) for key, value in node.items()}
        return {key: value for key, value in resolved.items() if value is not NO_VALUE}

    @property
    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Ref": lambda name: NO_VALUE if name == "AWS::NoValue" else self._parameter(name),
            "Condition": self._condition,
            "Fn::If": lambda a: self._resolved(a[1] if self._condition(a[0]) else a[2]),
            "Fn::Equals": lambda a: str(self._resolved(a[0])) == str(self._resolved(a[1])),
            "Fn::Not": lambda a: not self._resolved(a[0]),
            "Fn::And": lambda a: all(map(self._resolved, a)),
            "Fn::Or": lambda a: any(map(self._resolved, a)),
        }


NO_VALUE = object()
