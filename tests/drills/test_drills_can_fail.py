"""A drill is worth something only when it turns red: guarantees are broken on purpose, and the account shows it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.drills.account import Result
from tests.drills.conftest import Say
from tests.drills.engines import Engine
from tests.drills.form import QUICK_LEASE_SECONDS, drill_marks, runs_on
from tests.drills.sabotage import DONE_EARLY, HELD
from tests.drills.senders import Senders
from tests.drills.stage import ONE_WORKER, Drill, wait_for
from tests.drills.test_clock_jump import jump
from tests.drills.test_copies import copy, forge
from tests.drills.test_stalled import LEASE, stall

pytestmark = drill_marks()

CALLBACKS = 200
ROUNDS = 3
ENDLESS_LEASE = 3600
NO_CLAIMS = """
CREATE TRIGGER no_claims AFTER INSERT ON events BEGIN UPDATE events SET claim = NULL WHERE id = NEW.id; END
"""
LONG_ENOUGH_SECONDS = 10.0
"""Whoever looks around has found everything by then."""


@runs_on("sqlite-embedded", long=("sqlite-embedded", "postgresql-rabbitmq"))
def test_acknowledging_before_the_commit_is_seen_as_loss(
    tmp_path: Path, database_url: str, engine: Engine, say: Say
) -> None:
    broken = {"DRILL_SABOTAGE": "acknowledge first"}
    with Drill(tmp_path, database_url, engine, lease=QUICK_LEASE_SECONDS, env=broken) as drill:
        held = hold(drill)
        senders = drill.senders(least=CALLBACKS)
        wait_for(lambda: len(senders.acknowledged) >= CALLBACKS // 3, 60, "some callbacks")
        drill.gateway.kill()
        drill.fault()
        held.unlink()
        drill.gateway.start()
        result = finish_late(drill, senders)
    say.broken(result)
    assert result.account.lost > 0


@runs_on("postgresql-rabbitmq", long=("postgresql-rabbitmq",))
def test_completing_before_the_work_is_seen_as_loss(
    tmp_path: Path, database_url: str, engine: Engine, say: Say
) -> None:
    broken = {"DRILL_SABOTAGE": "complete first"}
    with Drill(tmp_path, database_url, engine, lease=QUICK_LEASE_SECONDS, env=broken) as drill:
        held = hold(drill)
        senders = drill.senders(least=CALLBACKS)
        killed = drill.workers[0].pid
        wait_for(
            lambda: bool(drill.begun(DONE_EARLY)[killed]), 60, "work of the worker that is recorded as done"
        )
        os.kill(killed, signal.SIGKILL)
        drill.fault()
        held.unlink()
        result = finish_late(drill, senders)
    say.broken(result)
    assert result.account.lost > 0


def hold(drill: Drill) -> Path:
    """Keep what is promised too early from being done until the returned file is gone."""
    held = drill.folder / HELD
    held.touch()
    return held


def finish_late(drill: Drill, senders: Senders) -> Result:
    """Take the account when even what is done too late is done; what is missing then is lost."""
    senders.join()
    seen = -1
    while seen != (seen := drill.lines().total()):
        time.sleep(1)
    return drill.finish(senders)


@runs_on("postgresql-embedded", long=("postgresql-embedded", "mariadb-redis"))
def test_a_missing_fence_is_seen_as_a_double_effect(
    tmp_path: Path, database_url: str, engine: Engine, say: Say
) -> None:
    with Drill(tmp_path, database_url, engine, lease=LEASE, env={"DRILL_SABOTAGE": "no fence"}) as drill:
        result = stall(drill)
    say.broken(result)
    assert result.account.twice > 0


@runs_on("sqlite-embedded", long=("sqlite-embedded", "sqlite-rabbitmq"))
def test_ignoring_who_came_first_is_seen_as_a_double_effect(
    tmp_path: Path, database_url: str, engine: Engine, say: Say
) -> None:
    with Drill(tmp_path, database_url, engine) as drill:
        drill.change(NO_CLAIMS)
        result, answered = copy(drill, ROUNDS)
    say.broken(result, f"copies answered 200: {answered}")
    assert result.account.twice > 0
    assert result.account.without_cause > 0


@runs_on(long=("postgresql-embedded",))
def test_believing_everybody_is_seen_by_the_forgeries(
    tmp_path: Path, database_url: str, engine: Engine, say: Say
) -> None:
    with Drill(tmp_path, database_url, engine, env={"DRILL_SABOTAGE": "no proof"}) as drill:
        result = forge(drill, CALLBACKS)
    say.broken(result)
    assert result.account.forged == CALLBACKS


@runs_on("mariadb-rabbitmq", long=("mariadb-rabbitmq", "postgresql-redis"))
def test_waiting_for_hints_is_seen_as_loss(
    tmp_path: Path, database_url: str, engine: Engine, say: Say
) -> None:
    assert engine.broker is not None
    broken = {"DRILL_SABOTAGE": "only hints"}
    with Drill(tmp_path, database_url, engine, env=broken, workers=ONE_WORKER) as drill:
        engine.broker.proxy.cut()
        result = leave(drill)
    say.broken(result)
    assert result.account.lost > 0


@runs_on("sqlite-embedded", long=("sqlite-embedded", "postgresql-redis"))
def test_a_lease_that_does_not_end_is_seen_as_loss(
    tmp_path: Path, database_url: str, engine: Engine, say: Say
) -> None:
    with Drill(tmp_path, database_url, engine, lease=ENDLESS_LEASE) as drill:
        drill.arm("in a handler")
        result = leave(drill)
    say.broken(result)
    assert result.account.lost > 0


def leave(drill: Drill) -> Result:
    """Send callbacks, wait for as long as a healthy gateway needs, and take the account."""
    senders = Senders(drill.gateway.url, [f"drill_{number}" for number in range(CALLBACKS)]).start()
    senders.join()
    time.sleep(LONG_ENOUGH_SECONDS)
    return Result(drill.account(senders.acknowledged))


@runs_on(long=("sqlite-embedded",))
def test_ignoring_the_clock_is_seen_as_loss(
    tmp_path: Path, database_url: str, engine: Engine, say: Say
) -> None:
    broken = {"DRILL_SABOTAGE": "no clock watch"}
    with Drill(tmp_path, database_url, engine, lease=QUICK_LEASE_SECONDS, env=broken) as drill:
        senders, crowd = jump(drill, -10)
        senders.join()
        crowd.join()
        time.sleep(QUICK_LEASE_SECONDS + LONG_ENOUGH_SECONDS)
        result = Result(drill.account(senders.acknowledged | crowd.acknowledged))
    say.broken(result)
    assert result.account.lost > 0
