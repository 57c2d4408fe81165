"""Order by key: one after another inside a key, past a stuck one, and no key waits for another."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from app.core.errors import PermanentError
from app.core.identifiers import OrderedIds
from app.pipeline.dispatch import ordering
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.router import Route, Router
from app.pipeline.services import Services
from app.pipeline.upkeep.housekeeping import tidy
from app.storage.queue.dispatches import dispatches, queue
from app.storage.queue.waiting import HELD_LONGER
from tests.builders import CALLBACK_CHANNEL, NOW, FrozenClock, envelope, run_stored_claim, signed_callback

MakeServices = Callable[..., Services]
ORDERED = CALLBACK_CHANNEL + 'order_by = "data.order"\n'


class Recorder:
    """A handler that remembers what it ran, and fails the events it is told to."""

    def __init__(self, *failing: str):
        self.ran: list[str] = []
        self.failing = set(failing)
        self.error: type[Exception] = RuntimeError

    def __call__(self, event: Any, context: Any) -> None:
        if event.key in self.failing:
            raise self.error("not this one")
        self.ran.append(event.key)

    def router(self, **options: Any) -> Router:
        router = Router()
        router.on("callback", name="handler", **options)(self)
        return router


def accept(services: Services, key: str, order: Any) -> None:
    body = envelope(key, data={"order": order})
    receive(services, "callback", signed_callback(body), trace_id="")


def run_once(services: Services) -> int:
    claims = claim_work(services, limit=10)
    for claim in claims:
        run_stored_claim(services, claim)
    return len(claims)


def run_all(services: Services) -> None:
    while run_once(services):
        pass


def states(services: Services) -> dict[str, str]:
    items = list_events_page(services, {}, cursor=None, limit=200)["items"]
    return {item["key"]: item["state"] for item in items}


def test_events_of_one_key_run_in_the_order_they_came(services_with: MakeServices) -> None:
    recorder = Recorder()
    services = services_with(channels=ORDERED, router=recorder.router())
    for number in range(8):
        accept(services, f"a{number}", "A")
    assert run_once(services) == 1
    run_all(services)
    assert recorder.ran == [f"a{number}" for number in range(8)]


def test_a_failing_key_stops_only_itself(services_with: MakeServices, clock: FrozenClock) -> None:
    recorder = Recorder("a0")
    services = services_with(channels=ORDERED, router=recorder.router())
    for number in range(3):
        for key in ("A", "B", "C"):
            accept(services, f"{key.lower()}{number}", key)
    accept(services, "loose", None)
    run_all(services)
    assert recorder.ran.count("loose") == 1
    assert [name for name in recorder.ran if name[0] == "b"] == ["b0", "b1", "b2"]
    assert [name for name in recorder.ran if name[0] == "c"] == ["c0", "c1", "c2"]
    assert [name for name in recorder.ran if name[0] == "a"] == []
    recorder.failing.clear()
    clock.advance(seconds=11)
    run_all(services)
    assert [name for name in recorder.ran if name[0] == "a"] == ["a0", "a1", "a2"]


def test_a_dead_letter_does_not_hold_its_key_for_ever(services_with: MakeServices) -> None:
    recorder = Recorder("a0")
    recorder.error = PermanentError
    services = services_with(channels=ORDERED, router=recorder.router())
    for number in range(3):
        accept(services, f"a{number}", "A")
    run_all(services)
    assert recorder.ran == ["a1", "a2"]
    assert states(services) == {"a0": "dead", "a1": "succeeded", "a2": "succeeded"}


def test_a_running_one_holds_the_next_and_its_lost_lease_comes_first(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    recorder = Recorder()
    services = services_with(channels=ORDERED, router=recorder.router())
    accept(services, "a0", "A")
    accept(services, "a1", "A")
    (lost,) = claim_work(services, limit=10)
    assert claim_work(services, limit=10) == []
    clock.advance(seconds=services.lease_seconds + 1)
    (again,) = claim_work(services, limit=10)
    assert again.dispatch_id == lost.dispatch_id
    run_stored_claim(services, again)
    run_all(services)
    assert recorder.ran == ["a0", "a1"]


def test_four_workers_at_once_keep_the_order_of_every_key(services_with: MakeServices) -> None:
    recorder = Recorder()
    services = services_with(channels=ORDERED, router=recorder.router())
    for number in range(12):
        for key in "ABC":
            accept(services, f"{key}{number:02}", key)

    def work(_: int) -> None:
        idle = 0
        while idle < 20:
            idle = 0 if run_once(services) else idle + 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    for key in "ABC":
        assert [name for name in recorder.ran if name[0] == key] == [f"{key}{n:02}" for n in range(12)]


def test_what_waits_behind_a_stuck_one_is_out_of_the_claims_sight(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    recorder = Recorder("a0")
    services = services_with(channels=ORDERED, router=recorder.router())
    for number in range(3):
        accept(services, f"a{number}", "A")
    run_all(services)
    for number in range(3, 6):
        accept(services, f"a{number}", "A")
        tidy(services)
    with services.database.read() as tx:
        due = [row.due_at for row in tx.execute(queue.select().order_by(queue.c.id))]
    assert NOW + timedelta(seconds=1) <= due[0] <= NOW + timedelta(seconds=10)
    assert due[1:] == [due[0] + HELD_LONGER] * 5


def test_what_is_held_and_not_released_comes_due_by_itself(
    services_with: MakeServices, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder("a0")
    services = services_with(channels=ORDERED, router=recorder.router())
    accept(services, "a0", "A")
    accept(services, "a1", "A")
    run_all(services)
    recorder.failing.clear()
    monkeypatch.setattr(ordering, "_let_followers_go", lambda services, claim: None)
    clock.advance(seconds=11)
    run_all(services)
    assert recorder.ran == ["a0"]
    clock.advance(seconds=HELD_LONGER.total_seconds())
    run_all(services)
    assert recorder.ran == ["a0", "a1"]


@pytest.mark.backends("sqlite")
def test_an_inline_handler_does_not_wait_for_order(services_with: MakeServices) -> None:
    recorder = Recorder()
    services = services_with(channels=ORDERED, router=recorder.router(inline=True))
    accept(services, "a0", "A")
    accept(services, "a1", "A")
    assert recorder.ran == ["a0", "a1"]
    with services.database.read() as tx:
        assert [row.order_key for row in tx.execute(dispatches.select())] == [None, None]


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("order", ["x" * 400, "a\nb", 7])
def test_any_plain_value_is_a_key(services_with: MakeServices, order: Any) -> None:
    services = services_with(channels=ORDERED, router=Recorder().router())
    accept(services, "a0", order)
    accept(services, "a1", order)
    assert len(claim_work(services, limit=10)) == 1


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("order", [None, {}, [], True, ""])
def test_what_is_no_value_orders_nothing(services_with: MakeServices, order: Any) -> None:
    services = services_with(channels=ORDERED, router=Recorder().router())
    accept(services, "a0", order)
    accept(services, "a1", order)
    assert len(claim_work(services, limit=10)) == 2


def test_ids_of_one_millisecond_sort_in_their_order() -> None:
    made = OrderedIds()
    ids = [made.next(NOW) for _ in range(5000)]
    ids.append(made.next(NOW + timedelta(milliseconds=1)))
    assert ids == sorted(set(ids))
    assert {(len(each), each[12]) for each in ids} == {(32, "7")}


class Places:
    """An engine that always has places and remembers what it was handed."""

    def __init__(self) -> None:
        self.handed: list[Any] = []

    def reserve(self, count: int) -> bool:
        return True

    def release(self, count: int) -> None:
        return

    def hand_over(self, event: Any, claims: Any) -> None:
        self.handed.extend(claims)


@pytest.mark.backends("sqlite")
def test_of_an_events_routes_only_those_without_order_start_at_once(services_with: MakeServices) -> None:
    router = Recorder().router()
    router.add(Route("ordered", "callback", "*", Recorder(), order_by="data.order"))
    services = services_with(router=router)
    services.runtime.engine = places = Places()
    accept(services, "a0", "A")
    assert [claim.route for claim in places.handed] == ["handler"]
    assert [claim.route for claim in claim_work(services, limit=10)] == ["ordered"]


@pytest.mark.backends("sqlite")
def test_only_the_claim_starts_what_has_an_order_key(services_with: MakeServices) -> None:
    services = services_with(channels=ORDERED, router=Recorder().router())
    services.runtime.engine = places = Places()
    accept(services, "a0", "A")
    assert places.handed == []
    accept(services, "loose", None)
    assert [claim.attempt for claim in places.handed] == [1]
    assert len(claim_work(services, limit=10)) == 1
