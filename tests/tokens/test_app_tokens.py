"""App tokens: fetched once for everybody, renewed early, replaced when refused, kept when the platform is down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest

from app.core.errors import RefusedError, TokenRejected, UpstreamUnavailable
from app.pipeline.services import Services
from app.pipeline.tokens import app_tokens
from app.pipeline.tokens.app_tokens import (
    app_token_health,
    refresh_app_token,
    usable_app_token,
    with_app_token,
)
from app.storage.app_tokens import find_app_token, store_app_token, take_token_lease
from app.storage.database.db import Database, Transaction
from app.storage.database.fetch_leases import FetchLease
from tests.binding.fakes import DOWN, Scannable, binding_services, channel
from tests.builders import NOW, FrozenClock


def health(services: Services) -> dict[str, object]:
    (found,) = app_token_health(services)
    return found


def refusing(shop: Scannable, *tokens: str) -> Callable[[str], str]:
    """Return a call that these tokens are not good for."""

    def call(token: str) -> str:
        if token in tokens:
            raise TokenRejected(platform_code="40001")
        return f"done with {token}"

    return call


def test_a_token_is_fetched_once_and_kept(binding: Services, shop: Scannable) -> None:
    assert [usable_app_token(binding, "shop") for _ in range(3)] == ["token-1"] * 3
    assert shop.fetches == 1


def test_the_value_is_sealed_in_the_database(binding: Services) -> None:
    usable_app_token(binding, "shop")
    with binding.database.read() as tx:
        row = find_app_token(tx, "shop", "app")
    assert row is not None
    assert b"token-1" not in bytes(row.value)


def test_a_token_is_renewed_before_its_end(binding: Services, shop: Scannable, clock: FrozenClock) -> None:
    usable_app_token(binding, "shop")
    clock.advance(seconds=7200 - 301)
    assert usable_app_token(binding, "shop") == "token-1"
    clock.advance(seconds=1)
    assert usable_app_token(binding, "shop") == "token-2"


def test_a_platform_that_gives_a_token_near_its_end_is_not_asked_each_time(
    binding: Services, shop: Scannable, clock: FrozenClock
) -> None:
    shop.expires_in = 200  # less than the 300 seconds before its end at which it would be renewed
    for _ in range(10):
        usable_app_token(binding, "shop")
        clock.advance(seconds=9)
    assert shop.fetches == 1
    clock.advance(seconds=10)
    usable_app_token(binding, "shop")
    assert shop.fetches == 2


def test_a_refused_token_is_replaced_and_the_call_repeated_once(binding: Services, shop: Scannable) -> None:
    assert with_app_token(binding, "shop", refusing(shop, "token-1")) == "done with token-2"
    assert shop.rejected == [None, "token-1"]
    assert usable_app_token(binding, "shop") == "token-2"


def test_a_second_refusal_is_the_callers_to_see(binding: Services, shop: Scannable) -> None:
    with pytest.raises(TokenRejected):
        with_app_token(binding, "shop", refusing(shop, "token-1", "token-2"))
    assert shop.fetches == 2


def test_a_token_that_somebody_replaced_already_is_not_dropped(binding: Services, shop: Scannable) -> None:
    def call(token: str) -> str:
        if token == "token-1":
            refresh_app_token(binding, "shop")
            raise TokenRejected
        return token

    assert with_app_token(binding, "shop", call) == "token-2"
    assert shop.fetches == 2


def test_other_errors_leave_the_token_alone(binding: Services, shop: Scannable) -> None:
    def call(_token: str) -> str:
        raise DOWN

    with pytest.raises(UpstreamUnavailable):
        with_app_token(binding, "shop", call)
    assert usable_app_token(binding, "shop") == "token-1"
    assert shop.fetches == 1


def test_while_the_platform_is_down_the_old_token_is_used(
    binding: Services, shop: Scannable, clock: FrozenClock
) -> None:
    usable_app_token(binding, "shop")
    clock.advance(seconds=7200 - 300)
    shop.fail = DOWN
    assert [usable_app_token(binding, "shop") for _ in range(5)] == ["token-1"] * 5
    assert shop.fetches == 2, "the next try comes after a pause"
    assert health(binding)["state"] == "renewal_failing"
    assert health(binding)["last_error"] == "The platform did not answer. (-1)"
    clock.advance(seconds=30)
    shop.fail = None
    assert usable_app_token(binding, "shop") == "token-3"
    assert health(binding)["last_error"] is None


def test_a_platform_that_asks_for_a_longer_pause_gets_it(
    binding: Services, shop: Scannable, clock: FrozenClock
) -> None:
    usable_app_token(binding, "shop")
    clock.advance(seconds=7200 - 300)
    shop.fail = UpstreamUnavailable("Too many calls.", retry_after=120)
    usable_app_token(binding, "shop")
    clock.advance(seconds=119)
    usable_app_token(binding, "shop")
    assert shop.fetches == 2
    clock.advance(seconds=1)
    usable_app_token(binding, "shop")
    assert shop.fetches == 3


def test_without_a_working_token_the_failure_is_told(
    binding: Services, shop: Scannable, clock: FrozenClock
) -> None:
    usable_app_token(binding, "shop")
    clock.advance(seconds=7200)
    shop.fail = DOWN
    with pytest.raises(UpstreamUnavailable, match="did not answer"):
        usable_app_token(binding, "shop")
    assert health(binding)["state"] == "failing"
    shop.fail = None
    assert usable_app_token(binding, "shop") == "token-3"


def test_a_refused_token_is_not_used_again_when_no_new_one_comes(binding: Services, shop: Scannable) -> None:
    usable_app_token(binding, "shop")
    shop.fail = DOWN
    with pytest.raises(UpstreamUnavailable):
        with_app_token(binding, "shop", refusing(shop, "token-1"))
    shop.fail = None
    assert usable_app_token(binding, "shop") == "token-3"


def test_a_fault_of_the_connector_gives_the_lease_back(binding: Services, shop: Scannable) -> None:
    shop.fail = KeyError("access_token")
    with pytest.raises(KeyError):
        usable_app_token(binding, "shop")
    assert health(binding)["last_error"] == "KeyError"
    shop.fail = None
    assert usable_app_token(binding, "shop") == "token-2"


def test_many_callers_share_one_fetch(binding: Services, shop: Scannable, database_url: str) -> None:
    shop.before_fetch = lambda: time.sleep(0.3)
    others = [Database(database_url) for _ in range(4)]
    sharing = [binding_services(database, *binding.channels, clock=binding.clock) for database in others]
    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(lambda number: usable_app_token(sharing[number % 4], "shop"), range(20)))
    assert set(found) == {"token-1"}
    assert shop.fetches == 1
    for database in others:
        database.close()


def test_many_refused_callers_share_one_replacement(binding: Services, shop: Scannable) -> None:
    usable_app_token(binding, "shop")
    shop.before_fetch = lambda: time.sleep(0.2)
    together = threading.Barrier(10)

    def call(token: str) -> str:
        if token == "token-1":
            together.wait()
            raise TokenRejected
        return token

    with ThreadPoolExecutor(10) as threads:
        found = list(threads.map(lambda _: with_app_token(binding, "shop", call), range(10)))
    assert found == ["token-2"] * 10
    assert shop.fetches == 2


def test_who_waited_for_a_failed_fetch_fails_with_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Scannable()
    services = binding_services(database, channel("shop", shop), clock=MovingClock())
    shop.fail = UpstreamUnavailable("Too many calls.", retry_after=40)
    started, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        started.set()
        go_on.wait(10)

    asleep, sleep = set(), time.sleep

    def note_and_sleep(seconds: float) -> None:
        asleep.add(threading.get_ident())
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", note_and_sleep)
    shop.before_fetch = hold
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(usable_app_token, services, "shop")
        assert started.wait(10)
        waiting = [threads.submit(usable_app_token, services, "shop") for _ in range(5)]
        while len(asleep) < len(waiting):
            sleep(0.01)
        go_on.set()
        errors = [call.exception(timeout=20) for call in (first, *waiting)]
    assert [getattr(error, "retry_after", None) for error in errors] == [40] * 6
    assert all(isinstance(error, UpstreamUnavailable) for error in errors)
    assert shop.fetches == 1


def test_while_somebody_renews_the_others_go_on_with_the_old_token(
    binding: Services, shop: Scannable, clock: FrozenClock
) -> None:
    usable_app_token(binding, "shop")
    clock.advance(seconds=7200 - 300)
    seen: list[str] = []
    shop.before_fetch = lambda: seen.append(usable_app_token(binding, "shop"))
    assert usable_app_token(binding, "shop") == "token-2"
    assert seen == ["token-1"]


def test_a_holder_that_died_is_replaced_when_its_lease_ends(
    binding: Services, shop: Scannable, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = FetchLease("dead", 0)
    with binding.database.begin() as tx:
        assert take_token_lease(tx, "shop", "app", lease, now=NOW, until=NOW + timedelta(seconds=20))
    monkeypatch.setattr(app_tokens, "WAIT_SECONDS", 0.1)
    with pytest.raises(UpstreamUnavailable, match="too long"):
        usable_app_token(binding, "shop")
    clock.advance(seconds=20)
    assert usable_app_token(binding, "shop") == "token-1"


def test_a_slow_holder_never_puts_an_older_token_over_a_newer_one(
    binding: Services, shop: Scannable, clock: FrozenClock
) -> None:
    def be_overtaken() -> None:
        shop.before_fetch = lambda: None
        clock.advance(seconds=20)
        assert usable_app_token(binding, "shop") == "token-2"

    shop.before_fetch = be_overtaken
    assert usable_app_token(binding, "shop") == "token-2"
    assert health(binding)["version"] == 1


def test_a_value_is_only_stored_under_its_lease(binding: Services) -> None:
    mine, other = FetchLease("mine", 0), FetchLease("other", 0)

    def store(tx: Transaction, lease: FetchLease, value: bytes) -> bool:
        times = {"fetched_at": NOW, "expires_at": NOW, "renew_at": NOW}
        return store_app_token(tx, "shop", "app", lease, value=value, **times)

    with binding.database.begin() as tx:
        take_token_lease(tx, "shop", "app", mine, now=NOW, until=NOW + timedelta(seconds=1))
        assert not take_token_lease(tx, "shop", "app", mine, now=NOW, until=NOW)
        assert not store(tx, other, b"x")
        assert store(tx, mine, b"x")
        assert not store(tx, mine, b"y")


def test_a_token_of_another_account_is_not_used(database: Database, clock: FrozenClock) -> None:
    shop = Scannable()
    before = binding_services(database, channel("shop", shop, {"app_id": "wx1"}), clock=clock)
    after = binding_services(database, channel("shop", shop, {"app_id": "wx2"}), clock=clock)
    assert usable_app_token(before, "shop") == "token-1"
    assert usable_app_token(after, "shop") == "token-2"


def test_an_operator_can_have_a_new_one_fetched(binding: Services, shop: Scannable) -> None:
    usable_app_token(binding, "shop")
    refresh_app_token(binding, "shop")
    assert usable_app_token(binding, "shop") == "token-2"
    shop.fail = DOWN
    with pytest.raises(UpstreamUnavailable):
        refresh_app_token(binding, "shop")
    shop.fail = None
    assert usable_app_token(binding, "shop") == "token-2", "the one that works stays"


def test_no_transaction_is_open_while_the_platform_is_asked(
    binding: Services, shop: Scannable, database_url: str
) -> None:
    def write_from_elsewhere() -> None:
        with closing(Database(database_url)) as other, other.begin() as tx:
            lease = FetchLease("me", 0)
            assert take_token_lease(tx, "elsewhere", "app", lease, now=NOW, until=NOW)

    shop.before_fetch = write_from_elsewhere
    assert usable_app_token(binding, "shop") == "token-1"


def test_health_names_every_channel_with_a_token_and_no_value(binding: Services, shop: Scannable) -> None:
    assert health(binding)["state"] == "never_fetched"
    usable_app_token(binding, "shop")
    assert health(binding)["state"] == "valid"
    assert health(binding)["expires_at"] == NOW + timedelta(seconds=7200)
    assert "token-1" not in repr(health(binding))


def test_a_channel_without_tokens_is_refused(binding: Services) -> None:
    with pytest.raises(RefusedError):
        usable_app_token(binding, "plain")


class MovingClock(FrozenClock):
    """A clock that moves a little each time it is asked, as real ones do."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def now(self):
        with self._lock:
            self.advance(milliseconds=1)
            return super().now()
