"""Behind PgBouncer in transaction mode: no prepared statements, every callback accepted, finished, and none left half-done."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select

from app.storage.database.db import Database
from app.storage.inbox.events import events
from app.storage.queue.event_states import shown_state
from sandbox.platforms.callback.signer import body_headers
from tests.builders import CALLBACK_SECRET, envelope
from tests.live import LiveGateway
from tests.pgbouncer import pgbouncer
from tests.worker.stage import wait_for

pytestmark = [pytest.mark.services, pytest.mark.backends("postgresql")]
CALLBACKS = 400


@pytest.fixture
def pooled_url(tmp_path: Path, database_url: str) -> Iterator[str]:
    with pgbouncer(tmp_path, database_url) as url:
        yield url


def run_often(url: str) -> int | None:
    """Run the same statement often enough to be prepared, in several threads at once; return the threshold in force."""
    database = Database(url, pool_size=8)

    def ask(number: int) -> int:
        with database.begin() as tx:
            return int(tx.execute(select(func.count()).select_from(events)).scalar_one() + number)

    try:
        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(ask, range(200))) == list(range(200))
        with database.begin() as tx:
            connection = tx.connection.driver_connection
            assert connection is not None
            threshold: int | None = connection.prepare_threshold
        return threshold
    finally:
        database.close()


def test_nothing_is_prepared_behind_a_pooler(pooled_url: str) -> None:
    assert run_often(pooled_url) is None


def test_statements_are_prepared_where_the_database_answers_itself(database_url: str) -> None:
    assert run_often(database_url) == 5


@pytest.mark.parametrize(
    ("query", "threshold"),
    [("prepare_threshold=7", 7), ("prepare_threshold=none", None), ("pgbouncer=true", None)],
)
def test_the_address_may_say_when_statements_are_prepared(
    database_url: str, query: str, threshold: int | None
) -> None:
    assert run_often(f"{database_url}?{query}") == threshold


def test_four_hundred_callbacks_pass_through_a_pooler(tmp_path: Path, pooled_url: str) -> None:
    (tmp_path / "gateway").mkdir()
    with LiveGateway(tmp_path / "gateway", database_url=pooled_url) as gateway:

        def send(number: int) -> int:
            body = json.dumps(envelope(f"evt_{number}")).encode()
            return requests.post(
                f"{gateway.url}/webhooks/callback",
                data=body,
                headers=body_headers(CALLBACK_SECRET, body),
                timeout=30,
            ).status_code

        with ThreadPoolExecutor(16) as pool:
            answers = Counter(pool.map(send, range(CALLBACKS)))
        assert answers == {200: CALLBACKS}
        database = Database(pooled_url)

        shown = select(shown_state()).select_from(events).subquery()

        def states() -> dict[str, int]:
            with database.read() as tx:
                return dict(tx.execute(select(shown.c.state, func.count()).group_by(shown.c.state)).all())

        try:
            wait_for(lambda: set(states()) <= {"succeeded", "ignored"})
            assert sum(states().values()) == CALLBACKS
        finally:
            database.close()
