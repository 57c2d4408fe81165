"""Callers that begin and do not go on, in any number and any way: good callbacks and health checks are answered as without them."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import requests

from tests.drills.account import Result
from tests.drills.conftest import Say
from tests.drills.engines import Engine
from tests.drills.form import EMBEDDED, drill_marks, runs_on, sized
from tests.drills.senders import Senders
from tests.drills.slow_sockets import SlowSockets, half_sent, http2_without_bodies
from tests.drills.stage import Drill

pytestmark = drill_marks()

CALLBACKS = sized(300, 5_000)
HEALTH_CHECKS = sized(20, 200)
SLOW = sized(300, 500)
HALF_SENT = 64
IDLE = 256
WHILE_SECONDS = sized(0, 35)
"""The long form goes on until slow callers were turned away and came again."""


@runs_on("sqlite-embedded", long=EMBEDDED)
def test_slow_senders_beside_a_normal_load(
    tmp_path: Path, backend: str, database_url: str, engine: Engine, say: Say
) -> None:
    with Drill(tmp_path, database_url, engine) as drill:
        say.kept(*beside_slow_callers(drill))
        # What the loop in front does with callers has nothing to do with the database behind it.
        if backend == "sqlite":
            say.kept(*beside_heads_and_idle_sockets(drill), title="heads without a body and idle sockets")
            say.kept(*beside_streams_of_http2(drill), title="streams of http2 without bodies")


def beside_slow_callers(drill: Drill) -> tuple[Result, str]:
    with SlowSockets(drill.gateway.port, SLOW) as slow:
        result, checked = answered_all(drill, "slow")
        told = dict(sorted(slow.answers.items()))
    return result, f"{SLOW} slow callers, {slow.opened} in all, told {told}; {checked} health checks"


def beside_heads_and_idle_sockets(drill: Drill) -> tuple[Result, str]:
    beginnings = [half_sent("/webhooks/callback")] * HALF_SENT + [b""] * IDLE
    with SlowSockets(drill.gateway.port, HALF_SENT + IDLE, beginnings):
        result, checked = answered_all(drill, "heads")
    return result, f"{HALF_SENT} heads, {IDLE} idle sockets; {checked} health checks"


def beside_streams_of_http2(drill: Drill) -> tuple[Result, str]:
    for _ in range(4):
        with socket.create_connection(("127.0.0.1", drill.gateway.port), timeout=10) as connection:
            connection.sendall(http2_without_bodies("/webhooks/callback", HALF_SENT))
            # What comes back, or that nothing does, says that the frames were looked at.
            connection.recv(65_536)
    result, checked = answered_all(drill, "streams")
    return result, f"4 connections with {HALF_SENT} streams each, then closed; {checked} health checks"


def answered_all(drill: Drill, prefix: str) -> tuple[Result, int]:
    """Send callbacks and ask for health; every one must be answered 200, and every callback handled."""
    keys = [f"{prefix}_{number}" for number in range(CALLBACKS)]
    senders = Senders(drill.gateway.url, keys).start()
    until = time.monotonic() + WHILE_SECONDS
    checked = 0
    with requests.Session() as session:
        while checked < HEALTH_CHECKS or time.monotonic() < until:
            assert session.get(f"{drill.gateway.url}/healthz", timeout=20).status_code == 200
            checked += 1
            time.sleep(0.05)
    result = drill.finish(senders, prefix=prefix)
    assert senders.answers == {200: CALLBACKS}
    return result, checked
