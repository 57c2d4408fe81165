"""Completing attempts: each ends its own way, late ones are told apart, and the event says the worst of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core.states import DispatchState
from app.pipeline.dispatch.attempts import claim_work, keep_leases
from app.pipeline.inbound.receive import receive
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.inbox.events import events
from app.storage.queue.completions import Ending, complete, failed, succeeded, taken_back
from app.storage.queue.dispatches import Claim, attempts, every_dispatch
from app.storage.queue.event_states import event_state_of, shown_state
from tests.builders import NOW, envelope, signed_callback

LATER = NOW + timedelta(minutes=5)


@dataclass
class Queue:
    """A gateway with claimed dispatches, and looks at what is stored about them."""

    services: Services

    def claim(self, count: int = 1) -> list[Claim]:
        for number in range(count):
            receive(self.services, "callback", signed_callback(envelope(f"evt_{number}")), trace_id="")
        claims = claim_work(self.services, limit=count)
        assert len(claims) == count
        return claims

    def complete(self, *endings: Ending) -> list[bool]:
        return self.services.database.run(lambda tx: complete(tx, endings))

    def row(self, claim: Claim) -> Any:
        found = every_dispatch()
        query = select(found, shown_state().label("event_state"))
        query = query.join(events, events.c.id == found.c.event_id)
        with self.services.database.read() as tx:
            return tx.execute(query.where(found.c.id == claim.dispatch_id)).one()

    def attempts(self, claim: Claim) -> list[tuple[Any, ...]]:
        query = select(attempts.c.number, attempts.c.outcome, attempts.c.error)
        with self.services.database.read() as tx:
            found = tx.execute(query.where(attempts.c.dispatch_id == claim.dispatch_id)).all()
        return [tuple(row) for row in found]


@pytest.fixture
def queue(services_with: Callable[..., Services]) -> Queue:
    router = Router()
    router.on("callback", name="handler")(lambda event, context: None)
    return Queue(services_with(router=router))


def test_a_late_success_is_told_apart_from_its_neighbours(queue: Queue) -> None:
    good, taken_over = queue.claim(2)
    late = taken_over._replace(attempt=taken_over.attempt + 1)
    now = queue.services.clock.now()
    assert queue.complete(succeeded(late, now), succeeded(good, now)) == [False, True]


def test_one_batch_ends_each_attempt_its_own_way(queue: Queue) -> None:
    silent, speaking, failing, dying, returning = queue.claim(5)
    held = queue.complete(
        succeeded(silent, NOW),
        succeeded(speaking, NOW, b'{"a":1}'),
        failed(failing, NOW, error="no luck", due_at=LATER),
        failed(dying, NOW, error="no hope", due_at=None),
        taken_back(returning, NOW, due_at=LATER),
    )
    assert held == [True] * 5
    rows = [queue.row(claim) for claim in (silent, speaking, failing, dying, returning)]
    assert [(row.state, row.due_at, row.finished_at, row.result, row.attempt) for row in rows] == [
        ("succeeded", None, NOW, None, 1),
        ("succeeded", None, NOW, b'{"a":1}', 1),
        ("retrying", LATER, None, None, 1),
        ("dead", None, NOW, None, 1),
        ("pending", LATER, None, None, 0),
    ]
    assert [row.event_state for row in rows] == ["succeeded", "succeeded", "retrying", "dead", "received"]
    assert queue.attempts(silent) == queue.attempts(speaking) == [(1, "succeeded", None)]
    assert queue.attempts(failing) == [(1, "failed", "no luck")]
    assert queue.attempts(dying) == [(1, "failed", "no hope")]
    assert queue.attempts(returning) == []


def test_an_attempt_taken_back_leaves_its_number_to_the_next_one(queue: Queue) -> None:
    (claim,) = queue.claim()
    queue.complete(failed(claim, NOW, error="no luck", due_at=NOW))
    (second,) = claim_work(queue.services, limit=1)
    queue.complete(taken_back(second, NOW, due_at=NOW))
    assert queue.row(second).state == "retrying"
    (again,) = claim_work(queue.services, limit=1)
    assert again.attempt == second.attempt == 2


class TestWhoeverHoldsNothingWritesNothing:
    """The fence: number, start and state must all be those of the claim, however the attempt ended."""

    @pytest.fixture(params=["another number", "another start", "over already"])
    def late(self, queue: Queue, request: pytest.FixtureRequest) -> Claim:
        (claim,) = queue.claim()
        if request.param == "another number":
            return claim._replace(attempt=claim.attempt + 1)
        if request.param == "another start":
            return claim._replace(started_at=claim.started_at - timedelta(microseconds=1))
        queue.complete(failed(claim, NOW, error="no luck", due_at=LATER))
        return claim

    @pytest.mark.parametrize(
        "end",
        [
            lambda claim: succeeded(claim, LATER, b"1"),
            lambda claim: failed(claim, LATER, error="late", due_at=None),
            lambda claim: taken_back(claim, LATER, due_at=LATER),
        ],
        ids=["succeeded", "failed", "taken back"],
    )
    def test_a_late_ending_changes_nothing(
        self, queue: Queue, late: Claim, end: Callable[[Claim], Ending]
    ) -> None:
        before = queue.row(late), queue.attempts(late)
        assert queue.complete(end(late)) == [False]
        assert (queue.row(late), queue.attempts(late)) == before

    def test_a_lease_that_was_lost_is_not_renewed(self, queue: Queue, late: Claim) -> None:
        before = queue.row(late)
        services = replace(queue.services, lease_seconds=2 * queue.services.lease_seconds)
        services.runtime.running.clear()
        services.runtime.running[late.dispatch_id] = late
        keep_leases(services)
        assert queue.row(late) == before


@pytest.mark.parametrize(
    ("states", "event_state"),
    [
        ("", "ignored"),
        ("pending", "received"),
        ("running", "processing"),
        ("succeeded", "succeeded"),
        ("retrying", "retrying"),
        ("dead", "dead"),
        ("pending running", "processing"),
        ("pending succeeded", "processing"),
        ("running succeeded", "processing"),
        ("retrying succeeded", "retrying"),
        ("pending retrying running", "retrying"),
        ("dead succeeded", "dead"),
        ("dead pending retrying running succeeded", "dead"),
    ],
)
def test_an_event_stands_where_the_worst_of_its_dispatches_does(states: str, event_state: str) -> None:
    assert event_state_of({DispatchState(word) for word in states.split()}) == event_state
