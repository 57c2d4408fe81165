"""A database is killed under load and comes back: 503 meanwhile, recovery without anybody restarting the gateway."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
import requests

from tests.databases import need
from tests.drills.conftest import Say
from tests.drills.engines import open_engine
from tests.drills.form import LONG, SHORTER_LEASE_SECONDS, drill_marks, sized
from tests.drills.own_servers import OWN_SERVERS
from tests.drills.senders import send
from tests.drills.stage import Drill, wait_for

pytestmark = drill_marks()

CALLBACKS = sized(300, 3000)
AWAY_SECONDS = sized(2, 15)
RECOVERY_SECONDS = 10.0
SHORT = (("postgresql", "embedded"), ("mariadb", "rabbitmq"))
OTHERS = (("postgresql", "rabbitmq"), ("mariadb", "embedded"))


@pytest.mark.services
@pytest.mark.parametrize(("server", "engine_name"), [*SHORT, *(OTHERS if LONG else ())])
def test_database_gone(server: str, engine_name: str, tmp_path: Path, say: Say) -> None:
    own = OWN_SERVERS[server]
    need(f"a {server} of its own", own.can_run())
    with (
        open_engine(engine_name) as engine,
        own() as database,
        Drill(tmp_path, database.url, engine, lease=SHORTER_LEASE_SECONDS) as drill,
    ):
        senders = drill.senders(least=CALLBACKS)
        wait_for(lambda: len(senders.acknowledged) >= CALLBACKS // 3, 60, "a third of the callbacks")
        before = processes(drill)
        database.kill()
        meanwhile = answers_while_away(drill)
        database.start()
        drill.fault()
        ready = wait_for(lambda: is_ready(drill), RECOVERY_SECONDS, "readiness")
        result = drill.finish(senders)
        assert processes(drill) == before
    say.kept(
        result, f"ready after {ready:.1f} s · meanwhile 503 × {meanwhile[503]}", place=(server, engine_name)
    )
    assert set(meanwhile) == {503}
    assert set(senders.answers) == {200, 503}


def answers_while_away(drill: Drill) -> Counter[int]:
    """Send while the database is away; return what was answered. Readiness must be red."""
    answers: Counter[int] = Counter()
    assert not is_ready(drill)
    until = time.monotonic() + AWAY_SECONDS
    while time.monotonic() < until:
        send(drill.gateway.url, "drill_0", answers=answers)
    return answers


def processes(drill: Drill) -> list[int]:
    return [*drill.gateway.children(), *(worker.pid for worker in drill.workers)]


def is_ready(drill: Drill) -> bool:
    return requests.get(f"{drill.gateway.url}/readyz", timeout=20).status_code == 200
