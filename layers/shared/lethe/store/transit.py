"""TransitKey of KMS: a data key per dispatch, which opens with that dispatch's id alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lethe.domain.errors import SealError
from lethe.domain.outbox import DispatchId
from lethe.store.errors import calling, code

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_DO_NOT_OPEN = frozenset({"IncorrectKeyException", "InvalidCiphertextException"})


class KmsTransitKeys:
    """Data keys under TransitKey; their plaintext is kept by nobody beyond one call."""

    def __init__(self, client: KMSClient, *, transit_key: str) -> None:
        self._client = client
        self._key = transit_key

    def new(self, dispatch: DispatchId) -> tuple[bytes, bytes]:
        """A new data key and its wrapped form."""
        with calling():
            answer = self._client.generate_data_key(
                KeyId=self._key, KeySpec="AES_256", EncryptionContext=_context(dispatch)
            )
        return answer["Plaintext"], answer["CiphertextBlob"]

    def open(self, wrapped: bytes, dispatch: DispatchId) -> bytes:
        """The data key again; SealError if it is not this dispatch's."""
        try:
            with calling():
                answer = self._client.decrypt(
                    KeyId=self._key, CiphertextBlob=wrapped, EncryptionContext=_context(dispatch)
                )
        except ClientError as error:
            if code(error) in _DO_NOT_OPEN:
                raise SealError from None
            raise
        return answer["Plaintext"]


def _context(dispatch: DispatchId) -> dict[str, str]:
    return {"dispatch": dispatch}
