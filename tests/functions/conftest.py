"""Fixtures of the tests on AWS as moto plays it."""

from collections.abc import Iterator

import pytest

from tests.aws_store import AwsStores, on_aws


@pytest.fixture
def aws() -> Iterator[AwsStores]:
    """Every store on an account of its own."""
    with on_aws() as stores:
        yield stores
