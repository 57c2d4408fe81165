"""What a run was made on: without it no figure means anything."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.servers import ROOT, webhook_program
from bench.stores import durability

PACKAGES = ("granian", "flask", "sqlalchemy", "psycopg", "pymysql", "gunicorn", "lark-oapi", "wechatpy")


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
    facts["webhook"] = (
        _printed([webhook_program() or "", "-version"]) if webhook_program() else "not installed"
    )
    return facts


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
