"""Who stands in the table of the README: how each is started with its store, and how one asks which events it still knows."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench import peer_servers, servers
from bench.redis_server import RedisServer
from bench.redis_server import program as redis_program
from bench.samples import Bench, Skipped
from bench.servers import GatewayOptions, Server
from bench.stores import TITLES, Store, wait_until_done

ROWS = "CREATE TABLE events (id text PRIMARY KEY, body text NOT NULL, received_at timestamptz NOT NULL DEFAULT now())"
IN_PROGRESS_SECONDS = 1.0
"""What RQ's worker has taken from the queue is done within this time: the job only writes a line."""

IDENTIFIER = re.compile(rb"[0-9a-f]{32}")
KEYS = 'SELECT "key" FROM events'
KEYS_DONE = f"{KEYS} WHERE id IN (SELECT event_id FROM dispatches WHERE state = 'succeeded')"


@dataclass
class Standing:
    """A contender that serves. `known` are the events that are stored, done, or still going to be done; `done` those that ran."""

    server: Server
    known: Callable[[], set[str]]
    count: Callable[[], int] | None = None
    """Counts what is stored; None where nothing is."""

    done: Callable[[], int] | None = None
    databases: Sequence[int] | None = field(default_factory=list)
    """Main processes of the databases it uses, None where they are not on this machine."""

    redis: RedisServer | None = None


Stand = Callable[[Bench, str], AbstractContextManager[Standing]]
"""Starts a contender, with a store of that name that is kept over the rounds, and stops it."""


@dataclass(frozen=True)
class Contender:
    """One that can be measured and killed."""

    key: str
    title: str
    stand: Stand
    stand_to_be_killed: Stand | None = None
    """Where what it does must be noted to be counted; otherwise the same."""

    is_ours: bool = False


@contextmanager
def _gateway(bench: Bench, name: str, *, kind: str, engine: bool) -> Iterator[Standing]:
    store = bench.store(kind, name)

    def known() -> set[str]:
        if engine:
            wait_until_done(store)
        return store.words(KEYS_DONE if engine else KEYS)

    with servers.gateway(bench.folder, store.url, GatewayOptions(engine=engine)) as server:
        yield Standing(
            server,
            known,
            count=lambda: store.number("SELECT count(*) FROM events"),
            databases=store.processes(),
        )


@contextmanager
def _one_row(bench: Bench, name: str, *, start: Callable[[Path, str], Server]) -> Iterator[Standing]:
    store = bench.bare_store("postgresql", name, ROWS)
    with start(bench.folder, _plain(store)) as server:
        yield Standing(
            server,
            known=lambda: store.words("SELECT id FROM events"),
            count=lambda: store.number("SELECT count(*) FROM events"),
            databases=store.processes(),
        )


def _plain(store: Store) -> str:
    """Return its address as others than SQLAlchemy take it."""
    return store.url.replace("postgresql+psycopg://", "postgresql://")


@contextmanager
def _rq(bench: Bench, name: str) -> Iterator[Standing]:
    if redis_program() is None:
        raise Skipped("Redis is not installed")
    done = bench.folder / f"{name}.done"
    done.unlink(missing_ok=True)
    with RedisServer(bench.folder) as redis:

        def known() -> set[str]:
            waiting = {_event_of(job) for job in redis.waiting_jobs()}
            time.sleep(IN_PROGRESS_SECONDS)
            return waiting | _lines(done)

        def ran() -> int:
            return len(_lines(done))

        with peer_servers.flask_with_rq(bench.folder, redis.url, done) as server:
            yield Standing(server, known, redis.count_jobs, ran, databases=[redis.pid], redis=redis)


def _event_of(job: bytes) -> str:
    """Return the event of a packed job: a pickle, in which the id stands behind its name as plain text."""
    after = job.partition(b"event_id")[2]
    return next((word.decode() for word in IDENTIFIER.findall(after)), "")


def _lines(path: Path) -> set[str]:
    return set(path.read_text(encoding="utf-8").split()) if path.exists() else set()


@contextmanager
def _webhook(bench: Bench, name: str, *, noted: bool) -> Iterator[Standing]:
    done = bench.folder / f"{name}.done"
    done.unlink(missing_ok=True)
    with peer_servers.webhook(bench.folder, done if noted else None) as server:

        def known() -> set[str]:
            time.sleep(IN_PROGRESS_SECONDS)
            return _lines(done)

        yield Standing(server, known)


def gateways() -> list[Contender]:
    """Return the gateway as it is killed; its rates are those of bench/cases.py."""
    return [
        Contender(
            f"gateway-{kind}" + ("-engine" if engine else ""),
            f"Callgate, {TITLES[kind]}" + (", handlers run meanwhile" if engine else ""),
            partial(_gateway, kind=kind, engine=engine),
            is_ours=True,
        )
        for kind in ("sqlite", "postgresql")
        for engine in (False, True)
    ]


def peers() -> list[Contender]:
    """Return what is measured beside it in every run."""
    express = partial(peer_servers.node, name="express")
    return [
        Contender(
            "fastapi",
            "FastAPI with asyncpg, inserts one row",
            partial(_one_row, start=peer_servers.fastapi),
        ),
        Contender("express", "Express with pg, inserts one row", partial(_one_row, start=express)),
        Contender("rq", "Flask with RQ, one worker beside", _rq),
        Contender(
            "webhook",
            "Debian's webhook, starts a process",
            partial(_webhook, noted=False),
            partial(_webhook, noted=True),
        ),
    ]


def more_peers() -> list[Contender]:
    """Return those of `make bench-peers`."""
    fastify = partial(peer_servers.node, name="fastify")
    return [
        Contender("fastify", "Fastify with pg, inserts one row", partial(_one_row, start=fastify)),
    ]
