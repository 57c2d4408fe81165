"""How the peers that store something are started: FastAPI, Node.js, Flask with RQ, and Debian's `webhook` with a record."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from bench import accounts
from bench.load import HOST
from bench.ports import free_port
from bench.samples import Skipped
from bench.servers import ROOT, Server

PYTHON_PACKAGES = ROOT / ".bench" / "python"
NODE_FOLDER = ROOT / "bench" / "peers" / "node"
HOW = "`make bench-tools` installs it"


def fastapi(folder: Path, database: str) -> Server:
    """Return bench/peers/fastapi_row.py on uvicorn, one process with uvloop and httptools."""
    _needs_python("uvicorn")
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.peers.fastapi_row:app", "--host", HOST]
    command += ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    environment = _python_path() | {"BENCH_DATABASE_URL": database}
    return Server(command, folder=folder, port=port, environment=environment, serves_in_children=False)


def node(folder: Path, database: str, *, name: str) -> Server:
    """Return a script of bench/peers/node, one process."""
    if (program := shutil.which("node")) is None:
        raise Skipped("Node.js is not installed")
    if not (NODE_FOLDER / "node_modules" / name).is_dir():
        raise Skipped(f"{name} is not installed: {HOW}")
    port = free_port()
    return Server(
        [program, str(NODE_FOLDER / f"{name}.js"), str(port)],
        folder=folder,
        port=port,
        environment={"BENCH_DATABASE_URL": database, "NODE_ENV": "production"},
        serves_in_children=False,
    )


def flask_with_rq(folder: Path, redis: str, done: Path) -> Server:
    """Return bench/peers/rq_view.py on the server of `flask serve`, with one `rq worker` beside it."""
    _needs_python("rq")
    port = free_port()
    environment = _python_path() | {"BENCH_REDIS_URL": redis, "BENCH_DONE": str(done)}
    worker = [sys.executable, "-m", "rq.cli", "worker", "--url", redis, "--quiet"]
    view = [sys.executable, "-m", "bench.peers.serve", "bench.peers.rq_view", str(port), "1"]
    both = f"{shlex.join(worker)} & exec {shlex.join(view)}"
    return Server(["bash", "-c", both], folder=folder, port=port, environment=environment)


def webhook(folder: Path, done: Path | None = None) -> Server:
    """Return Debian's `webhook`: it checks the HMAC and starts /bin/true for each request, or a command that notes the event."""
    if (program := shutil.which("webhook")) is None:
        raise Skipped("Debian's package `webhook` is not installed")
    port = free_port()
    hooks = folder / f"hooks_{port}.json"
    hooks.write_text(json.dumps([_hook(folder, done)]), encoding="utf-8")
    command = [program, "-hooks", str(hooks), "-ip", HOST, "-port", str(port), "-urlprefix", "webhooks"]
    return Server(command, folder=folder, port=port, ready_path="/", serves_in_children=False)


def _hook(folder: Path, done: Path | None) -> dict[str, Any]:
    signature = {
        "type": "payload-hmac-sha256",
        "secret": accounts.CALLBACK_SECRET,
        "parameter": {"source": "header", "name": "X-Signature"},
    }
    hook = {"id": "callback", "execute-command": "/bin/true", "trigger-rule": {"match": signature}}
    if done is None:
        return hook
    note = folder / "note.sh"
    note.write_text(f'#!/bin/sh\necho "$1" >> {shlex.quote(str(done))}\n', encoding="utf-8")
    note.chmod(0o755)
    arguments = [{"source": "payload", "name": "event_id"}]
    return hook | {"execute-command": str(note), "pass-arguments-to-command": arguments}


def _needs_python(package: str) -> None:
    if not (PYTHON_PACKAGES / package).is_dir():
        raise Skipped(f"{package} is not installed: {HOW}")


def _python_path() -> dict[str, str]:
    return {"PYTHONPATH": f"{ROOT}:{PYTHON_PACKAGES}"}
