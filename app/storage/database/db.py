"""The database: engine, column types, transactions. The only file that opens or commits one.

Storage functions take the open transaction first and never commit; pipelines open it with `database.begin()`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    create_engine,
    event,
    literal,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.core.errors import RequestError, StoreUnavailable
from app.storage.database.address import DatabaseAddress
from app.storage.database.engine_options import (
    WRITER_WAIT_SECONDS,
    engine_options,
    keep_file_private,
    prepare_nothing_behind_poolers,
)
from app.storage.database.kept_connections import KeptConnections

T = TypeVar("T")
StoredRow = Row[Any]
"""A row as storage functions return it."""

Transaction = Connection
"""An open transaction, as pipelines and handlers know it."""

LONGEST_BLOB = 2**32 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOG_PAGES = 1_000
LONGEST_LOG_PAGES = 20_000
DEADLOCK_CODES = {"40001", "40P01", "1213", "1205"}
DEADLOCK_TRIES = 5
MICROSECONDS_NOW = {
    "postgresql": "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)",
    "mysql": "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
    "mariadb": "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
    "sqlite": "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000",
}

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Blob = LargeBinary().with_variant(LargeBinary(LONGEST_BLOB), "mysql", "mariadb")
"""Bytes of any length; plain BLOB ends at 64 KiB on MariaDB, and with this length it is a LONGBLOB."""


def microseconds(moment: datetime) -> int:
    """Return whole microseconds since 1970."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time, kept as whole microseconds since 1970 so that all three databases agree."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return microseconds."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return an aware time."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class ExactText(TypeDecorator[str]):
    """Text compared byte by byte: case, accents and trailing blanks all count, on every database."""

    impl = String
    cache_ok = True

    def __init__(self, length: int):
        super().__init__(length)
        self._length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        """Choose a binary collation without padding where the database would fold letters."""
        if dialect.name not in ("mysql", "mariadb"):
            return dialect.type_descriptor(String(self._length))
        from sqlalchemy.dialects import mysql

        nopad = "utf8mb4_nopad_bin" if getattr(dialect, "is_mariadb", False) else "utf8mb4_0900_bin"
        return dialect.type_descriptor(mysql.VARCHAR(self._length, charset="utf8mb4", collation=nopad))


