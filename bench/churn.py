"""`python -m bench.churn`: many events through one gateway on PostgreSQL, and what each step leaves behind in its tables.

Prints a line for each step: the rate, the CPU time of the gateway and of its connections at the server for a thousand
events, dead rows, the share of updates that were HOT, sequential scans, and the room the tables take. The database server
is on this machine (BENCH_POSTGRES_URL). With `--no-autovacuum` nothing but the gateway looks after the tables.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import servers, signing
from bench.load import run
from bench.samples import Bench, Scale
from bench.servers import GatewayOptions, Server
from bench.stores import Store, wait_until_done
from bench.usage import cpu_seconds

CONNECTIONS = 64
MOST_SECONDS = 600.0
SETTLE_SECONDS = 1.5
"""A connection tells the server's statistics what it did once a second at most."""

COUNTED = "n_dead_tup", "n_tup_upd", "n_tup_hot_upd", "seq_scan", "seq_tup_read"
HEADER = "events    rate/s  gateway ms  server ms   dead rows  HOT of updates  seq scans      rows  MB"


@dataclass(frozen=True)
class Counts:
    """What has been counted since the database was made."""

    gateway_seconds: float
    server_seconds: float
    tables: dict[str, int]


def main(words: Sequence[str] | None = None) -> None:
    """Send the events step by step and print what each step cost and left."""
    parser = argparse.ArgumentParser(prog="python -m bench.churn", description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--step", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--no-autovacuum", action="store_true")
    chosen = parser.parse_args(words)
    with _gateway(chosen.workers) as (store, server):
        if chosen.no_autovacuum:
            _leave_alone(store)
        print(HEADER)
        for done in range(0, chosen.events, chosen.step):
            print(_step(store, server, done, chosen.step), flush=True)
        print("\n".join(_table_lines(store)))


@contextmanager
def _gateway(workers: int) -> Iterator[tuple[Store, Server]]:
    with tempfile.TemporaryDirectory(prefix="churn-") as folder:
        bench = Bench(Path(folder), Scale())
        try:
            store = bench.store("postgresql", "churn")
            options = GatewayOptions(engine=True, workers=workers)
            with servers.gateway(bench.folder, store.url, options) as server:
                yield store, server
        finally:
            bench.close()


def _leave_alone(store: Store) -> None:
    names = "SELECT string_agg(relname, ' ') FROM pg_stat_user_tables"
    with store.engine.connect() as connection:
        tables = str(connection.exec_driver_sql(names).scalar_one()).split()
    store.execute(*(f"ALTER TABLE {table} SET (autovacuum_enabled = false)" for table in tables))


def _step(store: Store, server: Server, done: int, size: int) -> str:
    requests = signing.signed("callback", f"churn/{done}", size)
    before, began = _counts(store, server), time.perf_counter()
    result = run(server.port, requests, connections=CONNECTIONS, seconds=MOST_SECONDS)
    wait_until_done(store)
    rate = result.good / (time.perf_counter() - began)
    time.sleep(SETTLE_SECONDS)
    after = _counts(store, server)
    gateway = (after.gateway_seconds - before.gateway_seconds) * 1e6 / size
    database = (after.server_seconds - before.server_seconds) * 1e6 / size
    grown = {name: after.tables[name] - before.tables[name] for name in COUNTED}
    return (
        f"{done + size:<9} {rate:6.0f} {gateway:11.0f} {database:10.0f} {after.tables['n_dead_tup']:11} "
        f"{grown['n_tup_hot_upd']:7} / {grown['n_tup_upd']:<6} {grown['seq_scan']:8} {grown['seq_tup_read']:9} "
        f"{after.tables['bytes'] / 1e6:5.0f}"
    )


def _counts(store: Store, server: Server) -> Counts:
    sums = ", ".join(f"sum({name})::bigint" for name in COUNTED)
    question = f"SELECT {sums}, sum(pg_total_relation_size(relid))::bigint FROM pg_stat_user_tables"
    mine = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with store.engine.connect() as connection:
        row = connection.exec_driver_sql(question).one()
        pids = list(connection.exec_driver_sql(mine).scalars())
    tables = dict(zip((*COUNTED, "bytes"), map(int, row), strict=True))
    return Counts(cpu_seconds(server.pids()), cpu_seconds(pids), tables)


def _table_lines(store: Store) -> Iterator[str]:
    question = """
        SELECT relname, n_live_tup, n_dead_tup, n_tup_upd, n_tup_hot_upd, seq_scan, seq_tup_read,
          pg_table_size(relid) / 1e6, pg_indexes_size(relid) / 1e6
        FROM pg_stat_user_tables WHERE n_tup_ins > 0 ORDER BY relname"""
    with store.engine.connect() as connection:
        for row in connection.exec_driver_sql(question):
            yield (
                f"{row[0]}: {row[1]} rows, {row[2]} dead, {row[4]} of {row[3]} updates HOT, "
                f"{row[5]} seq scans of {row[6]} rows, {row[7]:.1f} MB and {row[8]:.1f} MB of indexes"
            )


if __name__ == "__main__":
    main()
