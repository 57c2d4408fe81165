"""The cases: ingest, end to end, latency at half load, and the peers beside them. Growth and logins have files of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import generators, servers, signing, usage
from bench.load import Result, run
from bench.samples import Bench, Case, Sample, Skipped
from bench.servers import GatewayOptions, Server, ServerFailed
from bench.stores import TITLES, Store, wait_until_done

WARM_UP_SHARE = 20
PLATFORMS = {
    "callback": "callback",
    "feishu": "Feishu encrypted",
    "wechat": "WeChat safe mode",
    "source": "a described source (Stripe)",
}
DESTINATION = """
[[destinations]]
name = "sink"
match = ["callback:*"]
url = "http://127.0.0.1:{port}/sink"
secret = "whsec_YmVuY2gtZGVzdGluYXRpb24tc2VjcmV0LTAwMDE="
"""


def sample_of(result: Result, server: Server, **more: float) -> Sample:
    """Put a run's figures and the server's own together."""
    memory = server.memory()
    values = {
        "rate": result.per_second,
        "p50": result.percentile(0.5),
        "p99": result.percentile(0.99),
        "rss": memory.rss,
        "pss": memory.pss,
        "start": server.start_seconds,
        "busy": result.busy,
    }
    return Sample(values | more, bad=result.bad)


@dataclass(frozen=True)
class Loaded:
    """One run: its result, how many good answers there were with those of the warming up, and what it cost."""

    result: Result
    answered: int
    costs: dict[str, float]


def load(
    bench: Bench, server: Server, requests: Sequence[bytes], *, databases: Sequence[int] | None = ()
) -> Loaded:
    """Warm up with the first few requests, measure with the others; `databases` are main processes, None if elsewhere."""
    first = len(requests) // WARM_UP_SHARE
    send = partial(generators.run, server.port, connections=bench.scale.connections)
    warm = send(requests[:first], seconds=bench.scale.seconds)
    before = usage.cpu_seconds([server.main]), usage.cpu_seconds(databases or ())
    result = send(requests[first:], seconds=bench.scale.seconds)
    after = usage.cpu_seconds([server.main]), usage.cpu_seconds(databases or ())
    each = 1e6 / max(1, result.good)
    costs = {"cpu_server": (after[0] - before[0]) * each, "whole_pss": server.whole_memory()}
    if databases is not None:
        costs["cpu_database"] = (after[1] - before[1]) * each
    return Loaded(result, warm.good + result.good, costs)


@dataclass(frozen=True)
class Peer:
    """A server that stores nothing, under the same load."""

    key: str
    title: str
    start: Callable[[Path], Server]
    kind: str = "callback"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Load it once."""
        requests = bench.signed(self.kind, number)
        with self.start(bench.folder) as server:
            loaded = load(bench, server, requests)
            return sample_of(loaded.result, server, **loaded.costs)


@dataclass(frozen=True)
class Ingest:
    """Durable accepts: each event verified and stored with one dispatch; then what is stored is counted."""

    kind: str
    store: str
    workers: int = 1
    engine: bool = False
    repeated: bool = False

    @property
    def key(self) -> str:
        """Name it, as --only takes it."""
        parts = ["ingest", self.store, self.kind]
        parts += ["2"] if self.workers == 2 else []
        parts += ["copies"] if self.repeated else []
        parts += ["engine"] if self.engine else []
        return "-".join(parts)

    @property
    def title(self) -> str:
        """Say what is measured."""
        words = [f"{TITLES[self.store]}: {PLATFORMS[self.kind]}"]
        words += ["every second one a copy"] if self.repeated else []
        words += ["2 processes"] if self.workers == 2 else []
        words += ["handlers run meanwhile"] if self.engine else []
        return ", ".join(words)

    def measure(self, bench: Bench, number: int) -> Sample:
        """Load a gateway once and count what it stored."""
        requests = bench.signed(self.kind, number, repeated=self.repeated)
        store = bench.store(self.store, self.key)
        before = store.number("SELECT count(*) FROM events")
        with _gateway(bench, store, workers=self.workers, engine=self.engine) as server:
            done = _succeeded(store)
            loaded = load(bench, server, requests, databases=store.processes())
            sample = sample_of(loaded.result, server, **loaded.costs)
            if self.engine:
                sample.values["done"] = (_succeeded(store) - done) / max(1, loaded.answered)
                wait_until_done(store)
        stored = store.number("SELECT count(*) FROM events") - before
        if not self.repeated:
            sample.lost = max(0, loaded.answered - stored)
        elif loaded.answered == len(requests):
            sample.lost = max(0, len(set(requests)) - stored)
        return sample


def _gateway(bench: Bench, store: Store, *, workers: int = 1, engine: bool) -> Server:
    return servers.gateway(bench.folder, store.url, GatewayOptions(workers=workers, engine=engine))


@dataclass(frozen=True)
class WithoutStore:
    """Events verified, parsed and answered by that many processes, and stored by nobody: how processes add up by themselves."""

    workers: int

    @property
    def key(self) -> str:
        """Name it."""
        return "no-store" + ("-2" if self.workers == 2 else "")

    @property
    def title(self) -> str:
        """Say what is measured."""
        return "Nothing is stored: callback" + (", 2 processes" if self.workers == 2 else "")

    def measure(self, bench: Bench, number: int) -> Sample:
        """Load a gateway once."""
        requests = bench.signed("callback", number)
        store = bench.store("postgresql", self.key)
        options = GatewayOptions(workers=self.workers, handlers="bench.handlers,bench.no_store")
        with servers.gateway(bench.folder, store.url, options) as server:
            loaded = load(bench, server, requests, databases=store.processes())
            return sample_of(loaded.result, server, **loaded.costs)


