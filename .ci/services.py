"""Shows which of the services that tests can use answer, and can wait for all of them."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
MARIADB = os.environ.get("TEST_MARIADB_URL", "mysql+pymysql://root@127.0.0.1:3306/test")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
AMQP = os.environ.get("TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//")
CHROMIUM = os.environ.get("CHROMIUM")


def ask_database(url: str) -> None:
    """Connect and ask a trivial question."""
    from sqlalchemy import create_engine

    engine = create_engine(url, connect_args={"connect_timeout": 3})
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()


def ask_redis() -> None:
    """Send a PING."""
    import redis

    with redis.Redis.from_url(REDIS, socket_connect_timeout=3, socket_timeout=3) as client:
        client.ping()


def ask_broker() -> None:
    """Log in to the broker."""
    from kombu import Connection

    with Connection(AMQP, connect_timeout=3) as connection:
        connection.connect()


def find_chromium() -> None:
    """Look for the program; it is started by the tests that need it."""
    places = [CHROMIUM] if CHROMIUM else ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"]
    if not any(os.access(place, os.X_OK) for place in places):
        raise FileNotFoundError(f"{' or '.join(places)} is not installed")


def find_program(name: str) -> None:
    """Look for a program; the tests that need it start one of their own."""
    if shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        raise FileNotFoundError(f"{name} is not installed")


SERVICES: dict[str, Callable[[], None]] = {
    "PostgreSQL": lambda: ask_database(POSTGRES),
    "MariaDB": lambda: ask_database(MARIADB),
    "Redis": ask_redis,
    "RabbitMQ": ask_broker,
    "Chromium": find_chromium,
    "PgBouncer": lambda: find_program("pgbouncer"),
    "nginx": lambda: find_program("nginx"),
    "Caddy": lambda: find_program("caddy"),
}


def fault(ask: Callable[[], None]) -> str | None:
    """Return why a service does not answer, in one line, or None when it does."""
    try:
        ask()
    except Exception as error:  # noqa: BLE001  Every driver has errors of its own; all mean the same here.
        return next(iter(str(error).splitlines()), "") or type(error).__name__
    return None


def faults_after(seconds: float) -> dict[str, str]:
    """Ask the silent services again until all answer or the time is up; return what is still wrong."""
    deadline = time.monotonic() + seconds
    silent = dict(SERVICES)
    while True:
        faults = {name: reason for name, ask in silent.items() if (reason := fault(ask)) is not None}
        if not faults or time.monotonic() >= deadline:
            return faults
        silent = {name: SERVICES[name] for name in faults}
        time.sleep(0.5)


def main() -> int:
    """Print one line for each service; exit 1 when all were required and one is missing."""
    parser = argparse.ArgumentParser(description=__doc__, prog=Path(__file__).name)
    parser.add_argument(
        "--wait", type=float, default=0, metavar="SECONDS", help="how long to wait for all of them"
    )
    parser.add_argument("--require", action="store_true", help="fail when one does not answer")
    options = parser.parse_args()
    faults = faults_after(options.wait)
    for name in SERVICES:
        print(f"  {name:<11} {'does not answer: ' + faults[name] if name in faults else 'answers'}")
    return 1 if options.require and faults else 0


if __name__ == "__main__":
    sys.exit(main())
