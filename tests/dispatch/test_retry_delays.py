"""Waits that a handler or a destination chose for itself, instead of the usual schedule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.core.errors import UpstreamUnavailable
from app.pipeline.dispatch.retry import next_delay
from app.pipeline.router import Router
from app.pipeline.services import Services
from tests.builders import NOW, FrozenClock
from tests.operators.stage import Crm, accept, detail_of, run_due

MakeServices = Callable[..., Services]
pytestmark = pytest.mark.backends("sqlite")


def router_of(error: Exception | None = None, **options: Any) -> Router:
    return Crm(error or RuntimeError("busy")).router(**options)


def waits_of(services: Services, clock: FrozenClock, event_id: str) -> list[float]:
    """Run the only dispatch of an event until it is dead and return the seconds it waited between its tries."""
    waits = []
    while run_due(services):
        (dispatch,) = detail_of(services, event_id)["dispatches"]
        if dispatch["next_attempt_at"] is not None:
            wait = (datetime.fromisoformat(dispatch["next_attempt_at"]) - clock.now()).total_seconds()
            waits.append(wait)
            clock.advance(seconds=wait)
    return waits


def test_the_waits_are_taken_as_they_are_and_one_try_more(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = services_with(router=router_of(retry_delays=[5, "10 s", "2 min"]))
    event_id = accept(services)
    assert waits_of(services, clock, event_id) == [5, 10, 120]
    detail = detail_of(services, event_id)
    assert detail["state"] == "dead"
    assert len(detail["dispatches"][0]["attempts"]) == 4


def test_the_last_wait_repeats_when_more_tries_are_asked_for(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = services_with(router=router_of(retry_delays=[5, 7], max_attempts=5))
    assert waits_of(services, clock, accept(services)) == [5, 7, 7, 7]


def test_fewer_tries_than_waits_end_earlier(services_with: MakeServices, clock: FrozenClock) -> None:
    services = services_with(router=router_of(retry_delays=[5, 7, 9], max_attempts=2))
    assert waits_of(services, clock, accept(services)) == [5]


def test_a_longer_time_that_was_asked_for_is_still_honoured(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    error = UpstreamUnavailable("busy", retry_after=600)
    services = services_with(router=router_of(error, retry_delays=[5, 900]))
    assert waits_of(services, clock, accept(services)) == [600, 900]


def test_a_platform_that_sends_again_still_goes_first(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = services_with(router=router_of(retry_delays=[5, 90], inline=True))
    event_id = accept(services)
    (dispatch,) = detail_of(services, event_id)["dispatches"]
    assert datetime.fromisoformat(dispatch["next_attempt_at"]) == NOW + timedelta(seconds=60)


def test_without_waits_of_its_own_the_usual_schedule_counts() -> None:
    assert {next_delay(1) for _ in range(20)} != {next_delay(1)}
    assert next_delay(2, delays=(5.0,)) == timedelta(seconds=5)


def test_commands_wait_as_their_handler_asks(services_with: MakeServices) -> None:
    router = Router()
    router.on("commands", "SYNC", retry_delays=[5])(lambda event, context: None)
    (run, _) = services_with(router=router).commands
    assert (run.retry_delays, run.max_attempts) == ((5.0,), 2)


@pytest.mark.parametrize(
    "value",
    [
        [],
        "10 s",
        10,
        [0],
        [-1],
        ["soon"],
        ["5 m"],
        [True],
        [None],
        [[5]],
        ["8 d"],
        [604_801],
        [float("nan")],
        [5] * 100,
    ],
)
def test_a_value_that_cannot_be_used_names_the_handler_and_the_cure(value: Any) -> None:
    with pytest.raises(
        ValueError, match=r"retry_delays of shop\.pay must be a list of 1 to 99 waits.*'5 min'"
    ):
        Router().on("callback", name="shop.pay", retry_delays=value)(lambda event, context: None)


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", True])
def test_tries_that_are_no_count_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"max_attempts of shop\.pay must be a whole number from 1 on"):
        Router().on("callback", name="shop.pay", max_attempts=value)(lambda event, context: None)
