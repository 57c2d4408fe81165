"""A process dies at each point where dying is worst, one after another under load; others find what it left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tests.drills.account import Result
from tests.drills.conftest import Say
from tests.drills.engines import Engine
from tests.drills.form import SHORTER_LEASE_SECONDS, drill_marks, runs_on, sized
from tests.drills.senders import THREADS, Senders, longest_silence
from tests.drills.stage import Drill, wait_for

pytestmark = drill_marks()

CALLBACKS = sized(60, 200)
REST_SECONDS = sized(10, 5) / 100
"""Between two callbacks of each sender, so that workers which start again and again are not left behind."""
WHILE_SERVING = ("before the commit", "after the commit")
WHILE_WORKING = (
    "in a handler",
    "before the completion",
    "during the completion",
    "during the completion with effects",
    "after the completion",
)
SECONDS_FOR_ALL = SHORTER_LEASE_SECONDS + 60.0


@dataclass(frozen=True, slots=True)
class Death:
    """One point, when a process died there, and the callbacks that were sent around that time."""

    point: str
    prefix: str
    at: float
    senders: Senders


@runs_on("sqlite-embedded", "postgresql-rabbitmq", "mariadb-embedded")
def test_death(tmp_path: Path, database_url: str, engine: Engine, say: Say) -> None:
    with Drill(tmp_path, database_url, engine, lease=SHORTER_LEASE_SECONDS) as drill:
        points = enumerate((*WHILE_SERVING, *WHILE_WORKING))
        deaths = [die(drill, point, f"death{number}_") for number, point in points]
        ends = ends_of(drill, deaths)
        for death in deaths:
            account = drill.account(death.senders.acknowledged, prefix=death.prefix)
            moments = death.senders.acknowledged.values()
            result = Result(account, longest_silence(moments, min(moments)), ends[death.prefix] - death.at)
            say.kept(result, title=f"death {death.point}")
        (cut_short,) = drill.ask("SELECT COUNT(*) FROM attempts WHERE outcome <> 'succeeded'")
    unanswered = [death.senders.answers[0] > 0 for death in deaths if death.point in WHILE_SERVING]
    assert all(unanswered), "a server that dies answers nobody"
    assert cut_short >= len(WHILE_WORKING) - 1, "each death but the last one takes a run with it"


def die(drill: Drill, point: str, prefix: str) -> Death:
    """Send callbacks and have a process die at the point in the middle of them."""
    senders = drill.senders(prefix, least=CALLBACKS, rest=REST_SECONDS)
    wait_for(lambda: len(senders.acknowledged) >= CALLBACKS // 3, 60, "a third of the callbacks")
    drill.kill_at(point)
    at = time.monotonic()
    known = len(senders.acknowledged)
    wait_for(lambda: len(senders.acknowledged) > known + THREADS, 60, "answers after the death")
    senders.join()
    return Death(point, prefix, at, senders)


def ends_of(drill: Drill, deaths: list[Death]) -> dict[str, float]:
    """Wait until every event has come to its end; return when each part of them had."""
    ends: dict[str, float] = {}

    def all_have_ended() -> bool:
        still = drill.ask("SELECT events.key FROM events WHERE id IN (SELECT event_id FROM queue)")
        for death in deaths:
            if not any(key.startswith(death.prefix) for key in still):
                ends.setdefault(death.prefix, time.monotonic())
        return len(ends) == len(deaths)

    wait_for(all_have_ended, SECONDS_FOR_ALL, "the end of every event")
    return ends
