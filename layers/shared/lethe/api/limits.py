"""The limits that the API itself sets; docs/limits.md shows them with those of the domain."""

from __future__ import annotations

from typing import Final

MAX_BODY_BYTES: Final = 4 * 1024**2
"""A Lambda call carries 6 MB, and API Gateway passes bytes as base64: four thirds as long."""

MAX_BATCH: Final = 100
"""Messages in one call."""

MAX_ANSWER_BYTES: Final = 4 * 1024**2
"""The largest original in one answer, for the same reason."""

MAX_RECIPIENTS: Final = 1_000
"""Recipients of a dispatch, and addresses of a search for suppressions."""
