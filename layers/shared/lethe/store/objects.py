"""ObjectsBucket and KeepBucket: long bodies, attachments, raw originals; all sealed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from lethe.domain.errors import ErasedError, UnavailableError
from lethe.store.bodies import MISSING, pieces
from lethe.store.errors import calling, code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_SIZE = 8 * 1024 * 1024
"""Bytes of an object held in memory at a time; S3 takes up to 10,000 such parts."""


class S3Objects:
    """The two buckets; what a law keeps is locked until its end date, never longer."""

    def __init__(
        self,
        client: S3Client,
        *,
        objects: str,
        keep: str,
        lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = "COMPLIANCE",
    ) -> None:
        self._client: Any = client
        self._objects = objects
        self._keep = keep
        self._lock_mode = lock_mode

    def put(self, name: str, chunks: Iterable[bytes], *, keep_until: date | None) -> None:
        """Write an object in pieces, locked until that date where one is given."""
        place = self._place(name, keep=keep_until is not None)
        lock = {} if keep_until is None else self._lock(keep_until)
        parts = _parts(chunks)
        first = next(parts, b"")
        second = next(parts, None)
        if second is None:
            with calling():
                self._client.put_object(**place, **lock, Body=first)
            return
        with calling():
            upload = self._client.create_multipart_upload(**place, **lock)["UploadId"]
        try:
            self._upload(place, upload, _chain(first, second, parts))
        except BaseException:
            self._abort(place, upload)
            raise

    def get(self, name: str, *, keep: bool) -> Iterator[bytes]:
        """Read an object in pieces; ErasedError if it is gone."""
        try:
            with calling():
                body = self._client.get_object(**self._place(name, keep=keep))["Body"]
        except ClientError as error:
            if code(error) in MISSING:
                raise ErasedError("The object is gone.") from None
            raise
        return pieces(body)

    def presign(self, name: str, *, keep: bool, lifetime: timedelta) -> str:
        """A URL that reads the ciphertext for a while."""
        url: str = self._client.generate_presigned_url(
            "get_object",
            Params=self._place(name, keep=keep),
            ExpiresIn=int(lifetime.total_seconds()),
        )
        return url

    def delete_prefix(self, prefix: str, *, keep: bool) -> int:
        """Delete all versions, delete markers and unfinished uploads below a prefix; how many."""
        bucket = self._keep if keep else self._objects
        gone = 0
        while versions := self._versions(bucket, prefix):
            self._delete(bucket, versions)
            gone += len(versions)
        while uploads := self._uploads(bucket, prefix):
            for upload in uploads:
                self._abort({"Bucket": bucket, "Key": upload["Key"]}, upload["UploadId"])
            gone += len(uploads)
        return gone

    def _place(self, name: str, *, keep: bool) -> dict[str, str]:
        return {"Bucket": self._keep if keep else self._objects, "Key": name}

    def _lock(self, until: date) -> dict[str, Any]:
        midnight = datetime(until.year, until.month, until.day, tzinfo=UTC)
        return {"ObjectLockMode": self._lock_mode, "ObjectLockRetainUntilDate": midnight}

    def _upload(self, place: dict[str, str], upload: str, parts: Iterable[bytes]) -> None:
        done = []
        for number, part in enumerate(parts, start=1):
            with calling():
                put = self._client.upload_part(
                    **place, UploadId=upload, PartNumber=number, Body=part
                )
            # S3 checks that the completion names the checksums that the parts came with.
            sums = {name: put[name] for name in put if name.startswith("Checksum")}
            sums.pop("ChecksumType", None)
            done.append({"PartNumber": number, "ETag": put["ETag"], **sums})
        with calling():
            self._client.complete_multipart_upload(
                **place, UploadId=upload, MultipartUpload={"Parts": done}
            )

    def _abort(self, place: dict[str, str], upload: str) -> None:
        try:
            with calling():
                self._client.abort_multipart_upload(**place, UploadId=upload)
        except ClientError as error:
            if code(error) != "NoSuchUpload":
                raise

    def _delete(self, bucket: str, versions: Iterable[dict[str, Any]]) -> None:
        objects = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions]
        with calling():
            answer = self._client.delete_objects(
                Bucket=bucket, Delete={"Objects": objects, "Quiet": True}
            )
        if answer.get("Errors"):
            raise UnavailableError("Some object versions could not be deleted; try again.")

    # Each look starts at the beginning: what the last one found, its marker too, is deleted.
    def _versions(self, bucket: str, prefix: str) -> list[dict[str, Any]]:
        with calling():
            page = self._client.list_object_versions(Bucket=bucket, Prefix=prefix)
        return [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]

    def _uploads(self, bucket: str, prefix: str) -> list[dict[str, Any]]:
        with calling():
            page = self._client.list_multipart_uploads(Bucket=bucket, Prefix=prefix)
        return list(page.get("Uploads", ()))


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of one size; the last is shorter, and only a sole part is empty."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) > PART_SIZE:
            yield bytes(buffer[:PART_SIZE])
            del buffer[:PART_SIZE]
    yield bytes(buffer)


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest
