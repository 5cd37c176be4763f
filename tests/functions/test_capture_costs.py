"""What a capture between known people asks of AWS; each of its items takes one write unit."""

from collections import Counter
from collections.abc import Iterator
from math import ceil

import pytest

from tests.aws_store import AwsStores
from tests.bench.counting import item_size
from tests.bench.deployed import OWN, external, message
from tests.faults import Faults
from tests.house import House, at_home

TEXTS = 8


@pytest.fixture
def house(aws: AwsStores, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with at_home(aws, monkeypatch) as made:
        listed = {"own_addresses": [{"address": OWN, "kind": "person", "valid_from": "2020-01-01"}]}
        status, _ = made.http("govern", "post-own-addresses", listed)
        assert status == 200
        yield made


def asked(house: House, event: str, body: object) -> Faults:
    """Capture, watched."""
    faults = Faults()
    faults.watch(*house.aws.clients)
    status, _ = house.http("ingest", event, body)
    assert status in {200, 201}
    return faults


def put_units(faults: Faults) -> int:
    items = [arguments["Item"] for name, arguments in faults.calls if name == "PutItem"]
    return sum(ceil(item_size(item) / 1024) for item in items)


def test_a_message_alone_takes_four_write_units(house: House) -> None:
    for number in range(TEXTS):
        house.http("ingest", "post-message", message(external(1)))
        faults = asked(house, "post-message", message(external(1)))
        expected = Counter(BatchGetItem=1, PutItem=3, UpdateItem=1)
        assert faults.counts == expected, number
        assert put_units(faults) == 3, number


def test_a_batch_shares_the_look_and_the_count(house: House) -> None:
    people = [external(number) for number in range(100)]
    house.http("ingest", "post-batch", {"messages": [message(one) for one in people]})

    faults = asked(house, "post-batch", {"messages": [message(one) for one in people]})

    # 100 persons, the employee, `holds`, the policy's head and 100 places: three looks of 100.
    assert faults.counts == Counter(BatchGetItem=3, PutItem=300, UpdateItem=1)
    assert put_units(faults) == 300


def test_what_is_left_out_of_a_call_takes_one_update_more(house: House) -> None:
    headers = {"headers": [["x-client-ip", "192.0.2.1"], ["importance", "high"]]}
    batch = {"messages": [message(external(number), **headers) for number in range(20)]}
    house.http("ingest", "post-batch", batch)
    again = {"messages": [message(external(number), **headers) for number in range(20)]}

    faults = asked(house, "post-batch", again)

    assert (faults.counts["PutItem"], faults.counts["UpdateItem"]) == (60, 2)
    [_, counted] = [arguments for name, arguments in faults.calls if name == "UpdateItem"]
    assert counted["ExpressionAttributeNames"]["#f0"] == "dropped.header.ip"
    assert counted["ExpressionAttributeValues"][":f0"] == {"N": "20"}
