"""StagingBucket: plaintext on its way in, for minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lethe.domain.errors import NotFoundError
from lethe.store.bodies import MISSING, pieces
from lethe.store.errors import calling, code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Staging:
    """The bucket that takes uploads; objects are named by upload id."""

    def __init__(self, client: S3Client, *, staging: str) -> None:
        self._client: Any = client
        self._bucket = staging

    def presign(self, upload_id: str, *, size: int, lifetime: timedelta) -> str:
        """A URL that takes exactly this many bytes for a while: their number is signed."""
        url: str = self._client.generate_presigned_url(
            "put_object",
            Params={**self._place(upload_id), "ContentLength": size},
            ExpiresIn=int(lifetime.total_seconds()),
        )
        return url

    def read(self, upload_id: str) -> Iterator[bytes]:
        """The uploaded bytes; NotFoundError if there are none."""
        return pieces(self._call("get_object", upload_id)["Body"])

    def size(self, upload_id: str) -> int:
        """How many bytes lie there; NotFoundError if there are none."""
        return int(self._call("head_object", upload_id)["ContentLength"])

    def remove(self, upload_id: str) -> None:
        """Delete an upload."""
        self._call("delete_object", upload_id)

    def _place(self, upload_id: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": upload_id}

    def _call(self, operation: str, upload_id: str) -> dict[str, Any]:
        try:
            with calling():
                answer: dict[str, Any] = getattr(self._client, operation)(**self._place(upload_id))
        except ClientError as error:
            if code(error) in MISSING:
                raise NotFoundError("There is no such upload; ask for a new one.") from None
            raise
        return answer
