"""The brokers are cut off for a while under load: answers go on, the work is done without them, and nobody is needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from tests.drills.account import Result
from tests.drills.conftest import Say
from tests.drills.engines import Engine, open_engine
from tests.drills.form import LONG, drill_marks, sized
from tests.drills.senders import Senders, send
from tests.drills.stage import Drill, wait_for
from tests.worker.stage import CELERY_WORKER, FLASK_WORKER

pytestmark = drill_marks()

CALLBACKS = sized(100, 1000)
AWAY_SECONDS = sized(4, 300)
REST_SECONDS = 0.05
WITHOUT_BROKER_SECONDS = 30.0
"""A recorded event that nobody works on is found within this time, whatever the broker does."""
HINTS_AGAIN_SECONDS = 90.0
ONE_BY_ONE = 9
QUICK_SECONDS = 1.0
"""A look-around takes two and a half seconds on average; the median of several is quicker only with hints."""
SHORT = (("postgresql", "rabbitmq"), ("mariadb", "redis"))
OTHERS = (("sqlite", "redis"),)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one gateway while its broker was away and after it."""

    place: tuple[str, str]
    result: Result
    away: str
    hints_again: float | None
    run_after: float

    @property
    def remark(self) -> str:
        """Say what the columns have no room for."""
        again = (
            "hints never again" if self.hints_again is None else f"hints again after {self.hints_again:.1f} s"
        )
        return f"{self.away} · {again}, then run {self.run_after:.2f} s after the answer"


@pytest.mark.services
def test_broker_gone(tmp_path: Path, empty_database: Callable[[str], str], say: Say) -> None:
    pairs = [*SHORT, *(OTHERS if LONG else ())]
    with ExitStack() as stack, ThreadPoolExecutor(len(pairs)) as pool:
        drills = [open_drill(stack, tmp_path / name, empty_database(name), broker) for name, broker in pairs]
        outcomes = list(pool.map(cut_off, pairs, drills))
    for outcome in outcomes:
        say.kept(outcome.result, outcome.remark, place=outcome.place)
    for outcome in outcomes:
        assert outcome.result.account.cut_short == 0
        assert outcome.hints_again is not None, f"{outcome.place}: a worker gets no hints any more"
        assert outcome.run_after < QUICK_SECONDS, f"{outcome.place}: events are only found by looking around"


def open_drill(stack: ExitStack, folder: Path, url: str, broker: str) -> Drill:
    """Start a gateway on this broker, with a worker of each kind."""
    folder.mkdir()
    engine: Engine = stack.enter_context(open_engine(broker))
    return stack.enter_context(Drill(folder, url, engine, workers=(FLASK_WORKER, CELERY_WORKER)))


def cut_off(place: tuple[str, str], drill: Drill) -> Outcome:
    """Cut the broker off, send all the while, have everything done without it, and open it again."""
    broker = drill.engine.broker
    assert broker is not None
    before = only_acknowledged(drill.senders("before", least=CALLBACKS))
    wait_for(lambda: bool(drill.lines("hints.log")), 60, "the first hint")
    processes = [*drill.gateway.children(), *(worker.pid for worker in drill.workers)]
    broker.proxy.cut()
    away, took = send_while_away(drill)
    broker.proxy.open()
    drill.fault()
    (drill.folder / "hints.log").rename(drill.folder / "hints-before.log")
    after = drill.senders("after", least=CALLBACKS, rest=REST_SECONDS)
    hints_again = seconds_until_hints(drill)
    only_acknowledged(after)
    result = drill.finish(before, away, after)
    run_after = median(seconds_until_run(drill, f"one_{number}") for number in range(ONE_BY_ONE))
    assert [*drill.gateway.children(), *(worker.pid for worker in drill.workers)] == processes
    words = f"away for {AWAY_SECONDS} s, slowest answer {away.slowest:.2f} s, all done {took:.1f} s after the last one"
    return Outcome(place, result, words, hints_again, run_after)


def send_while_away(drill: Drill) -> tuple[Senders, float]:
    """Send at once what the others send in all and then a few each second; return how long the rest of the work took."""
    burst = Senders(drill.gateway.url, [f"burst_{number}" for number in range(CALLBACKS)]).start()
    steady = Senders.without_end(drill.gateway.url, "away", least=0, threads=2, rest=0.5).start()
    time.sleep(AWAY_SECONDS)
    only_acknowledged(burst)
    only_acknowledged(steady)
    start = time.monotonic()
    drill.settle(WITHOUT_BROKER_SECONDS)
    steady.acknowledged |= burst.acknowledged
    steady.slowest = max(steady.slowest, burst.slowest)
    return steady, time.monotonic() - start


def only_acknowledged(senders: Senders) -> Senders:
    """Wait for all answers; none but 200 is right."""
    senders.join()
    assert set(senders.answers) == {200}
    return senders


def seconds_until_run(drill: Drill, key: str) -> float:
    """Send one callback and return how long after its answer the handler began."""
    assert send(drill.gateway.url, key)
    return wait_for(lambda: key in drill.lines(), 30, key)


def seconds_until_hints(drill: Drill) -> float | None:
    """Return how long it took until every worker had a hint; None when one has none after a while."""
    everybody = {worker.pid for worker in drill.workers}
    start = time.monotonic()
    while not everybody <= set(drill.begun("hints.log")):
        if time.monotonic() - start > HINTS_AGAIN_SECONDS:
            return None
        time.sleep(0.05)
    return time.monotonic() - start
