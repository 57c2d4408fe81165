"""A banned address is answered before anything of its request is read, by every process, until its end or its lift."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from app.factory import create_app
from app.pipeline.bans import renew_bans
from app.pipeline.operators.bans import current_bans, lift_ban
from app.pipeline.services import Services
from app.pipeline.upkeep.shared_copies import renew_copies
from app.security import bans as copy
from app.storage.database.db import Database
from app.web.callbacks.loop_front import LoopFront
from tests.bans.stage import BAN_AFTER, ENV, GUESSER, Ask, by_loop, by_wsgi, refuse_often
from tests.builders import CALLBACK_CHANNEL, FrozenClock, signed_callback
from tests.web.loop_stage import Server, ask, run

MakeServices = Callable[..., Services]
Front = Callable[[Services], Ask]
OPEN = CALLBACK_CHANNEL + 'unknown_events = "store"\n'
pytestmark = pytest.mark.backends("sqlite")


@pytest.fixture(params=[by_loop, by_wsgi], ids=["loop", "wsgi"])
def front(request: pytest.FixtureRequest) -> Front:
    found: Front = request.param
    return found


@pytest.fixture
def services(services_with: MakeServices) -> Services:
    return services_with(channels=OPEN, env=ENV)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/webhooks/callback"),
        ("POST", "/webhooks/nobody"),
        ("GET", "/api/v1/events"),
        ("GET", "/oauth/x/start"),
        ("GET", "/"),
    ],
)
def test_every_address_of_the_gateway_is_closed_to_a_banned_one(
    services: Services, front: Front, method: str, path: str
) -> None:
    send = front(services)
    refuse_often(services)
    answer = send(method, path, b"{}")
    assert (answer.status, answer.json["error"]) == (429, "banned")
    assert set(answer.json) == {"error", "message", "trace_id"}
    assert answer.headers["retry-after"] == "60"
    assert answer.headers["cache-control"] == "no-store"
    assert send(method, path, b"{}", peer="203.0.113.67").json != answer.json


def test_a_genuine_callback_is_closed_out_too_and_passes_when_the_time_is_over(
    services: Services, front: Front, clock: FrozenClock
) -> None:
    send = front(services)
    request = signed_callback()
    refuse_often(services)
    assert send("POST", "/webhooks/callback", request.body, **dict(request.headers)).status == 429
    clock.advance(seconds=60)
    assert send("POST", "/webhooks/callback", request.body, **dict(request.headers)).status == 200


def test_unknown_channels_end_in_a_ban_over_http(services: Services, front: Front) -> None:
    send = front(services)
    told = [send("POST", f"/webhooks/guess-{number}", b"{}") for number in range(BAN_AFTER + 3)]
    words = [answer.json["error"] for answer in told]
    slowed = BAN_AFTER + 1 - 30
    assert words == ["unknown_channel"] * 30 + ["rate_limited"] * slowed + ["banned"] * 2
    assert {answer.headers["retry-after"] for answer in told[30:]} == {"60"}


def test_wrong_tokens_end_in_a_ban_over_http(services: Services) -> None:
    send = by_wsgi(services)
    paths = ("/api/v1/events", "/api/v1/openids", "/api/v1/tokens", "/api/v1/commands/x")
    told = [
        send("GET", paths[number % 4], Authorization=f"Bearer guess-{number}")
        for number in range(BAN_AFTER + 2)
    ]
    slowed = BAN_AFTER + 1 - 30
    assert [answer.status for answer in told] == [401] * 30 + [429] * (slowed + 1)
    assert told[-1].json["error"] == "banned"
    assert [ban.reason for ban in current_bans(services)] == ["wrong_token"]


def test_a_right_token_that_is_slowed_for_others_leads_to_no_ban(services: Services) -> None:
    send = by_wsgi(services)
    for number in range(30):
        send("GET", "/api/v1/events", Authorization=f"Bearer guess-{number}")
    for _ in range(BAN_AFTER):
        assert send("GET", "/api/v1/events", Authorization="Bearer ops-token-4d1f8a2b").status == 429
    assert list(current_bans(services)) == []


def test_nothing_of_the_body_is_read(services: Services) -> None:
    refuse_often(services)
    server = Server()
    front = LoopFront(create_app(services=services), services)
    got = ask(front, "POST", "/webhooks/callback", b"x" * 100, server=server, client=f"{GUESSER}:1")
    assert (got.status, got.read, got.headers["connection"]) == (429, 0, "close")


def test_a_banned_request_asks_the_store_for_nothing(
    services: Services, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(services=services).test_client()
    refuse_often(services)
    renew_copies(services)
    monkeypatch.setattr(database, "read", lambda: pytest.fail("the store was asked"))
    monkeypatch.setattr(database, "begin", lambda: pytest.fail("the store was asked"))
    got: Any = client.post("/webhooks/callback", environ_overrides={"REMOTE_ADDR": GUESSER})
    assert got.status_code == 429


def test_a_ban_and_its_lift_reach_another_process_within_the_renewal(
    services: Services, services_with: MakeServices, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = services_with(channels=OPEN, env=ENV)
    send = front(other)
    assert send("GET", "/healthz").status == 200
    refuse_often(services)
    now = [copy.RENEW_SECONDS + copy.time.monotonic()]  # type: ignore[attr-defined]
    monkeypatch.setattr("app.security.bans.time.monotonic", lambda: now[0])
    assert send("GET", "/healthz").status == 429
    lift_ban(services, GUESSER, actor="terminal")
    now[0] += copy.RENEW_SECONDS
    assert send("GET", "/healthz").status == 200


def test_a_process_renews_its_copy_by_itself_while_it_serves(
    services: Services, services_with: MakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.callbacks.loop_front.RENEW_SECONDS", 0.01)
    other = services_with(channels=OPEN, env=ENV)

    async def story() -> None:
        async with asyncio.timeout(20):
            refuse_often(services)
            while not other.bans.has_any:
                await asyncio.sleep(0.01)
            lift_ban(services, GUESSER, actor="terminal")
            while other.bans.has_any:
                await asyncio.sleep(0.01)

    run(LoopFront(create_app(services=other), other), story)


def test_a_store_that_is_away_leaves_the_copy_as_it_is(
    services: Services, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_often(services)
    monkeypatch.setattr(database, "read", lambda: 1 / 0)
    renew_bans(services)
    assert services.bans.has_any


def test_behind_a_proxy_the_caller_is_banned_and_the_proxy_never(
    services_with: MakeServices, front: Front
) -> None:
    services = services_with(channels=OPEN, env=ENV | {"TRUSTED_PROXIES": "1"})
    send = front(services)
    assert send("GET", "/healthz", peer="10.0.0.9").status == 200
    refuse_often(services, "10.0.0.9")
    assert list(current_bans(services)) == []
    refuse_often(services)
    told = [
        send("GET", "/healthz", peer="10.0.0.9", **{"X-Forwarded-For": address}).status
        for address in (GUESSER, "203.0.113.67", "10.0.0.9")
    ]
    assert told == [429, 200, 200]