@dataclass(frozen=True)
class EndToEnd:
    """Accepted and run: from the first request until the last dispatch is recorded as succeeded."""

    store: str

    @property
    def key(self) -> str:
        """Name it."""
        return f"end-to-end-{self.store}"

    @property
    def title(self) -> str:
        """Say what is measured."""
        return f"{TITLES[self.store]}: through a background handler"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Send and wait for the last success."""
        store = bench.store(self.store, self.key)
        with _gateway(bench, store, engine=True) as server:
            return through(bench, server, store, f"{self.key}/{number}", requests=bench.scale.requests)


def through(bench: Bench, server: Server, store: Store, run_name: str, *, requests: int) -> Sample:
    """Send callbacks and wait until every dispatch has succeeded; `lost` are those that did not in time."""
    scale = bench.scale
    prepared = signing.signed("callback", run_name, requests)
    before = _succeeded(store)
    began = time.perf_counter()
    result = generators.run(server.port, prepared, connections=scale.connections, seconds=scale.seconds)
    wait_until_done(store)
    seconds = time.perf_counter() - began
    done = _succeeded(store) - before
    sample = sample_of(result, server, rate=done / seconds, accepted_rate=result.per_second)
    sample.lost = max(0, result.good - done)
    return sample


def _succeeded(store: Store) -> int:
    return store.number("SELECT count(*) FROM dispatches WHERE state = 'succeeded'")


@dataclass(frozen=True)
class Forward:
    """Accepted and forwarded to a destination on this machine that takes everything."""

    store: str

    @property
    def key(self) -> str:
        """Name it."""
        return f"forward-{self.store}"

    @property
    def title(self) -> str:
        """Say what is measured."""
        return f"{TITLES[self.store]}: forwarded to a local sink"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Send and wait for the last forward."""
        store = bench.store(self.store, self.key)
        with servers.granian(bench.folder, "sink") as sink:
            options = GatewayOptions(
                engine=True,
                handlers="bench.no_handlers",
                more_channels=DESTINATION.format(port=sink.port),
            )
            try:
                with servers.gateway(bench.folder, store.url, options) as server:
                    few = bench.scale.requests // 4
                    return through(bench, server, store, f"{self.key}/{number}", requests=few)
            except ServerFailed as error:
                if "forwarding is not available" in str(error):
                    raise Skipped("this version does not forward yet") from error
                raise


@dataclass(frozen=True)
class HalfLoad:
    """Latency at half of the peak that the same server reached a moment before."""

    store: str
    engine: bool

    @property
    def key(self) -> str:
        """Name it."""
        return f"half-load-{self.store}" + ("-engine" if self.engine else "")

    @property
    def title(self) -> str:
        """Say what is measured."""
        return f"{TITLES[self.store]}: half load" + (", handlers run meanwhile" if self.engine else "")

    def measure(self, bench: Bench, number: int) -> Sample:
        """Find the peak, then send half as much a second."""
        scale, store = bench.scale, bench.store(self.store, self.key)
        with _gateway(bench, store, engine=self.engine) as server:
            peak = load(bench, server, bench.signed("callback", number)).result
            if self.engine:
                wait_until_done(store)
            rate = max(1.0, peak.per_second / 2)
            prepared = signing.signed(
                "callback", f"{self.key}/h{number}", max(1, int(rate * scale.half_load_seconds))
            )
            limit = scale.half_load_seconds + scale.seconds
            result = run(server.port, prepared, connections=scale.connections, rate=rate, seconds=limit)
            return sample_of(result, server, peak=peak.per_second)


def peers() -> list[Case]:
    """Return what the gateway is measured beside."""
    return [
        Peer("empty", "Empty Flask view on Granian", lambda folder: servers.granian(folder, "empty")),
        Peer(
            "empty-2",
            "Empty Flask view on Granian, 2 processes",
            lambda folder: servers.granian(folder, "empty", workers=2),
        ),
        Peer(
            "empty-free",
            "Empty Flask view on Granian, not kept to one core",
            lambda folder: servers.granian(folder, "empty", free=True),
        ),
        Peer("gunicorn", "Empty Flask view on gunicorn", lambda folder: servers.gunicorn(folder, "empty")),
        Peer(
            "tutorial",
            "Tutorial view: HMAC, ids in a dict, stores nothing",
            lambda folder: servers.granian(folder, "tutorial"),
        ),
        Peer(
            "lark-oapi",
            "lark-oapi's Flask adapter, stores nothing",
            lambda folder: servers.granian(folder, "lark"),
            "feishu",
        ),
        Peer(
            "wechatpy",
            "wechatpy in a Flask view, stores nothing",
            lambda folder: servers.granian(folder, "wechatpy_view"),
            "wechat",
        ),
    ]


def gateways() -> list[Case]:
    """Return the gateway's own cases, those of growth and logins excepted."""
    found: list[Case] = [WithoutStore(1), WithoutStore(2)]
    for store in TITLES:
        found += [Ingest(kind, store) for kind in PLATFORMS]
        found += [Ingest("callback", store, repeated=True), Ingest("callback", store, engine=True)]
        if store != "sqlite":
            found.append(Ingest("callback", store, workers=2))
        found += [
            EndToEnd(store),
            Forward(store),
            HalfLoad(store, engine=False),
            HalfLoad(store, engine=True),
        ]
    return found
