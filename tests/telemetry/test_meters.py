"""What a process counts: bounded, whatever comes from outside, and added up over processes that live and have ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.telemetry.counts import OTHER, Snapshot, add_snapshot
from app.telemetry.exposition import exposition
from app.telemetry.families import COUNTED, DELIVERIES, DELIVERY_SECONDS, EVENTS, UPSTREAM_SECONDS
from app.telemetry.meters import MOST_HOSTS, MOST_TYPES, Meters
from app.telemetry.shared_meters import SharedMeters

ROOT = Path(__file__).resolve().parents[2]


def count_of(snapshot: Snapshot, channel: str = "c", outcome: str = "accepted") -> float:
    found = snapshot[DELIVERIES.name].values.get((channel, outcome), 0.0)
    assert isinstance(found, float)
    return found


def counted(number: int) -> Meters:
    meters = Meters()
    for _ in range(number):
        meters.delivery("c", "accepted", 0.003)
    return meters


def text_of(meters: Meters) -> str:
    return exposition(meters.snapshot(), (), "text/plain")[0].decode()


def test_types_of_one_channel_are_bounded_and_the_others_are_one() -> None:
    meters = Meters()
    for number in range(MOST_TYPES + 50):
        meters.event("c", f"type-{number}", "stored")
    values = meters.snapshot()[EVENTS.name].values
    assert len(values) == MOST_TYPES + 1
    assert values["c", OTHER, "stored"] == 50.0


def test_types_of_one_channel_leave_room_for_those_of_another() -> None:
    meters = Meters()
    for number in range(MOST_TYPES + 1):
        meters.event("flood", f"type-{number}", "stored")
    meters.event("quiet", "order.paid", "stored")
    assert meters.snapshot()[EVENTS.name].values["quiet", "order.paid", "stored"] == 1.0


def test_hosts_are_bounded() -> None:
    meters = Meters()
    for number in range(MOST_HOSTS + 7):
        meters.upstream(f"host-{number}.example", "2xx", 0.1)
    assert len(meters.snapshot()[UPSTREAM_SECONDS.name].values) == MOST_HOSTS + 1


def test_a_histogram_has_running_buckets_and_its_sum() -> None:
    text = text_of(counted(3))
    assert 'callgate_delivery_seconds_bucket{channel="c",le="0.0025"} 0.0' in text
    assert 'callgate_delivery_seconds_bucket{channel="c",le="0.005"} 3.0' in text
    assert 'callgate_delivery_seconds_bucket{channel="c",le="+Inf"} 3.0' in text
    assert 'callgate_delivery_seconds_count{channel="c"} 3.0' in text
    assert 'callgate_delivery_seconds_sum{channel="c"} 0.009' in text


def test_text_of_a_label_cannot_forge_a_line() -> None:
    meters = Meters()
    meters.event("c", 'x"} 1\ncallgate_forged 7\n', "stored")
    assert not [line for line in text_of(meters).splitlines() if line.startswith("callgate_forged")]


def test_what_only_feeds_the_statistics_is_not_exported() -> None:
    meters = Meters()
    meters.attempt("r", "c", "failed", 0.1)
    hidden = [family.name for family in COUNTED if not family.is_exported]
    assert hidden
    assert not [name for name in hidden if name in text_of(meters)]


def test_a_snapshot_does_not_change_afterwards() -> None:
    meters = counted(1)
    before = meters.snapshot()
    meters.delivery("c", "accepted", 0.003)
    assert count_of(before) == 1.0
    assert sum(before[DELIVERY_SECONDS.name].values["c",]) == pytest.approx(1.003)  # type: ignore[arg-type]


def test_processes_are_added_up(tmp_path: Path) -> None:
    first, second = SharedMeters(tmp_path, "serve"), SharedMeters(tmp_path, "worker")
    first.open()
    second.open()
    second.publish(counted(3).snapshot())
    total, alive = first.others()
    add_snapshot(total, counted(2).snapshot())
    assert count_of(total) == 5.0
    assert alive == {"serve": 1, "worker": 1}


def test_what_an_ended_process_counted_counts_on(tmp_path: Path) -> None:
    first, second = SharedMeters(tmp_path, "serve"), SharedMeters(tmp_path, "serve")
    first.open()
    second.open()
    second.publish(counted(3).snapshot())
    second.close()
    for _ in range(3):
        total, alive = first.others()
        assert count_of(total) == 3.0
        assert alive == {"serve": 1}
    assert len(list(tmp_path.glob("*.live"))) == 1


def test_a_fold_that_was_cut_short_counts_nothing_twice(tmp_path: Path) -> None:
    first, second = SharedMeters(tmp_path, "serve"), SharedMeters(tmp_path, "serve")
    first.open()
    second.open()
    second.publish(counted(3).snapshot())
    (copy,) = tmp_path.glob("serve*.json")
    content, place = copy.read_bytes(), copy.with_suffix(".live")
    second.close()
    first.others()
    copy.write_bytes(content)
    place.touch()
    total, _ = first.others()
    assert count_of(total) == 3.0


def test_the_first_process_begins_anew_and_a_later_one_does_not(tmp_path: Path) -> None:
    first = SharedMeters(tmp_path, "serve")
    first.open()
    first.publish(counted(3).snapshot())
    later = SharedMeters(tmp_path, "worker")
    later.open()
    assert count_of(later.others()[0]) == 3.0
    first.close()
    later.close()
    afresh = SharedMeters(tmp_path, "serve")
    afresh.open()
    assert afresh.others()[0] == {}


KILLED = """
import os, sys
from pathlib import Path
from app.telemetry.shared_meters import SharedMeters
place = SharedMeters(Path(sys.argv[1]), "worker")
place.open()
place.publish({})
os.kill(os.getpid(), 9)
"""


def test_a_process_that_was_killed_is_not_taken_for_a_living_one(tmp_path: Path) -> None:
    first = SharedMeters(tmp_path, "serve")
    first.open()
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob("*.live"))) == 2
    assert first.others()[1] == {"serve": 1}


def test_a_copy_that_was_cut_short_hides_nothing_else(tmp_path: Path) -> None:
    first, second = SharedMeters(tmp_path, "serve"), SharedMeters(tmp_path, "worker")
    first.open()
    second.open()
    second.publish(counted(2).snapshot())
    (tmp_path / "worker-1-broken.json").write_bytes(b'{"callgate_del')
    assert count_of(first.others()[0]) == 2.0


@pytest.mark.parametrize(
    "content",
    [
        '{"callgate_x": 1}',
        '{"callgate_x": ["other", [], []]}',
        '{"callgate_x": ["counter", ["a"], [[1]]]}',
        "[]",
    ],
)
def test_what_another_version_wrote_in_another_form_is_left_out(tmp_path: Path, content: str) -> None:
    first = SharedMeters(tmp_path, "serve")
    first.open()
    (tmp_path / "worker-1-other.json").write_text(content, encoding="utf-8")
    assert first.others()[0] == {}


def test_buckets_of_another_version_alone_are_not_told() -> None:
    other = counted(1).snapshot()
    other[DELIVERY_SECONDS.name].values["c",] = [1.0, 2.0]
    text = exposition(other, (), "text/plain")[0].decode()
    assert "callgate_deliveries_total" in text
    assert "callgate_delivery_seconds_bucket" not in text


def test_buckets_of_another_version_are_not_mixed_with_these() -> None:
    total = counted(1).snapshot()
    more = counted(1).snapshot()
    more[DELIVERY_SECONDS.name].values["c",] = [1.0, 2.0]
    add_snapshot(total, more)
    assert sum(total[DELIVERY_SECONDS.name].values["c",]) == pytest.approx(1.003)  # type: ignore[arg-type]
