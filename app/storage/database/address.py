"""Reads DATABASE_URL as people write it: the usual names of the three databases, numbers in its query. Opens nothing."""

from __future__ import annotations

import inspect
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.core.errors import ConfigurationError

DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgres+psycopg": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "postgres+psycopg2": "postgresql+psycopg",
    "postgresql+psycopg2": "postgresql+psycopg",
    "psql": "postgresql+psycopg",
    "pgsql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mysql2": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mysql+mysqldb": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
    "mariadb+mysqldb": "mysql+pymysql",
}
"""What stands before :// in addresses of hosting companies and other programs, and the driver that is used here."""

FORMS = "sqlite:///var/callgate.db, postgresql://user:password@host:5432/name or mysql://user:password@host:3306/name"
MOST_KIND = 40
PREPARE_THRESHOLD = "prepare_threshold"
PGBOUNCER = "pgbouncer"
"""How addresses of hosting companies say that PgBouncer is in front; no driver knows the word."""

NEVER = ("none", "never", "off", "")
TRUE = ("1", "true", "yes", "on")
NOT_FOR_ADDRESSES = frozenset({"autocommit", "conv", "cursorclass", "defer_connect", "passwd", "db"})
"""What the driver would take and the gateway could not live with."""

TEXT = frozenset({"host", "port", "dbname", "user", "password", "charset"})
"""What stays text although it is a number."""

NUMBERS = frozenset(
    {
        "connect_timeout",
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        PREPARE_THRESHOLD,
        "read_timeout",
        "write_timeout",
        "max_allowed_packet",
    }
)
"""What the drivers take as a whole number only; with any other text each connection fails as if the database were away."""

MADE_BY_SQLALCHEMY = ("ssl_capath", "ssl_cipher", "ssl_check_hostname")


class DatabaseAddress:
    """One address that can be used: what SQLAlchemy takes, and the query's numbers as the driver wants them."""

    def __init__(self, written: str):
        """Read it; raises ConfigurationError with one sentence, which never shows the address because of its password."""
        self.url = _url(written)
        self.backend = self.url.get_backend_name()
        self.arguments: dict[str, Any] = {}
        if self.backend != "sqlite":
            self._take_out_numbers()
            _check_driver_takes(self)

    @property
    def says_when_to_prepare(self) -> bool:
        """Whether the operator wrote after how many uses a statement is prepared."""
        return PREPARE_THRESHOLD in self.arguments

    def _take_out_numbers(self) -> None:
        for name, value in self.url.query.items():
            if (
                isinstance(value, str)
                and value.isascii()
                and value.isdigit()
                and name not in TEXT | {PGBOUNCER}
            ):
                self.arguments[name] = int(value)
        threshold = self.url.query.get(PREPARE_THRESHOLD)
        if str(self.url.query.get(PGBOUNCER)).lower() in TRUE or (
            str(threshold).lower() in NEVER and threshold is not None
        ):
            self.arguments[PREPARE_THRESHOLD] = None
        self.url = self.url.difference_update_query([*self.arguments, PGBOUNCER])


def _url(written: str) -> URL:
    kind, separator, _ = written.strip().partition("://")
    driver = DRIVERS.get(kind.lower())
    if not separator or driver is None:
        is_a_name = separator and len(kind) <= MOST_KIND and kind.isprintable()
        named = f"{kind!r} is" if is_a_name else "it begins with"
        raise _fault(f"{named} no database that this gateway knows; write {FORMS}")
    try:
        return make_url(written.strip()).set(drivername=driver)
    except (ArgumentError, ValueError):
        raise _fault(
            "it cannot be read; the port is a number, and @ : / ? # % in a password are written as "
            f"%40 %3A %2F %3F %23 %25. Write {FORMS}"
        ) from None


def _check_driver_takes(address: DatabaseAddress) -> None:
    """Say now what each connection would say: the driver is not installed, or does not know a name in the query."""
    driver, options = (
        ("psycopg", _psycopg_options) if address.backend == "postgresql" else ("PyMySQL", _pymysql_options)
    )
    try:
        known = options()
    except ImportError:
        raise _fault(f"{driver} is not installed: pip install -r requirements-scale.txt") from None
    unknown = sorted({*address.url.query, *address.arguments} - (known - NOT_FOR_ADDRESSES))
    if unknown:
        names = ", ".join(name if name.isidentifier() else repr(name) for name in unknown)
        raise _fault(f"{driver} does not take {names} behind the ? of the address; delete it")
    if wrong := sorted(NUMBERS.intersection(address.url.query)):
        raise _fault(f"{', '.join(wrong)} behind the ? of the address must be a whole number")


def _psycopg_options() -> set[str]:
    from psycopg.pq import Conninfo

    return {each.keyword.decode() for each in Conninfo.get_defaults()} | {PREPARE_THRESHOLD}


def _pymysql_options() -> set[str]:
    import pymysql

    return {*inspect.signature(pymysql.connect).parameters, *MADE_BY_SQLALCHEMY}


def _fault(reason: str) -> ConfigurationError:
    return ConfigurationError([f"DATABASE_URL: {reason}."])
