"""The pipeline with real platforms: nonces, versions, deadlines, kept replies, the transitional WeChat address."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from app.core.errors import RefusedError, StoreUnavailable, VerificationError
from app.core.values import InboundRequest
from app.factory import create_app
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from sandbox.platforms.callback.signer import body_headers, timestamp_nonce_headers
from sandbox.platforms.wechat.signer import signature
from tests.builders import CALLBACK_CHANNEL, CALLBACK_SECRET, NOW, envelope
from tests.platforms.wechat.signing import WechatSigner

MakeServices = Callable[..., Services]
SIGNER = WechatSigner(timestamp=str(int(NOW.timestamp())))
WECHAT = f"""
[channels.wechat]
platform = "wechat"
app_id = "{SIGNER.app_id}"
app_secret = "s3cret"
token = "{SIGNER.token}"
encoding_aes_key = "{SIGNER.aes_key}"
mode = "safe"
"""


def nonce_signed(nonce: str, *, key: str = "evt_1", seconds: int = int(NOW.timestamp())) -> InboundRequest:
    body = json.dumps(envelope(key)).encode()
    headers = timestamp_nonce_headers(CALLBACK_SECRET, body, str(seconds), nonce)
    return InboundRequest("POST", "/", "", tuple(headers.items()), body, "203.0.113.7", NOW)


def any_route() -> Router:
    router = Router()
    router.on("*", name="handler")(lambda event, context: None)
    return router


def test_a_nonce_works_once(services_with: MakeServices) -> None:
    services = services_with(router=any_route(), channels=CALLBACK_CHANNEL + 'scheme = "timestamp-nonce"\n')
    assert receive(services, "callback", nonce_signed("nonce-0001"), trace_id="").status == 200
    with pytest.raises(VerificationError) as caught:
        receive(services, "callback", nonce_signed("nonce-0001", key="evt_2"), trace_id="")
    assert caught.value.code == "nonce_reused"
    again = receive(services, "callback", nonce_signed("nonce-0002"), trace_id="")
    assert json.loads(again.body)["status"] == "already_processed"


def test_a_nonce_is_not_spent_when_the_store_fails(
    services_with: MakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_with(router=any_route(), channels=CALLBACK_CHANNEL + 'scheme = "timestamp-nonce"\n')
    real = services.database.run

    def fail_after_the_work(work: Callable[..., Any]) -> Any:
        def broken(tx: Any) -> None:
            work(tx)
            raise StoreUnavailable

        return real(broken)

    with monkeypatch.context() as fault:
        fault.setattr(services.database, "run", fail_after_the_work)
        with pytest.raises(StoreUnavailable):
            receive(services, "callback", nonce_signed("nonce-0001"), trace_id="")
    assert receive(services, "callback", nonce_signed("nonce-0001"), trace_id="").status == 200


def wechat_text(text: str, *, message_id: int = 1) -> InboundRequest:
    message = (
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oUser1]]></FromUserName>"
        f"<CreateTime>{SIGNER.timestamp}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{text}]]></Content><MsgId>{message_id}</MsgId></xml>"
    )
    sealed = SIGNER.encrypt(message.encode())
    body = f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    query = SIGNER.sealed_query(sealed)
    return InboundRequest("POST", "/wechat", query, (), body.encode(), "203.0.113.7", NOW)


def opened(body: bytes) -> str:
    sealed = body.decode().partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    return SIGNER.decrypt(sealed).decode()


def inline(handler: Callable[..., Any]) -> Router:
    router = Router()
    router.on("wechat", "message.text", inline=True, name="handler")(handler)
    return router


def test_a_redelivered_wechat_message_gets_the_same_reply(services_with: MakeServices) -> None:
    runs: list[str] = []

    def reply(event: Any, context: Any) -> str:
        runs.append(event.id)
        return f"answer {len(runs)}"

    services = services_with(router=inline(reply), channels=WECHAT)
    first = receive(services, "wechat", wechat_text("hi"), trace_id="")
    second = receive(services, "wechat", wechat_text("hi"), trace_id="")
    assert "answer 1" in opened(first.body)
    assert "answer 1" in opened(second.body)
    assert len(runs) == 1


def test_a_failed_wechat_handler_is_answered_success_and_retried_in_the_background(
    services_with: MakeServices,
) -> None:
    def fails(event: Any, context: Any) -> None:
        raise RuntimeError

    services = services_with(router=inline(fails), channels=WECHAT)
    reply = receive(services, "wechat", wechat_text("hi"), trace_id="")
    assert (reply.status, reply.body) == (200, b"success")
    (event,) = list_events_page(services, {}, cursor=None, limit=5)["items"]
    assert event["state"] == "retrying"


@pytest.mark.backends("sqlite")
def test_a_slow_wechat_handler_is_answered_success_in_time_and_finishes_in_the_background(
    services_with: MakeServices,
) -> None:
    finished = threading.Event()

    def slow(event: Any, context: Any) -> str:
        time.sleep(5.2)
        finished.set()
        return "too late"

    services = services_with(router=inline(slow), channels=WECHAT)
    started = time.monotonic()
    reply = receive(services, "wechat", wechat_text("hi"), trace_id="")
    took = time.monotonic() - started
    assert (reply.status, reply.body) == (200, b"success")
    assert 4.4 < took < 5.0
    assert finished.wait(5)
    again = receive(services, "wechat", wechat_text("hi"), trace_id="")
    assert "too late" in opened(again.body)
    (event,) = list_events_page(services, {}, cursor=None, limit=5)["items"]
    assert event["state"] == "succeeded"


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("address", ["/wechat", "/wechat/wechat", "/webhooks/wechat"])
def test_every_wechat_address_answers_the_verification(services_with: MakeServices, address: str) -> None:
    client = create_app(services=services_with(channels=WECHAT)).test_client()
    answer = client.get(f"{address}?{SIGNER.plain_query(echostr='8123456789012345678')}")
    assert (answer.status_code, answer.data) == (200, b"8123456789012345678")
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.backends("sqlite")
def test_the_short_wechat_address_is_not_found_without_its_channel(services_with: MakeServices) -> None:
    client = create_app(services=services_with()).test_client()
    answer = client.get(f"/wechat?{SIGNER.plain_query(echostr='1')}")
    assert (answer.status_code, answer.get_json()["error"]) == (404, "unknown_channel")


@pytest.mark.backends("sqlite")
def test_the_short_wechat_address_may_mean_another_channel(services_with: MakeServices) -> None:
    channels = WECHAT.replace("[channels.wechat]", "[channels.old]")
    services = services_with(channels=channels, env={"WECHAT_DEFAULT_CHANNEL": "old"})
    answer = create_app(services=services).test_client().get(f"/wechat?{SIGNER.plain_query(echostr='77')}")
    assert answer.data == b"77"


@pytest.mark.backends("sqlite")
def test_an_empty_token_is_refused_unless_unsigned_callbacks_are_allowed(services_with: MakeServices) -> None:
    plain = '[channels.wechat]\nplatform = "wechat"\napp_id = "wx1"\napp_secret = "s"\ntoken = ""\n'
    query = f"signature={signature('', '1', '2')}&timestamp=1&nonce=2&echostr=55"
    closed = create_app(services=services_with(channels=plain)).test_client()
    assert closed.get(f"/wechat?{query}").status_code == 404, "what lacks its key is off"
    allowed = create_app(services=services_with(channels=plain + "allow_unsigned = true\n")).test_client()
    assert allowed.get(f"/wechat?{query}").data == b"55"


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/platform/callback", {}, 200),
        ("/api/v1/platform/callback", {}, 200),
        ("/api/platform/callback", {"X-API-Version": "v1"}, 200),
        ("/api/v2/platform/callback", {"X-API-Version": "v1"}, 401),
        ("/api/v9/platform/callback", {}, 400),
    ],
)
def test_the_version_comes_from_the_address_or_the_header(
    services_with: MakeServices, path: str, headers: dict[str, str], status: int
) -> None:
    client = create_app(services=services_with(router=any_route())).test_client()
    body = json.dumps(envelope()).encode()
    answer = client.post(path, data=body, headers={**body_headers(CALLBACK_SECRET, body), **headers})
    assert answer.status_code == status, answer.data


@pytest.mark.backends("sqlite")
def test_a_method_a_platform_does_not_send_is_405(services: Services) -> None:
    request = InboundRequest("GET", "/", "", (), b"", "203.0.113.7", NOW)
    with pytest.raises(RefusedError) as caught:
        receive(services, "callback", request, trace_id="")
    assert caught.value.http_status == 405
