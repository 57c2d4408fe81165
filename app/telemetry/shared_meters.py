"""The meters of all processes of a machine, added up through files in the gateway's `var/metrics`.

Each process writes a copy of what it counted about once a second, and holds a lock for as long as it lives. Whoever is asked
adds the copies up; those of dead processes are folded into one file, so that no count ever goes back. When the first
process of a gateway starts, it begins anew. At `kill -9` a process loses what it counted in the last second.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from app.telemetry.counts import Series, Snapshot, add_snapshot
from app.telemetry.families import Kind

LIVE, COPY = ".live", ".json"
ENDED = "ended.json"
GUARD = "guard"
MOST_REMEMBERED = 100
"""Names of processes that were folded in last: a fold that was cut short is not done twice."""


class SharedMeters:
    """One process's place among the others; `kind` is serve, worker, or main for one that only keeps the place."""

    def __init__(self, folder: Path, kind: str):
        self._folder = folder
        self._name = f"{kind}-{os.getpid()}-{secrets.token_hex(4)}"
        self._lock: int | None = None

    def open(self) -> None:
        """Take a place; raises OSError where the folder cannot be written."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._guarded():
            if not any(self._is_alive(each) for each in self._folder.glob(f"*{LIVE}")):
                self._clear()
            self._lock = os.open(self._folder / (self._name + LIVE), os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    def publish(self, snapshot: Snapshot) -> None:
        """Write a copy for the others."""
        _write(self._folder / (self._name + COPY), _as_json(snapshot))

    def close(self) -> None:
        """Let the place go; what was published last counts on."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def others(self) -> tuple[Snapshot, Counter[str]]:
        """Return what all others counted, those that have ended included, and how many are alive of each kind."""
        total: Snapshot = {}
        alive: Counter[str] = Counter()
        with self._guarded():
            for place in sorted(self._folder.glob(f"*{LIVE}")):
                name = place.name.removesuffix(LIVE)
                if name == self._name or self._is_alive(place):
                    alive[name.partition("-")[0]] += 1
                else:
                    self._fold(name)
            for copy in sorted(self._folder.glob(f"*{COPY}")):
                if copy.name not in (ENDED, self._name + COPY):
                    add_snapshot(total, _read(copy))
            add_snapshot(total, _from_json(_load(self._folder / ENDED).get("counts", {})))
        return total, alive

    def _is_alive(self, place: Path) -> bool:
        """Say whether somebody holds that lock."""
        try:
            descriptor = os.open(place, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def _fold(self, name: str) -> None:
        """Keep what a dead process counted, and take its files away."""
        ended = _load(self._folder / ENDED)
        known = [each for each in ended.get("names", []) if isinstance(each, str)]
        copy = self._folder / (name + COPY)
        if name not in known and copy.exists():
            counts = _from_json(ended.get("counts", {}))
            add_snapshot(counts, _read(copy))
            kept = {"names": [*known[-MOST_REMEMBERED:], name], "counts": _plain(counts)}
            _write(self._folder / ENDED, orjson.dumps(kept))
        copy.unlink(missing_ok=True)
        (self._folder / (name + LIVE)).unlink(missing_ok=True)

    def _clear(self) -> None:
        for file in (*self._folder.glob(f"*{COPY}*"), *self._folder.glob(f"*{LIVE}")):
            file.unlink(missing_ok=True)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Let one process at a time look through the folder."""
        descriptor = os.open(self._folder / GUARD, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _write(file: Path, content: bytes) -> None:
    """Put a whole file in the place of the one before."""
    new = file.with_name(file.name + ".new")
    new.write_bytes(content)
    new.replace(file)


def _load(file: Path) -> dict[str, Any]:
    """Return what a file holds; one that is not there or was cut short holds nothing."""
    with suppress(OSError, ValueError):
        found = orjson.loads(file.read_bytes())
        return found if isinstance(found, dict) else {}
    return {}


def _read(file: Path) -> Snapshot:
    return _from_json(_load(file))


def _as_json(snapshot: Snapshot) -> bytes:
    return orjson.dumps(_plain(snapshot))


def _plain(snapshot: Snapshot) -> dict[str, Any]:
    return {
        name: [
            series.kind.value,
            series.labels,
            [[labels, value] for labels, value in series.values.items()],
        ]
        for name, series in snapshot.items()
    }


def _from_json(content: dict[str, Any]) -> Snapshot:
    """Return a snapshot; what another version wrote in another form holds nothing."""
    with suppress(ValueError, TypeError):
        return {
            name: Series(Kind(kind), tuple(labels), {tuple(each): value for each, value in values})
            for name, (kind, labels, values) in content.items()
        }
    return {}
