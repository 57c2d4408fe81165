"""Retention of followers: who is not bound is forgotten with their events, everybody else stays."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from app.pipeline.services import Services
from app.pipeline.upkeep import retention
from app.pipeline.upkeep.retention import prune_all, prune_when_due
from app.storage.binding.followers import (
    Subscription,
    followers,
    lock_follower,
    note_subscription,
    set_wrong_guesses,
)
from app.storage.binding.openids import upsert_openid
from app.storage.pruning.old_followers import forget_followers
from tests.builders import NOW


@pytest.fixture(autouse=True)
def _without_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "REST", 0.0)


def heard_of(services: Services, open_id: str, days: float, *, channel: str = "wechat") -> None:
    """Note that somebody followed that many days ago."""
    at = NOW - timedelta(days=days)
    with services.database.begin() as tx:
        lock_follower(tx, channel, open_id)
        note_subscription(tx, channel, open_id, Subscription(True, at, at, "e"))


def bind(services: Services, open_id: str, *, channel: str = "wechat") -> None:
    with services.database.begin() as tx:
        upsert_openid(
            tx,
            open_id,
            app="crm",
            open_id=open_id,
            channel=channel,
            user_ref=None,
            bound_at=NOW,
            bindcode_id="c",
        )


def known(services: Services) -> set[str]:
    with services.database.read() as tx:
        return {row.open_id for row in tx.execute(followers.select())}


def test_who_was_not_heard_of_is_forgotten_with_their_events(services: Services) -> None:
    heard_of(services, "old", 91)
    heard_of(services, "young", 89)
    assert prune_all(services).followers == 1
    assert known(services) == {"young"}


def test_who_is_bound_stays_whatever_their_age(services: Services) -> None:
    heard_of(services, "bound", 400)
    bind(services, "bound")
    assert prune_all(services).followers == 0
    assert known(services) == {"bound"}


def test_a_binding_on_another_channel_keeps_nobody(services: Services) -> None:
    heard_of(services, "same-name", 91)
    bind(services, "same-name", channel="elsewhere")
    assert prune_all(services).followers == 1


def test_who_guesses_codes_stays(services: Services) -> None:
    heard_of(services, "guesser", 91)
    with services.database.begin() as tx:
        set_wrong_guesses(tx, "wechat", "guesser", count=10, since=NOW - timedelta(minutes=1))
    assert prune_all(services).followers == 0


def test_the_days_are_those_of_events(services: Services, services_with: object) -> None:
    heard_of(services, "somebody", 5)
    assert prune_all(services_with(env={"RETENTION_EVENT_DAYS": "4"})).followers == 1  # type: ignore[operator]


def test_those_who_stay_do_not_hide_those_behind_them(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        heard_of(services, f"a{number}", 91)
        bind(services, f"a{number}")
        heard_of(services, f"b{number}", 91, channel=f"wechat-{number}")
    assert prune_all(services).followers == 5
    assert known(services) == {f"a{number}" for number in range(5)}


def test_the_walk_over_followers_goes_on_and_begins_anew_a_day_later(services: Services) -> None:
    heard_of(services, "m", 91)
    services.runtime.pruning.followers_done_to = ("wechat", "z")
    prune_when_due(services)
    assert known(services) == {"m"}
    services.runtime.pruning.next_run = 0.0
    prune_when_due(services)
    assert known(services) == {"m"}
    services.runtime.pruning.next_run = services.runtime.pruning.followers_again = 0.0
    prune_when_due(services)
    assert known(services) == set()


def test_who_was_bound_since_they_were_looked_at_stays(services: Services) -> None:
    heard_of(services, "bound", 91)
    bind(services, "bound")
    with services.database.begin() as tx:
        assert forget_followers(tx, "wechat", ["bound"], heard_before=NOW) == 0


@pytest.mark.backends("postgresql", "mariadb")
def test_whose_event_is_being_worked_on_is_passed_over(services: Services) -> None:
    heard_of(services, "busy", 91)
    heard_of(services, "idle", 91)
    counts: list[int] = []
    with services.database.begin() as tx:
        lock_follower(tx, "wechat", "busy")
        thread = threading.Thread(target=lambda: counts.append(prune_all(services).followers))
        thread.start()
        thread.join(20)
    assert counts == [1]
    assert known(services) == {"busy"}
