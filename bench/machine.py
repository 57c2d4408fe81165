"""What a run was made on: without it no figure means anything."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import distributions, version
from pathlib import Path

from bench import generators
from bench.peer_servers import NODE_FOLDER, PYTHON_PACKAGES
from bench.servers import ROOT
from bench.stores import durability

PACKAGES = ("granian", "flask", "sqlalchemy", "psycopg", "pymysql", "gunicorn", "lark-oapi", "wechatpy")

PEER_PACKAGES = ("fastapi", "uvicorn", "uvloop", "httptools", "asyncpg", "rq", "redis")
NODE_PACKAGES = ("express", "fastify", "pg")
PROGRAMS = {
    "wrk": ["wrk", "-v"],
    "webhook": ["webhook", "-version"],
    "Node.js": ["node", "--version"],
    "Redis": ["redis-server", "--version"],
}


def describe(folder: str) -> dict[str, str]:
    """Return the machine, the versions and how each database treats a commit."""
    load = os.getloadavg()[0]
    facts = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "cores": str(len(os.sched_getaffinity(0))),
        "CPU": _first("/proc/cpuinfo", "model name"),
        "memory": _gigabytes(_first("/proc/meminfo", "MemTotal")),
        "kernel": platform.release(),
        "disk of the SQLite files": _file_system(folder),
        "Python": platform.python_version(),
        "load before the run": f"{load:.2f}",
    }
    facts |= durability()
    facts["packages"] = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    facts["load generator"] = generators.name()
    facts |= {name: _version(command) for name, command in PROGRAMS.items()}
    facts["packages of peers"] = ", ".join(_packages_of_peers()) or "none; `make bench-tools` installs them"
    return facts


def _version(command: list[str]) -> str:
    return _printed(command).splitlines()[0] if shutil.which(command[0]) else "not installed"


def _packages_of_peers() -> list[str]:
    """Return what stands beside the gateway and is not in its own requirements, with versions."""
    python = [
        f"{found.name} {found.version}"
        for found in distributions(path=[str(PYTHON_PACKAGES)])
        if found.name in PEER_PACKAGES
    ]
    manifests = [NODE_FOLDER / "node_modules" / name / "package.json" for name in NODE_PACKAGES]
    manifests.append(ROOT / "bench" / "peers" / "n8n" / "node_modules" / "n8n" / "package.json")
    node = [json.loads(path.read_text()) for path in manifests if path.is_file()]
    return [*sorted(python), *(f"{each['name']} {each['version']}" for each in node)]


def _first(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "unknown"


def _gigabytes(kilobytes: str) -> str:
    word = kilobytes.split(maxsplit=1)[0]
    return f"{int(word) / 1024 / 1024:.1f} GB" if word.isdigit() else kilobytes


def _printed(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False, cwd=ROOT)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def _commit() -> str:
    name = _printed(["git", "rev-parse", "--short", "HEAD"])
    changed = _printed(["git", "status", "--porcelain", "--untracked-files=no", "app"])
    return name if changed == "unknown" else f"{name}, with changes in app/ that are not committed"


def _file_system(path: str) -> str:
    line = _printed(["df", "--output=fstype,source", str(Path(path).resolve())]).splitlines()[-1]
    return " ".join(line.split())
