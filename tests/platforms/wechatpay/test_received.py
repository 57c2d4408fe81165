"""WeChat Pay through the whole of a callback: stored once, refused for another merchant, its certificate found on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from app import platforms
from app.config.channels import ChannelConfig
from app.core.values import InboundRequest, Reply
from app.pipeline.channels import open_channels
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import Services
from tests.builders import FrozenClock, exchange
from tests.platforms.deliveries import NOW
from tests.platforms.wechatpay.scripted import ScriptedPay, answering, listed
from tests.platforms.wechatpay.signing import DOWNLOADS, MERCHANT, PAYMENT, PUBLIC_KEYS, notification, sealed

Make = Callable[..., Services]


@pytest.fixture
def merchant(services_with: Make) -> Make:
    """Return a function that makes services with one channel called `pay`."""

    def make(http: ScriptedPay | None = None, **changes: Any) -> Services:
        services = services_with(channels="", clock=FrozenClock(NOW))
        config = ChannelConfig(name="pay", platform="wechatpay", options=MERCHANT | changes)
        opened, _ = open_channels([config], platforms.discover())
        if http is not None:
            object.__setattr__(opened.get("pay"), "http", http)
        exchange(services, channels=opened)
        return services

    return make


def received(services: Services, request: InboundRequest) -> Reply:
    return receive(services, "pay", request, trace_id="")


def test_a_redelivery_with_a_new_signature_is_the_same_event(merchant: Make) -> None:
    services, body = merchant(**PUBLIC_KEYS), sealed()
    answers = [received(services, notification(body, nonce=nonce)) for nonce in ("first", "second")]
    assert [(each.status, json.loads(each.body)["code"]) for each in answers] == [(200, "SUCCESS")] * 2
    (item,) = list_events_page(services, {}, cursor=None, limit=9)["items"]
    assert (item["type"], item["key"]) == ("TRANSACTION.SUCCESS", "EV-1")


@pytest.mark.parametrize("other", [{"mchid": "1900000110"}, {"appid": "wx-other"}], ids=str)
def test_a_notification_for_somebody_else_is_refused(merchant: Make, other: dict[str, str]) -> None:
    services = merchant(**PUBLIC_KEYS)
    assert received(services, notification(sealed(PAYMENT | other))).status == 401
    (item,) = list_rejections_page(services, "pay", cursor=None, limit=9)["items"]
    assert item["reason"].startswith(f"wrong_{next(iter(other))}")
    assert list_events_page(services, {}, cursor=None, limit=9)["items"] == []


def test_a_refusal_reaches_the_platform_in_its_own_form(merchant: Make) -> None:
    services, request = merchant(**PUBLIC_KEYS), notification(sealed(), Wechatpay_Signature="AAAA")
    reply = received(services, request)
    assert (reply.status, json.loads(reply.body)["code"]) == (401, "FAIL")


def test_a_certificate_is_found_once_for_many_notifications_and_proves_them_again_later(
    merchant: Make,
) -> None:
    http = answering({"data": [listed()]})
    services = merchant(http, **DOWNLOADS)
    for number in range(3):
        body = sealed(id=f"EV-{number}")
        assert received(services, notification(body, by="certificate")).status == 200
    assert len(http.calls) == 1
    items = list_events_page(services, {}, cursor=None, limit=9)["items"]
    assert [verify_event(services, item["id"])["verified"] for item in items] == [True] * 3


def test_probes_download_nothing(merchant: Make) -> None:
    http = answering({"data": [listed()]})
    services = merchant(http, **DOWNLOADS)
    probe = notification(sealed(), by="certificate", Wechatpay_Signature="WECHATPAY/SIGNTEST/x")
    assert received(services, probe).status == 401
    assert http.calls == []


def test_the_evidence_stays_as_it_came(merchant: Make) -> None:
    services, body = merchant(**PUBLIC_KEYS), sealed()
    received(services, notification(body))
    (item,) = list_events_page(services, {}, cursor=None, limit=9)["items"]
    detail = event_detail(services, item["id"])
    assert detail is not None
    assert (detail["data"], detail["masked"]) == (PAYMENT, [])
