"""Moving a gateway to another database: everything is looked at first, copied in small transactions, compared at the end.

Nothing half copied passes for a gateway's database: until all tables have been compared the new one says that it is being
filled, and no gateway starts on it. Type the same command again and it begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from app.core.errors import CallgateError, RequestError
from app.storage.database import schema
from app.storage.database.db import Database, Transaction, database_time
from app.storage.database.row_copies import (
    RawRow,
    StoredTable,
    Tally,
    batches,
    begin_filling,
    columns_of,
    count_rows,
    delete_all_rows,
    end_filling,
    filled_tables,
    go_on_numbering,
    is_still_filling,
    other_tables,
    raw_rows,
    tally,
    write_batch,
)
from app.storage.database.use_by_others import use_by_others
from app.storage.queue.backlog import count_running
from app.storage.tables import metadata

Progress = Callable[[str, int], None]
"""Told the name of a table and how many more of its rows are done: copied, and later compared."""

NAMED_AT_MOST = 5


class CopyFault(CallgateError):
    """Why nothing was copied, or why what was copied is not taken."""

    def __init__(self, message: str):
        super().__init__("copy_refused", message)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be copied: the rows of each table, in the order in which tables are filled, and what is to be known before."""

    rows: Mapping[str, int]
    is_anew: bool
    """Whether an earlier copy into the same database ended too soon; what it wrote is deleted."""
    left_out: Sequence[str]
    """Tables beside the gateway's own, which stay where they are."""
    in_use: Sequence[str]
    """What says that somebody else has one of the databases open."""

    @property
    def total(self) -> int:
        """Return how many rows there are."""
        return sum(self.rows.values())


@dataclass
class DatabaseCopy:
    """One move from a database to another one, both open."""

    source: Database
    target: Database
    tables: Sequence[StoredTable] = field(default_factory=lambda: metadata.sorted_tables)

    def plan(self) -> Plan:
        """Look at both databases and change nothing; raises CopyFault with the first thing that stands against a copy."""
        if _place(self.source) == _place(self.target):
            raise CopyFault("Both addresses are of the same database.")
        in_use = []
        for name, database in (("The old database", self.source), ("The new database", self.target)):
            if not database.is_reachable():
                raise CopyFault(
                    f"{name} cannot be reached: look at its address, at user and password, and whether its server runs."
                )
            if found := use_by_others(database):
                in_use.append(f"{name}: {found}")
        self._check_source()
        is_anew = self._check_target()
        with self.source.read() as tx:
            rows = {each.name: count_rows(tx, each) for each in self.tables}
            left_out = other_tables(tx, self.tables)
            running = count_running(tx, database_time(tx))
        if running:
            in_use.append(
                f"The old database: {running} dispatches are running, or their process has just died"
            )
        return Plan(rows, is_anew, left_out, in_use)

    def run(self, on_progress: Progress) -> Mapping[str, Tally]:
        """Copy all rows and compare them.

        1. Mark the new database as being filled, and empty it of what an earlier copy left.
        2. Copy table by table, those that others refer to first.
        3. Have new rows numbered behind the copied ones.
        4. Compare every table, and take the mark away.
        """
        mark = self._begin()
        for each in self.tables:
            self._copy(each, mark, on_progress)
        self.target.run(self._go_on_numbering)
        compared = {each.name: self._compare(each, on_progress) for each in self.tables}
        if not self.target.run(lambda tx: end_filling(tx, mark, schema.newest_revision())):
            raise _overtaken()
        return compared

    def _check_source(self) -> None:
        fault = schema.tables_fault(self.source) or _other_version(self.source)
        if fault:
            raise CopyFault(f"The old database cannot be copied. {fault}")

    def _check_target(self) -> bool:
        """Return whether it holds an unfinished copy."""
        if schema.is_being_filled(schema.current_revision(self.target)):
            return True
        fault = schema.tables_fault(self.target) or _other_version(self.target)
        if fault:
            raise CopyFault(
                f"The new database is not ready: {fault} Type that with DATABASE_URL set to the new address."
            )
        with self.target.read() as tx:
            filled = filled_tables(tx, self.tables)
        if filled:
            more = f" and {len(filled) - NAMED_AT_MOST} more" if len(filled) > NAMED_AT_MOST else ""
            raise CopyFault(
                f"The new database is not empty: there are rows in {', '.join(filled[:NAMED_AT_MOST])}{more}. Copy into a "
                "database of its own, whose tables `flask db upgrade` has just made."
            )
        return False

    def _begin(self) -> str:
        mark = self.target.run(begin_filling)
        for each in reversed(self.tables):
            self._change(mark, partial(delete_all_rows, rows_of=each))
        return mark

    def _go_on_numbering(self, tx: Transaction) -> None:
        for each in self.tables:
            go_on_numbering(tx, each)

    def _copy(self, rows_of: StoredTable, mark: str, on_progress: Progress) -> None:
        with self.source.read() as reading:
            for batch in batches(raw_rows(reading, rows_of)):
                self._write(rows_of, batch, mark)
                on_progress(rows_of.name, len(batch))

    def _write(self, rows_of: StoredTable, batch: Sequence[RawRow], mark: str) -> None:
        try:
            self._change(mark, partial(write_batch, rows_of=rows_of, batch=batch))
        except RequestError:
            if len(batch) == 1:
                raise CopyFault(_refused_row(rows_of, batch[0])) from None
            for row in batch:
                self._write(rows_of, [row], mark)
            raise

    def _change(self, mark: str, work: Callable[[Transaction], None]) -> None:
        """Change the new database, as long as nobody else fills it."""

        def marked(tx: Transaction) -> None:
            if not is_still_filling(tx, mark):
                raise _overtaken()
            work(tx)

        self.target.run(marked)

    def _compare(self, rows_of: StoredTable, on_progress: Progress) -> Tally:
        with self.source.read() as tx:
            wanted = tally(tx, rows_of)
        with self.target.read() as tx:
            found = tally(tx, rows_of)
        if found != wanted:
            raise CopyFault(
                f"{rows_of.name} differs: {wanted.rows} rows in the old database, {found.rows} in the new one, sums "
                f"{wanted.digest} and {found.digest}. Something wrote meanwhile. Stop every gateway and worker, then type the "
                "same command again."
            )
        on_progress(rows_of.name, found.rows)
        return found


def _place(database: Database) -> tuple[object, ...]:
    url = database.engine.url
    return url.get_backend_name(), url.host, url.port, url.database


def _other_version(database: Database) -> str | None:
    now, newest = schema.current_revision(database), schema.newest_revision()
    return None if now == newest else f"Its tables are at {now}, and this code's are {newest}."


def _overtaken() -> CopyFault:
    return CopyFault(
        "Another `flask db copy` into the same database has begun meanwhile; this one leaves it to that."
    )


def _refused_row(rows_of: StoredTable, row: RawRow) -> str:
    named = dict(zip(columns_of(rows_of), row, strict=True))
    key = ", ".join(f"{each.name} {named[each.name]!r}" for each in rows_of.primary_key)
    return (
        f"A row of {rows_of.name} ({key}) cannot be stored in the new database: a text in it is too long or holds what that "
        "database takes nowhere. Mend or delete it in the old one, then type the same command again."
    )
