"""What handlers count: bounded in names, labels and series, and a mistake is told to the handler."""

from __future__ import annotations

import pytest

from app.telemetry.counts import OTHER
from app.telemetry.exposition import exposition
from app.telemetry.handler_meters import LONGEST_VALUE, MOST_NAMES, MOST_SERIES
from app.telemetry.meters import Meters


@pytest.fixture
def meters() -> Meters:
    return Meters()


def text_of(meters: Meters) -> str:
    return exposition(meters.snapshot(), (), "text/plain")[0].decode()


def test_a_count_is_exported_under_its_name_and_labels(meters: Meters) -> None:
    meters.handlers.count("orders", {"shop": "north"}, 2)
    meters.handlers.count("orders", {"shop": "north"})
    assert 'callgate_handler_orders_total{shop="north"} 3.0' in text_of(meters)


def test_an_observation_is_a_histogram(meters: Meters) -> None:
    meters.handlers.observe("export_seconds", 0.2)
    assert 'callgate_handler_export_seconds_bucket{le="0.25"} 1.0' in text_of(meters)


@pytest.mark.parametrize("name", ["", "Orders", "9x", "a-b", "x" * 65, "a b", "orders_total", "漢"])
def test_a_name_that_cannot_be_used_is_refused(meters: Meters, name: str) -> None:
    with pytest.raises(ValueError, match="no name for a metric"):
        meters.handlers.count(name, {})


@pytest.mark.parametrize("labels", [{"le": "1"}, {"A": "1"}, {f"l{number}": "1" for number in range(6)}])
def test_labels_that_cannot_be_used_are_refused(meters: Meters, labels: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="label"):
        meters.handlers.count("orders", labels)


def test_one_name_has_the_same_labels_each_time(meters: Meters) -> None:
    meters.handlers.count("orders", {"shop": "north"})
    with pytest.raises(ValueError, match="same ones each time"):
        meters.handlers.count("orders", {"town": "north"})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "1", None])
def test_only_numbers_are_observed(meters: Meters, value: float) -> None:
    with pytest.raises(ValueError, match="number"):
        meters.handlers.observe("export_seconds", value)


def test_a_count_never_goes_back(meters: Meters) -> None:
    with pytest.raises(ValueError, match="counted up"):
        meters.handlers.count("orders", {}, -1)


def test_beyond_the_bound_all_labels_are_one(meters: Meters) -> None:
    for number in range(MOST_SERIES + 9):
        meters.handlers.count("orders", {"buyer": f"person-{number}"})
    values = meters.handlers.snapshot()["callgate_handler_orders_total"].values
    assert len(values) == MOST_SERIES + 1
    assert values[OTHER,] == 9.0


def test_names_are_bounded_and_the_first_ones_go_on(meters: Meters) -> None:
    for number in range(MOST_NAMES + 5):
        meters.handlers.count(f"name_{number}", {})
    meters.handlers.count("name_0", {})
    found = meters.handlers.snapshot()
    assert len(found) == MOST_NAMES
    assert found["callgate_handler_name_0_total"].values[()] == 2.0


def test_a_value_is_cut(meters: Meters) -> None:
    meters.handlers.count("orders", {"note": "x" * 500})
    (labels,) = meters.handlers.snapshot()["callgate_handler_orders_total"].values
    assert labels == ("x" * LONGEST_VALUE,)
