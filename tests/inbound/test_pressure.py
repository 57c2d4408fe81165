"""Over a limit: what comes new is told to come again and nothing of it is kept; set-up, proof and what cannot come again go on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from app.core.errors import RefusedError, RequestError, VerificationError
from app.core.values import InboundRequest, Reply, Verified, text_reply
from app.factory import create_app
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.services import OverLimit, Services
from app.web.callbacks.loop_front import LoopFront
from tests.builders import CALLBACK_CHANNEL, envelope, signed_callback
from tests.inbound.loop_stage import Loop
from tests.inbound.open_source import OpenSource, delivery, services_of
from tests.inbound.test_platform_answers import SIGNER, WECHAT, nonce_signed
from tests.platforms.wechat.signing import xml_envelope, xml_message
from tests.web.loop_stage import ask

pytestmark = pytest.mark.backends("sqlite")
OPEN_TO_ALL = CALLBACK_CHANNEL + 'unknown_events = "store"\n'
WAITING = OverLimit("MAX_WAITING", allowed=1000, measured=1001)
MakeServices = Callable[..., Services]


def press(services: Services, *over: OverLimit) -> Services:
    """Put the gateway under pressure, or take it away."""
    services.runtime.pressure.over = over
    return services


def take(services: Services, request: InboundRequest, channel: str = "callback") -> Reply:
    return receive(services, channel, request, trace_id="0" * 32)


def stored(services: Services) -> int:
    return len(list_events_page(services, {}, cursor=None, limit=100)["items"])


def test_a_new_event_is_told_to_come_again_and_nothing_of_it_is_kept(services_with: MakeServices) -> None:
    services = press(services_with(channels=OPEN_TO_ALL), WAITING)
    reply = take(services, signed_callback())
    told = json.loads(reply.body)
    assert (reply.status, told["error"], told["trace_id"]) == (503, "under_pressure", "0" * 32)
    assert "MAX_WAITING" in told["message"]
    assert 20 <= (reply.retry_after or 0) <= 60
    assert stored(services) == 0
    assert list_rejections_page(services, None, cursor=None, limit=9)["items"] == []


def test_the_same_event_is_taken_once_the_pressure_is_gone(services_with: MakeServices) -> None:
    services = press(
        services_with(channels=OPEN_TO_ALL + 'scheme = "timestamp-nonce"\n'),
        WAITING,
    )
    assert take(services, nonce_signed("nonce-0001")).status == 503
    press(services)
    assert json.loads(take(services, nonce_signed("nonce-0001")).body)["status"] == "accepted"


def test_callers_that_were_turned_away_together_come_back_one_after_another(
    services_with: MakeServices,
) -> None:
    services = press(services_with(channels=OPEN_TO_ALL), WAITING)
    waits = {take(services, signed_callback()).retry_after for _ in range(50)}
    assert len(waits) > 5


def test_whoever_is_not_proven_is_refused_as_always(services_with: MakeServices) -> None:
    services = press(services_with(channels=OPEN_TO_ALL), WAITING)
    with pytest.raises(VerificationError):
        take(services, signed_callback(secret="not-the-secret-9b1e"))
    assert services.runtime.pressure.refusals == 0


def test_a_set_up_challenge_is_answered_under_pressure(services_with: MakeServices) -> None:
    services = press(services_with(channels=WECHAT + 'under_pressure = "reject"\n'), WAITING)
    query = SIGNER.plain_query(echostr="4181")
    request = InboundRequest("GET", "/wechat", query, (), b"", "203.0.113.7", signed_callback().received_at)
    assert take(services, request, "wechat").body == b"4181"


def wechat_message() -> InboundRequest:
    sealed = SIGNER.encrypt(xml_message(MsgId="1", Content="hello"))
    return InboundRequest(
        "POST",
        "/wechat",
        SIGNER.sealed_query(sealed),
        (),
        xml_envelope(sealed),
        "203.0.113.7",
        signed_callback().received_at,
    )


def test_what_its_platform_would_not_send_again_is_stored_under_pressure(services_with: MakeServices) -> None:
    services = press(services_with(channels=WECHAT), WAITING)
    assert take(services, wechat_message(), "wechat").body == b"success"
    assert stored(services) == 1


@pytest.mark.parametrize(
    ("channels", "channel", "status"),
    [
        (WECHAT + 'under_pressure = "reject"\n', "wechat", 503),
        (OPEN_TO_ALL + 'under_pressure = "store"\n', "callback", 200),
    ],
)
def test_a_channel_may_say_what_becomes_of_its_events(
    services_with: MakeServices, channels: str, channel: str, status: int
) -> None:
    services = press(services_with(channels=channels), WAITING)
    request = wechat_message() if channel == "wechat" else signed_callback()
    assert take(services, request, channel).status == status
    assert stored(services) == (status == 200)


class Worded(OpenSource):
    """Words its refusals itself."""

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        if request.body == b"throttled":
            raise RefusedError("rate_limited", "Too many.", http_status=429, retry_after=7)
        return super().verify(request, now)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        return text_reply(200, "echo") if request.query("echo") else None

    def refuse(self, request: InboundRequest, error: RequestError) -> Reply | None:
        return Reply(error.http_status, b'{"code":"FAIL"}')


def test_a_platform_words_the_refusal_itself_and_is_told_when_to_come_again(
    services_with: MakeServices,
) -> None:
    services = press(services_of(services_with, Worded()), WAITING)
    reply = take(services, delivery(b'{"id":"1","type":"paid"}'), "open")
    assert (reply.status, reply.body) == (503, b'{"code":"FAIL"}')
    assert reply.retry_after


def test_a_worded_refusal_for_too_many_requests_keeps_its_wait(services_with: MakeServices) -> None:
    reply = take(services_of(services_with, Worded()), delivery(b"throttled"), "open")
    assert (reply.status, reply.retry_after) == (429, 7)


def test_nothing_leaves_the_loop_to_be_turned_away(services_with: MakeServices) -> None:
    services = press(services_with(channels=OPEN_TO_ALL), WAITING)
    loop = Loop(services)
    replies = loop.take(*(signed_callback(envelope(f"evt_{number}")) for number in range(5)))
    assert [reply.status for reply in replies] == [503] * 5
    assert (loop.left, services.runtime.pressure.refusals) == (0, 5)


def test_both_fronts_send_the_wait_and_the_trace(services_with: MakeServices) -> None:
    services = press(services_with(channels=OPEN_TO_ALL), WAITING)
    app, request = create_app(services=services), signed_callback()
    threads: Any = app.test_client().post(
        "/webhooks/callback", data=request.body, headers=list(request.headers)
    )
    loop = ask(
        LoopFront(app, services), "POST", "/webhooks/callback", request.body, headers=list(request.headers)
    )
    assert (threads.status_code, loop.status) == (503, 503)
    assert 20 <= int(threads.headers["Retry-After"]) <= 60
    assert 20 <= int(loop.headers["retry-after"]) <= 60
    assert loop.json()["trace_id"] == loop.headers["x-trace-id"]


def test_readiness_says_which_limit_is_passed_and_health_stays_green(services_with: MakeServices) -> None:
    services = press(services_with(), WAITING, OverLimit("LEAST_FREE_DISK_MB", allowed=100, measured=12))
    client = create_app(services=services).test_client()
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["status"]) == (503, "under_pressure")
    assert ready.get_json()["over_limit"] == [
        {"limit": "MAX_WAITING", "allowed": 1000, "measured": 1001},
        {"limit": "LEAST_FREE_DISK_MB", "allowed": 100, "measured": 12},
    ]
    assert client.get("/healthz").status_code == 200
    press(services)
    assert client.get("/readyz").get_json() == {"status": "ok", "database": True, "over_limit": []}


def test_a_login_is_not_turned_away(services_with: MakeServices) -> None:
    services = press(services_with(channels=WECHAT), WAITING)
    answer = create_app(services=services).test_client().get("/oauth/wechat/start?mode=json")
    assert answer.status_code == 200
