"""What is measured and what came of it: one sample a round, medians over the rounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Protocol

from bench import signing
from bench.servers import GatewayOptions, gateway, migrate
from bench.stores import Store


class Skipped(Exception):
    """A case cannot be measured on this machine; the message says why in plain words."""


@dataclass(frozen=True)
class Scale:
    """How much is sent: requests and seconds bound every single run, whichever comes first."""

    requests: int = 20_000
    seconds: float = 20.0
    connections: int = 64
    rounds: int = 5
    half_load_seconds: float = 10.0
    growth: tuple[int, ...] = (0, 1_000_000, 10_000_000)
    growth_body: int = 256
    console: int = 1_000_000
    is_quick: bool = False


QUICK = Scale(
    requests=200,
    seconds=10.0,
    connections=16,
    rounds=1,
    half_load_seconds=1.0,
    growth=(0, 2_000),
    growth_body=64,
    console=2_000,
    is_quick=True,
)

README = Scale(requests=45_000, seconds=3.0, rounds=3, half_load_seconds=5.0, growth=())
"""What the README shows, within a quarter of an hour on two cores."""


@dataclass
class Bench:
    """One run of the benchmark: its folder, its scale, and the databases made so far."""

    folder: Path
    scale: Scale
    stores: dict[str, Store] = field(default_factory=dict)
    _signed: dict[tuple[str, bool, int], list[bytes]] = field(default_factory=dict, repr=False)

    def signed(self, kind: str, number: int, *, repeated: bool = False) -> list[bytes]:
        """Return this round's requests of one kind; each case has a database of its own, so to each they are new."""
        key = (kind, repeated, number)
        if key not in self._signed:
            for old in [each for each in self._signed if each[2] != number]:
                del self._signed[old]
            make = signing.half_repeated if repeated else signing.signed
            self._signed[key] = make(kind, f"{self.folder.name}/{number}", self.scale.requests)
        return self._signed[key]

    def store(self, kind: str, name: str) -> Store:
        """Return a migrated database of this run; every case has its own and keeps it over the rounds."""
        key = f"{kind}_{name}"
        if key not in self.stores:
            migrate(gateway(self.folder, self._create(kind, key).url, GatewayOptions()))
        return self.stores[key]

    def bare_store(self, kind: str, name: str, table: str) -> Store:
        """Return a database of this run that has only the table which the statement makes."""
        key = f"{kind}_{name}"
        if key not in self.stores:
            self._create(kind, key).execute(table)
        return self.stores[key]

    def _create(self, kind: str, key: str) -> Store:
        store = Store(kind, key, self.folder)
        store.create()
        self.stores[key] = store
        return store

    def forget(self, kind: str, name: str) -> None:
        """Drop one database, if there is one of this name."""
        store = self.stores.pop(f"{kind}_{name}", None)
        if store is not None:
            store.drop()

    def close(self) -> None:
        """Drop every database."""
        for store in self.stores.values():
            store.drop()


@dataclass
class Sample:
    """One round of one case; `bad` counts requests without a good answer, `lost` accepted events that are not stored."""

    values: dict[str, float]
    bad: int = 0
    lost: int = 0


class Case(Protocol):
    """Something that can be measured once a round."""

    @property
    def key(self) -> str:
        """Name it, as --only takes it."""

    @property
    def title(self) -> str:
        """Say what is measured."""

    def measure(self, bench: Bench, number: int) -> Sample:
        """Measure one round; raises Skipped, StoreMissing or ServerFailed."""


@dataclass
class Outcome:
    """All rounds of one case, or why there are none."""

    key: str
    title: str
    samples: list[Sample] = field(default_factory=list)
    trouble: str = ""

    def value(self, name: str) -> float | None:
        """Return the median of a value, None where it was not measured."""
        found = self.all(name)
        return median(found) if found else None

    def all(self, name: str) -> list[float]:
        """Return a value of every round."""
        return [sample.values[name] for sample in self.samples if name in sample.values]

    @property
    def bad(self) -> int:
        """Count what was not answered well, in all rounds."""
        return sum(sample.bad for sample in self.samples)

    @property
    def lost(self) -> int:
        """Count what was accepted and is not stored, in all rounds."""
        return sum(sample.lost for sample in self.samples)
