"""Pages of other origins: those that are named may call the API with a Bearer token, nobody with cookies, nothing else is open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.config.settings import load_settings
from app.core.errors import ConfigurationError
from app.factory import create_app
from app.pipeline.services import Services
from tests.builders import environment

pytestmark = pytest.mark.backends("sqlite")
APP, OTHER = "https://app.example.com", "https://evil.example.net"
TOKEN = {"Authorization": "Bearer ops-token-4d1f8a2b"}


@pytest.fixture
def client(services_with: Callable[..., Services]) -> FlaskClient:
    return create_app(
        services=services_with(env={"CORS_ORIGINS": f"{APP}, https://two.example.com:8443"})
    ).test_client()


def preflight(client: FlaskClient, origin: str, path: str = "/api/v1/events") -> TestResponse:
    wanted = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    return client.options(path, headers={"Origin": origin} | wanted)


def cors(answer: TestResponse) -> set[str]:
    return {name for name, _ in answer.headers if name.startswith("Access-Control-")}


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/destinations/crm/pause", "/api/v1/nothing"])
def test_a_preflight_of_a_named_origin_is_answered(client: FlaskClient, path: str) -> None:
    answer = preflight(client, APP, path)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", [OTHER, "null", "*", f"{APP}.evil.net", APP.upper(), "https://two.example.com", ""]
)
def test_no_other_origin_is_let_in(client: FlaskClient, origin: str) -> None:
    assert cors(preflight(client, origin)) == set()
    assert cors(client.get("/api/v1/events", headers=TOKEN | {"Origin": origin})) == set()


def test_a_page_reads_answers_and_refusals(client: FlaskClient) -> None:
    for headers, status in ((TOKEN, 200), ({}, 401)):
        answer = client.get("/api/v1/events", headers=headers | {"Origin": APP})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/oauth/done", "/webhooks/callback", "/healthz", "/openapi.json"]
)
def test_nothing_else_is_open(client: FlaskClient, path: str) -> None:
    assert cors(preflight(client, APP, path)) == set()
    assert cors(client.get(path, headers={"Origin": APP})) == set()


def test_without_the_setting_nobody_is_let_in(services: Services) -> None:
    client = create_app(services=services).test_client()
    assert cors(preflight(client, APP)) == set()


@pytest.mark.parametrize(
    "value",
    [
        "*",
        "null",
        "app.example.com",
        "https://app.example.com/path",
        "ftp://x",
        "https://*.example.com",
        "https://u@x",
    ],
)
def test_what_is_no_origin_stops_the_start(value: str) -> None:
    with pytest.raises(ConfigurationError):
        load_settings(environment(CORS_ORIGINS=value))


def test_an_origin_is_kept_as_browsers_write_it() -> None:
    settings = load_settings(environment(CORS_ORIGINS="https://App.Example.com:443/,http://localhost:3000"))
    assert settings.cors_origins == ("https://app.example.com", "http://localhost:3000")
