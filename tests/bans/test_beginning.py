"""Who is banned, for how long, and who never is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from app.core.errors import RequestError, StoreUnavailable
from app.pipeline.bans import BAN_SECONDS, REMEMBERED_FOR, UNKNOWN_CHANNEL
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.bans import current_bans
from app.pipeline.services import Services
from app.pipeline.upkeep.housekeeping import tidy
from app.security.rate_limits import RateLimits
from app.storage.bans import Ban
from app.storage.database.db import Database
from tests.bans.stage import BAN_AFTER, ENV, GUESSER, refuse_often
from tests.builders import CALLBACK_CHANNEL, NOW, FrozenClock, envelope, exchange, signed_callback
from tests.databases import need

MakeServices = Callable[..., Services]
OPEN = CALLBACK_CHANNEL + 'unknown_events = "store"\n'


@pytest.fixture
def services(services_with: MakeServices) -> Services:
    return services_with(channels=OPEN, env=ENV)


def banned(services: Services) -> list[str]:
    return [ban.address for ban in current_bans(services)]


def forged(services: Services, address: str = GUESSER) -> None:
    with pytest.raises(RequestError):
        receive(
            services,
            "callback",
            signed_callback(headers={"X-Signature": "0" * 64}, remote_addr=address),
            trace_id="t",
        )


def test_an_address_is_banned_for_a_minute_when_it_was_refused_too_often(services: Services) -> None:
    refuse_often(services, times=BAN_AFTER)
    assert banned(services) == []
    refuse_often(services, times=1, reason=UNKNOWN_CHANNEL)
    assert list(current_bans(services)) == [
        Ban(GUESSER, UNKNOWN_CHANNEL, 1, NOW, NOW + timedelta(seconds=60))
    ]


@pytest.mark.backends("sqlite")
def test_forged_callbacks_are_slowed_first_and_end_in_a_ban(services: Services) -> None:
    for number in range(BAN_AFTER + 1):
        assert banned(services) == [], number
        forged(services)
    assert banned(services) == [GUESSER]


def test_each_ban_is_longer_than_the_one_before(services: Services, clock: FrozenClock) -> None:
    lengths = []
    for _ in range(len(BAN_SECONDS) + 1):
        refuse_often(services)
        (ban,) = current_bans(services)
        lengths.append((ban.ends_at - ban.began_at).total_seconds())
        clock.advance(seconds=lengths[-1] + 1)
        tidy(services)
    assert lengths == [*BAN_SECONDS, BAN_SECONDS[-1]]


def test_after_a_quiet_day_the_first_ban_is_short_again(services: Services, clock: FrozenClock) -> None:
    refuse_often(services)
    clock.advance(seconds=60 + REMEMBERED_FOR.total_seconds() + 1)
    refuse_often(services)
    (ban,) = current_bans(services)
    assert (ban.times, ban.ends_at - ban.began_at) == (1, timedelta(seconds=60))


def test_processes_that_ban_an_address_at_once_write_one_ban(
    services: Services, services_with: MakeServices
) -> None:
    processes = [services, *(services_with(channels=OPEN, env=ENV) for _ in range(3))]
    for each in processes:
        refuse_often(each, times=BAN_AFTER)
    together = threading.Barrier(len(processes))

    def last_straw(each: Services) -> None:
        together.wait(20)
        refuse_often(each, times=1)

    with ThreadPoolExecutor(len(processes)) as threads, capture_logs() as lines:
        list(threads.map(last_straw, processes))
    (ban,) = current_bans(services)
    assert ban.times == 1
    assert {each.bans.end_of(GUESSER) for each in processes} == {ban.ends_at}
    assert [line["event"] for line in lines] == ["ban_began"]


@pytest.mark.backends("sqlite")
def test_after_a_ban_it_is_counted_anew(services: Services, clock: FrozenClock) -> None:
    refuse_often(services)
    clock.advance(seconds=61)
    refuse_often(services, times=BAN_AFTER)
    assert banned(services) == []


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "unreadable", "not an address", "198.51.100.7", "2001:db8:0:7::1"]
)
def test_some_are_never_banned(services_with: MakeServices, address: str) -> None:
    rule = 'ip_allowlist = ["198.51.100.0/24", "2001:db8:0:7::/64"]\n'
    services = services_with(channels=CALLBACK_CHANNEL + rule, env=ENV)
    refuse_often(services, address)
    assert banned(services) == []


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("env", [{"BANS_ENABLED": "0"}, {"RATELIMIT_ENABLED": "0"}])
def test_bans_can_be_switched_off(services_with: MakeServices, env: dict[str, str]) -> None:
    services = services_with(env=ENV | env)
    refuse_often(services)
    assert banned(services) == []


def test_an_address_that_sends_genuine_callbacks_too_is_slowed_and_not_banned(services: Services) -> None:
    for address in ("198.51.100.7", "2001:db8:0:1::1"):
        receive(services, "callback", signed_callback(envelope(address), remote_addr=address), trace_id="t")
    with capture_logs() as lines:
        refuse_often(services, "198.51.100.7", times=2 * BAN_AFTER)
        refuse_often(services, "2001:db8:0:1::2")
    assert banned(services) == []
    assert [line["event"] for line in lines] == ["address_not_banned"] * 2


@pytest.mark.backends("sqlite")
def test_an_event_that_nothing_proves_spares_nobody(services_with: MakeServices) -> None:
    channel = '[channels.open]\nplatform = "callback"\nallow_unsigned = true\nunknown_events = "store"\n'
    services = services_with(channels=channel, env=ENV)
    request = signed_callback(path="/webhooks/open", remote_addr=GUESSER)
    assert receive(services, "open", request, trace_id="t").status == 200
    refuse_often(services)
    assert banned(services) == [GUESSER]


@pytest.mark.backends("sqlite")
def test_a_ban_takes_one_line_in_the_log_and_so_does_its_end(services: Services, clock: FrozenClock) -> None:
    with capture_logs() as lines:
        refuse_often(services, times=2 * BAN_AFTER)
        clock.advance(seconds=61)
        tidy(services)
        tidy(services)
    told = [line for line in lines if line["event"].startswith("ban_")]
    assert [(line["event"], line["address"]) for line in told] == [
        ("ban_began", GUESSER),
        ("ban_ended", GUESSER),
    ]
    assert (told[0]["seconds"], told[0]["reason"], told[0]["times"]) == (60, "bad_signature", 1)


@pytest.mark.backends("sqlite")
def test_a_store_that_is_away_bans_nobody_and_fails_nothing(
    services: Services, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(database, "run", away)
    refuse_often(services)
    assert not services.bans.has_any


@pytest.mark.services
@pytest.mark.backends("sqlite")
def test_what_several_processes_count_on_redis_is_one_number(services_with: MakeServices) -> None:
    one, other = (services_with(env=ENV) for _ in range(2))
    limits = RateLimits("redis://127.0.0.1:6379/0")
    need("Redis", reachable=limits._storage.check() is True)
    for services in (one, other):
        exchange(services, rate_limits=limits)
    limits.forget(f"{BAN_AFTER} per 10 minute", "refused", GUESSER)
    limits.forget("1 per minute", "ban", GUESSER)
    refuse_often(one, times=BAN_AFTER // 2)
    refuse_often(other, times=BAN_AFTER // 2)
    assert banned(one) == []
    refuse_often(other, times=1)
    assert banned(one) == [GUESSER]
