"""`flask db copy` as it is typed, and the gateway that goes on in the new database."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli.database import database_group
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.pipeline.upkeep.database_copy import DatabaseCopy
from app.storage.database import schema
from app.storage.database.db import Database
from app.storage.inbox.events import events
from app.storage.tables import metadata
from tests.builders import CALLBACK_CHANNEL, FrozenClock, make_services, run_stored_claim, signed_callback
from tests.databases import POOL_SIZE, ServerDatabases, copy_of
from tests.live import ROOT, LiveGateway
from tests.login.in_memory import FakePlatform, open_gateway
from tests.operators.stage import accept
from tests.ports import free_port
from tests.programs import Program, start_program
from tests.upkeep.filled import fill

pytestmark = [pytest.mark.services, pytest.mark.backends("sqlite")]
LONG = 20.0
OPEN = CALLBACK_CHANNEL + 'unknown_events = "store"\n'


@pytest.fixture
def services(services_with: Callable[..., Services], database_url: str) -> Services:
    return services_with(env={"DATABASE_URL": database_url}, channels=OPEN)


@pytest.fixture
def new_url(server_databases: ServerDatabases) -> Iterator[str]:
    """Return a migrated database without rows on PostgreSQL."""
    url = server_databases.url("postgresql")
    yield url
    database = Database(url)
    with database.begin() as tx:
        tx.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.newest_revision()}'")
    database.close()
    server_databases.empty("postgresql")


@pytest.fixture
def new(new_url: str) -> Iterator[Database]:
    database = Database(new_url, pool_size=POOL_SIZE)
    yield database
    database.close()


def copy(services: Services, *words: str, answer: str = "") -> Result:
    # This process keeps connections of its own to both.
    typed = ["copy", "--others-connected", *words]
    return CliRunner().invoke(database_group(services), typed, input=answer)


def count_of_events(database: Database) -> int:
    with database.read() as tx:
        return len(tx.execute(events.select()).all())


def test_a_person_is_asked_and_told_what_is_the_same(services: Services, new_url: str, new: Database) -> None:
    fill(services.database, rows=2)
    assert copy(services, new_url, answer="n\n").exit_code == 1
    assert count_of_events(new) == 0
    done = copy(services, new_url, answer="y\n")
    assert done.exit_code == 0, done.output
    assert "same" in [line for line in done.output.splitlines() if line.startswith("events ")][-1]
    tables = len(metadata.sorted_tables)
    said = f"{2 * tables} rows in {tables} tables are the same in both databases."
    assert said in done.output
    assert count_of_events(new) == 2


def test_a_dry_run_counts_and_changes_nothing(services: Services, new_url: str, new: Database) -> None:
    fill(services.database, rows=2)
    done = copy(services, new_url, "--dry-run")
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "Nothing was changed.")
    assert count_of_events(new) == 0


def test_an_address_may_come_from_a_file(
    services: Services, new_url: str, new: Database, tmp_path: Path
) -> None:
    accept(services)
    (tmp_path / "address").write_text(f"{new_url}\n", encoding="utf-8")
    done = copy(services, f"@{tmp_path / 'address'}", "--yes")
    assert done.exit_code == 0, done.output
    assert count_of_events(new) == 1


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("oracle://x", "The address of a database: 'oracle' is no database that this gateway knows"),
        ("@/nowhere/at-all", "@/nowhere/at-all cannot be read (FileNotFoundError)"),
        ("postgresql://nobody:hunter22@127.0.0.1:1/x", "The new database cannot be reached"),
    ],
)
def test_what_stands_against_it_is_said_in_a_sentence(services: Services, address: str, said: str) -> None:
    done = copy(services, address, "--yes")
    assert done.exit_code == 1
    assert said in done.output
    assert "hunter22" not in done.output


@pytest.mark.parametrize("command", ["upgrade", "downgrade", "current"])
def test_a_database_that_is_away_is_a_sentence(services: Services, command: str) -> None:
    away = Database("postgresql://nobody:hunter22@127.0.0.1:1/x")
    done = CliRunner().invoke(database_group(replace(services, database=away)), [command])
    away.close()
    assert (done.exit_code, "The database cannot be reached" in done.output) == (1, True)


def test_a_gateway_that_serves_is_seen_and_nothing_is_copied(
    tmp_path: Path, new_url: str, new: Database
) -> None:
    with LiveGateway(tmp_path) as gateway:
        done = gateway.flask("db", "copy", new_url, "--yes")
    assert done.returncode == 1
    assert "! The old database: another process has the file open." in done.stderr
    assert "Stop every gateway and worker first" in done.stderr
    assert count_of_events(new) == 0


def test_a_copy_that_was_killed_starts_no_gateway_and_is_done_again(
    tmp_path: Path, new_url: str, new: Database
) -> None:
    gateway = LiveGateway(tmp_path)
    old = Database(gateway.database_url)
    schema.upgrade(old)
    fill(old)
    old.close()
    typed = ("db", "copy", new_url, "--yes", "--others-connected")
    with new.begin() as tx:
        # Whoever comes to the events stands here until this transaction ends.
        tx.exec_driver_sql("LOCK TABLE events IN SHARE MODE")
        process = started(gateway, *typed)
        wait_until_somebody_waits(tx)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=LONG)
    served = LiveGateway(tmp_path, database_url=new_url).flask(
        "serve", "--migrate", "--port", str(free_port())
    )
    assert served.returncode == 1
    assert "type the same `flask db copy` again" in served.stderr
    done = gateway.flask(*typed)
    assert done.returncode == 0, done.stderr
    assert "An earlier copy into this database was not finished" in done.stderr
    assert schema.tables_fault(new) is None


def started(gateway: LiveGateway, *words: str) -> Program:
    """Start a command and let it run."""
    command = ["flask", "--app", str(ROOT / "wsgi.py"), *words]
    with (gateway.folder / "copy.log").open("ab") as log:
        return start_program(
            command, folder=gateway.folder, environment=gateway.environment, out=log.fileno()
        )


def wait_until_somebody_waits(tx: Any) -> None:
    deadline = time.monotonic() + LONG
    waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'events'::regclass AND NOT granted"
    while not tx.exec_driver_sql(waiting).scalar_one():
        assert time.monotonic() < deadline, "nobody came to the events"
        time.sleep(0.02)


def test_what_waits_runs_once_in_the_new_database(
    sqlite_template: Path, sqlite_folder: Path, new: Database, clock: FrozenClock
) -> None:
    seen: list[str] = []
    router = Router()
    router.on("callback", name="note")(lambda event, context: seen.append(event.key))
    old = Database(copy_of(sqlite_template, sqlite_folder))
    event_id = accept(make_services(old, clock=clock, router=router))
    move(old, new)
    services = make_services(new, clock=clock, router=router, channels=CALLBACK_CHANNEL)
    for claim in claim_work(services, limit=9):
        run_stored_claim(services, claim)
    assert seen == ["evt_1"]
    detail = event_detail(services, event_id)
    assert detail is not None
    assert detail["state"] == "succeeded"
    again = receive(services, "callback", signed_callback(), trace_id="")
    assert (again.status, count_of_events(new)) == (200, 1)


def test_a_login_lives_on_and_its_sealed_token_opens(
    sqlite_template: Path, sqlite_folder: Path, new: Database, clock: FrozenClock
) -> None:
    old = Database(copy_of(sqlite_template, sqlite_folder))
    fake = FakePlatform("fake:1")
    before = open_gateway(old, clock, {"fake": fake})
    person = before.browser()
    person.log_in()
    before.close()
    move(old, new)
    asked: list[str] = []
    fake.on_identity = lambda tokens: asked.append(tokens.access_token)
    after = open_gateway(new, clock, {"fake": fake})
    answer = person.copy(after).fresh()
    after.close()
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["identity"]["name"] == "Ada"
    assert asked == ["access-c1"]


def move(old: Database, new: Database) -> None:
    DatabaseCopy(old, new).run(lambda _table, _rows: None)
    old.close()
