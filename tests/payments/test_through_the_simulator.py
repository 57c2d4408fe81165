"""A payment that never notified, through the routes of a gateway and the simulated WeChat Pay and Alipay over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from app.factory import create_app
from app.pipeline.operators.events import list_events_page
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import Services
from tests.builders import FrozenClock
from tests.operators.stage import run_due
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")
TOKEN = {"Authorization": "Bearer ops-token-4d1f8a2b"}
CHANNELS = """
[channels.wechatpay]
platform = "wechatpay"
mch_id = "${WECHATPAY_MCH_ID}"
app_id = "${WECHATPAY_APP_ID}"
api_v3_key = "${WECHATPAY_API_V3_KEY}"
merchant_serial = "${WECHATPAY_MERCHANT_SERIAL}"
merchant_private_key = "${WECHATPAY_MERCHANT_PRIVATE_KEY}"
api_base = "${WECHATPAY_API_BASE}"

[channels.alipay]
platform = "alipay"
app_id = "${ALIPAY_APP_ID}"
app_private_key = "${ALIPAY_APP_PRIVATE_KEY}"
alipay_public_key = "${ALIPAY_PUBLIC_KEY}"
gateway_url = "${ALIPAY_GATEWAY_URL}"

[channels.site]
platform = "callback"
secret = "cb-secret-0123456789abcdef"

[[api_tokens]]
name = "shop"
token = "shop-token-93d1c7"
scopes = ["send"]
channels = ["site"]
"""
TYPES = {"wechatpay": "TRANSACTION.SUCCESS", "alipay": "trade_status_sync.TRADE_SUCCESS"}


@pytest.fixture
def gateway(services_with: Callable[..., Services], sandbox: SandboxServer) -> Services:
    """Return services with the sample channels, at the simulator's addresses."""
    clock = FrozenClock(datetime.now(UTC))
    env = dict(sandbox.settings.credentials) | {
        "WECHATPAY_API_BASE": f"{sandbox.url}/wechatpay",
        "ALIPAY_GATEWAY_URL": f"{sandbox.url}/alipay/gateway.do",
    }
    return services_with(channels=CHANNELS, env=env, clock=clock)


def ask(services: Services, method: str, path: str, **parts: Any) -> tuple[int, Any]:
    client = create_app(services=services).test_client()
    parts = {"headers": TOKEN} | parts
    answer = client.open(f"/api/v1/expected-payments{path}", method=method, **parts)
    return answer.status_code, answer.get_json()


@pytest.mark.parametrize("channel", TYPES)
def test_an_order_is_expected_asked_for_and_told(
    gateway: Services, sandbox: SandboxServer, channel: str
) -> None:
    order = f"order-of-{channel}"
    status, made = ask(gateway, "POST", "", json={"channel": channel, "order": order, "by": 60})
    assert (status, made["state"]) == (202, "waiting")
    gateway.clock.advance(seconds=61)  # type: ignore[attr-defined]
    run_due(gateway)
    assert ask(gateway, "GET", f"/{channel}/{order}")[1]["state"] == "waiting"
    requests.post(f"{sandbox.url}/_sandbox/{channel}/orders", json={"out_trade_no": order}, timeout=5)
    gateway.clock.advance(seconds=60)  # type: ignore[attr-defined]
    run_due(gateway)
    _, shown = ask(gateway, "GET", f"/{channel}/{order}")
    assert (shown["state"], shown["event_type"]) == ("reconciled", TYPES[channel])
    (event,) = list_events_page(gateway, {"channel": channel}, cursor=None, limit=9)["items"]
    assert event["id"] == shown["event_id"]
    said = verify_event(gateway, event["id"])
    assert (said["verified"], said["scheme"]) == (False, "reconciled")
    assert [each["order"] for each in ask(gateway, "GET", "")[1]["items"]] == [order]


def test_requests_that_cannot_be_are_refused_in_words(gateway: Services) -> None:
    for body, word in (
        ({"order": "o", "by": 60}, "bad_channel"),
        ({"channel": "wechatpay", "by": 60}, "bad_order"),
        ({"channel": "wechatpay", "order": "o"}, "bad_by"),
        ({"channel": "wechatpay", "order": "o", "by": 60, "amount": 1}, "unknown_field"),
        ({"channel": "site", "order": "o", "by": 60}, "unknown_channel"),
    ):
        status, said = ask(gateway, "POST", "", json=body)
        assert 400 <= status < 500, body
        assert said["error"] == word
    assert ask(gateway, "GET", "?state=lost")[1]["error"] == "bad_state"
    assert ask(gateway, "GET", "/wechatpay/nobodys")[0] == 404


def test_a_token_for_other_channels_expects_nothing(gateway: Services) -> None:
    body, headers = (
        {"channel": "alipay", "order": "o", "by": 60},
        {"Authorization": "Bearer shop-token-93d1c7"},
    )
    status, said = ask(gateway, "POST", "", json=body, headers=headers)
    assert (status, said["error"]) == (403, "other_channel")
    assert ask(gateway, "GET", "/alipay/o")[0] == 404
