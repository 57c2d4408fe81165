"""Peers that store something, and contenders that are killed: real processes, a few requests each."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from bench import contenders, wrk
from bench.beside import Beside, Killed, RedisKilled, answered_until, lost_of
from bench.contenders import Contender, Standing
from bench.peer_servers import NODE_FOLDER, PYTHON_PACKAGES
from bench.redis_server import program as redis_program
from bench.samples import QUICK, Bench, Skipped
from bench.servers import Server, ServerFailed
from bench.stores import Store, StoreMissing
from tests.bench.needed import need
from tests.bench.test_load import server

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Return a run of a few requests."""
    made = Bench(tmp_path, replace(QUICK, requests=40, connections=4))
    yield made
    made.close()


def contender(key: str) -> Contender:
    (found,) = [
        each
        for each in [*contenders.gateways(), *contenders.peers(), *contenders.more_peers()]
        if each.key == key
    ]
    return found


@pytest.fixture
def _programs() -> None:
    need(wrk.program() is not None, "wrk is not installed")
    need(redis_program() is not None, "redis-server is not installed")
    need((PYTHON_PACKAGES / "rq").is_dir(), "RQ is not there: `make bench-tools` installs it")
    need((NODE_FOLDER / "node_modules" / "pg").is_dir(), "pg is not there: `make bench-tools` installs it")


@pytest.mark.usefixtures("_programs")
@pytest.mark.parametrize("key", ["fastapi", "express", "rq"])
def test_a_peer_answers_and_what_it_stores_is_counted(bench: Bench, key: str):
    try:
        sample = Beside(contender(key)).measure(bench, 0)
    except (Skipped, StoreMissing) as error:
        need(False, str(error))
    assert (sample.bad, sample.lost) == (0, 0)
    assert {"rate", "cpu_server", "cpu_database", "whole_pss", "busy"} <= sample.values.keys()


@pytest.mark.usefixtures("_programs")
def test_jobs_are_gone_with_the_redis_that_held_them(bench: Bench):
    sample = RedisKilled(contender("rq")).measure(bench, 0)
    assert 0 < sample.values["gone"] <= sample.values["answered"]


@pytest.mark.usefixtures("_programs")
def test_jobs_outlive_the_view_that_made_them(bench: Bench):
    sample = Killed(contender("rq")).measure(bench, 0)
    assert sample.values["answered"] > 0
    # One may have been in the hands of the worker that was killed too.
    assert sample.values["gone"] <= 1


def test_the_gateway_knows_after_kill_minus_nine_what_it_had_answered(bench: Bench, sqlite_template: Path):
    store = Store("sqlite", "killed", bench.folder)
    Path(store.url.removeprefix("sqlite:///")).write_bytes(sqlite_template.read_bytes())
    bench.stores["sqlite_kill-gateway-sqlite"] = store
    sample = Killed(contender("gateway-sqlite")).measure(bench, 0)
    assert sample.values["answered"] > 0
    assert (sample.lost, sample.values["gone"]) == (0, 0)


def test_an_answered_event_that_nobody_knows_is_gone():
    sample = lost_of({"a", "b", "c"}, {"b", "d"})
    assert sample.values == {"answered": 3, "gone": 2}


def test_who_answered_nothing_before_the_kill_is_not_called_safe(bench: Bench):
    killed = Event()

    def refuse(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
        return True

    with server(refuse) as port:
        standing = Standing(Server(["true"], folder=bench.folder, port=port), known=set)
        with pytest.raises(ServerFailed, match="nothing could be lost"):
            answered_until(bench, standing, "test", killed.set)
    assert killed.is_set()
