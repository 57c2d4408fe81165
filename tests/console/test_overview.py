"""The first page: traffic as numbers and charts, alarms among what needs a person."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app.core.states import AlarmKind
from app.pipeline.services import Services
from app.storage.alarms import Alarm, write_alarms
from app.storage.traffic import COUNTS, Minute, add_traffic
from app.web.console.charts import Series, drawn_lines, rounded_up, stacked
from tests.builders import NOW
from tests.console.desk import Desk

TAKEN = Series("good", "taken", lambda each: each["taken"])
REFUSED = Series("warn", "refused", lambda each: each["refused"])
AT = "2026-01-31T08:00:00Z"


def store(services: Services, age: timedelta, **named: int) -> None:
    counts = tuple(named.get(name, 0) for name in COUNTS)
    services.database.run(lambda tx: add_traffic(tx, [Minute(NOW - age, "callback", counts)]))


def bars(page: str) -> list[str]:
    return re.findall(r'<g class="bar"><title>([^<]*)</title>', page)


def test_a_gateway_without_traffic_says_so_and_draws_no_box(admin: Desk) -> None:
    page = admin.text("/console/")
    assert page.count("No callback came in this time.") == 2
    assert '<svg class="chart"' not in page


def test_the_numbers_and_the_bars_tell_what_came(services: Services, admin: Desk) -> None:
    store(
        services, timedelta(minutes=30), accepted=40, refused=3, duplicate=5, attempts=41, failed_attempts=2
    )
    page = admin.text("/console/")
    for title, value in (("Callbacks", "48"), ("Refused or failed", "3"), ("Tries that failed", "2 / 41")):
        assert f"<dt>{title}</dt><dd>{value}</dd>" in page
    assert [each for each in bars(page) if "taken 40 · repeated 5 · refused 3 · failed 0" in each]


@pytest.mark.parametrize(("range_", "shown"), [("hour", False), ("week", True)])
def test_the_address_says_how_far_back(services: Services, admin: Desk, range_: str, shown: bool) -> None:
    store(services, timedelta(days=3), accepted=7)
    assert ("<dd>7</dd>" in admin.text(f"/console/?range={range_}")) is shown


def test_an_unknown_range_is_the_usual_one(admin: Desk) -> None:
    page = admin.text("/console/?range=%27%3E")
    assert re.search(r'range=day" aria-current="true"', page)


def test_an_alarm_stands_among_what_needs_a_person(services: Services, admin: Desk) -> None:
    facts = {"free": 120, "least": 500}
    alarm = Alarm(AlarmKind.DISK_FULL, "", 3, 0, 4_000, facts, NOW, began_at=NOW)
    services.database.run(lambda tx: write_alarms(tx, [alarm], []))
    page = admin.text("/console/", **{"Accept-Language": "zh"})
    assert 'class="want bad"' in page
    assert "磁盘只剩 120 MiB" in page


def test_pieces_of_a_bar_stand_on_each_other() -> None:
    bar = stacked([{"at": AT, "taken": 3, "refused": 1}], (TAKEN, REFUSED)).bars[0]
    lower, upper = bar.pieces
    assert upper.y + upper.height == pytest.approx(lower.y, abs=0.2)
    assert lower.height == pytest.approx(3 * upper.height, abs=0.3)


def test_a_line_breaks_where_nothing_is_known() -> None:
    values = [{"at": AT, "taken": value, "refused": 0} for value in (1, 2, -1, 3, 4)]
    (line,) = drawn_lines(values, (TAKEN,)).lines
    assert [len(part.split(" ")) for part in line.parts] == [2, 2]


def test_one_known_point_alone_is_seen() -> None:
    values = [{"at": AT, "taken": value, "refused": 0} for value in (-1, 2, -1)]
    (line,) = drawn_lines(values, (TAKEN,)).lines
    assert [len(part.split(" ")) for part in line.parts] == [2]


@pytest.mark.parametrize(
    ("most", "top"), [(0, 4), (3, 4), (9, 10), (11, 20), (41, 80), (81, 100), (101, 200)]
)
def test_the_top_of_the_scale_is_a_round_number_above_all(most: int, top: int) -> None:
    assert rounded_up(most) == top
