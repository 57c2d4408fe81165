"""A replay and retention at the same moment: an event is never both due to run and without its body."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from app.core.errors import RefusedError
from app.core.states import DispatchState, EventState
from app.pipeline.operators.replay import replay_event, replay_events
from app.pipeline.operators.replay_order import ReplayOrder, read_filter
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.pipeline.upkeep import retention
from app.pipeline.upkeep.retention import prune_all
from app.storage.inbox.events import events
from app.storage.pruning.old_events import empty_events
from app.storage.queue.dispatches import dispatches, queue
from app.storage.queue.replays import DueAgain, list_dispatches_of, lock_whole, make_due
from tests.builders import NOW
from tests.upkeep.stage import has_body, old_event

ORDER = ReplayOrder(actor="ops", reason="the crm was away")


@pytest.fixture
def dead(services_with: Callable[..., Services], monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr(retention, "REST", 0.0)
    router = Router()
    router.on("callback", name="route-0")(lambda event, context: None)
    return services_with(router=router)


def dead_event(services: Services, days: float = 40, dispatch_count: int = 1) -> str:
    states = (DispatchState.DEAD,) * dispatch_count
    return old_event(services, days, state=EventState.DEAD, dispatch_states=states)


def test_a_replay_that_comes_second_is_refused(dead: Services) -> None:
    event_id = dead_event(dead)
    refusals: list[RefusedError] = []

    def replay() -> None:
        try:
            replay_event(dead, event_id, ORDER)
        except RefusedError as error:
            refusals.append(error)

    thread = threading.Thread(target=replay)
    with dead.database.begin() as tx:
        assert empty_events(tx, [event_id]) == 1
        thread.start()
        time.sleep(0.3)
    thread.join()
    assert [error.code for error in refusals] == ["body_pruned"]
    with dead.database.read() as tx:
        assert [row.state for row in tx.execute(dispatches.select())] == ["dead"]


def test_retention_that_comes_second_leaves_the_event(dead: Services) -> None:
    event_id = dead_event(dead, dispatch_count=2)
    emptied: list[int] = []
    thread = threading.Thread(target=lambda: emptied.append(prune_all(dead).bodies))
    with dead.database.begin() as tx:
        assert lock_whole(tx, [event_id]) == set()
        row = list_dispatches_of(tx, [event_id])[0]
        make_due(tx, [DueAgain(row.id, row.state, row.attempt, NOW)])
        thread.start()
        time.sleep(0.3)
    thread.join()
    prune_all(dead)
    assert emptied == [0]
    assert has_body(dead, event_id)


def test_many_of_both_at_once_agree(dead: Services) -> None:
    for number in range(60):
        dead_event(dead, 40 + number / 10)
    threads = [
        threading.Thread(target=lambda: replay_events(dead, read_filter({}), ORDER, limit=None)),
        threading.Thread(target=lambda: prune_all(dead)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with dead.database.read() as tx:
        whole = {row.id for row in tx.execute(events.select()) if row.body is not None}
        due = {row.event_id for row in tx.execute(queue.select())}
    assert due == whole
