"""Callbacks are answered in front of Flask: the same addresses, refusals and rules as if Flask had taken them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from standardwebhooks import Webhook

from app.config.settings import load_settings
from app.factory import create_app
from app.pipeline.services import Services
from app.telemetry.logging import TRACE_ID
from app.web.callbacks.front_door import Target, callback_target
from tests.builders import NOW, envelope, environment, signed_callback

pytestmark = pytest.mark.backends("sqlite")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/webhooks/erp", Target("erp")),
        ("/wechat/shop", Target("shop")),
        ("/wechat", Target("wechat")),
        ("/api/platform/callback", Target("callback")),
        ("/api/v1/platform/callback", Target("callback", "v1")),
        ("/api/v9/platform/callback", Target("callback", "v9")),
        ("/webhooks/", None),
        ("/webhooks/a/b", None),
        ("/wechat/", Target("wechat")),
        ("/webhooks/erp/", Target("erp")),
        ("/wechat/shop/", Target("shop")),
        ("/api/platform/callback/", Target("callback")),
        ("/api/v2/platform/callback/", Target("callback", "v2")),
        ("/webhooks/erp//", None),
        ("/webhooks//", None),
        ("/api//platform/callback", None),
        ("/api/v1//platform/callback", None),
        ("/wechats", None),
        ("/api/v1/x/platform/callback", None),
        ("/api/v1/events", None),
        ("/", None),
        ("", None),
    ],
)
def test_an_address_means_a_channel_or_nothing(path: str, target: Target | None) -> None:
    assert callback_target(load_settings(environment()), path) == target


def post(client: Any, key: str, **headers: str) -> Any:
    request = signed_callback(envelope(key))
    return client.post("/webhooks/callback", data=request.body, headers=[*request.headers, *headers.items()])


def test_a_callback_is_answered_without_flask_making_a_request(
    services_with: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(services=services_with(channels=OPEN_TO_ALL))
    monkeypatch.setattr(app, "request_context", lambda environ: pytest.fail("Flask made a request"))
    answer = post(app.test_client(), "evt_1")
    assert (answer.status_code, answer.json["status"]) == (200, "accepted")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(answer.headers["X-Trace-Id"]) == 32


def test_a_refusal_has_the_shape_of_every_error_and_a_trace_id(services: Services) -> None:
    answer: Any = create_app(services=services).test_client().post("/webhooks/callback", data=b"{}")
    assert (answer.status_code, set(answer.json)) == (401, {"error", "message", "trace_id"})
    assert len(answer.json["trace_id"]) == 32
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_trace_id_of_a_refusal_is_that_of_its_rejection(services: Services) -> None:
    client: Any = create_app(services=services).test_client()
    told = client.post("/webhooks/callback", data=b"{}").json["trace_id"]
    answer = client.get("/api/v1/rejections", headers={"Authorization": "Bearer ops-token-4d1f8a2b"})
    assert answer.json["items"][0]["trace_id"] == told


def test_log_lines_of_a_callback_carry_its_trace_id(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []

    def receive(*args: Any, **named: Any) -> None:
        seen.append(TRACE_ID.get())
        raise RuntimeError

    monkeypatch.setattr("app.web.callbacks.front_door.receive", receive)
    answer = post(create_app(services=services).test_client(), "evt_1")
    assert seen == [answer.json["trace_id"]]


def test_a_fault_of_ours_is_a_500_that_tells_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.callbacks.front_door.receive", lambda *args, **named: 1 / 0)
    answer = post(create_app(services=services).test_client(), "evt_1")
    assert (answer.status_code, answer.json["error"]) == (500, "internal")
    assert b"ZeroDivision" not in answer.data


def test_other_methods_are_told_which_ones_are_taken(services: Services) -> None:
    answer: Any = create_app(services=services).test_client().delete("/webhooks/callback")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert answer.json["error"] == "method_not_allowed"


def test_https_is_forced_on_callbacks_too(services_with: Callable[..., Services]) -> None:
    env = {"FORCE_HTTPS": "1", "PUBLIC_BASE_URL": "https://gw.example.com", "TRUSTED_PROXIES": "1"}
    client: Any = create_app(services=services_with(env=env, channels=OPEN_TO_ALL)).test_client()
    plain = post(client, "evt_1", **{"X-Forwarded-Proto": "http"})
    assert (plain.status_code, plain.json["error"]) == (403, "https_required")
    assert client.get("/webhooks/callback").headers["Location"] == "https://gw.example.com/webhooks/callback"
    assert post(client, "evt_2", **{"X-Forwarded-Proto": "https"}).status_code == 200


OPEN_TO_ALL = """
[channels.callback]
platform = "callback"
secret = "callback-3f9d1c7b5a"
unknown_events = "store"
"""


@pytest.mark.backends("sqlite", "postgresql", "mariadb")
def test_a_version_no_column_could_hold_does_not_keep_an_event_out(
    services_with: Callable[..., Services],
) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    channels = f'[channels.hooks]\nplatform = "standard-webhooks"\nsecret = "{secret}"\n'
    body = '{"type":"paid","timestamp":"2026-11-20T12:00:00Z","data":{}}'
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", NOW, body),
        "X-API-Version": "v" * 500,
    }
    client = create_app(services=services_with(channels=channels)).test_client()
    assert client.post("/webhooks/hooks", data=body, headers=headers).status_code == 200
