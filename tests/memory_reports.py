"""Daily reports in memory: what was published, and to whom it went."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from lethe.store.reports import CLAIM_HOLDS


@dataclass
class MemoryReportLog:
    claims: dict[date, datetime] = field(default_factory=dict)
    documents: dict[date, str] = field(default_factory=dict)

    def claim(self, day: date, at: datetime) -> bool:
        claimed = self.claims.get(day)
        if day in self.documents or (claimed is not None and claimed >= at - CLAIM_HOLDS):
            return False
        self.claims[day] = at
        return True

    def published(self, day: date, document: str) -> None:
        self.documents[day] = document

    def get(self, day: date) -> str | None:
        return self.documents.get(day)


@dataclass
class MemoryReportTopic:
    sent: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, subject: str, text: str) -> None:
        self.sent.append((subject, text))
