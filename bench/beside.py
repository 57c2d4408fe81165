"""A contender under load, killed in mid-load, and with its Redis killed: what it answered, and what it still knows afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Timer

from bench import load as python_load
from bench import n8n, signing
from bench.cases import load, sample_of
from bench.contenders import Contender, Standing, gateways, more_peers, peers
from bench.samples import Bench, Case, Sample
from bench.servers import ServerFailed

KILL_REQUESTS = 20_000
KILL_AFTER_SECONDS = 1.0
QUICK_SHARE = 0.3
WENT_WELL = range(200, 300)


@dataclass(frozen=True)
class Beside:
    """A peer that stores something, under the load of the gateway's cases; what it stored is counted."""

    contender: Contender

    @property
    def key(self) -> str:
        """Name it, as --only takes it."""
        return self.contender.key

    @property
    def title(self) -> str:
        """Say what is measured."""
        return self.contender.title

    def measure(self, bench: Bench, number: int) -> Sample:
        """Load it once and count."""
        with self.contender.stand(bench, self.key) as standing:
            before = standing.count() if standing.count else 0
            loaded = load(
                bench,
                standing.server,
                bench.signed("callback", number),
                databases=standing.databases,
            )
            sample = sample_of(loaded.result, standing.server, **loaded.costs)
            if standing.done is not None:
                sample.values["done"] = standing.done() / max(1, loaded.answered)
            if standing.count is not None:
                sample.lost = max(0, loaded.answered - (standing.count() - before))
        return sample


@dataclass(frozen=True)
class Killed:
    """All processes of a contender ended by `kill -9` in mid-load and started again: which answered events it still knows."""

    contender: Contender
    is_once: bool = True
    """A loss is no matter of medians."""

    @property
    def key(self) -> str:
        """Name it, as --only takes it."""
        return f"kill-{self.contender.key}"

    @property
    def title(self) -> str:
        """Say what is measured."""
        return f"{self.contender.title}: kill -9 in mid-load"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Load, kill, start again and compare."""
        stand = self.contender.stand_to_be_killed or self.contender.stand
        with stand(bench, self.key) as standing:
            answered = answered_until(bench, standing, f"{self.key}/{number}", standing.server.kill)
            standing.server.start()
            sample = lost_of(answered, standing.known())
        if self.contender.is_ours:
            sample.lost = int(sample.values["gone"])
        return sample


@dataclass(frozen=True)
class RedisKilled:
    """The same with `kill -9` for the Redis behind a contender instead of for itself."""

    contender: Contender
    is_once: bool = True
    """A loss is no matter of medians."""

    @property
    def key(self) -> str:
        """Name it, as --only takes it."""
        return f"kill-redis-{self.contender.key}"

    @property
    def title(self) -> str:
        """Say what is measured."""
        return f"{self.contender.title}: kill -9 for Redis in mid-load"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Load, kill Redis, start it again and compare."""
        with self.contender.stand(bench, self.key) as standing:
            redis = standing.redis
            assert redis is not None
            answered = answered_until(bench, standing, f"{self.key}/{number}", redis.kill)
            with redis:
                return lost_of(answered, standing.known())


def answered_until(bench: Bench, standing: Standing, run_name: str, kill: Callable[[], None]) -> set[str]:
    """Send from Python, which keeps each answer, and kill while it sends; return the events that were answered well.

    Raises ServerFailed when there are none: a loss of nothing would look like safety.
    """
    requests = signing.signed("callback", run_name, KILL_REQUESTS)
    after = KILL_AFTER_SECONDS * (QUICK_SHARE if bench.scale.is_quick else 1)
    timer = Timer(after, kill)
    timer.start()
    try:
        result = python_load.run(
            standing.server.port,
            requests,
            connections=bench.scale.connections,
            seconds=2 * after,
            keep_answers=True,
            until_gone=True,
        )
    finally:
        timer.join()
    identifiers = signing.identifiers(run_name, KILL_REQUESTS)
    answered = {name for name, answer in zip(identifiers, result.answers, strict=True) if _went_well(answer)}
    if not answered:
        raise ServerFailed("it answered nothing before the kill, so nothing could be lost")
    return answered


def _went_well(answer: bytes) -> bool:
    return bool(answer) and int(answer[9:12]) in WENT_WELL


def lost_of(answered: set[str], known: set[str]) -> Sample:
    """Return what was answered, and how much of it nobody knows any more."""
    return Sample({"answered": len(answered), "gone": len(answered - known)})


def cases() -> list[Case]:
    """Return the peers of every run, and everybody who is killed."""
    beside: list[Case] = [Beside(each) for each in peers()]
    killed: Sequence[Case] = [Killed(each) for each in [*gateways(), *peers()]]
    return [*beside, *killed, *(RedisKilled(each) for each in peers() if each.key == "rq")]


def more_cases() -> list[Case]:
    """Return the cases of `make bench-peers`."""
    return [case for each in [*more_peers(), n8n.contender()] for case in (Beside(each), Killed(each))]
