"""Messages: stored with their recipients, and sent through to a platform on this machine that takes everything.

The platform is Gotify's form of a call, because its servers limit nothing, played by bench/peers/sink.py.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from bench import generators, servers
from bench.accounts import API_TOKEN
from bench.cases import load, sample_of
from bench.load import post
from bench.samples import Bench, Case, Sample
from bench.servers import GatewayOptions
from bench.stores import TITLES, wait_until_done

CHANNEL = """
[channels.push]
platform = "gotify"
app_token = "bench-gotify-5f0e2d1c"
api_base = "http://127.0.0.1:{port}"
"""
SHARE = 8
"""Of the requests of other cases: a message that is sent costs more."""

SENT = "SELECT count(*) FROM messages WHERE state = 'sent'"
HEADERS = {"Authorization": f"Bearer {API_TOKEN}", "Content-Type": "application/json"}


def requests_of(run_name: str, count: int) -> list[bytes]:
    """Return requests for messages, each with an Idempotency-Key of its own."""
    return [
        post(
            "/api/v1/messages",
            json.dumps(
                {"channel": "push", "title": f"Order {number}", "text": f"**Paid** in {run_name}"}
            ).encode(),
            HEADERS | {"Idempotency-Key": f"{run_name}/{number}"},
        )
        for number in range(count)
    ]


@dataclass(frozen=True)
class Messages:
    """One message for each request, stored; with the engine also sent, until the last one is recorded."""

    store: str
    is_sent: bool

    @property
    def key(self) -> str:
        """Name it."""
        return f"messages-{'sent' if self.is_sent else 'stored'}-{self.store}"

    @property
    def title(self) -> str:
        """Say what is measured."""
        return f"{TITLES[self.store]}: messages {'sent to a local platform' if self.is_sent else 'stored'}"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Send and count what arrived."""
        store = bench.store(self.store, self.key)
        prepared = requests_of(f"{self.key}/{number}", max(1, bench.scale.requests // SHARE))
        with servers.granian(bench.folder, "sink") as sink:
            options = GatewayOptions(
                engine=self.is_sent,
                handlers="bench.no_handlers",
                more_channels=CHANNEL.format(port=sink.port),
            )
            with servers.gateway(bench.folder, store.url, options) as server:
                before, sent_before = store.number("SELECT count(*) FROM messages"), store.number(SENT)
                if not self.is_sent:
                    loaded = load(bench, server, prepared, databases=store.processes())
                    stored = store.number("SELECT count(*) FROM messages") - before
                    sample = sample_of(loaded.result, server, **loaded.costs)
                    sample.lost = max(0, loaded.answered - stored)
                    return sample
                began = time.perf_counter()
                result = generators.run(
                    server.port, prepared, connections=bench.scale.connections, seconds=bench.scale.seconds
                )
                wait_until_done(store)
                seconds = time.perf_counter() - began
                done = store.number(SENT) - sent_before
                sample = sample_of(result, server, rate=done / seconds, accepted_rate=result.per_second)
                sample.lost = max(0, result.good - done)
                return sample


def cases() -> list[Case]:
    """Return the cases of messages."""
    return [Messages(store, is_sent) for store in TITLES for is_sent in (False, True)]
