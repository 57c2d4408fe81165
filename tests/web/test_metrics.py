"""`/metrics`: who may read it, and what it says beside what was counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.errors import StoreUnavailable
from app.core.states import DispatchState, EventState
from app.core.version import VERSION
from app.factory import create_app
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.telemetry.shared_meters import SharedMeters
from tests.builders import CALLBACK_CHANNEL, FrozenClock
from tests.operators.stage import accept, run_due
from tests.upkeep.stage import old_event

TOKENS = "ops:ops-token-4d1f8a2b,prom:prom-token-4d1f8a2b:metrics"
PROMETHEUS = {"Authorization": "Bearer prom-token-4d1f8a2b"}
CHANNELS = f"""{CALLBACK_CHANNEL}
[[destinations]]
name = "crm"
url = "http://127.0.0.1:1/in"
match = ["callback:*"]
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""


def client_of(services: Services) -> FlaskClient:
    return create_app(services=services).test_client()


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    return services_with(channels=CHANNELS, env={"API_TOKENS": TOKENS})


def read(services: Services, **more: Any) -> str:
    answer = client_of(services).get("/metrics", headers=PROMETHEUS, **more)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"Authorization": "Bearer ops-token-4d1f8a2b"}, 403), (PROMETHEUS, 200)],
    ids=["nobody", "a token without the scope", "a token with it"],
)
def test_a_token_with_the_scope_may_read(services: Services, headers: dict[str, str], status: int) -> None:
    assert client_of(services).get("/metrics", headers=headers).status_code == status


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    ("address", "status"), [("10.1.2.3", 200), ("::ffff:10.1.2.3", 200), ("203.0.113.7", 401), ("", 401)]
)
def test_an_address_that_is_allowed_needs_no_token(
    services_with: Callable[..., Services], address: str, status: int
) -> None:
    services = services_with(env={"METRICS_ALLOWED": "10.0.0.0/8, 2001:db8::1"})
    answer = client_of(services).get("/metrics", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status


@pytest.mark.backends("sqlite")
def test_an_address_that_a_caller_only_claims_is_not_allowed(services_with: Callable[..., Services]) -> None:
    services = services_with(env={"METRICS_ALLOWED": "10.0.0.0/8"})
    answer = client_of(services).get("/metrics", headers={"X-Forwarded-For": "10.1.2.3"})
    assert answer.status_code == 401


@pytest.mark.backends("sqlite")
def test_it_is_text_that_nobody_keeps(services: Services) -> None:
    answer = client_of(services).get("/metrics", headers=PROMETHEUS)
    assert answer.content_type.startswith("text/plain")
    assert answer.headers["Cache-Control"] == "no-store"
    assert f'callgate_build_info{{version="{VERSION}"}} 1.0' in answer.text


@pytest.mark.backends("sqlite")
def test_openmetrics_is_answered_to_whoever_asks_for_it(services: Services) -> None:
    answer = client_of(services).get(
        "/metrics", headers={**PROMETHEUS, "Accept": "application/openmetrics-text; version=1.0.0"}
    )
    assert answer.text.endswith("# EOF\n")


def test_what_is_in_the_database_is_asked_for(services: Services, clock: FrozenClock) -> None:
    old_event(services, 0.5, state=EventState.DEAD, dispatch_states=(DispatchState.DEAD,))
    old_event(services, 0.25, dispatch_states=(DispatchState.PENDING,))
    clock.advance(hours=3)
    text = read(services)
    assert "callgate_dead_letters 1.0" in text
    assert 'callgate_dispatches{state="pending"} 1.0' in text
    assert 'callgate_dispatches{state="retrying"} 0.0' in text
    assert f"callgate_oldest_waiting_seconds {timedelta(hours=2).total_seconds()}" in text
    assert 'callgate_destination_state{destination="crm",state="open"} 1.0' in text
    assert 'callgate_destination_state{destination="crm",state="paused"} 0.0' in text


@pytest.mark.backends("sqlite")
def test_the_database_is_not_asked_at_each_scrape(services: Services) -> None:
    client = client_of(services)
    client.get("/metrics", headers=PROMETHEUS)
    old_event(services, 0.5, state=EventState.DEAD, dispatch_states=(DispatchState.DEAD,))
    assert "callgate_dead_letters 0.0" in client.get("/metrics", headers=PROMETHEUS).text


@pytest.mark.backends("sqlite")
def test_without_the_store_it_tells_what_was_counted(services: Services) -> None:
    services.meters.delivery("callback", "accepted", 0.003)

    def away() -> None:
        raise StoreUnavailable

    services.database.read = away  # type: ignore[method-assign, assignment]
    text = read(services)
    assert 'callgate_deliveries_total{channel="callback",outcome="accepted"} 1.0' in text
    assert "callgate_dead_letters" not in text


@pytest.mark.backends("sqlite")
def test_other_processes_are_added(services: Services, tmp_path: Path) -> None:
    own, other = SharedMeters(tmp_path, "serve"), SharedMeters(tmp_path, "worker")
    own.open()
    other.open()
    services.meters.attempt("r", "callback", "succeeded", 0.1)
    other.publish(services.meters.snapshot())
    services.runtime.shared_meters = own
    text = read(services)
    assert 'callgate_attempts_total{outcome="succeeded",route="r"} 2.0' in text
    assert 'callgate_processes{kind="worker"} 1.0' in text


@pytest.mark.backends("sqlite")
def test_attempts_and_what_handlers_count_are_told(services_with: Callable[..., Services]) -> None:
    router = Router()

    @router.on("callback", name="shop")
    def shop(_event: Any, context: Any) -> None:
        context.count("orders", 2, shop="north")
        context.observe("price_seconds", 0.3)

    services = services_with(router=router, env={"API_TOKENS": TOKENS})
    accept(services)
    run_due(services)
    text = read(services)
    assert 'callgate_attempts_total{outcome="succeeded",route="shop"} 1.0' in text
    assert 'callgate_attempt_seconds_count{route="shop"} 1.0' in text
    assert 'callgate_handler_orders_total{shop="north"} 2.0' in text
    assert "callgate_handler_price_seconds_count 1.0" in text


@pytest.mark.backends("sqlite")
def test_plain_http_is_taken_where_https_is_forced(services_with: Callable[..., Services]) -> None:
    services = services_with(env={"METRICS_ALLOWED": "127.0.0.1", "FORCE_HTTPS": "1"})
    assert client_of(services).get("/metrics").status_code == 200
