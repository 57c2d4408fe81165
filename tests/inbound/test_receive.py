"""Receiving: proven, stored once, answered right; refused with a reason a person can use."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from app.core.errors import PayloadError, RefusedError, StoreUnavailable, VerificationError
from app.core.values import InboundRequest, Reply
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from tests.builders import CALLBACK_CHANNEL, FrozenClock, envelope, signed_callback

MakeServices = Callable[..., Services]
TRACE = "0" * 32


def take(services: Services, request: InboundRequest, channel: str = "callback") -> Reply:
    return receive(services, channel, request, trace_id=TRACE)


def body_of(reply: Reply) -> dict[str, Any]:
    return json.loads(reply.body)


def stored(services: Services) -> list[dict[str, Any]]:
    return list_events_page(services, {}, cursor=None, limit=100)["items"]


def rejections(services: Services) -> list[dict[str, Any]]:
    return list_rejections_page(services, None, cursor=None, limit=100)["items"]


@pytest.fixture
def router() -> Router:
    router = Router()

    @router.on("callback", "user_authorized")
    def note(event: Any, context: Any) -> None:
        """Do nothing; background."""

    return router


def test_a_signed_event_is_stored_and_accepted(services_with: MakeServices, router: Router) -> None:
    services = services_with(router=router)
    reply = take(services, signed_callback())
    (event,) = stored(services)
    assert reply.status == 200
    assert body_of(reply) == {"status": "accepted", "event_id": event["id"]}
    assert (event["key"], event["type"], event["state"]) == ("evt_1", "user_authorized", "received")


def test_a_redelivered_event_is_answered_but_not_stored_twice(
    services_with: MakeServices, router: Router
) -> None:
    services = services_with(router=router)
    take(services, signed_callback())
    reply = take(services, signed_callback())
    (event,) = stored(services)
    assert body_of(reply) == {"status": "already_processed", "event_id": event["id"]}
    assert event["duplicates"] == 1


def test_the_same_key_on_another_channel_is_another_event(
    services_with: MakeServices, router: Router
) -> None:
    other = (
        CALLBACK_CHANNEL.replace("[channels.callback]", "[channels.second]") + 'unknown_events = "store"\n'
    )
    services = services_with(router=router, channels=CALLBACK_CHANNEL + other)
    take(services, signed_callback())
    take(services, signed_callback(), channel="second")
    assert len(stored(services)) == 2


def test_an_event_nobody_takes_is_ignored_where_the_channel_says_store(services_with: MakeServices) -> None:
    services = services_with(channels=CALLBACK_CHANNEL + 'unknown_events = "store"\n')
    reply = take(services, signed_callback())
    assert body_of(reply)["status"] == "accepted"
    assert stored(services)[0]["state"] == "ignored"


def test_an_unknown_type_is_refused_by_default_on_the_unified_callback(services: Services) -> None:
    reply = take(services, signed_callback())
    assert reply.status == 400
    assert body_of(reply)["error"] == "unknown_event_type"
    assert stored(services) == []
    assert rejections(services)[0]["error"] == "unknown_event_type"


def test_the_evidence_is_kept_byte_for_byte(services_with: MakeServices, router: Router) -> None:
    services = services_with(router=router)
    raw = json.dumps(envelope(data={"text": "支付"}), ensure_ascii=False, indent=3).encode() + b"\r\n "
    request = signed_callback(raw, headers={"X-Odd": "caf\xe9"})
    take(services, request)
    detail = event_detail(services, stored(services)[0]["id"])
    assert detail is not None
    assert base64.b64decode(detail["body_base64"]) == raw
    assert [tuple(pair) for pair in detail["headers"]] == list(request.headers)
    assert detail["data"]["data"] == {"text": "支付"}


def test_an_unsigned_request_is_refused_and_kept_as_a_rejection(services: Services) -> None:
    request = signed_callback(headers={"X-Signature": "0" * 64, "Authorization": "Bearer hidden"})
    with pytest.raises(VerificationError):
        take(services, request)
    assert stored(services) == []
    (rejection,) = rejections(services)
    assert (rejection["status"], rejection["error"], rejection["trace_id"]) == (401, "bad_signature", TRACE)
    assert base64.b64decode(rejection["body_base64"]) == request.body
    assert "hidden" not in json.dumps(rejection)


def test_a_body_that_cannot_be_understood_is_refused(services: Services) -> None:
    with pytest.raises(PayloadError):
        take(services, signed_callback(b"[]"))
    assert stored(services) == []
    assert rejections(services)[0]["status"] == 400


def test_an_unknown_channel_is_not_found_and_kept_as_a_rejection(services: Services) -> None:
    with pytest.raises(RefusedError) as caught:
        take(services, signed_callback(), channel="nobody")
    assert caught.value.http_status == 404
    assert rejections(services)[0]["channel"] == "(unknown)"


@pytest.mark.parametrize(
    ("rule", "address", "allowed"),
    [
        ('ip_allowlist = ["203.0.113.0/24"]', "203.0.113.7", True),
        ('ip_allowlist = ["203.0.113.0/24"]', "::ffff:203.0.113.7", True),
        ('ip_allowlist = ["203.0.113.0/24"]', "198.51.100.1", False),
        ('ip_allowlist = ["203.0.113.0/24"]', "not an address", False),
        ('ip_denylist = ["2001:db8::/32"]', "2001:db8::1", False),
        ('ip_denylist = ["2001:db8::/32"]', "203.0.113.7", True),
    ],
)
def test_address_rules_decide_who_may_call(
    services_with: MakeServices, router: Router, rule: str, address: str, allowed: bool
) -> None:
    services = services_with(router=router, channels=CALLBACK_CHANNEL + rule + "\n")
    request = signed_callback(remote_addr=address)
    if allowed:
        assert take(services, request).status == 200
        return
    with pytest.raises(RefusedError, match="address") as caught:
        take(services, request)
    assert (caught.value.http_status, caught.value.code) == (403, "address_not_allowed")


def test_a_channel_limit_answers_429_with_a_wait(services_with: MakeServices, router: Router) -> None:
    services = services_with(router=router, channels=CALLBACK_CHANNEL + 'rate_limit = "2 per minute"\n')
    for number in range(2):
        take(services, signed_callback(envelope(f"evt_{number}")))
    with pytest.raises(RefusedError) as caught:
        take(services, signed_callback(envelope("evt_9")))
    assert caught.value.http_status == 429
    assert caught.value.retry_after
    assert len(stored(services)) == 2


def test_bad_signatures_are_throttled_without_touching_good_traffic(
    services_with: MakeServices, router: Router
) -> None:
    services = services_with(router=router)
    statuses = []
    for _ in range(70):
        with pytest.raises((VerificationError, RefusedError)) as caught:
            take(services, signed_callback(headers={"X-Signature": "0" * 64}))
        statuses.append(caught.value.http_status)
    assert statuses == [401] * 60 + [429] * 10
    assert take(services, signed_callback()).status == 200
    assert len(rejections(services)) == 60


def test_limits_can_be_switched_off(services_with: MakeServices, router: Router) -> None:
    services = services_with(
        router=router,
        channels=CALLBACK_CHANNEL + 'rate_limit = "1 per hour"\n',
        env={"RATELIMIT_ENABLED": "0"},
    )
    for number in range(5):
        assert take(services, signed_callback(envelope(f"evt_{number}"))).status == 200


def test_a_forged_request_never_takes_the_key_of_a_genuine_event(
    services_with: MakeServices, router: Router
) -> None:
    services = services_with(router=router, env={"RATELIMIT_ENABLED": "0"})
    for number in range(20):
        genuine = signed_callback(envelope(f"evt_{number}"))
        forged = signed_callback(envelope(f"evt_{number}"), secret="guessed")
        with pytest.raises(VerificationError):
            take(services, forged)
        assert body_of(take(services, genuine))["status"] == "accepted"
    assert len(stored(services)) == 20


def test_a_store_that_is_down_is_503_and_the_retry_then_succeeds(
    services_with: MakeServices, router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_with(router=router)

    def refuse(*_: object) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as fault:
        fault.setattr(type(services.database), "run", refuse)
        with pytest.raises(StoreUnavailable) as caught:
            take(services, signed_callback())
    assert caught.value.http_status == 503
    assert body_of(take(services, signed_callback()))["status"] == "accepted"


def test_a_key_may_be_used_again_after_the_window(
    services_with: MakeServices, router: Router, clock: FrozenClock
) -> None:
    services = services_with(router=router, channels=CALLBACK_CHANNEL + "dedupe_window_days = 1\n")
    take(services, signed_callback())
    clock.advance(hours=23)
    assert body_of(take(services, signed_callback(received_at=clock.now())))["status"] == "already_processed"
    clock.advance(hours=2)
    assert body_of(take(services, signed_callback(received_at=clock.now())))["status"] == "accepted"
    assert len(stored(services)) == 2


def test_a_very_long_key_still_identifies_its_event(services_with: MakeServices, router: Router) -> None:
    channel = CALLBACK_CHANNEL + 'scheme = "body"\n'
    services = services_with(router=router, channels=channel)
    keys = ["k" * 255, "k" * 254 + "x"]
    for key in keys * 2:
        take(services, signed_callback(envelope(key)))
    assert sorted(event["key"] for event in stored(services)) == sorted(keys)


def test_keys_that_differ_only_by_case_are_two_events(services_with: MakeServices, router: Router) -> None:
    services = services_with(router=router)
    for key in ("evt_A", "evt_a", "evt_a "):
        take(services, signed_callback(envelope(key)))
    assert len(stored(services)) == 3
