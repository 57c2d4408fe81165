"""The queue holds what waits or runs and nothing else: what has ended is written once, and its event not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.event import listen, remove

from app.core.identifiers import new_id
from app.core.states import DispatchState, EventState
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.database.db import Database
from app.storage.inbox.events import EventFilter, events
from app.storage.queue.completions import complete, failed, succeeded
from app.storage.queue.dispatches import (
    UNFINISHED,
    Claim,
    NewDispatch,
    dispatches,
    insert_dispatch_once,
    list_dispatches,
    queue,
)
from app.storage.queue.event_lists import count_events, list_events
from app.storage.queue.event_states import event_state_of, lock_events, write_states
from app.storage.queue.replays import DueAgain, lock_whole, make_due
from tests.builders import NOW, envelope, signed_callback
from tests.upkeep.stage import old_event


@pytest.fixture
def claimed(services_with: Callable[..., Services]) -> tuple[Services, Claim]:
    """Return a gateway and the claim on its only dispatch."""
    router = Router()
    router.on("callback", name="handler")(lambda event, context: None)
    services = services_with(router=router)
    receive(services, "callback", signed_callback(envelope()), trace_id="")
    (claim,) = claim_work(services, limit=1)
    return services, claim


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Give the list of statements that are sent meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        remove(database.engine, "before_cursor_execute", note)


def count(services: Services, table: Any) -> int:
    with services.database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_success_writes_neither_the_event_nor_a_row_twice(claimed: tuple[Services, Claim]) -> None:
    services, claim = claimed
    with statements(services.database) as seen, services.database.begin() as tx:
        assert complete(tx, [succeeded(claim, NOW)]) == [True]
    assert [each for each in seen if each.startswith("UPDATE")] == []
    assert (count(services, queue), count(services, dispatches)) == (0, 1)


def test_what_fails_and_has_tries_left_stays_in_the_queue(claimed: tuple[Services, Claim]) -> None:
    services, claim = claimed
    with services.database.begin() as tx:
        complete(tx, [failed(claim, NOW, error="no luck", due_at=NOW)])
    assert (count(services, queue), count(services, dispatches)) == (1, 0)


def test_a_second_end_is_written_over_the_first(claimed: tuple[Services, Claim]) -> None:
    services, claim = claimed
    with services.database.begin() as tx:
        complete(tx, [failed(claim, NOW, error="no hope", due_at=None)])
        make_due(tx, [DueAgain(claim.dispatch_id, "dead", claim.attempt, NOW)])
    (again,) = claim_work(services, limit=1)
    with services.database.begin() as tx:
        complete(tx, [succeeded(again, NOW, b"1")])
        (row,) = list_dispatches(tx, [claim.event_id])
    assert (row.id, row.state, row.attempt, row.result) == (claim.dispatch_id, "succeeded", 2, b"1")


def test_what_is_made_due_again_shows_as_it_waits(claimed: tuple[Services, Claim]) -> None:
    services, claim = claimed
    with services.database.begin() as tx:
        complete(tx, [succeeded(claim, NOW, b"1")])
        make_due(tx, [DueAgain(claim.dispatch_id, "succeeded", claim.attempt, NOW)])
        (row,) = list_dispatches(tx, [claim.event_id])
    assert (row.state, row.due_at, row.trigger, row.result) == ("pending", NOW, "manual", b"1")


def test_what_was_made_due_meanwhile_is_left_alone(claimed: tuple[Services, Claim]) -> None:
    services, claim = claimed
    twice = [DueAgain(claim.dispatch_id, "succeeded", claim.attempt, NOW)] * 2
    with services.database.begin() as tx:
        complete(tx, [succeeded(claim, NOW)])
        make_due(tx, twice)
        assert len(list_dispatches(tx, [claim.event_id])) == 1


@pytest.mark.parametrize("is_over", [False, True])
def test_a_route_gets_an_event_once_whether_it_waits_or_has_ended(
    claimed: tuple[Services, Claim], is_over: bool
) -> None:
    services, claim = claimed
    with services.database.begin() as tx:
        if is_over:
            complete(tx, [succeeded(claim, NOW)])
        same = NewDispatch(new_id(NOW), claim.event_id, claim.route, due_at=NOW)
        other = NewDispatch(new_id(NOW), claim.event_id, "another", due_at=NOW)
        assert [insert_dispatch_once(tx, each) for each in (same, other)] == [False, True]
        assert len(list_dispatches(tx, [claim.event_id])) == 2


def _all_sets() -> list[tuple[DispatchState, ...]]:
    return [each for size in range(4) for each in combinations(DispatchState, size)]


def test_lists_show_and_find_an_event_in_the_state_that_its_dispatches_give_it(services: Services) -> None:
    """The rule is written twice, in Python and for the database; both must say the same of every mixture."""
    expected = {}
    for number, states in enumerate(_all_sets()):
        event_id = old_event(services, number, dispatch_states=states)
        expected[event_id] = event_state_of(set(states))
    with services.database.begin() as tx:
        lock_events(tx, list(expected))
        write_states(tx, list(expected))
        rows = list_events(tx, EventFilter(), before=None, limit=100)
        assert {row.id: row.state for row in rows} == expected
        for state in EventState:
            wanted = {event_id for event_id, each in expected.items() if each is state}
            found = list_events(tx, EventFilter(state=state), before=None, limit=100)
            assert {row.id for row in found} == wanted
            assert count_events(tx, EventFilter(state=state)) == len(wanted) > 0


def test_a_dead_event_that_runs_again_is_dead_no_more(services: Services) -> None:
    event_id = old_event(services, 1, state=EventState.DEAD, dispatch_states=(DispatchState.DEAD,))
    with services.database.begin() as tx:
        (row,) = list_dispatches(tx, [event_id])
        make_due(tx, [DueAgain(row.id, row.state, row.attempt, NOW + timedelta(seconds=1))])
        write_states(tx, [event_id])
        assert [each.state for each in list_events(tx, EventFilter(), before=None, limit=2)] == ["received"]
        assert tx.execute(select(events.c.state)).scalar_one() == "succeeded"


def test_every_state_of_a_dispatch_has_its_table() -> None:
    ended = {DispatchState.SUCCEEDED, DispatchState.DEAD}
    assert {*UNFINISHED} == {state.value for state in DispatchState} - ended


@pytest.mark.backends("postgresql", "mariadb")
def test_a_success_does_not_wait_for_a_replay_of_its_event(claimed: tuple[Services, Claim]) -> None:
    """The replay may go on to want the row of that success; if each waited for the other, one would be undone."""
    services, claim = claimed
    written: list[bool] = []

    def write() -> None:
        written.extend(services.database.run(lambda tx: complete(tx, [succeeded(claim, NOW)])))

    thread = threading.Thread(target=write, daemon=True)
    with services.database.begin() as replay:
        assert lock_whole(replay, [claim.event_id]) == set()
        thread.start()
        thread.join(20)
        assert written == [True]
