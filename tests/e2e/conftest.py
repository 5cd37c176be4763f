"""The deployed stack: built and deployed once for all tests of this folder."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.archive import Archive, prepare
from tools.fake_vendors import FakeVendors
from tools.local_aws import LocalAws
from tools.stack import Stack, deploy

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def vendors() -> Iterator[FakeVendors]:
    """Twilio and the WhatsApp Cloud API, as the tests let them answer."""
    made = FakeVendors().start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def stack(vendors: FakeVendors, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The stack on a local AWS of its own, with IAM enforced and every request recorded."""
    with (
        tempfile.TemporaryDirectory(prefix="lethe-", ignore_cleanup_errors=True) as home,
        LocalAws(Path(home), record=True) as aws,
    ):
        deployed = deploy(aws, vendors)
        yield deployed
        if request.session.testsfailed:
            tell(deployed)


def tell(stack: Stack) -> None:
    """Print what the functions logged of errors: the API's answers say nothing of them."""
    for function in stack.functions:
        for line in stack.logs(function):
            if '"error"' in line:
                print(function, line.strip(), file=sys.__stderr__)


@pytest.fixture(scope="session")
def archive(stack: Stack) -> Archive:
    """The stack through its API, with own addresses and the classes that the tests need."""
    made = Archive(stack)
    prepare(made)
    return made