class Database:
    """One engine and its transactions.

    SQLite allows one writer; threads queue here for it instead of napping inside SQLite. An address that cannot be read
    is a ConfigurationError.
    """

    def __init__(self, url: str, *, pool_size: int = 20):
        address = DatabaseAddress(url)
        self.backend = address.backend
        self.is_sqlite = self.backend == "sqlite"
        self._writer = threading.RLock() if self.is_sqlite else None
        options = engine_options(address, pool_size=pool_size)
        self.engine: Engine = create_engine(address.url, hide_parameters=True, **options)
        prepare_nothing_behind_poolers(self.engine, address)
        keep_file_private(self.engine)
        self.commits = 0
        self._log_pages = LOG_PAGES
        self._connections = KeptConnections(self.engine)
        if self.is_sqlite:
            event.listen(self.engine, "connect", self._prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a transaction that commits at the end of the block; raises StoreUnavailable when it cannot."""
        with self.only_writer(), _translated(), self._connections.recent() as connection:
            with connection.begin():
                yield connection
            self.commits += 1

    @contextmanager
    def only_writer(self) -> Iterator[None]:
        """Keep the other threads of this process from writing to SQLite; the other databases need nobody to wait."""
        if self._writer is not None and not self._writer.acquire(timeout=WRITER_WAIT_SECONDS):
            raise StoreUnavailable
        try:
            yield
        finally:
            if self._writer is not None:
                self._writer.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction for reading; it holds no write lock."""
        with _translated(), self._connections.checked() as connection:
            yield connection.execution_options(callgate_read_only=True)

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction, again from the start when the database chose it as a deadlock's victim."""
        for tries_left in reversed(range(DEADLOCK_TRIES)):
            try:
                with self.begin() as tx:
                    return work(tx)
            except StoreUnavailable as error:
                if not tries_left or not _is_deadlock(error.__cause__):
                    raise
        raise StoreUnavailable

    def run_alone(self, statement: str) -> None:
        """Run a statement that the database takes outside of transactions only."""
        with _translated(), self.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(statement)

    def is_reachable(self) -> bool:
        """Say whether the store answers a trivial question."""
        try:
            with self.read() as tx:
                tx.exec_driver_sql("SELECT 1")
        except StoreUnavailable:
            return False
        return True

    def leave_the_log(self) -> None:
        """Have commits leave SQLite's log to a thread that copies it (storage/database/write_ahead_log.py), unless it lags far behind."""
        self._log_pages = LONGEST_LOG_PAGES
        self.close()

    def _prepare_sqlite(self, connection: Any, _record: object) -> None:
        """Set a new connection up; a statement of many rows would put what it may have to undo into a file."""
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA wal_autocheckpoint={self._log_pages}")

    def close(self) -> None:
        """Close every connection, those in use as soon as they are not; what comes later opens new ones."""
        pool = self.engine.pool
        # Replaced before it is emptied: what comes back afterwards sees that nobody looks into the old one any more.
        self.engine.dispose(close=False)
        pool.dispose()
        self._connections.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: an upgrade half-way could fail without a chance to wait."""
    read_only = connection.get_execution_options().get("callgate_read_only")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise StoreUnavailable from error
    except DataError as error:
        # Only PostgreSQL and MariaDB object; on SQLite such a value finds nothing, or is kept as it is.
        raise RequestError(
            "unstorable_value",
            "A value cannot be stored or looked up: it holds a NUL byte or half a character, or is too long.",
        ) from error
    except DBAPIError as error:
        if error.connection_invalidated or _is_deadlock(error):
            raise StoreUnavailable from error
        raise


def _is_deadlock(error: BaseException | None) -> bool:
    """Look through an error and what it hides: MariaDB's victim has no savepoint to go back to, which is an error again."""
    while error is not None:
        original = getattr(error, "orig", None)
        if original is not None:
            code = getattr(original, "sqlstate", None) or (original.args[0] if original.args else "")
            if str(code) in DEADLOCK_CODES:
                return True
        error = error.__context__
    return False


@cache
def own_insert(dialect: str) -> Callable[[Table], Any] | None:
    """Return a dialect's own INSERT, which knows what to do on a conflict; None where it has none that is exact.

    A dialect takes 15 ms to load, and a process needs one of them.
    """
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert

        return insert
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        return sqlite_insert
    return None


def insert_once(tx: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless a unique constraint objects; return whether it was inserted.

    The constraint, not a look-up before it, decides who wins a race. PostgreSQL and SQLite have a clause for it;
    MariaDB's nearest one hides other faults too, so there a savepoint is used.
    """
    insert = own_insert(tx.dialect.name)
    if insert is not None:
        statement = insert(table).values(**values).on_conflict_do_nothing().returning(literal(1))
        return tx.execute(statement).first() is not None
    try:
        with tx.begin_nested():
            tx.execute(table.insert().values(**values))
    except IntegrityError:
        return False
    return True


def supports_skip_locked(tx: Connection) -> bool:
    """Say whether rows others have locked can be stepped over."""
    return tx.dialect.name in ("postgresql", "mysql", "mariadb")


def only_by_index(tx: Connection) -> None:
    """Have PostgreSQL look up by index until the transaction ends; the other databases do, however small a table looks.

    It takes sixty ids of a table of thousands for a reason to read all of it, and keeps plans it made while it was empty.
    """
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("SET LOCAL enable_seqscan = off")


def database_time(tx: Connection) -> datetime:
    """Return the time by the database server's clock; SQLite has none of its own and shows this machine's."""
    microseconds = tx.exec_driver_sql(MICROSECONDS_NOW[tx.dialect.name]).scalar_one()
    return EPOCH + timedelta(microseconds=int(microseconds))
