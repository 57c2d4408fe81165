"""Copies and forgeries: of many copies at once one is handled, and a forgery never takes the genuine one's place."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Barrier

from tests.drills.account import Result
from tests.drills.conftest import Say
from tests.drills.engines import Engine
from tests.drills.form import LONG, drill_marks, runs_on, sized
from tests.drills.senders import Senders, send
from tests.drills.stage import Drill

pytestmark = drill_marks()

COPIES = 50
ROUNDS = sized(20, 200)
GENUINE = sized(100, 1000)
PROCESSES = 4


@runs_on("sqlite-embedded", "postgresql-embedded", "mariadb-redis")
def test_copies_and_forgeries(
    tmp_path: Path, backend: str, database_url: str, engine: Engine, say: Say
) -> None:
    serving = 1 if backend == "sqlite" else PROCESSES
    with Drill(tmp_path, database_url, engine, serving=serving) as drill:
        assert len(drill.gateway.children()) == serving
        if serving > 1:
            say.kept(*fifty_copies_at_once(drill), title="fifty copies at once")
        forged = forge(drill, GENUINE)
    say.kept(
        forged,
        f"forgeries accepted {forged.account.forged} of {GENUINE}",
        title="forged first and genuine second",
    )
    assert forged.account.accepted == GENUINE
    assert forged.account.repeated == 0


def fifty_copies_at_once(drill: Drill) -> tuple[Result, str]:
    """Send copies to several serving processes; all are answered 200, and each event runs once."""
    result, answered = copy(drill, ROUNDS)
    assert answered == COPIES * ROUNDS
    # A few rounds may all come to the process that wakes up first.
    assert len(drill.begun()) > 1 or not LONG, "everything came to one process"
    assert result.account.repeated == result.account.cut_short == 0
    return result, f"copies answered 200: {answered} of {COPIES * ROUNDS}"


def copy(drill: Drill, rounds: int) -> tuple[Result, int]:
    """Send copies of each callback at the same moment; return what became of them and how many were acknowledged."""
    keys = [f"copied_{number}" for number in range(rounds)]
    together = Barrier(COPIES)

    def send_together(key: str) -> bool:
        together.wait(60)
        return send(drill.gateway.url, key)

    with ThreadPoolExecutor(COPIES) as pool:
        answered = sum(sum(pool.map(send_together, [key] * COPIES)) for key in keys)
    drill.settle()
    return Result(drill.account(keys)), answered


def forge(drill: Drill, count: int) -> Result:
    """Send a forgery of each callback and then all genuine ones; return what became of both."""
    keys = [f"genuine_{number}" for number in range(count)]
    with ThreadPoolExecutor(8) as pool:
        forged = sum(pool.map(partial(send, drill.gateway.url, secret="not-the-secret-9b1e"), keys))
    result = drill.finish(Senders(drill.gateway.url, keys).start(), prefix="genuine_")
    return replace(result, account=replace(result.account, forged=forged))
