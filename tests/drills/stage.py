"""The stage of a drill: a live gateway with the drill's handlers, its workers, and what became of every callback."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Select, create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from app.worker.places import PLACES_PER_THREAD
from tests.builders import CALLBACK_CHANNEL
from tests.drills.account import Account, Result, take_account
from tests.drills.engines import THREADS, Engine
from tests.drills.form import LEASE_SECONDS
from tests.drills.senders import Senders, longest_silence
from tests.drills.workers import KeptWorker
from tests.live import LiveGateway
from tests.worker.stage import FLASK_WORKER

SETTLE_SECONDS = 120.0
CELERY_WORKERS = (FLASK_WORKER, FLASK_WORKER)
ONE_WORKER = (FLASK_WORKER,)
"""Enough where no worker is killed and none has to keep out of another one's work."""
MOST_HELD = 4 * PLACES_PER_THREAD
"""How many dispatches the four threads of a serving process hold at the same time."""
CROWD = MOST_HELD + 64
"""So many long runs that a serving process cannot hold them all."""
OPEN_DISPATCHES = """
SELECT route, state, attempt, COUNT(*) FROM queue GROUP BY route, state, attempt
"""
IS_OPEN = "SELECT 1 FROM queue LIMIT 1"


def wait_for(condition: Callable[[], bool], seconds: float, what: str = "it") -> float:
    """Wait until it is true; return how long it took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, f"{what} did not come true in {seconds:.0f} s"
        time.sleep(0.05)
    return time.monotonic() - start


class Drill:
    """A gateway with the drill's handlers over a migrated or empty database; a context manager."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        engine: Engine = THREADS,
        *,
        serving: int = 1,
        lease: int = LEASE_SECONDS,
        workers: Sequence[tuple[str, ...]] = CELERY_WORKERS,
        env: Mapping[str, str] | None = None,
        channels: str = CALLBACK_CHANNEL,
    ):
        settings = {
            "HANDLERS": "tests.drills.handlers",
            "DRILL_FOLDER": str(folder),
            "DRILL_LEASE": str(lease),
            "RATELIMIT_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
        }
        self.folder = folder
        self.engine = engine
        self.gateway = LiveGateway(
            folder,
            database_url=database_url,
            channels=channels,
            env=settings | engine.environment | dict(env or {}),
            workers=serving,
        )
        self.workers: list[KeptWorker] = []
        self._commands = workers
        self._connections = create_engine(database_url, pool_pre_ping=True)
        self._open = ExitStack()
        self._fault_at: float | None = None

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            opening.callback(self._connections.dispose)
            self._make_table()
            opening.callback(self._drop_table)
            opening.callback(self.gateway.stop)
            self._start_gateway()
            self._open = opening.pop_all()
        try:
            if self.engine.is_celery:
                self.add_workers(*self._commands)
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _start_gateway(self) -> None:
        """Start it, with the migrations only where they were not run."""
        if inspect(self._connections).has_table("alembic_version"):
            self.gateway.start()
        else:
            self.gateway.__enter__()

    def _make_table(self) -> None:
        self.change("DROP TABLE IF EXISTS drill_effects")
        self.change("CREATE TABLE drill_effects (event_key VARCHAR(64) NOT NULL)")

    def _drop_table(self) -> None:
        with suppress(SQLAlchemyError):
            self.change("DROP TABLE IF EXISTS drill_effects")

    def add_workers(self, *commands: tuple[str, ...]) -> list[KeptWorker]:
        """Start separate workers and wait until they take work; on a busy machine that takes a while."""
        added = [self._open.enter_context(KeptWorker(self.gateway, command)) for command in commands]
        self.workers += added
        wait_for(lambda: all(worker.is_ready() for worker in added), 60, "the workers")
        return added

    def senders(self, prefix: str = "drill", *, least: int, rest: float = 0.0) -> Senders:
        """Start senders that go on until they are joined."""
        return Senders.without_end(self.gateway.url, prefix, least=least, rest=rest).start()

    def crowd(self, prefix: str = "long") -> Senders:
        """Start senders of so many long runs that some have to wait in the store."""
        keys = [f"{prefix}_{number}" for number in range(CROWD)]
        return Senders(self.gateway.url, keys, kind="long").start()

    def ask(self, question: str | Select[Any]) -> list[Any]:
        """Return the first column of an answer."""
        query = text(question) if isinstance(question, str) else question
        with self._connections.connect() as connection:
            return [row[0] for row in connection.execute(query)]

    def change(self, statement: str) -> None:
        """Change the database behind the gateway's back."""
        with self._connections.begin() as connection:
            connection.execute(text(statement))

    def arm(self, point: str) -> None:
        """Let the next process that comes by this point die there."""
        (self.folder / f"armed {point}").touch()

    def kill_at(self, point: str) -> None:
        """Let the next process that comes by this point die there, and wait until one did."""
        self.arm(point)
        wait_for((self.folder / f"died {point}").exists, 60, f"the death {point}")

    def fault(self) -> None:
        """Remember this moment: recovery is counted from here."""
        self._fault_at = time.monotonic()

    def settle(self, seconds: float = SETTLE_SECONDS) -> float:
        """Wait until every stored event has come to its end; return the moment."""
        try:
            wait_for(lambda: self.ask(IS_OPEN) == [], seconds, "the end of every event")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self._describe_open()}\n{self.logs()[-3000:]}") from None
        return time.monotonic()

    def _describe_open(self) -> str:
        """Say what has not come to its end."""
        with self._connections.connect() as connection:
            rows = connection.execute(text(OPEN_DISPATCHES)).all()
        return ", ".join(
            f"{count} {state} in attempt {attempt} of {route}" for route, state, attempt, count in rows
        )

    def lines(self, file_name: str = "effects.log") -> Counter[str]:
        """Return how often a handler that writes to a file began with each key."""
        return Counter(key for key, _ in self._notes(file_name))

    def begun(self, file_name: str = "effects.log") -> dict[int, set[str]]:
        """Return the keys that each process began with."""
        found: dict[int, set[str]] = defaultdict(set)
        for key, pid in self._notes(file_name):
            found[pid].add(key)
        return found

    def _notes(self, file_name: str) -> list[tuple[str, int]]:
        path = self.folder / file_name
        # The last line may be half written.
        whole = path.read_text(encoding="utf-8").rpartition("\n")[0] if path.exists() else ""
        lines = whole.splitlines()
        return [(key, int(pid)) for key, pid in map(str.split, lines)]

    def logs(self) -> str:
        """Return what all its processes printed."""
        files = [self.folder / "gateway.log", *sorted(self.folder.glob("worker-*.log"))]
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)

    def account(self, acknowledged: Collection[str], *, prefix: str = "") -> Account:
        """Compare what was acknowledged with what was done."""
        with self._connections.connect() as connection:
            return take_account(connection, acknowledged, self.lines(), prefix=prefix)

    def finish(self, *senders: Senders, within: float = SETTLE_SECONDS, prefix: str = "") -> Result:
        """Wait for all senders and all work; return what it came to, counted from the fault, of keys with this prefix."""
        acknowledged: dict[str, float] = {}
        for each in senders:
            each.join()
            acknowledged |= each.acknowledged
        settled_at = self.settle(within)
        account = self.account(acknowledged, prefix=prefix)
        if self._fault_at is None:
            return Result(account)
        silence = longest_silence(acknowledged.values(), self._fault_at)
        return Result(account, silence, settled_at - self._fault_at)
