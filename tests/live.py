"""A real gateway in processes of its own, over real HTTP: what tests start when a fake would prove too little."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import requests

from tests.builders import CALLBACK_CHANNEL, environment
from tests.databases import migrate
from tests.ports import free_port
from tests.programs import Program, run_program, start_program

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 30


class LiveGateway:
    """`flask serve` on a free port, over a database of its own; a context manager.

    Its own files are in `folder`; it has the example handlers, as in development, unless the test brings other ones.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str | None = None,
        channels: str = CALLBACK_CHANNEL,
        env: Mapping[str, str] | None = None,
        workers: int = 1,
        port: int | None = None,
        arguments: tuple[str, ...] = (),
    ):
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = database_url or f"sqlite:///{folder / 'live.db'}"
        self._workers = workers
        self._arguments = arguments
        self._process: Program | None = None
        channels_file = folder / "channels.toml"
        channels_file.write_text(channels, encoding="utf-8")
        if "HANDLERS" not in (env or {}) and not (folder / "handlers").exists():
            shutil.copytree(ROOT / "examples" / "handlers", folder / "handlers")
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PUBLIC_BASE_URL": self.url,
            "DATABASE_URL": self.database_url,
            "CHANNELS_FILE": str(channels_file),
            # What is free on the machine of a test is no matter of the test's.
            "LEAST_FREE_DISK_MB": "0",
            **environment(**(env or {})),
        }

    def flask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a `flask` command in this gateway's environment."""
        command = ["flask", "--app", str(ROOT / "wsgi.py"), *words]
        return run_program(command, folder=self.folder, environment=self.environment)

    def start(self) -> Self:
        """Start serving and wait until it answers."""
        self.launch()
        self.wait_until_up()
        return self

    def launch(self) -> Program:
        """Start the main process and return it at once."""
        command = ["flask", "--app", str(ROOT / "wsgi.py"), "serve"]
        command += ["--port", str(self.port), "--workers", str(self._workers), *self._arguments]
        with (self.folder / "gateway.log").open("ab") as log:
            self._process = start_program(
                command, folder=self.folder, environment=self.environment, out=log.fileno()
            )
        return self._process

    def wait_until_up(self) -> None:
        """Wait until it answers and all its serving processes are there; raises with the log when that doesn't come."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._answers() and len(self.children()) >= self._workers:
                return
            time.sleep(0.05)
        raise AssertionError(f"the gateway does not answer:\n{self.log()[-4000:]}")

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def log(self) -> str:
        """Return everything the server printed."""
        return (self.folder / "gateway.log").read_text(encoding="utf-8", errors="replace")

    @property
    def pid(self) -> int:
        """Return the main process."""
        assert self._process is not None
        return self._process.pid

    def children(self) -> list[int]:
        """Return the serving processes under the main one."""
        found = subprocess.run(["pgrep", "-P", str(self.pid)], capture_output=True, text=True, check=False)
        return [int(line) for line in found.stdout.split()]

    def kill(self) -> None:
        """Kill the main process with signal 9, as a crash would."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=10)

    def stop(self) -> None:
        """Stop as an operator does; kill what does not end."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=10)

    def __enter__(self) -> Self:
        migrate(self.database_url)
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
