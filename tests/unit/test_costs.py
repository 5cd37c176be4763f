"""docs/costs.md says what the arithmetic gives, and the arithmetic is right."""

import pytest

from tests.bench import costs_document, prices
from tests.bench.capture_bench import DOLLARS_BAR, WRITE_UNITS_BAR
from tests.bench.counting import item_size, read_units
from tests.bench.prices import Stored, Work


def test_the_document_is_computed_from_what_was_measured() -> None:
    text = costs_document.DOCUMENT.read_text("utf-8")
    assert costs_document.filled(text, costs_document.read()) == text, (
        "run `python -m tests.bench --write`"
    )


@pytest.mark.parametrize("way", ["single", "batch"])
def test_what_was_measured_keeps_the_bars(way: str) -> None:
    work = costs_document.read().works[way]
    assert prices.dollars_per_million(work) <= DOLLARS_BAR[way]
    assert work.write_units <= WRITE_UNITS_BAR
    assert (work.kms_requests, work.s3_puts, work.s3_gets) == (0, 0, 0)


def test_terms_add_up() -> None:
    work = Work(api_requests=1, lambda_requests=1, gb_seconds=0.01, write_units=4, read_units=5)
    terms = prices.terms(work)
    assert terms["write_units"] == pytest.approx(2.5)
    assert terms["gb_seconds"] == pytest.approx(0.133334)
    assert prices.dollars_per_million(work) == pytest.approx(3.5 + 0.2 + 0.133334 + 2.5 + 0.625)


def test_the_price_of_each_counted_thing_is_known() -> None:
    assert prices.PRICES.keys() == vars(Work()).keys()


def test_a_batch_shares_what_it_takes() -> None:
    assert Work(api_requests=1, write_units=301).shared_by(100) == Work(
        api_requests=0.01, write_units=3.01
    )


def test_storage_counts_items_with_their_overhead_and_every_month() -> None:
    stored = Stored(item_bytes=700, items=3, object_bytes=500)
    assert prices.storing_a_million(stored, 1) == {
        "tables": pytest.approx(12 * 1.0 * 0.25),
        "recovery": pytest.approx(12 * 1.0 * 0.20),
        "buckets": pytest.approx(12 * 0.5 * 0.023),
    }


def test_gigabyte_seconds() -> None:
    assert prices.gb_seconds(500, 1_024) == 0.5
    assert prices.gb_seconds(1_000, 512) == 0.5


def test_sizes_of_items_are_dynamodbs() -> None:
    assert item_size({"pk": {"S": "ab"}, "n": {"N": "-12.5"}}) == 2 + 2 + 1 + 3
    assert item_size({"l": {"L": [{"NULL": True}, {"B": b"1234"}]}}) == 1 + 3 + 2 + 5
    assert read_units({}) == 1
    assert read_units({"b": {"B": b"x" * 4096}}) == 2


def test_the_floor_has_the_keys_and_alarms_of_the_template() -> None:
    assert any(line.endswith("KMS keys") for line in costs_document.floor())
    assert all(dollars >= 0 for dollars in costs_document.floor().values())
