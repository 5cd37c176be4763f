"""What access takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AwareDatetime, Field, StringConstraints

from lethe.api.bodies import Body
from lethe.api.limits import MAX_REASON_CHARACTERS, MIN_REASON_CHARACTERS
from lethe.domain.addresses import Address
from lethe.domain.validation import CanonicalAddress
from lethe.usecases.search import MAX_PAGE, SearchQuery

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK_SKEW: Final = timedelta(days=1)

Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=MIN_REASON_CHARACTERS,
        max_length=MAX_REASON_CHARACTERS,
    ),
]


class SearchIn(Body):
    """POST /messages/search."""

    address: CanonicalAddress
    reason: Reason
    from_time: AwareDatetime = Field(default=_EARLIEST, alias="from", ge=_EARLIEST)
    to_time: AwareDatetime | None = Field(default=None, alias="to")
    limit: int = Field(default=MAX_PAGE, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=512)

    def query(self, now: datetime) -> SearchQuery:
        """Return the query; nothing was sent later than now."""
        latest = now + _CLOCK_SKEW
        to_time = min(self.to_time or latest, latest)
        return SearchQuery(Address(self.address), self.from_time, to_time, self.limit, self.cursor)
