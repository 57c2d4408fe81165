"""A machine's clock that is set back on SQLite: what waited goes on waiting as long as before, and no longer."""

from __future__ import annotations

import pytest

from app.core.values import Reply
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.pipeline.upkeep.clock_steps import ClockWatch
from tests.builders import FrozenClock, signed_callback


@pytest.fixture
def waiting(services_with, clock: FrozenClock) -> Services:
    """Return services with one event that waits to be handled."""
    router = Router()
    router.on("callback")(lambda event, context: None)
    services: Services = services_with(router=router)
    assert isinstance(receive(services, "callback", signed_callback(), trace_id="t"), Reply)
    return services


@pytest.mark.backends("sqlite")
def test_what_was_due_is_due_after_a_step_back(waiting: Services, clock: FrozenClock) -> None:
    watch = ClockWatch(waiting)
    clock.advance(minutes=-10)
    assert claim_work(waiting, limit=10) == []
    watch.look()
    assert len(claim_work(waiting, limit=10)) == 1


@pytest.mark.backends("sqlite")
def test_a_dead_process_lease_ends_in_time_after_a_step_back(waiting: Services, clock: FrozenClock) -> None:
    assert len(claim_work(waiting, limit=10)) == 1
    watch = ClockWatch(waiting)
    clock.advance(minutes=-10)
    watch.look()
    watch.look()
    assert claim_work(waiting, limit=10) == []
    clock.advance(seconds=waiting.lease_seconds + 1)
    assert len(claim_work(waiting, limit=10)) == 1


@pytest.mark.backends("postgresql", "mariadb")
def test_a_database_with_a_clock_of_its_own_is_left_alone(waiting: Services, clock: FrozenClock) -> None:
    watch = ClockWatch(waiting)
    clock.advance(minutes=-10)
    watch.look()
    assert claim_work(waiting, limit=10) == []
