"""Events that kill their process every time end as dead letters, and everything else goes on."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import select

from app.storage.inbox.events import events
from tests.drills.conftest import Say
from tests.drills.engines import Engine
from tests.drills.form import drill_marks, runs_on, sized
from tests.drills.senders import send
from tests.drills.stage import Drill, wait_for

pytestmark = drill_marks()

CALLBACKS = sized(150, 1000)
LEASE = 8
SEVERAL = sized(2, 3)
MOST_RUNS = 2


@runs_on(
    "sqlite-embedded",
    long=("sqlite-embedded", "postgresql-embedded", "postgresql-rabbitmq", "mariadb-redis"),
)
def test_poisoned_events_a_moment_apart(tmp_path: Path, database_url: str, engine: Engine, say: Say) -> None:
    with Drill(tmp_path, database_url, engine, lease=LEASE) as drill:
        senders = drill.senders(least=CALLBACKS)
        drill.fault()
        poisoned = [f"poison_{number}" for number in range(SEVERAL)]
        for key in poisoned:
            wait_for(lambda key=key: send(drill.gateway.url, key, kind="poison"), 30, key)  # type: ignore[misc]
            time.sleep(2)
        result = drill.finish(senders)
        dead = drill.ask(select(events.c.key).where(events.c.state == "dead").order_by(events.c.key))
        runs = sorted(drill.lines("poison.log").values())
        assert send(drill.gateway.url, "drill_after")
    say.kept(result, f"dead letters {len(dead)} after runs {runs}")
    assert dead == poisoned
    assert max(runs) <= MOST_RUNS
