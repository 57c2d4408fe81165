"""When a dispatch dies: what registered for it runs as a dispatch of its own, once for each death."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from app.core.errors import PermanentError, Postponed
from app.core.values import Event
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.operators.dead_letters import list_dead_letters_page
from app.pipeline.operators.replay import replay_event
from app.pipeline.operators.replay_order import STATES
from app.pipeline.router import Context, Death, OnDeadName, Route, Router, read_on_dead_name
from app.pipeline.services import Services
from app.storage.database.db import Transaction
from app.storage.inbox.nonces import use_nonce
from tests.builders import NOW, FrozenClock, run_stored_claim
from tests.operators.stage import ORDER, Crm, accept, away, detail_of, run_due

MakeServices = Callable[..., Services]


class Refunds:
    """A handler of deaths: `seen` are the deaths it was told of; `error` is what it raises."""

    def __init__(self, error: Exception | None = None):
        self.error = error
        self.seen: list[tuple[str, Death | None]] = []

    def handle(self, event: Event, context: Context) -> str:
        self.seen.append((event.id, context.death))
        if self.error is not None:
            raise self.error
        return "refunded"


def router_of(crm: Crm, refunds: Refunds, **options: Any) -> Router:
    router = crm.router()
    router.on_dead(name="refund", **options)(refunds.handle)
    return router


def follower_of(services: Services, event_id: str) -> dict[str, Any]:
    """Return the only dispatch that a death made."""
    (found,) = [item for item in detail_of(services, event_id)["dispatches"] if item["on_dead_of"]]
    return dict(found)


def followers_of(services: Services, event_id: str) -> list[dict[str, Any]]:
    return [item for item in detail_of(services, event_id)["dispatches"] if item["on_dead_of"]]


def test_a_death_runs_its_handler_with_the_event_and_what_died(services_with: MakeServices) -> None:
    refunds = Refunds()
    services = services_with(router=router_of(away(), refunds))
    event_id = accept(services)
    assert run_due(services) == 1
    assert refunds.seen == []
    assert run_due(services) == 1
    assert refunds.seen == [(event_id, Death("crm", 1, "PermanentError: the crm is away"))]


def test_tries_that_ran_out_are_a_death_too(services_with: MakeServices, clock: FrozenClock) -> None:
    refunds, router = Refunds(), Router()
    router.on("callback", name="crm", max_attempts=3)(Crm(RuntimeError("busy")).handle)
    router.on_dead(name="refund")(refunds.handle)
    services = services_with(router=router)
    event_id = accept(services)
    for _ in range(3):
        assert refunds.seen == []
        assert run_due(services) == 1
        clock.advance(hours=9)
    run_due(services)
    assert refunds.seen == [(event_id, Death("crm", 3, "RuntimeError: busy"))]


def test_a_failure_that_is_tried_again_is_no_death(services_with: MakeServices) -> None:
    services = services_with(router=router_of(Crm(RuntimeError("busy")), Refunds()))
    event_id = accept(services)
    run_due(services)
    assert followers_of(services, event_id) == []


def test_secrets_in_the_error_are_not_told(services_with: MakeServices) -> None:
    refunds = Refunds()
    crm = Crm(PermanentError("refused: access_token=secret-of-the-crm-1234567890"))
    services = services_with(router=router_of(crm, refunds))
    accept(services)
    run_due(services)
    run_due(services)
    ((_, death),) = refunds.seen
    assert death is not None
    assert "secret-of-the-crm" not in death.error


def test_the_event_stays_dead_when_what_follows_succeeds(services_with: MakeServices) -> None:
    services = services_with(router=router_of(away(), Refunds()))
    event_id = accept(services)
    run_due(services)
    assert detail_of(services, event_id)["state"] == "dead"
    run_due(services)
    assert follower_of(services, event_id)["state"] == "succeeded"
    assert detail_of(services, event_id)["state"] == "dead"


def test_what_follows_is_shown_as_a_dispatch_of_the_event(services_with: MakeServices) -> None:
    services = services_with(router=router_of(away(), Refunds()))
    event_id = accept(services)
    run_due(services)
    run_due(services)
    (died,) = [item for item in detail_of(services, event_id)["dispatches"] if item["route"] == "crm"]
    follows = follower_of(services, event_id)
    assert (died["on_dead_of"], follows["on_dead_of"]) == (None, "crm")
    assert read_on_dead_name(follows["route"]) == OnDeadName("refund", died["id"], 1)
    assert [item["outcome"] for item in follows["attempts"]] == ["succeeded"]


def test_what_follows_is_undone_together_with_the_death(services_with: MakeServices) -> None:
    def breaks(*_: Any) -> None:
        raise ZeroDivisionError

    router = Router()
    router.add(Route("crm", "callback", "*", away().handle, at_death=breaks))
    router.on_dead(name="refund")(Refunds().handle)
    services = services_with(router=router)
    event_id = accept(services)
    with pytest.raises(ZeroDivisionError):
        run_due(services)
    (dispatch,) = detail_of(services, event_id)["dispatches"]
    assert (dispatch["state"], dispatch["attempts"]) == ("running", [])


def test_no_commit_shows_a_death_without_what_follows(
    services_with: MakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_with(router=router_of(away(), Refunds()))
    event_id = accept(services)
    real, looks = services.database.begin, []

    @contextmanager
    def begin() -> Iterator[Transaction]:
        with real() as tx:
            yield tx
        looks.append(sorted(item["state"] for item in detail_of(services, event_id)["dispatches"]))

    monkeypatch.setattr(services.database, "begin", begin)
    run_due(services)
    assert [states for states in looks if "dead" in states] == [["dead", "pending"]]


def test_a_lease_that_was_taken_over_makes_no_death(services_with: MakeServices, clock: FrozenClock) -> None:
    services = services_with(router=router_of(away(), Refunds()))
    event_id = accept(services)
    (late,) = claim_work(services, limit=10)
    clock.advance(seconds=services.lease_seconds + 1)
    (mine,) = claim_work(services, limit=10)
    run_stored_claim(services, late)
    assert followers_of(services, event_id) == []
    run_stored_claim(services, mine)
    assert [item["on_dead_of"] for item in followers_of(services, event_id)] == ["crm"]


def test_it_is_tried_again_like_any_other(services_with: MakeServices, clock: FrozenClock) -> None:
    refunds = Refunds(RuntimeError("the bank is away"))
    services = services_with(router=router_of(away(), refunds))
    event_id = accept(services)
    run_due(services)
    run_due(services)
    assert follower_of(services, event_id)["state"] == "retrying"
    refunds.error = None
    clock.advance(seconds=11)
    run_due(services)
    assert follower_of(services, event_id)["state"] == "succeeded"
    assert len(refunds.seen) == 2


def test_when_what_follows_dies_nothing_follows(services_with: MakeServices) -> None:
    refunds = Refunds(PermanentError("no such account"))
    services = services_with(router=router_of(away(), refunds))
    event_id = accept(services)
    while run_due(services):
        pass
    assert len(refunds.seen) == 1
    assert follower_of(services, event_id)["state"] == "dead"
    (dead,) = list_dead_letters_page(services, {}, cursor=None, limit=10)["items"]
    assert sorted(failure["error"] for failure in dead["failures"]) == [
        "PermanentError: no such account",
        "PermanentError: the crm is away",
    ]


def test_each_death_runs_it_once_over_replays(services_with: MakeServices) -> None:
    refunds = Refunds()
    services = services_with(router=router_of(away(), refunds))
    event_id = accept(services)
    run_due(services)
    run_due(services)
    replay_event(services, event_id, ORDER)
    assert detail_of(services, event_id)["state"] == "processing"
    run_due(services)
    assert detail_of(services, event_id)["state"] == "dead"
    run_due(services)
    assert [death and death.attempts for _, death in refunds.seen] == [1, 2]
    assert run_due(services) == 0


def test_a_death_is_told_as_it_was_although_a_replay_came_between(services_with: MakeServices) -> None:
    refunds, crm = Refunds(), away()
    services = services_with(router=router_of(crm, refunds))
    event_id = accept(services)
    run_due(services)
    crm.error = None
    replay_event(services, event_id, ORDER)
    run_due(services)
    assert refunds.seen == [(event_id, Death("crm", 1, "PermanentError: the crm is away"))]


def test_an_event_whose_replay_goes_well_has_succeeded(services_with: MakeServices) -> None:
    crm = away()
    services = services_with(router=router_of(crm, Refunds()))
    event_id = accept(services)
    run_due(services)
    run_due(services)
    crm.error = None
    replay_event(services, event_id, ORDER)
    run_due(services)
    assert detail_of(services, event_id)["state"] == "succeeded"


def test_a_replay_repeats_what_followed_only_when_it_died_too(services_with: MakeServices) -> None:
    refunds = Refunds(PermanentError("no such account"))
    services = services_with(router=router_of(away(), refunds))
    event_id = accept(services)
    run_due(services)
    run_due(services)
    refunds.error = None
    done = replay_event(services, event_id, replace(ORDER, states=STATES["dead"]))
    assert done.dispatches == 2
    run_due(services)
    assert sorted(item["state"] for item in followers_of(services, event_id)) == ["pending", "succeeded"]


def test_what_followed_is_replayed_when_it_is_named(services_with: MakeServices) -> None:
    refunds = Refunds()
    services = services_with(router=router_of(away(), refunds))
    event_id = accept(services)
    run_due(services)
    run_due(services)
    name = follower_of(services, event_id)["route"]
    assert replay_event(services, event_id, replace(ORDER, route=name)).dispatches == 1
    run_due(services)
    assert len(refunds.seen) == 2


def test_a_transactional_handler_of_deaths_commits_with_its_dispatch(services_with: MakeServices) -> None:
    router = away().router()
    seen: list[Death | None] = []

    @router.on_dead(name="refund", transactional=True)
    def refund(event: Event, context: Context) -> None:
        assert context.tx is not None
        use_nonce(context.tx, "refunds", event.id, NOW)
        seen.append(context.death)
        if len(seen) == 1:
            raise Postponed("the bank is closed", until=NOW)

    services = services_with(router=router)
    event_id = accept(services)
    for _ in range(3):
        run_due(services)
    assert follower_of(services, event_id)["state"] == "succeeded"
    assert seen == [Death("crm", 1, "PermanentError: the crm is away")] * 2
    with services.database.begin() as tx:
        assert not use_nonce(tx, "refunds", event_id, NOW)


@pytest.mark.backends("sqlite")
class TestWhichDeaths:
    def deaths_seen(self, services_with: MakeServices, **options: Any) -> list[str]:
        """Let the routes `crm` and `erp` of one event die and return which deaths were told."""
        refunds, crm = Refunds(), away()
        router = router_of(crm, refunds, **options)
        router.on("callback", name="erp")(crm.handle)
        services = services_with(router=router)
        accept(services)
        while run_due(services):
            pass
        return sorted(death.route for _, death in refunds.seen if death is not None)

    def test_every_route_is_watched_unless_told_otherwise(self, services_with: MakeServices) -> None:
        assert self.deaths_seen(services_with) == ["crm", "erp"]

    def test_a_glob_chooses_the_routes(self, services_with: MakeServices) -> None:
        assert self.deaths_seen(services_with, route="c*") == ["crm"]

    def test_another_source_is_not_told(self, services_with: MakeServices) -> None:
        assert self.deaths_seen(services_with, source="feishu") == []

    def test_another_type_is_not_told(self, services_with: MakeServices) -> None:
        assert self.deaths_seen(services_with, event_type="payment_*") == []

    def test_another_version_is_not_told(self, services_with: MakeServices) -> None:
        assert self.deaths_seen(services_with, version="v2") == []

    def test_several_handlers_each_get_their_own(self, services_with: MakeServices) -> None:
        refunds, alarms = Refunds(), Refunds(PermanentError("nobody at home"))
        router = router_of(away(), refunds)
        router.on_dead(name="alarm")(alarms.handle)
        services = services_with(router=router)
        event_id = accept(services)
        while run_due(services):
            pass
        assert [item["state"] for item in followers_of(services, event_id)].count("succeeded") == 1
        assert (len(refunds.seen), len(alarms.seen)) == (1, 1)

    def test_what_no_handler_takes_any_more_dies_and_is_told(
        self, services_with: MakeServices, clock: FrozenClock
    ) -> None:
        event_id = accept(services_with(router=away().router()))
        refunds = Refunds()
        router = Router()
        router.on_dead(name="refund")(refunds.handle)
        services = services_with(router=router)
        while not refunds.seen:
            run_due(services)
            clock.advance(hours=9)
        assert refunds.seen == [(event_id, Death("crm", 12, "LookupError: no handler is called crm"))]


@pytest.mark.backends("sqlite")
def test_the_engine_is_woken_by_a_death(services_with: MakeServices) -> None:
    services = services_with(router=router_of(away(), Refunds()))
    accept(services)
    woken: list[str] = []
    services.runtime.wake = lambda: woken.append("woken")
    run_due(services)
    assert woken == ["woken"]


def test_names_of_any_handler_are_read_back() -> None:
    name = OnDeadName("shop:refunds.on_dead:v2", "0" * 32, 12)
    assert read_on_dead_name(str(name)) == name


@pytest.mark.parametrize(
    "route", ["crm", "on_dead:", "on_dead:refund", "on_dead:refund:zz:1", "destination:crm"]
)
def test_other_names_are_not_taken_for_deaths(route: str) -> None:
    assert read_on_dead_name(route) is None


def test_a_name_that_would_not_fit_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"needs a shorter name .* give it one with name="):
        Router().on_dead(name="r" * 129)(Refunds().handle)
    longest = str(OnDeadName("r" * 128, "f" * 32, 999_999_999))
    assert len(longest) <= 191


def test_a_handler_of_events_cannot_take_the_name_of_a_death() -> None:
    with pytest.raises(ValueError, match="on_dead: is kept for on_dead"):
        Router().on("callback", name="on_dead:mine")(Refunds().handle)


def test_two_handlers_of_deaths_with_one_name_are_refused() -> None:
    router = Router()
    router.on_dead(name="refund")(Refunds().handle)
    with pytest.raises(ValueError, match="two handlers are called refund"):
        router.on_dead(name="refund")(Refunds().handle)


def test_an_included_router_brings_its_handlers_of_deaths() -> None:
    inner, outer = Router(), Router()
    inner.on_dead(name="refund")(Refunds().handle)
    outer.include(inner)
    assert [route.name for route in outer.on_dead_routes] == ["refund"]
