"""Group commit: one commit for many, an answer only after its own batch is durable, nobody fails with a neighbour."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from app.core.errors import StoreUnavailable
from app.storage.database import group_commit
from app.storage.database.db import Database, Transaction
from app.storage.database.group_commit import GroupCommit
from app.storage.inbox.nonces import use_nonce
from tests.builders import NOW


class CountedDatabase(Database):
    """A real database that counts its transactions, and whose first one can be held up."""

    def __init__(self, url: str):
        super().__init__(url)
        self.transactions = 0
        self.hold = threading.Event()
        self.hold.set()
        self.started = threading.Event()

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Count, wait while held, and open a transaction."""
        self.transactions += 1
        self.started.set()
        assert self.hold.wait(10)
        with super().begin() as tx:
            yield tx


@pytest.fixture
def counted(database_url: str) -> Iterator[CountedDatabase]:
    database = CountedDatabase(database_url)
    yield database
    database.close()


Work = Callable[[Transaction], Any]


def each(tx: Transaction, works: Sequence[Work]) -> list[Any]:
    """Do one piece of work after the other."""
    return [work(tx) for work in works]


def write(name: str) -> Work:
    return lambda tx: use_nonce(tx, "group", name, NOW)


def is_there(database: Database, name: str) -> bool:
    """Say whether a row is durable, seen from another connection."""
    from sqlalchemy import select

    from app.storage.inbox.nonces import nonces

    with database.read() as tx:
        return tx.execute(select(nonces.c.nonce).where(nonces.c.nonce == name)).one_or_none() is not None


def run_behind_a_held_leader(database: CountedDatabase, works: list[Work]) -> list[Any]:
    """Hold the first commit until all the works have gathered behind it; return what each came to, in order."""
    group = GroupCommit(database)
    database.hold.clear()
    outcomes: dict[int, Any] = {}

    def call(number: int, work: Work) -> None:
        try:
            outcomes[number] = group.run(each, work)
        except Exception as error:
            outcomes[number] = error

    leader = threading.Thread(target=call, args=(-1, write("leader")))
    leader.start()
    assert database.started.wait(5)
    threads = [threading.Thread(target=call, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    while len(group._waiting) < len(works):
        threading.Event().wait(0.005)
    database.hold.set()
    for thread in [leader, *threads]:
        thread.join(20)
    return [outcomes[number] for number in range(len(works))]


def test_what_gathers_behind_a_commit_shares_the_next_one(counted: CountedDatabase) -> None:
    outcomes = run_behind_a_held_leader(counted, [write(f"n{number}") for number in range(20)])
    assert outcomes == [True] * 20
    assert counted.transactions == 2
    assert all(is_there(counted, f"n{number}") for number in range(20))


def test_the_result_comes_only_after_its_row_is_durable(counted: CountedDatabase) -> None:
    group = GroupCommit(counted)
    seen: list[bool] = []

    def call(name: str) -> None:
        group.run(each, write(name))
        seen.append(is_there(counted, name))

    threads = [threading.Thread(target=call, args=(f"n{number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert seen == [True] * 16


def test_a_piece_that_breaks_fails_alone(counted: CountedDatabase) -> None:
    def breaks(tx: Transaction) -> None:
        use_nonce(tx, "group", "broken", NOW)
        raise ValueError("mine alone")

    outcomes = run_behind_a_held_leader(counted, [write("a"), breaks, write("b")])
    assert outcomes[0] is True
    assert outcomes[2] is True
    assert isinstance(outcomes[1], ValueError)
    assert is_there(counted, "a")
    assert is_there(counted, "b")
    assert not is_there(counted, "broken")


def test_items_of_one_kind_are_written_together(counted: CountedDatabase) -> None:
    sizes: list[int] = []

    def many(tx: Transaction, names: Sequence[str]) -> list[str]:
        sizes.append(len(names))
        return [name.upper() for name in names]

    group = GroupCommit(counted)
    counted.hold.clear()
    outcomes: list[str] = []
    leader = threading.Thread(target=group.run, args=(each, write("leader")))
    leader.start()
    assert counted.started.wait(5)
    threads = [
        threading.Thread(target=lambda name=name: outcomes.append(group.run(many, name))) for name in "abc"
    ]
    for thread in threads:
        thread.start()
    while len(group._waiting) < 3:
        threading.Event().wait(0.005)
    counted.hold.set()
    for thread in [leader, *threads]:
        thread.join(20)
    assert sizes == [3]
    assert sorted(outcomes) == ["A", "B", "C"]


def test_a_store_that_fails_at_commit_fails_everybody_and_stores_nothing(
    counted: CountedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = counted.begin

    @contextmanager
    def failing() -> Iterator[Transaction]:
        with real() as tx:
            yield tx
            raise StoreUnavailable

    monkeypatch.setattr(counted, "begin", failing)
    outcomes = run_behind_a_held_leader(counted, [write("a"), write("b")])
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    monkeypatch.undo()
    assert not is_there(counted, "a")


@pytest.mark.backends("sqlite")
def test_a_queue_that_is_too_long_is_503_at_once(
    counted: CountedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "LONGEST_QUEUE", 3)
    group = GroupCommit(counted)
    counted.hold.clear()
    threads = [threading.Thread(target=group.run, args=(each, write(f"n{number}"))) for number in range(4)]
    threads[0].start()
    assert counted.started.wait(5)
    for thread in threads[1:]:
        thread.start()
    while len(group._waiting) < 3:
        threading.Event().wait(0.005)
    with pytest.raises(StoreUnavailable) as caught:
        group.run(each, write("one too many"))
    assert caught.value.http_status == 503
    assert caught.value.retry_after
    counted.hold.set()
    for thread in threads:
        thread.join(20)


@pytest.mark.backends("sqlite")
def test_a_leader_that_is_interrupted_leaves_nobody_acknowledged(counted: CountedDatabase) -> None:
    def interrupted(tx: Transaction) -> None:
        raise KeyboardInterrupt

    group = GroupCommit(counted)
    counted.hold.clear()
    outcomes: list[Any] = []

    def call(work: Work) -> None:
        try:
            outcomes.append(group.run(each, work))
        except BaseException as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=call, args=(write("first"),))]
    threads[0].start()
    assert counted.started.wait(5)
    for work in (interrupted, write("second")):
        threads.append(threading.Thread(target=call, args=(work,)))
        threads[-1].start()
        while len(group._waiting) < len(threads) - 1:
            threading.Event().wait(0.005)
    counted.hold.set()
    for thread in threads:
        thread.join(20)
    assert sorted(map(str, outcomes)) == sorted(map(str, [True, KeyboardInterrupt, StoreUnavailable]))
    assert not is_there(counted, "second")
    assert group.run(each, write("afterwards")) is True
