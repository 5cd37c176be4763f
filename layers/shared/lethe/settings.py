"""What each function reads from its environment; nothing else in Lethe looks there."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class SettingsError(RuntimeError):
    """The environment lacks a variable or holds a wrong one; the message names them."""


class Settings(BaseModel):
    """What every function reads: each field is the variable of the same name in upper case."""

    model_config = ConfigDict(
        alias_generator=str.upper,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,
    )

    lethe_stage: str = Field(min_length=1)


class _Capturing(BaseModel):
    kem: Literal["X25519", "MLKEM768_X25519"]


class _Waiting(BaseModel):
    longest_capture_seconds: int = Field(gt=0)

    @property
    def longest_capture(self) -> timedelta:
        return timedelta(seconds=self.longest_capture_seconds)


class RecordingSettings(Settings, _Capturing):
    """What records consent events: it may wrap keys and never unwrap one."""

    register_table: str
    consent_table: str
    consent_states_table: str
    consent_keys_table: str
    policy_table: str
    audit_table: str
    holders_key_id: str
    pseudonym_key_id: str
    authorisation_key_id: str
    receipts_key_id: str


class PostingSettings(RecordingSettings):
    """What also puts messages on their way out."""

    counts_table: str
    outbox_table: str
    transit_key_id: str
    send_queue_url: str
    public_url: str


class IngestSettings(PostingSettings):
    """What captures."""

    keys_table: str
    day_keys_table: str
    messages_table: str
    entries_table: str
    reviews_table: str
    objects_bucket: str
    keep_bucket: str
    staging_bucket: str
    message_id_key_id: str
    days_queue_url: str


class AccessSettings(Settings):
    """What reads: it may unwrap keys and writes audit events alone."""

    register_table: str
    keys_table: str
    day_keys_table: str
    messages_table: str
    entries_table: str
    policy_table: str
    audit_table: str
    objects_bucket: str
    keep_bucket: str
    holders_key_id: str
    pseudonym_key_id: str
    consent_table: str
    consent_states_table: str
    consent_keys_table: str
    notices_table: str
    receipts_key_id: str


class EraseSettings(Settings, _Waiting):
    """What ends persons' keys."""

    register_table: str
    keys_table: str
    messages_table: str
    requests_table: str
    policy_table: str
    audit_table: str
    ledger_bucket: str
    pseudonym_key_id: str
    purge_queue_url: str
    erase_queue_url: str
    consent_queue_url: str
    key_backup_days: int = Field(ge=0, le=35)


class PurgeSettings(Settings, _Waiting):
    """What deletes ciphertext."""

    keys_table: str
    messages_table: str
    entries_table: str
    requests_table: str
    objects_bucket: str
    keep_bucket: str
    purge_queue_url: str


class RetentionSweepSettings(Settings, _Capturing):
    """What ends days."""

    register_table: str
    day_keys_table: str
    requests_table: str
    policy_table: str
    counts_table: str
    audit_table: str
    objects_bucket: str
    keep_bucket: str
    ledger_bucket: str
    holders_key_id: str
    erase_queue_url: str
    key_backup_days: int = Field(ge=0, le=35)


class GovernSettings(Settings, _Capturing, _Waiting):
    """What keeps policy, own addresses and notices; the last ones are what a notice states."""

    register_table: str
    day_keys_table: str
    counts_table: str
    policy_table: str
    notices_table: str
    reviews_table: str
    audit_table: str
    pseudonym_key_id: str
    reports_topic_arn: str
    public_url: str
    key_backup_days: int = Field(ge=0, le=35)
    message_backup_days: int = Field(ge=0, le=35)
    log_retention_days: int = Field(gt=0)
    sweep_schedule: str


class ConsentSettings(RecordingSettings):
    """What records consent, and looks after it."""

    notices_table: str
    reviews_table: str
    requests_table: str


class DispatchSettings(PostingSettings):
    """What decides whether a message may be sent, and sends it."""

    sent_queue_url: str
    vendor_secret_id: str
    twilio_url: str
    whatsapp_url: str


BY_FUNCTION: dict[str, type[Settings]] = {
    "ingest": IngestSettings,
    "access": AccessSettings,
    "erase": EraseSettings,
    "purge": PurgeSettings,
    "retention_sweep": RetentionSweepSettings,
    "govern": GovernSettings,
    "consent": ConsentSettings,
    "dispatch": DispatchSettings,
}

S = TypeVar("S", bound=Settings)


def load(model: type[S]) -> S:
    """Read a function's settings."""
    try:
        return model.model_validate(dict(os.environ))
    except ValidationError as error:
        names = ", ".join(sorted({str(line["loc"][0]) for line in error.errors()}))
        raise SettingsError(f"set these environment variables: {names}") from None
