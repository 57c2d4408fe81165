"""Real servers in processes of their own, on free ports of this machine: the gateway and what it is measured beside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from bench import accounts, usage
from bench.load import HOST, get, run
from bench.ports import free_port
from bench.usage import Memory

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 40
STOP_SECONDS = 20
GUNICORN_THREADS = 64
NO_BROKER = "amqp://guest:guest@127.0.0.1:1//"
"""Nobody listens there: with ENGINE=celery dispatches are stored and stay, and no thread of this process runs them."""

SECRET_KEY = "9d1e7f20b3c84a56a7f1c2d3e4b5968778a1b2c3"
CHANNELS = f"""
[channels.callback]
platform = "callback"
secret = "{accounts.CALLBACK_SECRET}"

[channels.feishu]
platform = "feishu"
app_id = "{accounts.FEISHU_APP_ID}"
app_secret = "bench-app-5f0e2d1c"
verification_token = "{accounts.FEISHU_TOKEN}"
encrypt_key = "{accounts.FEISHU_KEY}"

[channels.source]
platform = "{accounts.SOURCE}"
secret = "{accounts.SOURCE_SECRET}"

[channels.wechat]
platform = "wechat"
app_id = "{accounts.WECHAT_APP_ID}"
app_secret = "bench-app-5f0e2d1c"
token = "{accounts.WECHAT_TOKEN}"
encoding_aes_key = "{accounts.WECHAT_AES_KEY}"
mode = "safe"
"""


class ServerFailed(Exception):
    """A server did not start; the message ends with what it printed."""


class Server:
    """One server; a context manager that starts it, waits for its first answer, and stops all of it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        port: int,
        environment: Mapping[str, str] | None = None,
        ready_path: str = "/healthz",
        serves_in_children: bool = True,
    ):
        self.port = port
        self.folder = folder
        self.environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **(environment or {})}
        self.start_seconds = 0.0
        self._command = list(command)
        self._ready_path = ready_path
        self._serves_in_children = serves_in_children
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / f"server_{port}.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start it and wait for its first answer; raises ServerFailed."""
        began = time.perf_counter()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_for_an_answer()
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.perf_counter() - began

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_for_an_answer(self) -> None:
        """Wait for the first answer of any status: a port that is open but not served yet does not count."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                if run(self.port, [get(self._ready_path)], connections=1, seconds=START_SECONDS).latencies:
                    return
            except OSError:
                time.sleep(0.005)
        raise ServerFailed(self.log()[-1500:] or "it printed nothing")

    def log(self) -> str:
        """Return what it printed."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def memory(self) -> Memory:
        """Return the memory of the largest serving process."""
        return max(map(usage.memory, self.pids()), key=lambda each: each.rss, default=Memory(0.0, 0.0))

    def whole_memory(self) -> float:
        """Return the fair share of all its processes together, workers beside it included, in MB."""
        return sum(usage.memory(pid).pss for pid in usage.tree(self.main))

    def pids(self) -> list[int]:
        """Return the serving processes."""
        return usage.children(self.main) if self._serves_in_children else [self.main]

    @property
    def main(self) -> int:
        """Return the process that was started; all others came from it."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it and all that came from it at once, as a loss of power does; it can be started again."""
        process = self._process
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=STOP_SECONDS)
        self._process = None

    def stop(self) -> None:
        """Stop as an operator does; end what does not, the processes it started included."""
        process = self._process
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=STOP_SECONDS)
        # A worker that was started beside it is still there.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        self._process = None
        self._log.unlink(missing_ok=True)


@dataclass(frozen=True)
class GatewayOptions:
    """How a gateway is run; without its engine dispatches are stored and nothing competes for them."""

    workers: int = 1
    engine: bool = False
    handlers: str = "bench.handlers"
    more_channels: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


def gateway(folder: Path, database_url: str, options: GatewayOptions | None = None) -> Server:
    """Return `flask serve` over a database."""
    options = options or GatewayOptions()
    port = free_port()
    channels = folder / f"channels_{port}.toml"
    channels.write_text(CHANNELS + options.more_channels, encoding="utf-8")
    environment = {
        "APP_ENV": "dev",
        "SANDBOX": "0",
        "LOG_FORMAT": "json",
        "SECRET_KEY": SECRET_KEY,
        "PUBLIC_BASE_URL": f"http://{HOST}:{port}",
        "DATABASE_URL": database_url,
        "CHANNELS_FILE": str(channels),
        "HANDLERS": options.handlers,
        "RATELIMIT_ENABLED": "0",
        "API_TOKENS": f"bench:{accounts.API_TOKEN}",
    }
    if not options.engine:
        environment |= {"ENGINE": "celery", "CELERY_BROKER_URL": NO_BROKER}
    environment |= options.environment
    command = [*FLASK, "serve", "--port", str(port), "--workers", str(options.workers)]
    return Server(command, folder=folder, port=port, environment=environment)


FLASK = [sys.executable, "-m", "flask", "--app", str(ROOT / "wsgi.py")]


def migrate(server: Server) -> None:
    """Bring the database of a gateway to its newest tables; raises ServerFailed."""
    done = subprocess.run(
        [*FLASK, "db", "upgrade"],
        cwd=server.folder,
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise ServerFailed((done.stdout + done.stderr)[-1500:])


def granian(folder: Path, peer: str, *, workers: int = 1, free: bool = False) -> Server:
    """Return a module of bench/peers on Granian, each process on one core as those of `flask serve`, unless it is `free`."""
    port = free_port()
    command = [sys.executable, "-m", "bench.peers.serve", f"bench.peers.{peer}", str(port), str(workers)]
    command += ["free"] if free else []
    return Server(command, folder=folder, port=port)


def gunicorn(folder: Path, peer: str, *, workers: int = 1) -> Server:
    """Return a module of bench/peers on gunicorn's threaded workers, with as many threads as `flask serve` has."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", f"bench.peers.{peer}:app", "--bind", f"{HOST}:{port}"]
    command += ["--worker-class", "gthread", "--threads", str(GUNICORN_THREADS), "--workers", str(workers)]
    command += ["--keep-alive", "30", "--log-level", "warning"]
    return Server(command, folder=folder, port=port)


def simulator(folder: Path) -> Server:
    """Return the simulated platforms."""
    port = free_port()
    command = [sys.executable, "-m", "sandbox", "--host", HOST, "--port", str(port)]
    environment = {"SANDBOX_URL": f"http://{HOST}:{port}"}
    return Server(
        command,
        folder=folder,
        port=port,
        environment=environment,
        ready_path="/",
        serves_in_children=False,
    )
