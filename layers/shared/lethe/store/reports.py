"""Daily reports: CountsTable keeps what was published, ReportsTopic takes it to its readers.

| attribute | content |
|---|---|
| `pk`, `sk` | `report#<day>`; `report` |
| `claimed` | since when a run is at it (ms) |
| `doc` | the report as JSON, once it was published |
| `ttl` | 400 days after the day |
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from lethe.domain.silence import LONGEST
from lethe.store.dynamo import Item, Table, n, names, s, text, to_ms
from lethe.store.errors import ConditionFailedError, calling

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient

CLAIM_HOLDS: Final = timedelta(minutes=1)
"""No run takes longer; one that ended before it published leaves its turn to a repetition."""


class DynamoReportLog:
    """The reports in the table of counts; items are put whole."""

    def __init__(self, client: DynamoDBClient, *, counts: str) -> None:
        self._table = Table(client, counts)

    def claim(self, day: date, at: datetime) -> bool:
        """Take the publishing of a day's report; False if it was published, or is just now."""
        try:
            self._table.put(
                _item(day) | {"claimed": n(to_ms(at))},
                ConditionExpression="attribute_not_exists(pk)"
                " OR (attribute_not_exists(#doc) AND #claimed < :over)",
                ExpressionAttributeNames=names("doc", "claimed"),
                ExpressionAttributeValues={":over": n(to_ms(at - CLAIM_HOLDS))},
            )
        except ConditionFailedError:
            return False
        return True

    def published(self, day: date, document: str) -> None:
        """Keep a report that was published."""
        self._table.put(_item(day) | {"doc": s(document)})

    def get(self, day: date) -> str | None:
        """Read a published report."""
        found = self._table.query("pk = :pk", {":pk": _item(day)["pk"]})
        return next((text(item, "doc") for item in found if "doc" in item), None)


class SnsReportTopic:
    """ReportsTopic."""

    def __init__(self, client: SNSClient, *, topic: str) -> None:
        self._client = client
        self._topic = topic

    def publish(self, subject: str, text: str) -> None:
        """Send to everybody who subscribed."""
        with calling():
            self._client.publish(TopicArn=self._topic, Subject=subject, Message=text)


def _item(day: date) -> Item:
    over = datetime(day.year, day.month, day.day, tzinfo=UTC) + LONGEST
    return {
        "pk": s(f"report#{day.isoformat()}"),
        "sk": s("report"),
        "ttl": n(int(over.timestamp())),
    }
