"""Uploads: the way in for what is too large for one API call; staged, sealed, removed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from lethe.domain.errors import FieldProblem, InvalidInputError, TooLargeError
from lethe.domain.messages import Attachment
from lethe.domain.ports import Staging

MAX_UPLOAD: Final = 200 * 1024 * 1024
"""Bytes of one attachment: what is sealed inside one API call of 29 seconds, with room to spare."""

MAX_MAIL: Final = 50 * 1024 * 1024
"""Bytes of one raw mail: it is parsed in memory."""

LIFETIME: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, repr=False)
class Upload:
    """Where to put the bytes, and until when."""

    upload_id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StagedSource:
    """An uploaded attachment's bytes, read once and checked against what the caller stated."""

    staging: Staging
    upload_id: str
    size: int
    sha256: bytes

    def check(self) -> None:
        """See that the upload is there and of its size, before anything is written for it."""
        if self.staging.size(self.upload_id) != self.size:
            raise _other_bytes()

    def __iter__(self) -> Iterator[bytes]:
        digest, size = sha256(), 0
        for chunk in self.staging.read(self.upload_id):
            digest.update(chunk)
            size += len(chunk)
            yield chunk
        if size != self.size or digest.digest() != self.sha256:
            raise _other_bytes()


@dataclass(frozen=True)
class Uploads:
    """The use case."""

    staging: Staging
    clock: Callable[[], datetime]

    def create(self, size: int) -> Upload:
        """Open a place for exactly this many bytes; TooLargeError above the limit."""
        if size > MAX_UPLOAD:
            raise TooLargeError(f"An upload takes at most {MAX_UPLOAD} bytes; split the content.")
        upload_id = os.urandom(16).hex()
        url = self.staging.presign(upload_id, size=size, lifetime=LIFETIME)
        return Upload(upload_id, url, self.clock() + LIFETIME)

    def mail(self, upload_id: str) -> bytes:
        """An uploaded raw mail; TooLargeError above what is parsed in memory."""
        if self.staging.size(upload_id) > MAX_MAIL:
            raise TooLargeError(f"A mail has at most {MAX_MAIL} bytes.")
        return b"".join(self.staging.read(upload_id))

    def attachment(
        self, upload_id: str, *, name: str, media_type: str, size: int, digest: bytes
    ) -> Attachment:
        """An attachment whose bytes lie in an upload."""
        source = StagedSource(self.staging, upload_id, size, digest)
        return Attachment(name, media_type, size, digest, source)

    def remove(self, upload_id: str) -> None:
        """Delete an upload once its content is sealed."""
        self.staging.remove(upload_id)


def _other_bytes() -> InvalidInputError:
    problem = FieldProblem("/attachments", "`size` and `sha256` must be those of the upload.")
    return InvalidInputError("The uploaded bytes are not those described.", (problem,))
