"""The connections of a database: a few are kept between transactions, the others come from SQLAlchemy's pool.

What the pool does for each transaction costs more than a small commit: why there is anything beside it is in
docs/decisions/0022-kept-connections.md. No transaction is opened here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, Pool

MOST_KEPT = 4
KEPT_SECONDS = 1.0


class KeptConnections:
    """Lends connections; what is lent while they are all closed ends when it comes back.

    What comes from the engine's pool was asked first whether it still stands. A pool that the engine has given up is never
    returned to: nobody looks into it any more, and what lies there would stay open.
    """

    def __init__(self, engine: Engine):
        self._engine = engine
        self._guard = threading.Lock()
        self._kept: list[tuple[Connection, Pool, float]] = []
        self._lent: dict[Connection, Pool] = {}
        """Each connection in use, and a pool it is surely not newer than."""

    @contextmanager
    def recent(self) -> Iterator[Connection]:
        """Lend a connection that was used a moment ago, or one of the pool.

        The caller ends its transaction. After an error the connection is not kept.
        """
        connection = self._take()
        try:
            yield connection
        except BaseException:
            self._give_up(connection)
            raise
        self._put_back(connection)

    @contextmanager
    def checked(self) -> Iterator[Connection]:
        """Lend a connection of the pool, and give it back there."""
        connection = self._open()
        try:
            yield connection
        finally:
            self._give_up(connection)

    def close(self) -> None:
        """Close what is kept, after the engine has given its pool up; what is in use ends as soon as it is not."""
        with self._guard:
            kept, self._kept = self._kept, []
        for connection, _, _ in kept:
            connection.detach()
            connection.close()

    def _take(self) -> Connection:
        with self._guard:
            if not self._kept:
                found, since = None, 0.0
            else:
                found, pool, since = self._kept.pop()
                self._lent[found] = pool
        if found is None:
            return self._open()
        if time.monotonic() - since < KEPT_SECONDS:
            return found
        self._give_up(found)
        return self._open()

    def _put_back(self, connection: Connection) -> None:
        with self._guard:
            pool = self._lent[connection]
            is_kept = len(self._kept) < MOST_KEPT and pool is self._engine.pool
            if is_kept:
                del self._lent[connection]
                self._kept.append((connection, pool, time.monotonic()))
        if not is_kept:
            self._give_up(connection)

    def _open(self) -> Connection:
        # Asked before: should the pool change meanwhile, the connection is taken for one of the old.
        pool = self._engine.pool
        connection = self._engine.connect()
        self._lent[connection] = pool
        return connection

    def _give_up(self, connection: Connection) -> None:
        """Give a connection back to its pool, or end it where the engine has given that up."""
        pool = self._lent.pop(connection)
        if pool is not self._engine.pool and not connection.closed and not connection.invalidated:
            connection.detach()
        connection.close()
        if pool is not self._engine.pool:
            # Given up while the connection went back there.
            pool.dispose()
