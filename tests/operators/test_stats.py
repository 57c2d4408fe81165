"""Traffic over time: processes add to it, old minutes become hours, and operators read it in steps."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from app.cli.stats import stats_command
from app.core.errors import RequestError, StoreUnavailable
from app.factory import create_app
from app.pipeline.operators.stats import bucket, stats_view, traffic
from app.pipeline.services import Services
from app.pipeline.upkeep.measures import Measures
from app.pipeline.upkeep.retention import prune_all
from app.storage.traffic import BUCKETS, COUNTS, EVERY_CHANNEL, Minute, add_traffic, traffic_minutes
from app.telemetry.counts import Snapshot
from app.telemetry.shared_meters import SharedMeters
from tests.builders import NOW, FrozenClock

OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
HOUR = timedelta(hours=1)


def counts(**named: int) -> tuple[int, ...]:
    return tuple(named.get(name, 0) for name in COUNTS)


def store(services: Services, *minutes: Minute) -> None:
    services.database.run(lambda tx: add_traffic(tx, minutes))


def rows(services: Services) -> list[Any]:
    with services.database.read() as tx:
        found = tx.execute(traffic_minutes.select().order_by(traffic_minutes.c.minute)).all()
    every = [row for row in found if row.channel == EVERY_CHANNEL]
    of_channels = [row for row in found if row.channel != EVERY_CHANNEL]
    assert sum(row.accepted for row in every) == sum(row.accepted for row in of_channels)
    return of_channels


def last_hour(services: Services, step: int = 3600, channel: str | None = None) -> list[dict[str, Any]]:
    return traffic(services, NOW - HOUR, NOW + HOUR, step, channel)


def test_what_was_counted_is_written_to_its_minute(services: Services) -> None:
    measures = Measures(services)
    services.meters.delivery("callback", "accepted", 0.003)
    services.meters.delivery("callback", "refused", 0.2)
    services.meters.event("callback", "t", "duplicate")
    services.meters.attempt("r", "callback", "failed", 0.1)
    measures.write(at_the_end=True)
    (row,) = rows(services)
    assert (row.minute, row.channel) == (NOW, "callback")
    assert (row.accepted, row.refused, row.duplicate_events) == (1, 1, 1)
    assert (row.attempts, row.failed_attempts) == (1, 1)
    assert sum(getattr(row, name) for name in BUCKETS) == 2


def test_nothing_is_written_twice(services: Services) -> None:
    measures = Measures(services)
    services.meters.delivery("callback", "accepted", 0.003)
    for _ in range(3):
        measures.write(at_the_end=True)
    services.meters.delivery("callback", "accepted", 0.003)
    measures.write(at_the_end=True)
    assert [row.accepted for row in rows(services)] == [2]


def test_a_minute_that_has_ended_is_written_at_once(services: Services, clock: FrozenClock) -> None:
    measures = Measures(services)
    services.meters.delivery("callback", "accepted", 0.003)
    measures.write()
    assert rows(services) == []
    clock.advance(seconds=60)
    measures.write()
    assert [(row.minute, row.accepted) for row in rows(services)] == [(NOW, 1)]


@pytest.mark.backends("sqlite")
def test_what_the_store_did_not_take_is_written_later(services: Services) -> None:
    measures = Measures(services)
    services.meters.delivery("callback", "accepted", 0.003)

    def away(_work: Any) -> None:
        raise StoreUnavailable

    kept = services.database.run
    services.database.run = away  # type: ignore[method-assign, assignment]
    measures.write(at_the_end=True)
    services.database.run = kept  # type: ignore[method-assign]
    measures.write(at_the_end=True)
    assert [row.accepted for row in rows(services)] == [1]


@pytest.mark.backends("sqlite")
def test_a_full_disk_for_the_copies_keeps_no_traffic_from_being_written(services: Services) -> None:
    class Full(SharedMeters):
        def publish(self, snapshot: Snapshot) -> None:
            raise OSError(28, "No space left on device")

    services.runtime.shared_meters = Full(Path("nowhere"), "serve")
    measures = Measures(services)
    services.meters.delivery("callback", "accepted", 0.003)
    with capture_logs() as lines:
        measures.write(at_the_end=True)
        measures.write(at_the_end=True)
    assert [row.accepted for row in rows(services)] == [1]
    assert [line["event"] for line in lines] == ["measures_not_written"]


def test_processes_add_to_the_same_minute_at_the_same_time(services: Services) -> None:
    minutes = [Minute(NOW, f"c{number}", counts(accepted=1)) for number in range(20)]

    def add(order: list[Minute]) -> None:
        for _ in range(5):
            with services.database.begin() as tx:
                add_traffic(tx, order)

    threads = [threading.Thread(target=add, args=(order,)) for order in (minutes, minutes[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.accepted for row in rows(services)] == [10] * 20


def test_every_step_is_there_with_traffic_or_without(services: Services) -> None:
    store(services, Minute(NOW, "c", counts(accepted=2, failed=1, bucket_2=3)))
    found = last_hour(services, 1800)
    assert [each["at"] for each in found] == [
        f"2026-11-20T{at}:00.000Z" for at in ("11:00", "11:30", "12:00", "12:30")
    ]
    assert [each["deliveries"] for each in found] == [0, 0, 3, 0]
    assert found[0]["p50_ms"] is None
    assert 2.5 < found[2]["p50_ms"] <= found[2]["p95_ms"] <= 5.0


def test_one_channel_is_shown_alone(services: Services) -> None:
    store(services, Minute(NOW, "a", counts(accepted=1)), Minute(NOW, "b", counts(accepted=5)))
    assert sum(each["accepted"] for each in last_hour(services, channel="b")) == 5
    assert sum(each["accepted"] for each in last_hour(services)) == 6


def test_percentiles_lie_in_their_buckets() -> None:
    shown = bucket(counts(accepted=100, bucket_0=50, bucket_6=45, bucket_13=5))
    assert shown["p50_ms"] == 1.0
    assert shown["p95_ms"] == 100.0
    assert bucket(counts(accepted=1, bucket_13=1))["p95_ms"] == 10_000.0


def at(days: float, minute: int = 0) -> datetime:
    return (NOW - timedelta(days=days)).replace(minute=minute)


def test_old_minutes_become_hours_and_nothing_is_lost(services: Services) -> None:
    days_ago = [Minute(at(3, minute), "c", counts(accepted=1, bucket_3=1)) for minute in range(0, 60, 7)]
    store(
        services,
        *days_ago,
        Minute(at(3, 30), "d", counts(accepted=4)),
        Minute(at(1, 7), "c", counts(accepted=2)),
    )
    prune_all(services)
    found = {(row.minute, row.channel): row.accepted for row in rows(services)}
    assert found == {(at(3), "c"): 9, (at(3), "d"): 4, (at(1, 7), "c"): 2}
    prune_all(services)
    assert sum(row.accepted for row in rows(services)) == 15


def test_what_is_as_old_as_the_oldest_events_goes(services: Services) -> None:
    store(services, Minute(at(91), "c", counts(accepted=1)), Minute(at(89), "c", counts(accepted=1)))
    prune_all(services)
    assert [row.minute for row in rows(services)] == [at(89)]


def test_where_only_hours_are_kept_a_step_is_hours(services: Services) -> None:
    assert stats_view(services, {"since": "2026-11-10T00:00:00Z", "step": "60"})["step"] == 3600


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    "wanted",
    [
        {"step": "0"}, {"step": "-60"}, {"step": "61"}, {"step": "x"}, {"step": "9" * 30}, {"step": "٣٦٠٠"},
        {"since": "yesterday"}, {"until": "2020-01-01T00:00:00Z", "since": "2021-01-01T00:00:00Z"},
        {"since": "0001-01-01T00:00:00Z", "step": "3600"}, {"channel": "x" * 65}, {"channel": "a\0b"},
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused(services: Services, wanted: dict[str, str]) -> None:
    with pytest.raises(RequestError):
        stats_view(services, wanted)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services=services).test_client()


@pytest.mark.backends("sqlite")
def test_the_route_answers_tokens_that_may_read(client: FlaskClient, services: Services) -> None:
    store(services, Minute(NOW, "c", counts(accepted=2)))
    answer = client.get("/api/v1/stats?until=2026-11-20T12:10:00Z&step=3600", headers=OPS)
    assert answer.status_code == 200
    assert answer.json["total"]["accepted"] == 2  # type: ignore[index]
    assert client.get("/api/v1/stats").status_code == 401


@pytest.mark.backends("sqlite")
def test_the_terminal_shows_the_same(services: Services) -> None:
    store(services, Minute(NOW, "c", counts(accepted=2, duplicate=1)))
    command = stats_command(services)
    until = ["--until", "2026-11-20T12:10:00Z"]
    shown = CliRunner().invoke(command, until).output.splitlines()
    assert shown[-1].split()[:4] == ["all", "3", "2", "1"]
    assert json.loads(CliRunner().invoke(command, [*until, "--json"]).output)["total"]["deliveries"] == 3
    assert CliRunner().invoke(command, ["--step", "7"]).exit_code == 1


def test_without_a_thread_a_request_writes_when_nobody_has_for_a_while(
    services: Services, client: FlaskClient, make_old: Callable[[FlaskClient], None]
) -> None:
    services.meters.delivery("callback", "accepted", 0.003)
    client.get("/healthz")
    assert rows(services) == []
    make_old(client)
    client.get("/healthz")
    assert [row.accepted for row in rows(services)] == [1]


@pytest.fixture
def make_old() -> Callable[[FlaskClient], None]:
    def make(client: FlaskClient) -> None:
        measures = client.application.extensions["callgate.measures"]
        measures._last -= 60
        measures._last_traffic -= 60

    return make
