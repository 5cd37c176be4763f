"""Which AWS requests each function made: the local AWS records them as CloudTrail does."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.local_aws import ADMINISTRATOR, REGION, LocalAws


@dataclass(frozen=True)
class Recorder:
    """Reads the record; needs a local AWS that was started with `record`."""

    aws: LocalAws
    resources: dict[str, str]

    def requests(self, function: str, *, since: float = 0) -> Counter[str]:
        """Count a function's requests as `service:Operation`, from a point of `time.time()` on."""
        return Counter(
            f"{event['EventSource'].partition('.')[0]}:{event['EventName']}"
            for event in self.events(function, since=since)
        )

    def events(self, function: str, *, since: float = 0) -> Iterator[dict[str, Any]]:
        """Yield a function's requests, newest first."""
        seen: set[str] = set()
        until: float | None = None
        while page := [
            event
            for event in self._page(self._access_key(function), since, until)
            if event["EventId"] not in seen
        ]:
            seen.update(event["EventId"] for event in page)
            yield from page
            until = page[-1]["EventTime"]

    def _page(self, access_key: str, since: float, until: float | None) -> list[dict[str, Any]]:
        # By hand: boto3 cuts times to whole seconds, and a page holds 50 requests.
        query = {
            "LookupAttributes": [{"AttributeKey": "AccessKeyId", "AttributeValue": access_key}],
            "StartTime": since,
            "EndTime": until,
        }
        key = ADMINISTRATOR["aws_access_key_id"]
        answer = self.aws.http(
            "POST",
            "/",
            json.dumps(query).encode(),
            {
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "CloudTrail_20131101.LookupEvents",
                "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/{REGION}/cloudtrail"
                "/aws4_request, SignedHeaders=host, Signature=none",
            },
        )
        events: list[dict[str, Any]] = answer.json()["Events"]
        return events

    def _access_key(self, function: str) -> str:
        # As the local AWS makes it: one session for a function and its role.
        name = self.resources[function]
        described = self.aws.client("lambda").get_function_configuration(FunctionName=name)
        digest = hashlib.sha256(f"{described['FunctionArn']}:{described['Role']}".encode())
        return f"ASIA{digest.hexdigest()[:16].upper()}"
