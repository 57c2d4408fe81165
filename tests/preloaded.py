"""A process that has loaded what a gateway's programs load, and becomes one of them whenever it is asked: a fork of it does.

It is started by tests/programs.py and ends with it. Nothing of the tests may be loaded here, and nothing may run yet.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import runpy
import select
import socket
import sys
from collections.abc import Mapping
from typing import Any

ALSO_LOADED = (
    "alembic.command",
    "billiard.pool",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.concurrency.thread",
    "celery.worker.worker",
    "flask.cli",
    "granian.server.mp",
    "granian.wsgi",
    "kombu.transport.pyamqp",
    "kombu.transport.redis",
    "psycopg",
    "pymysql",
    "sqlalchemy.dialects.mysql.pymysql",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
)
PLATFORMS = "app.platforms."
"""Platforms are loaded by the programs themselves, when a channel names one."""
MOST_BYTES = 1_000_000


def load() -> None:
    """Import all of the gateway and the packages it works with."""
    app = importlib.import_module("app")
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if not module.name.startswith(PLATFORMS):
            importlib.import_module(module.name)
    for name in ALSO_LOADED:
        importlib.import_module(name)


def become_programs(asked: socket.socket) -> list[str]:
    """Fork for each order; returns in the fork, with the words of its program, or exits when nobody asks any more."""
    children: dict[int, tuple[int, int]] = {}
    question = asked.fileno()
    while True:
        for ready in select.select([question, *children], [], [])[0]:
            if ready != question:
                pid, told = children.pop(ready)
                os.write(told, str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
                os.close(told)
                os.close(ready)
                continue
            content, files, _, _ = socket.recv_fds(asked, MOST_BYTES, 3)
            if not content:
                raise SystemExit
            order = json.loads(content)
            out, error, told = files
            pid = _fork(asked, (out, error), order)
            if not pid:
                for watched, (_, status) in children.items():
                    os.close(watched)
                    os.close(status)
                os.close(told)
                return list(order["words"])
            os.close(out)
            os.close(error)
            children[os.pidfd_open(pid)] = (pid, told)
            asked.send(str(pid).encode())


def _fork(asked: socket.socket, files: tuple[int, int], order: Mapping[str, Any]) -> int:
    """Return the process that was made, once it leads a session of its own; 0 in that process."""
    read, written = os.pipe()
    if pid := os.fork():
        os.close(written)
        os.read(read, 1)
        os.close(read)
        return pid
    os.setsid()
    os.close(read)
    os.close(written)
    asked.close()
    for number, file in enumerate(files, start=1):
        os.dup2(file, number)
        os.close(file)
    os.sched_setaffinity(0, order["cores"])
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    places = order["environment"].get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [order["folder"], *filter(None, places), *_installed]
    importlib.invalidate_caches()
    return 0


_installed = [place for place in sys.path if place not in os.environ["PYTHONPATH"].split(os.pathsep)]

if __name__ == "__main__":
    load()
    words = become_programs(socket.socket(fileno=int(sys.argv[1])))
    sys.argv[:] = words
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)
