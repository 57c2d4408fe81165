"""Shared commits of a loop: one batch and one wake-up for many, nobody told before the commit, nobody fails with a neighbour."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from app.core.errors import StoreUnavailable
from app.storage.database import loop_commits
from app.storage.database.db import Transaction
from app.storage.database.group_commit import GroupCommit
from app.storage.database.loop_commits import LoopCommits
from app.storage.inbox.nonces import use_nonce
from tests.builders import NOW
from tests.loops import run_loop
from tests.storage.test_group_commit import CountedDatabase, Work, each, is_there, write

Story = Callable[[LoopCommits], Any]


@pytest.fixture
def counted(database_url: str) -> Iterator[CountedDatabase]:
    database = CountedDatabase(database_url)
    yield database
    database.close()


def on_loop(database: CountedDatabase, story: Story) -> Any:
    """Run a story with commits of a loop of its own."""

    async def run() -> Any:
        commits = LoopCommits(GroupCommit(database))
        commits.start(asyncio.get_running_loop())
        try:
            return await story(commits)
        finally:
            database.hold.set()
            await asyncio.to_thread(commits.stop)

    return run_loop(run())


async def behind_a_held_one(database: CountedDatabase, commits: LoopCommits, works: list[Work]) -> list[Any]:
    """Hold the first commit until all the works have gathered behind it; return what each came to, in order."""
    database.hold.clear()
    first = commits.write(each, [write("first")])
    await asyncio.to_thread(database.started.wait, 5)
    futures = [commits.write(each, [work]) for work in works]
    database.hold.set()
    await first
    return list(await asyncio.gather(*futures, return_exceptions=True))


def test_what_gathers_behind_a_commit_shares_the_next_one(counted: CountedDatabase) -> None:
    works = [write(f"n{number}") for number in range(20)]
    outcomes = on_loop(counted, lambda commits: behind_a_held_one(counted, commits, works))
    assert outcomes == [[True]] * 20
    assert counted.transactions == 2
    assert all(is_there(counted, f"n{number}") for number in range(20))


def test_a_batch_wakes_the_loop_once(counted: CountedDatabase) -> None:
    woken: list[int] = []

    async def story(commits: LoopCommits) -> None:
        loop: Any = asyncio.get_running_loop()
        real = loop.call_soon_threadsafe

        def counting(callback: Any, *args: Any, **named: Any) -> Any:
            if callback is loop_commits._tell:
                woken.append(len(args[0]))
            return real(callback, *args, **named)

        loop.call_soon_threadsafe = counting
        await behind_a_held_one(counted, commits, [write(f"n{number}") for number in range(20)])

    on_loop(counted, story)
    assert woken == [1, 20]


def test_the_result_comes_only_after_its_row_is_durable(counted: CountedDatabase) -> None:
    async def story(commits: LoopCommits) -> bool:
        counted.hold.clear()
        future = commits.write(each, [write("slow")])
        await asyncio.to_thread(counted.started.wait, 5)
        assert not future.done()
        assert not is_there(counted, "slow")
        counted.hold.set()
        await future
        return is_there(counted, "slow")

    assert on_loop(counted, story) is True


def test_a_piece_that_breaks_fails_alone(counted: CountedDatabase) -> None:
    def breaks(tx: Transaction) -> None:
        use_nonce(tx, "group", "broken", NOW)
        raise ValueError("mine alone")

    works = [write("a"), breaks, write("b")]
    outcomes = on_loop(counted, lambda commits: behind_a_held_one(counted, commits, works))
    assert [outcomes[0], outcomes[2]] == [[True], [True]]
    assert isinstance(outcomes[1], ValueError)
    assert [is_there(counted, name) for name in ("a", "b", "broken")] == [True, True, False]


def test_a_store_that_fails_at_commit_fails_everybody_and_stores_nothing(
    counted: CountedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = counted.begin

    @contextmanager
    def failing() -> Iterator[Transaction]:
        with real() as tx:
            yield tx
            raise StoreUnavailable

    async def story(commits: LoopCommits) -> list[Any]:
        monkeypatch.setattr(counted, "begin", failing)
        futures = [commits.write(each, [write(name)]) for name in "ab"]
        return list(await asyncio.gather(*futures, return_exceptions=True))

    outcomes = on_loop(counted, story)
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable, StoreUnavailable]
    monkeypatch.undo()
    assert not is_there(counted, "a")


@pytest.mark.backends("sqlite")
def test_a_queue_that_is_too_long_is_503_at_once(
    counted: CountedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_commits, "LONGEST_QUEUE", 3)

    async def story(commits: LoopCommits) -> StoreUnavailable:
        counted.hold.clear()
        futures = [commits.write(each, [write("first")])]
        await asyncio.to_thread(counted.started.wait, 5)
        futures += [commits.write(each, [write(f"n{number}")]) for number in range(3)]
        with pytest.raises(StoreUnavailable) as caught:
            commits.write(each, [write("one too many")])
        counted.hold.set()
        await asyncio.gather(*futures)
        return caught.value

    refusal = on_loop(counted, story)
    assert (refusal.http_status, bool(refusal.retry_after)) == (503, True)


@pytest.mark.backends("sqlite")
def test_a_batch_that_is_interrupted_leaves_nobody_acknowledged_and_the_thread_goes_on(
    counted: CountedDatabase,
) -> None:
    def interrupted(_tx: Transaction) -> None:
        raise GeneratorExit

    async def story(commits: LoopCommits) -> list[Any]:
        outcomes = await behind_a_held_one(counted, commits, [write("with it"), interrupted])
        return [*outcomes, await commits.write(each, [write("afterwards")])]

    outcomes = on_loop(counted, story)
    assert [type(outcome) for outcome in outcomes[:2]] == [StoreUnavailable, StoreUnavailable]
    assert outcomes[2] == [True]
    assert not is_there(counted, "with it")


@pytest.mark.backends("sqlite")
def test_a_caller_that_is_gone_does_not_keep_the_others_from_their_results(counted: CountedDatabase) -> None:
    async def story(commits: LoopCommits) -> Sequence[Any]:
        counted.hold.clear()
        gone, stays = commits.write(each, [write("gone")]), commits.write(each, [write("stays")])
        gone.cancel()
        counted.hold.set()
        return await stays

    assert on_loop(counted, story) == [True]


@pytest.mark.backends("sqlite")
def test_threads_and_a_loop_share_one_store(counted: CountedDatabase) -> None:
    """Both ways write at the same time; on SQLite one waits for the other."""
    group = GroupCommit(counted)
    threads = [threading.Thread(target=group.run, args=(each, write(f"t{number}"))) for number in range(8)]

    async def story(commits: LoopCommits) -> None:
        futures = [commits.write(each, [write(f"l{number}")]) for number in range(8)]
        for thread in threads:
            thread.start()
        await asyncio.gather(*futures)

    on_loop(counted, story)
    for thread in threads:
        thread.join(20)
    assert all(is_there(counted, f"{kind}{number}") for kind in "tl" for number in range(8))
