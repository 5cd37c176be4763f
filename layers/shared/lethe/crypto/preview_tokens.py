"""Tokens of previews: that this very content was shown, no longer ago than its token says.

    token = <expiry, seconds since 1970, decimal> "." <base64url(HMAC-SHA-256), no padding>

The MAC covers format, use, expiry and content, each with its length.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Final

from lethe.crypto.encoding import FORMAT, joined

PREVIEW_LABEL: Final = FORMAT + b" previews"
"""What `GenerateMac` of the pseudonym key is called with."""

TOKEN: Final = re.compile(r"(\d{1,12})\.[A-Za-z0-9_-]{43}")


def issue(key: bytes, content: bytes, expires: datetime) -> str:
    """Return the token of a content."""
    until = int(expires.timestamp())
    mac = hmac.digest(key, joined(FORMAT, b"preview", str(until).encode(), content), "sha256")
    return f"{until}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def expired(token: str, now: datetime) -> bool:
    """Say whether the token says that its time is over."""
    found = TOKEN.fullmatch(token)
    return found is None or now.timestamp() >= int(found[1])


def matches(key: bytes, token: str, content: bytes) -> bool:
    """Say whether the token was made for this content, in constant time."""
    found = TOKEN.fullmatch(token)
    if found is None:
        return False
    until = datetime.fromtimestamp(int(found[1]), tz=UTC)
    return hmac.compare_digest(issue(key, content, until), token)
