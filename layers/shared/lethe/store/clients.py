"""How clients of AWS are set up; who makes them passes them in."""

from __future__ import annotations

from botocore.config import Config

POOL = 32
"""Connections of a client: the threads that write in parallel and some more."""


def config() -> Config:
    """Short timeouts, a few retries with backoff, signatures that S3 accepts in URLs."""
    return Config(
        connect_timeout=2,
        read_timeout=10,
        max_pool_connections=POOL,
        retries={"mode": "standard", "total_max_attempts": 4},
    )


def s3_config() -> Config:
    """The same for S3, whose URLs need their own word for the same signature."""
    return config().merge(Config(signature_version="s3v4", read_timeout=30))


def ses_config() -> Config:
    """For SES: a call is never repeated, since its mail may have left."""
    once = Config(read_timeout=15, retries={"mode": "standard", "total_max_attempts": 1})
    return config().merge(once)
