"""The machine's clock is moved by ten minutes in the middle, and back again: nothing is lost, done twice or stuck."""

from __future__ import annotations

from pathlib import Path

from tests.drills.account import Result
from tests.drills.conftest import Say
from tests.drills.engines import Engine
from tests.drills.form import QUICK_LEASE_SECONDS, drill_marks, runs_on, sized
from tests.drills.senders import Senders
from tests.drills.stage import Drill, wait_for

pytestmark = drill_marks()

CALLBACKS = sized(300, 2000)
WAITING = "SELECT COUNT(*) FROM queue WHERE state = 'pending'"
STUCK_SECONDS = QUICK_LEASE_SECONDS + 30.0


@runs_on("sqlite-embedded", "postgresql-rabbitmq")
def test_clock_jump(tmp_path: Path, database_url: str, engine: Engine, say: Say) -> None:
    with Drill(tmp_path, database_url, engine, lease=QUICK_LEASE_SECONDS) as drill:
        for minutes, prefix in ((10, "forwards"), (-10, "backwards")):
            senders, crowd = jump(drill, minutes, prefix)
            result: Result = drill.finish(senders, crowd, within=STUCK_SECONDS, prefix=prefix)
            say.kept(result, f"{minutes:+} minutes")


def jump(drill: Drill, minutes: int, prefix: str = "drill") -> tuple[Senders, Senders]:
    """Move the clock from where it is while callbacks come in and work waits in the store; return who sent what."""
    senders = drill.senders(prefix, least=CALLBACKS)
    wait_for(lambda: len(senders.acknowledged) >= CALLBACKS // 2, 60, "half of the callbacks")
    crowd = drill.crowd(f"{prefix}_long")
    wait_for(lambda: drill.ask(WAITING) != [0], 60, "work that waits in the store")
    clock = drill.folder / "clock"
    moved = int(clock.read_text(encoding="utf-8")) if clock.exists() else 0
    clock.write_text(str(moved + minutes * 60), encoding="utf-8")
    drill.fault()
    return senders, crowd
