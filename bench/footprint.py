"""What a gateway takes before any speed: memory and start with many channels, and how soon a command of `flask` says something."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass

from bench import servers
from bench.cases import load, sample_of
from bench.samples import Bench, Case, Sample
from bench.servers import FLASK, GatewayOptions
from bench.stores import TITLES

CHANNELS = 200
NAMED_ALREADY = 3
CHANNEL = """
[channels.more{number}]
platform = "callback"
secret = "bench-more-{number}-4e1d90c2"
"""


@dataclass(frozen=True)
class ManyChannels:
    """A serving process with 200 channels and its engine: how long it starts, and its memory after a load."""

    store: str

    @property
    def key(self) -> str:
        """Name it, as --only takes it."""
        return f"many-channels-{self.store}"

    @property
    def title(self) -> str:
        """Say what is measured."""
        return f"{TITLES[self.store]}: {CHANNELS} channels, handlers run meanwhile"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Start and load it once."""
        more = "".join(CHANNEL.format(number=each) for each in range(CHANNELS - NAMED_ALREADY))
        store = bench.store(self.store, self.key)
        options = GatewayOptions(engine=True, more_channels=more)
        with servers.gateway(bench.folder, store.url, options) as server:
            loaded = load(bench, server, bench.signed("callback", number))
            return sample_of(loaded.result, server, **loaded.costs)


@dataclass(frozen=True)
class Command:
    """`flask channels list` until its first output."""

    key: str = "flask-command"
    title: str = "flask channels list, until its first output (SQLite)"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Run it once."""
        store = bench.store("sqlite", self.key)
        server = servers.gateway(bench.folder, store.url, GatewayOptions())
        began = time.perf_counter()
        with subprocess.Popen(
            [*FLASK, "channels", "list"],
            cwd=server.folder,
            env=server.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None
            said = process.stdout.read(1)
            seconds = time.perf_counter() - began
            process.stdout.read()
        if not said or process.returncode:
            raise servers.ServerFailed(f"`flask channels list` ended with {process.returncode}")
        return Sample({"seconds": seconds})


def cases() -> list[Case]:
    """Return the cases of this file."""
    return [*(ManyChannels(store) for store in ("sqlite", "postgresql")), Command()]
