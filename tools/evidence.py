"""What lies in a deployed stack's tables, buckets and logs, as an administrator sees it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tools.stack import Stack

_WRAPPED_IN = "HoldersKey"


@dataclass(frozen=True)
class Evidence:
    """Looks where the API does not lead."""

    stack: Stack

    def purged(self, message_ids: Collection[str]) -> set[str]:
        """Return those messages of which nothing is left but bare tombstones."""
        left = set(self._in_entries(message_ids)) | set(self._in_objects(message_ids))
        return {each for each in message_ids if each not in left and self._is_bare(each)}

    def decrypts(self, function: str) -> bool:
        """Say whether a function's role can open a stored private key of a person."""
        item = next(
            item
            for item in self._scan("KeysTable", "pk", "private")
            if item["pk"]["S"].startswith("h#") and "private" in item
        )
        try:
            answer = (
                self.stack.assume(function)
                .client("kms")
                .decrypt(
                    CiphertextBlob=item["private"]["B"],
                    KeyId=self.stack.resources[_WRAPPED_IN],
                    EncryptionContext={"holder": item["pk"]["S"].removeprefix("h#")},
                )
            )
        except ClientError as error:
            if "AccessDenied" in error.response["Error"]["Code"]:
                return False
            raise
        return bool(answer["Plaintext"])

    def expired(self, since: float) -> int:
        """Return how many messages the sweeps since then have ended, by their own metric."""
        lines = self.stack.logs("RetentionSweepFunction", since=since)
        return sum(_metric(line, "messages_expired") for line in lines)

    def living_days(self, cls: str) -> set[str]:
        """Return the days of a class whose private keys exist."""
        return {
            item["sk"]["S"].partition("#")[0]
            for item in self._scan("DayKeysTable", "pk", "sk", "private")
            if item["pk"]["S"] == cls and "private" in item
        }

    def _is_bare(self, message_id: str) -> bool:
        items = self.stack.client("dynamodb").query(
            TableName=self.stack.resources["MessagesTable"],
            KeyConditionExpression="pk = :id",
            ExpressionAttributeValues={":id": {"S": message_id}},
            ConsistentRead=True,
        )["Items"]
        return bool(items) and all(item.keys() <= {"pk", "sk", "x", "e", "ttl"} for item in items)

    def _in_entries(self, message_ids: Collection[str]) -> Iterator[str]:
        for item in self._scan("EntriesTable", "pk", "sk"):
            _, message_id, *_ = item["sk"]["S"].split("#")
            if message_id in message_ids:
                yield message_id

    def _in_objects(self, message_ids: Collection[str]) -> Iterator[str]:
        pages = self.stack.client("s3").get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self.stack.resources["ObjectsBucket"]):
            for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                yield from (part for part in version["Key"].split("/") if part in message_ids)

    def _scan(self, table: str, *attributes: str) -> Iterator[dict[str, Any]]:
        names = {f"#{name}": name for name in attributes}
        pages = (
            self.stack.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.stack.resources[table],
                ProjectionExpression=", ".join(names),
                ExpressionAttributeNames=names,
                ConsistentRead=True,
            )
        )
        for page in pages:
            yield from page["Items"]


def _metric(line: str, name: str) -> int:
    """Return the value of a metric in a log line of the embedded metric format."""
    try:
        document = json.loads(line)
    except ValueError:
        return 0
    if not isinstance(document, dict) or "_aws" not in document:
        return 0
    return int(sum(document.get(name, ())))
