"""KMS: private keys under HoldersKey, and the keys of pseudonyms and message ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lethe.domain.errors import SealError
from lethe.domain.holders import HolderId
from lethe.store.errors import calling, code

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_DO_NOT_OPEN = frozenset({"IncorrectKeyException", "InvalidCiphertextException"})


class KmsKeyWrap:
    """HoldersKey; a wrapped key opens only with the holder id that it was wrapped for."""

    def __init__(self, client: KMSClient, *, holders_key: str) -> None:
        self._client = client
        self._key = holders_key

    def wrap(self, private: bytes, holder_id: HolderId) -> bytes:
        """Encrypt a private key."""
        with calling():
            answer = self._client.encrypt(
                KeyId=self._key, Plaintext=private, EncryptionContext=_context(holder_id)
            )
        return answer["CiphertextBlob"]

    def unwrap(self, wrapped: bytes, holder_id: HolderId) -> bytes:
        """Decrypt a private key; SealError if it is not this holder's."""
        try:
            with calling():
                answer = self._client.decrypt(
                    KeyId=self._key, CiphertextBlob=wrapped, EncryptionContext=_context(holder_id)
                )
        except ClientError as error:
            if code(error) in _DO_NOT_OPEN:
                raise SealError from None
            raise
        return answer["Plaintext"]


def derive(client: KMSClient, key_id: str, label: str) -> bytes:
    """A 32-byte key that only this KMS key and label give; no secret is stored."""
    with calling():
        answer: Any = client.generate_mac(
            KeyId=key_id, Message=label.encode(), MacAlgorithm="HMAC_SHA_256"
        )
    mac: bytes = answer["Mac"]
    return mac


def _context(holder_id: HolderId) -> dict[str, str]:
    return {"holder": holder_id.hex()}
