"""The connections of a database: a few are kept between transactions, the others come from SQLAlchemy's pool.

What the pool does for each transaction costs more than a small commit: why there is anything beside it is in
docs/decisions/0022-kept-connections.md. No transaction is opened here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Pool

MOST_KEPT = 4
KEPT_SECONDS = 1.0


class KeptConnections:
    """Lends connections; what is lent while they are all closed ends when it comes back.

    `from_pool` takes one from SQLAlchemy's pool, which asks the database first whether it still stands.
    """

    def __init__(self, from_pool: Callable[[], Connection]):
        self._from_pool = from_pool
        self._guard = threading.Lock()
        self._kept: list[tuple[Connection, float]] = []
        self._closings = 0
        self._lent: dict[Connection, tuple[int, Pool]] = {}
        """Each connection in use, how often all had been closed when it was opened, and the pool it is from."""

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
        """Close what is kept, and what is in use as soon as it is not; the pool is closed by its owner, afterwards."""
        with self._guard:
            self._closings += 1
            kept, self._kept = self._kept, []
        for connection, _ in kept:
            connection.detach()
            connection.close()

    def _take(self) -> Connection:
        with self._guard:
            if not self._kept:
                found, since = None, 0.0
            else:
                found, since = self._kept.pop()
                self._lent[found] = self._closings, found.engine.pool
        if found is None:
            return self._open()
        if time.monotonic() - since < KEPT_SECONDS:
            return found
        self._give_up(found)
        return self._open()

    def _put_back(self, connection: Connection) -> None:
        with self._guard:
            is_kept = len(self._kept) < MOST_KEPT and self._lent[connection][0] == self._closings
            if is_kept:
                del self._lent[connection]
                self._kept.append((connection, time.monotonic()))
        if not is_kept:
            self._give_up(connection)

    def _open(self) -> Connection:
        closings = self._closings
        connection = self._from_pool()
        self._lent[connection] = closings, connection.engine.pool
        return connection

    def _give_up(self, connection: Connection) -> None:
        """Give a connection back to the pool; one that was in use during `close` has no pool any more and ends."""
        closings, pool = self._lent.pop(connection)
        has_pool = closings == self._closings
        if not has_pool and not connection.closed and not connection.invalidated:
            connection.detach()
        connection.close()
        if has_pool and closings != self._closings:
            # All were closed in between: it lies in a pool that nobody looks into any more.
            pool.dispose()
