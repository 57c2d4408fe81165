"""Alipay's requests through the whole gateway: exactly `success` or `fail`, stored once, on every database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.factory import create_app
from app.pipeline.operators.events import list_events_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from tests.platforms.alipay.channel import APP_ID, PEM, SELLER_ID, base64_der, signed

CHANNELS = f"""
[channels.alipay]
platform = "alipay"
app_id = "{APP_ID}"
seller_id = "{SELLER_ID}"
alipay_public_key = "{base64_der(PEM["alipay_public_key_pem"])}"
"""
FORM = "application/x-www-form-urlencoded; charset=gbk"


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    router = Router()
    router.on("*", name="handler")(lambda event, context: None)
    return services_with(router=router, channels=CHANNELS)


def post(services: Services, body: bytes) -> tuple[int, bytes, str]:
    answer = (
        create_app(services=services).test_client().post("/webhooks/alipay", data=body, content_type=FORM)
    )
    return answer.status_code, answer.data, answer.headers["Content-Type"]


def stored(services: Services) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = list_events_page(services, {}, cursor=None, limit=9)["items"]
    return items


def test_a_notification_and_its_resend_are_both_answered_success_and_stored_once(services: Services) -> None:
    assert post(services, signed()) == (200, b"success", "text/plain; charset=utf-8")
    assert post(services, signed(notify_time="2026-05-28 20:30:41"))[:2] == (200, b"success")
    (event,) = stored(services)
    assert (event["type"], event["platform"]) == ("trade_status_sync.TRADE_SUCCESS", "alipay")


def test_a_gbk_notification_is_taken(services: Services) -> None:
    assert post(services, signed("gbk", charset="gbk", subject="月度会员"))[:2] == (200, b"success")


@pytest.mark.parametrize(
    "body",
    [
        signed().replace(b"88.88", b"88.89"),
        signed(seller_id="2088000000000002"),
        signed(app_id="2021"),
        b"{}",
        b"",
    ],
    ids=["altered", "other seller", "other application", "no form", "empty"],
)
def test_what_is_not_proven_or_not_for_us_is_answered_fail_and_not_stored(
    services: Services, body: bytes
) -> None:
    assert post(services, body)[:2] == (401, b"fail")
    assert stored(services) == []


def test_a_proven_notification_that_cannot_be_read_is_answered_fail(services: Services) -> None:
    assert post(services, signed(notify_id=...))[:2] == (400, b"fail")
