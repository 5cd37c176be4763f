"""What access takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, Field

from lethe.api.bodies import Body
from lethe.domain.addresses import Address
from lethe.domain.audit import REASON_EXPECTED, is_reason
from lethe.domain.validation import CanonicalAddress, wrong
from lethe.usecases.search import MAX_PAGE, SearchQuery

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK_SKEW: Final = timedelta(days=1)


def _reason(text: str) -> str:
    if not is_reason(text):
        raise wrong(REASON_EXPECTED)
    return text


Reason = Annotated[str, AfterValidator(_reason)]


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


class ProofIn(Body):
    """POST /consents/proof."""

    address: CanonicalAddress
    reason: Reason

    @property
    def who(self) -> Address:
        return Address(self.address)
