"""A process stands still for longer than its lease and then goes on: its late result must not count."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.drills.account import Account, Result
from tests.drills.conftest import Say
from tests.drills.engines import Engine
from tests.drills.form import drill_marks, runs_on
from tests.drills.senders import Senders
from tests.drills.stage import Drill, wait_for
from tests.worker.stage import FLASK_WORKER

pytestmark = drill_marks()

EVENTS = 4
LEASE = 5
BEGUN = "slow.log"
SEVERAL = ("postgresql-embedded", "mariadb-embedded", "postgresql-rabbitmq", "mariadb-redis")
"""On SQLite a transaction that stands still keeps everybody from writing, so nobody can take over."""


@runs_on("postgresql-rabbitmq", long=SEVERAL)
def test_stalled_process(tmp_path: Path, database_url: str, engine: Engine, say: Say) -> None:
    with Drill(tmp_path, database_url, engine, lease=LEASE) as drill:
        result = stall(drill)
    say.kept(result)


def stall(drill: Drill) -> Result:
    """Stop a process in the middle of transactional handlers until another one has taken one of them over."""
    keys = [f"slow_{number}" for number in range(EVENTS)]
    senders = Senders(drill.gateway.url, keys, kind="slow").start()
    wait_for(lambda: bool(drill.begun(BEGUN)), 60, "the first handler")
    stalled = next(iter(drill.begun(BEGUN)))
    os.kill(stalled, signal.SIGSTOP)
    try:
        if not drill.engine.is_celery:
            drill.add_workers(FLASK_WORKER)
        wait_for(lambda: bool(done_elsewhere(drill, stalled)), 60, "a result of the process that took over")
    finally:
        os.kill(stalled, signal.SIGCONT)
    senders.join()
    drill.settle()
    # The late process writes, or fails to, about a second after it goes on.
    wait_for(lambda: "lease_lost" in drill.logs() or twice(drill) > 0, 60, "the late result")
    return Result(account(drill, keys))


def done_elsewhere(drill: Drill, stalled: int) -> set[str]:
    """Return what the stalled process began and another one brought to its end."""
    written = set(drill.ask("SELECT event_key FROM drill_effects"))
    begun = drill.begun(BEGUN)
    others = {key for pid, keys in begun.items() if pid != stalled for key in keys}
    return begun[stalled] & others & written


def account(drill: Drill, keys: list[str]) -> Account:
    """Return the account of handlers that write both a row and a line."""
    written = drill.ask("SELECT event_key FROM drill_effects")
    (cut_short,) = drill.ask("SELECT COUNT(*) FROM attempts WHERE outcome <> 'succeeded'")
    begun = drill.lines(BEGUN)
    return Account(
        accepted=len(keys),
        lost=len(set(keys) - set(written)),
        twice=twice(drill),
        repeated=begun.total() - len(begun),
        without_cause=max(0, begun.total() - len(begun) - int(cut_short)),
        cut_short=int(cut_short),
    )


def twice(drill: Drill) -> int:
    written = drill.ask("SELECT event_key FROM drill_effects")
    return len(written) - len(set(written))
