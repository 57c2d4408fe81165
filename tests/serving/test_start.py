"""Starting to serve: a used port and tables that don't fit end with a sentence that says what to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from app.serving.used_port import PortFault, listen_alone, port_fault
from app.storage.database import schema
from app.storage.database.db import Database
from tests.databases import migrate
from tests.live import ROOT, LiveGateway
from tests.ports import free_port


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Listen as the web server does, which lets others share the port."""
    with socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind(("127.0.0.1", free_port()))
        opened.listen()
        yield opened


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_a_used_port_is_named_with_the_process_that_has_it(listener: socket.socket, host: str) -> None:
    port = listener.getsockname()[1]
    fault = port_fault(host, port, patience=0)
    assert fault is not None
    assert f"Port {port} " in fault
    assert f"process {os.getpid()} (" in fault


def test_a_port_that_becomes_free_meanwhile_is_taken(listener: socket.socket) -> None:
    host, port = listener.getsockname()
    assert port_fault(host, port, patience=0)
    listener.close()
    assert port_fault(host, port, patience=0) is None


def test_of_many_that_start_at_the_same_moment_one_listens() -> None:
    at_once = 8
    for _ in range(25):
        port, barrier = free_port(), Barrier(at_once)

        def start(_: int, port: int = port, barrier: Barrier = barrier) -> socket.socket | str:
            barrier.wait(20)
            try:
                return listen_alone("127.0.0.1", port, patience=0)
            except PortFault as fault:
                return str(fault)

        with ThreadPoolExecutor(at_once) as pool:
            results = list(pool.map(start, range(at_once)))
        (listening,) = [each for each in results if isinstance(each, socket.socket)]
        listening.close()
        told = [each for each in results if isinstance(each, str)]
        assert all(f"Port {port} on 127.0.0.1 is in use" in each for each in told)


def test_nobody_who_asks_to_share_a_port_gets_a_share() -> None:
    with listen_alone("127.0.0.1", free_port()) as listening, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(listening.getsockname())


def test_a_port_that_was_used_a_moment_ago_is_taken_at_once() -> None:
    with listen_alone("127.0.0.1", port := free_port()) as listening:
        caller = socket.create_connection(("127.0.0.1", port))
        accepted, _ = listening.accept()
        accepted.close()  # The side that closes first keeps the connection waiting.
        caller.close()
    listen_alone("127.0.0.1", port, patience=0).close()


def test_of_two_gateways_started_together_one_serves_and_the_other_says_why(tmp_path: Path) -> None:
    port = free_port()
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    gateways = [LiveGateway(folder, port=port) for folder in folders]
    for gateway in gateways:
        migrate(gateway.database_url)
    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(start_and_wait, gateways))
    try:
        assert sorted(code is None for code in started) == [False, True]
        loser = gateways[0] if started[0] is not None else gateways[1]
        assert 1 in started
        assert f"Port {port} on 127.0.0.1 is in use by process " in loser.log()
        assert "Traceback" not in loser.log()
    finally:
        for gateway in gateways:
            gateway.stop()


def start_and_wait(gateway: LiveGateway) -> int | None:
    """Start a gateway; return its exit code when it ends, None when it serves."""
    process = gateway.launch()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if (code := process.poll()) is not None:
            return code
        if "Listening at" in gateway.log():
            return None
        time.sleep(0.05)
    raise AssertionError(gateway.log())


def test_an_address_of_another_machine_is_named() -> None:
    assert "192.0.2.1" in (port_fault("192.0.2.1", free_port(), patience=0) or "")


def test_a_second_gateway_on_the_port_ends_and_the_first_goes_on(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    with LiveGateway(tmp_path / "first") as first:
        second = first.flask("serve", "--port", str(first.port))
        assert second.returncode == 1
        assert f"Port {first.port} on 127.0.0.1 is in use by process " in second.stderr
        assert "Traceback" not in second.stderr
        first.wait_until_up()


def test_make_run_looks_at_both_ports_before_it_writes_anything(tmp_path: Path) -> None:
    with socket.socket() as gateway, socket.socket() as simulator:
        for opened, port in ((gateway, 5003), (simulator, 5004)):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                opened.bind(("127.0.0.1", port))
                opened.listen()
            except OSError:
                continue  # Somebody else on this machine has it, which is just as well.
        ended = subprocess.run(
            [sys.executable, "-m", "app.cli.start"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "CALLGATE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert "Port 5003 " in ended.stdout
    assert "Port 5004 " in ended.stdout
    assert list(tmp_path.iterdir()) == []


def test_tables_that_are_missing_or_older_are_named_with_the_command(database_url: str) -> None:
    database = Database(database_url)
    try:
        assert schema.tables_fault(database) is None
        schema.downgrade(database, "-1")
        assert "`flask db upgrade` changes them" in (schema.tables_fault(database) or "")
        schema.downgrade(database, "base")
        assert "`flask db upgrade` makes them" in (schema.tables_fault(database) or "")
        schema.upgrade(database)
        assert schema.tables_fault(database) is None
    finally:
        schema.upgrade(database)
        database.close()


def test_tables_of_newer_code_are_worked_with(database: Database) -> None:
    with database.begin() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    try:
        assert schema.tables_fault(database) is None
    finally:
        with database.begin() as tx:
            tx.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.newest_revision()}'")


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("worker",)])
def test_without_tables_the_command_to_type_is_the_answer(tmp_path: Path, command: tuple[str, ...]) -> None:
    ended = LiveGateway(tmp_path).flask(*command)
    assert ended.returncode == 1
    assert "`flask db upgrade`" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_migrate_makes_the_tables_and_serves(tmp_path: Path) -> None:
    gateway = LiveGateway(tmp_path, arguments=("--migrate",))
    try:
        assert gateway.flask("db", "current").returncode == 1
        gateway.start()
        assert gateway.flask("db", "current").returncode == 0
    finally:
        gateway.stop()
