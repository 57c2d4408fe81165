"""kill -9 in the middle of callbacks: nothing acknowledged is lost, nothing transactional happens twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from sqlalchemy import select

from app.storage.inbox.events import events
from app.storage.queue.dispatches import dispatches
from tests.drills.conftest import Say
from tests.drills.engines import Engine
from tests.drills.form import CELERY, EMBEDDED, SHORTER_LEASE_SECONDS, drill_marks, runs_on, sized
from tests.drills.senders import Senders
from tests.drills.stage import MOST_HELD, ONE_WORKER, Drill, wait_for
from tests.drills.workers import are_dead
from tests.worker.stage import FLASK_WORKER

pytestmark = drill_marks()

CALLBACKS = sized(400, 2000)
KILL_AFTER = CALLBACKS // 3
RECORDED = (
    select(events.c.key)
    .join(dispatches, dispatches.c.event_id == events.c.id)
    .where(dispatches.c.route.like("%write_note"), dispatches.c.state == "succeeded")
)


def send_until_the_kill(drill: Drill) -> Senders:
    senders = drill.senders(least=CALLBACKS)
    wait_for(lambda: len(senders.acknowledged) >= KILL_AFTER, 60, "a third of the callbacks")
    return senders


@runs_on("sqlite-embedded", "mariadb-embedded", "postgresql-redis", long=(*EMBEDDED, *CELERY))
def test_kill_of_the_server(tmp_path: Path, database_url: str, engine: Engine, say: Say) -> None:
    with Drill(tmp_path, database_url, engine, workers=ONE_WORKER) as drill:
        senders = send_until_the_kill(drill)
        serving = drill.gateway.children()
        drill.gateway.kill()
        drill.fault()
        wait_for(lambda: are_dead(serving), 10, "the end of the serving processes")
        drill.gateway.start()
        result = drill.finish(senders)
    say.kept(result)
    if engine.is_celery:
        assert result.account.cut_short == 0, "what workers run is no matter of the server's"
    else:
        assert 0 < result.account.cut_short <= MOST_HELD * 2


@runs_on(
    "postgresql-embedded",
    long=("postgresql-embedded", "mariadb-embedded", "postgresql-rabbitmq", "mariadb-redis"),
)
def test_kill_of_one_serving_process(tmp_path: Path, database_url: str, engine: Engine, say: Say) -> None:
    with Drill(tmp_path, database_url, engine, serving=2, lease=SHORTER_LEASE_SECONDS) as drill:
        senders = send_until_the_kill(drill)
        killed = drill.gateway.children()[0]
        os.kill(killed, signal.SIGKILL)
        drill.fault()
        wait_for(lambda: len(drill.gateway.children()) == 2, 20, "another process in its place")
        result = drill.finish(senders)
        assert killed not in drill.gateway.children()
    say.kept(result)
    assert result.account.cut_short <= (0 if engine.is_celery else MOST_HELD * 2)


@runs_on("mariadb-rabbitmq", long=("postgresql-embedded", "mariadb-embedded", *CELERY))
def test_kill_of_a_worker(tmp_path: Path, database_url: str, engine: Engine, say: Say) -> None:
    with Drill(tmp_path, database_url, engine) as drill:
        worker = drill.workers[0] if engine.is_celery else drill.add_workers(FLASK_WORKER)[0]
        senders = send_until_the_kill(drill)
        crowd = drill.crowd()
        killed = worker.pid
        wait_for(lambda: stands_still_in_a_run(drill, killed), 60, "a run in the worker")
        os.kill(killed, signal.SIGKILL)
        drill.fault()
        result = drill.finish(senders, crowd)
    say.kept(result)
    assert result.account.cut_short > 0, "the worker was idle"


def stands_still_in_a_run(drill: Drill, pid: int) -> bool:
    """Stop a process, and let it go on unless a run is under way there that nobody recorded the end of."""
    os.kill(pid, signal.SIGSTOP)
    begun = {key for key in drill.begun()[pid] if key.startswith("long_")}
    if begun - set(drill.ask(RECORDED)):
        return True
    os.kill(pid, signal.SIGCONT)
    return False


@runs_on(long=("postgresql-rabbitmq", "mariadb-redis"))
def test_kill_of_everything_at_once(tmp_path: Path, database_url: str, engine: Engine, say: Say) -> None:
    with Drill(tmp_path, database_url, engine, lease=SHORTER_LEASE_SECONDS) as drill:
        senders = send_until_the_kill(drill)
        for worker in drill.workers:
            os.kill(worker.pid, signal.SIGKILL)
        drill.gateway.kill()
        drill.fault()
        drill.gateway.start()
        result = drill.finish(senders)
    say.kept(result)
