"""Bodies of S3 objects, read in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from lethe.store.errors import calling

if TYPE_CHECKING:
    from botocore.response import StreamingBody

MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})
"""What S3 says of an object that is not there, to those who may list the bucket."""
_PIECE = 1024 * 1024


def pieces(body: StreamingBody) -> Iterator[bytes]:
    """The bytes of a body, in constant memory."""
    with calling():
        yield from body.iter_chunks(_PIECE)
