"""Guessing management tokens is slow; using one is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.factory import create_app
from app.pipeline.services import Services

GOOD = {"Authorization": "Bearer ops-token-4d1f8a2b"}
WRONG = {"Authorization": "Bearer guess"}


@pytest.mark.backends("sqlite")
def test_wrong_tokens_are_throttled_and_the_right_one_is_not_counted(services: Services) -> None:
    client = create_app(services=services).test_client()
    assert [client.get("/api/v1/channels", headers=GOOD).status_code for _ in range(40)] == [200] * 40
    answers = [client.get("/api/v1/channels", headers=WRONG) for _ in range(32)]
    assert [answer.status_code for answer in answers] == [401] * 30 + [429] * 2
    assert answers[-1].get_json()["error"] == "rate_limited"
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.backends("sqlite")
def test_wrong_tokens_count_over_all_routes(services: Services) -> None:
    client = create_app(services=services).test_client()
    behind_tokens = [
        ("GET", "/api/v1/events"),
        ("GET", "/api/v1/events/x"),
        ("GET", "/api/v1/rejections"),
        ("GET", "/api/v1/channels"),
        ("POST", "/api/v1/events/x/replay"),
        ("POST", "/api/v1/events/replay"),
        ("POST", "/api/v1/bindcodes"),
        ("GET", "/api/v1/bindcodes/x"),
        ("GET", "/api/v1/openids"),
        ("DELETE", "/api/v1/openids/a/b"),
        ("GET", "/api/v1/tokens"),
        ("GET", "/api/v1/commands/x"),
    ]
    answers = [client.open(path, method=method, headers=WRONG) for method, path in behind_tokens * 3]
    assert [answer.status_code for answer in answers] == [401] * 30 + [429] * 6


@pytest.mark.backends("sqlite")
def test_wrong_tokens_count_an_ipv6_network_as_one(services: Services) -> None:
    client = create_app(services=services).test_client()

    def status(address: str) -> int:
        addressed = {"REMOTE_ADDR": address}
        return client.get("/api/v1/channels", headers=WRONG, environ_overrides=addressed).status_code

    assert [status(f"2001:db8:0:1::{number:x}") for number in range(1, 32)] == [401] * 30 + [429]
    assert status("2001:db8:0:2::1") == 401


@pytest.mark.backends("sqlite")
def test_a_signed_question_is_not_slowed_for_wrong_tokens(services: Services) -> None:
    client = create_app(services=services).test_client()
    for _ in range(31):
        client.get("/api/v1/channels", headers=WRONG)
    signed = client.get("/api/v1/commands/x", headers={"X-Signature": "0" * 64})
    assert (signed.status_code, signed.get_json()["error"]) == (401, "bad_signature")
    assert client.get("/api/v1/commands/x", headers=WRONG).status_code == 429


@pytest.mark.backends("sqlite")
def test_limits_can_be_switched_off_for_load_tests(services_with: Callable[..., Services]) -> None:
    client = create_app(services=services_with(env={"RATELIMIT_ENABLED": "0"})).test_client()
    assert {client.get("/api/v1/channels", headers=WRONG).status_code for _ in range(40)} == {401}


@pytest.mark.backends("sqlite")
def test_plain_http_is_refused_where_https_is_forced(services_with: Callable[..., Services]) -> None:
    services = services_with(env={"FORCE_HTTPS": "1", "PUBLIC_BASE_URL": "https://gw.example.com"})
    client = create_app(services=services).test_client()
    assert client.post("/webhooks/callback", base_url="http://evil.example").status_code == 403
    answer = client.get("/auth/verify?x=1", base_url="http://evil.example")
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://gw.example.com/auth/verify?x=1")
    assert client.get("/healthz", base_url="http://evil.example").status_code == 200
    secure = client.get("/healthz", base_url="https://gw.example.com")
    assert "max-age" in secure.headers["Strict-Transport-Security"]


@pytest.mark.backends("sqlite")
def test_readiness_is_red_while_the_store_is_away(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(services=services).test_client()
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(type(services.database), "is_reachable", lambda self: False)
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
