"""What a proposal must have answered before a channel captures or a vendor sends (Art. 35)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from lethe.domain.channel_settings import missing
from lethe.domain.errors import FieldProblem
from lethe.domain.policy import Policy
from lethe.domain.vendors import screening_problems

_CHANNEL: Final = (
    "Answer the impact screening before the channel captures, and name the assessment where the"
    " answers ask for one; or set captures to false (Art. 35)."
)
_VENDOR: Final = (
    "Answer the impact screening before the vendor is approved, and name the assessment where the"
    " answers ask for one (Art. 35)."
)


def unanswered(policy: Policy, previous: Policy, today: date) -> Iterator[FieldProblem]:
    """Yield the channels and vendors that would begin without answers."""
    for name, channel in policy.channels.items():
        old = previous.channels.get(name)
        begins = channel.captures and not (old is not None and old.captures)
        if begins and missing(channel, today):
            yield FieldProblem(f"/channels/{name}/screening", _CHANNEL)
    for name, vendor in policy.vendors.items():
        known = previous.vendors.get(name)
        begins = vendor.approved and not (known is not None and known.approved)
        if begins and screening_problems(vendor.screening, today):
            yield FieldProblem(f"/vendors/{name}/screening", _VENDOR)
