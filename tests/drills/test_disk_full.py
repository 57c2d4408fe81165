"""The disk is full: 503 instead of a false promise, and back to work once there is room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import need
from tests.drills.conftest import Say
from tests.drills.engines import open_engine
from tests.drills.form import LONG, SHORTER_LEASE_SECONDS, drill_marks, sized
from tests.drills.senders import Senders, send
from tests.drills.stage import Drill, wait_for

pytestmark = drill_marks()

CALLBACKS = sized(300, 2000)
DISK = 48 * 1024 * 1024
ROOM_LEFT = 256 * 1024
REFUSALS = 10


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a small disk of its own, in memory; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "drill", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    need("a small disk (tmpfs)", mounted)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Fill the disk up to a little room and return the file to delete."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(65536)):
                pass
        except OSError:
            file.truncate(max(0, file.tell() - ROOM_LEFT))
    return ballast


@pytest.mark.services
@pytest.mark.parametrize("engine_name", ["embedded", "rabbitmq"] if LONG else ["embedded"])
def test_disk_full(engine_name: str, tmp_path: Path, small_disk: Path, say: Say) -> None:
    with (
        open_engine(engine_name) as engine,
        Drill(tmp_path, f"sqlite:///{small_disk}/drill.db", engine, lease=SHORTER_LEASE_SECONDS) as drill,
    ):
        first = Senders(drill.gateway.url, [f"drill_{number}" for number in range(CALLBACKS // 3)]).start()
        first.join()
        ballast = fill(small_disk)
        senders = drill.senders("full", least=CALLBACKS)
        wait_for(lambda: senders.answers[503] >= REFUSALS, 60, "the refusals")
        assert not any(send(drill.gateway.url, f"no_room_{number}") for number in range(3))
        ballast.unlink()
        drill.fault()
        result = drill.finish(first, senders)
    say.kept(result, f"meanwhile 503 × {senders.answers[503]}", place=("sqlite", engine_name))
    assert set(senders.answers) == {200, 503}
