"""Database servers of the drill's own, which may be killed: each in a temporary folder, on a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from tests.drills.stage import wait_for
from tests.drills.workers import are_dead
from tests.ports import free_port
from tests.worker.stage import is_alive

POSTGRES_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
POSTGRES_OWNERS = ("postgres", "nobody")
SEARCHED = f"{os.environ.get('PATH', '')}:/usr/sbin"
"""Debian keeps servers where only root looks."""


def lets_in(url: str) -> bool:
    """Say whether a database answers."""
    engine = create_engine(url, connect_args={"connect_timeout": 3})
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT 1")).scalar_one() == 1
    except SQLAlchemyError:
        return False
    finally:
        engine.dispose()


def _postgres_owner() -> str | None:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in POSTGRES_OWNERS if name in known), None)


class OwnPostgres:
    """A running PostgreSQL with its defaults, so with every commit on the disk; a context manager."""

    def __init__(self) -> None:
        self._programs = POSTGRES_PROGRAMS[-1].parent
        self._folder = Path(tempfile.mkdtemp(prefix="drill-pg-"))
        self._data = self._folder / "data"
        self._port = free_port()
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"

    @staticmethod
    def can_run() -> bool:
        """Say whether the programs are there and somebody other than root may run them."""
        may_be_run = os.geteuid() != 0 or (_postgres_owner() is not None and bool(shutil.which("runuser")))
        return bool(POSTGRES_PROGRAMS) and may_be_run

    def __enter__(self) -> Self:
        if os.geteuid() == 0 and (owner := _postgres_owner()) is not None:
            shutil.chown(self._folder, owner)
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8")
        self.start()
        return self

    def start(self) -> None:
        """Start it and wait until it lets us in; what a kill left is repaired by PostgreSQL itself."""
        options = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-o", options, "-t", "60", "-w", "start")
        wait_for(lambda: lets_in(self.url), 60, "the first answer of PostgreSQL")

    def kill(self) -> None:
        """Kill every process of it with signal 9."""
        main = int((self._data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        os.kill(main, signal.SIGSTOP)
        found = subprocess.run(["pgrep", "-P", str(main)], capture_output=True, text=True, check=False)
        pids = [main, *(int(line) for line in found.stdout.split())]
        for pid in pids:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: are_dead(pids), 20, "the end of PostgreSQL")

    def __exit__(self, *_: object) -> None:
        try:
            self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")
        finally:
            time.sleep(0.1)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._programs / program), *words]
        owner = _postgres_owner()
        if os.geteuid() == 0 and owner is not None:
            command = ["runuser", "-u", owner, "--", *command]
        # Not captured through a pipe: the server would inherit it and never close it.
        with (self._folder / "programs.log").open("ab") as log:
            subprocess.run(command, stdout=log, stderr=log, check=True, cwd=self._folder, timeout=120)


class OwnMariadb:
    """A running MariaDB with its defaults, so with every commit on the disk; a context manager."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="drill-maria-"))
        self._data = self._folder / "data"
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"mysql+pymysql://root@127.0.0.1:{self._port}/drill"

    @staticmethod
    def can_run() -> bool:
        """Say whether the programs are there."""
        return all(shutil.which(name, path=SEARCHED) for name in ("mariadb-install-db", "mariadbd"))

    def __enter__(self) -> Self:
        words = ["--auth-root-authentication-method=normal", "--skip-test-db", *self._place()]
        with (self._folder / "programs.log").open("ab") as log:
            subprocess.run(
                [self._program("mariadb-install-db"), *words], stdout=log, stderr=log, check=True, timeout=120
            )
        self.start()
        server = create_engine(self.url.removesuffix("drill"))
        with server.connect() as connection:
            connection.execute(text("CREATE DATABASE drill"))
        server.dispose()
        return self

    def start(self) -> None:
        """Start it and wait until it lets us in; what a kill left is repaired by MariaDB itself."""
        words = [f"--socket={self._folder / 'socket'}", f"--port={self._port}", "--bind-address=127.0.0.1"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program("mariadbd"), *self._place(), *words], stdout=log, stderr=log
            )
        wait_for(lambda: lets_in(self.url.removesuffix("drill")), 60, "the first answer of MariaDB")

    def kill(self) -> None:
        """Kill its one process with signal 9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=20)

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _place(self) -> list[str]:
        """Return the words that keep it away from every other MariaDB, the configuration's first of all."""
        user = ["--user=root"] if os.geteuid() == 0 else []
        return ["--no-defaults", f"--datadir={self._data}", *user]

    @staticmethod
    def _program(name: str) -> str:
        return shutil.which(name, path=SEARCHED) or name


OwnServer = OwnPostgres | OwnMariadb
OWN_SERVERS: dict[str, type[OwnServer]] = {"postgresql": OwnPostgres, "mariadb": OwnMariadb}
