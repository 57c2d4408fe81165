"""Growth: the same ingest into an empty table and beside millions of stored events, in turns."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench import generators, servers, signing
from bench.cases import sample_of
from bench.load import Result, together
from bench.samples import Bench, Sample
from bench.servers import GatewayOptions, Server
from bench.stores import TITLES, Store

BATCH = 500_000
START = 1_000_000_000_000
"""The first filled id in milliseconds: long ago, so that new ids come behind all of them, as they do in time."""

DAYS, MOST = 25, 20_000_000
"""Filled events lie within the last days, none so old that retention would take it while we measure."""

SPAN = DAYS * 86_400_000
STEP = SPAN // MOST

ROWS = {
    "postgresql": f"""
        SELECT lpad(to_hex({START} + n), 12, '0') || substr(md5(n::text), 1, 20) AS id, md5(n::text) AS k,
          ((extract(epoch FROM now()) * 1000)::bigint - {SPAN}::bigint + n * {STEP}) * 1000 AS received,
          convert_to(repeat('x', {{body}}), 'UTF8') AS body, convert_to('', 'UTF8') AS blank, n
        FROM generate_series({{first}}, {{last}}::bigint) AS s(n)""",
    "mariadb": f"""
        SELECT concat(lpad(lower(hex({START} + seq)), 12, '0'), substr(md5(seq), 1, 20)) AS id, md5(seq) AS k,
          (CAST(unix_timestamp() * 1000 AS SIGNED) - {SPAN} + seq * {STEP}) * 1000 AS received,
          repeat('x', {{body}}) AS body, '' AS blank, seq AS n
        FROM seq_{{first}}_to_{{last}}""",
    "sqlite": f"""
        SELECT printf('%012x%020x', {START} + n, n) AS id,
          printf('%08x%024x', n * 2654435761 % 4294967296, n) AS k,
          (CAST(strftime('%s', 'now') AS INTEGER) * 1000 - {SPAN} + n * {STEP}) * 1000 AS received,
          zeroblob({{body}}) AS body, zeroblob(0) AS blank, n
        FROM (WITH RECURSIVE c(n) AS (SELECT {{first}} UNION ALL SELECT n + 1 FROM c WHERE n < {{last}})
          SELECT n FROM c)""",
}
"""Numbered rows as each database makes them fastest; the keys fall all over the index, and a batch goes in by key to be quick."""

INSERTS = (
    """INSERT INTO events (id, channel, platform, type, {q}key{q}, claim, subject, state, duplicates, received_at,
      remote_addr, scheme, version, query_string, headers, body, data)
    SELECT id, 'callback', 'callback', 'bench_event', k, k, 'user_1', 'succeeded', 0, received,
      '127.0.0.1', 'filled', 'v1', blank, blank, body, body FROM ({rows}) AS made ORDER BY k""",
    """INSERT INTO dispatches (id, event_id, route, state, attempt, finished_at)
    SELECT id, id, 'bench.handlers.take_callback', 'succeeded', 1, received + 2000
    FROM ({rows}) AS made""",
    """INSERT INTO attempts (dispatch_id, number, started_at, duration_ms, outcome, {q}trigger{q})
    SELECT id, 1, received, 2, 'succeeded', 'automatic' FROM ({rows}) AS made""",
)
QUICKLY = {
    "postgresql": ("SET session_replication_role = replica", "SET synchronous_commit = off"),
    "mariadb": ("SET foreign_key_checks = 0",),
    "sqlite": ("PRAGMA synchronous = OFF", "PRAGMA cache_size = -500000"),
}
"""For the connection that fills only: every row refers to one made right before it, so nothing is looked up."""

ROOM = {
    "mariadb": {
        "innodb_buffer_pool_size": 2 << 30,
        "innodb_log_file_size": 1 << 30,
        "innodb_io_capacity": 2_000,
    }
}
"""For the whole server while it is filled, put back before anything is measured; none of them concerns durability."""

TIDY = {
    "postgresql": (
        "VACUUM ANALYZE events",
        "VACUUM ANALYZE dispatches",
        "VACUUM ANALYZE queue",
        "VACUUM ANALYZE attempts",
        "CHECKPOINT",
    ),
    "mariadb": ("ANALYZE TABLE events, dispatches, queue, attempts",),
    "sqlite": ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"),
}


def fill(store: Store, *, upto: int, body: int) -> None:
    """Bring the filled events to that number, each with a succeeded dispatch and its attempt; none is taken away."""
    done = store.filled
    if done >= upto:
        return
    quote = "`" if store.kind == "mariadb" else '"'
    with store.server_settings(ROOM.get(store.kind, {})):
        for first in range(done + 1, upto + 1, BATCH):
            rows = ROWS[store.kind].format(first=first, last=min(first + BATCH - 1, upto), body=body)
            store.execute(*QUICKLY[store.kind], *(insert.format(q=quote, rows=rows) for insert in INSERTS))
    store.execute(*TIDY[store.kind])
    # Gigabytes that were only written to memory would reach the disk during the first minute that is measured.
    os.sync()
    store.filled = upto


FILLED = "growth-full"
SLICES, QUICK_SLICES = 8, 2
"""Of a round; one more before them warms up and is not counted."""

PAUSE_SECONDS = 0.3
"""Before a slice, so that what the other database still had to write is written."""


@dataclass(frozen=True)
class Growth:
    """Ingest beside that many stored events, against an empty table measured in turns with it.

    The filled database goes on to the next number, until the last one.
    """

    store: str
    stored: int
    is_last: bool = False

    @property
    def key(self) -> str:
        """Name it, as --only takes it."""
        return f"growth-{self.store}-{self.stored}"

    @property
    def title(self) -> str:
        """Say what is measured."""
        return f"{TITLES[self.store]}: {self.stored:,} events stored"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Load two gateways in turns, one over each table; another one begins in every second round."""
        empty = bench.store(self.store, f"growth-empty-{self.stored}")
        full = bench.store(self.store, FILLED)
        fill(full, upto=self.stored, body=bench.scale.growth_body)
        options = GatewayOptions(engine=False)
        with (
            servers.gateway(bench.folder, empty.url, options) as beside_nothing,
            servers.gateway(bench.folder, full.url, options) as beside_many,
        ):
            pair = [beside_nothing, beside_many]
            results = self._in_turns(bench, pair if number % 2 == 0 else pair[::-1], number)
            sample = sample_of(results[beside_many], beside_many)
        other = results[beside_nothing]
        sample.bad += other.bad
        sample.values["empty_rate"] = other.per_second
        sample.values["share"] = sample.values["rate"] / other.per_second if other.per_second else 0.0
        sample.values["megabytes"] = full.bytes_on_disk() / 1e6
        return sample

    def _in_turns(self, bench: Bench, pair: Sequence[Server], number: int) -> dict[Server, Result]:
        """Send to one and to the other, a slice each time: the machine's own pace changes within seconds."""
        parts: dict[Server, list[Result]] = {server: [] for server in pair}
        slices = QUICK_SLICES if bench.scale.is_quick else SLICES
        size = -(-bench.scale.requests // slices)
        for at in range(slices + 1):
            for server in pair if at % 2 == 0 else reversed(pair):
                name = f"{self.key}/{server.port}/{number}/{at}"
                requests = signing.signed("callback", name, size)
                time.sleep(PAUSE_SECONDS)
                parts[server].append(run_slice(bench, server, requests))
        return {server: together(results[1:]) for server, results in parts.items()}

    def finish(self, bench: Bench) -> None:
        """Give the room back once no larger number of this database follows."""
        bench.forget(self.store, f"growth-empty-{self.stored}")
        if self.is_last:
            bench.forget(self.store, FILLED)


def run_slice(bench: Bench, server: Server, requests: Sequence[bytes]) -> Result:
    """Load one of the two for a moment."""
    scale = bench.scale
    return generators.run(server.port, requests, connections=scale.connections, seconds=scale.seconds)
