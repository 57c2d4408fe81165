"""Expected payments: asked for when no notice came, told once, whoever was first, on every database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app import platforms
from app.config.channels import ChannelConfig
from app.core.errors import RefusedError, RequestError
from app.core.values import Event
from app.pipeline.channels import open_channels
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.payments.check import payment_route
from app.pipeline.payments.expect import expect_payment, list_payments_page, payment_status
from app.pipeline.router import Context, Router
from app.pipeline.services import Services
from tests.builders import CALLBACK_SECRET, FrozenClock, envelope, exchange, signed_callback
from tests.operators.stage import run_due
from tests.platforms.deliveries import NOW
from tests.platforms.wechatpay.scripted import ScriptedPay, answering
from tests.platforms.wechatpay.signing import (
    DOWNLOADS,
    MERCHANT,
    PAYMENT,
    PUBLIC_KEYS,
    notification,
    sealed,
)

PAID = PAYMENT | {"trade_state": "SUCCESS"}
ORDER = str(PAID["out_trade_no"])
NOT_THERE = {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}


class Shop:
    """Keeps what its handler is told."""

    def __init__(self) -> None:
        self.paid: list[tuple[str, str, bool]] = []

    def handle(self, event: Event, _context: Context) -> None:
        asked = dict(event.headers).get("Callgate-Reconciled") == "true"
        self.paid.append((event.type, str(event.data["out_trade_no"]), asked))


class Stage:
    """A merchant's gateway, with WeChat Pay's answers at hand."""

    def __init__(self, services: Services, shop: Shop, clock: FrozenClock):
        self.services, self.shop, self.clock = services, shop, clock

    def pays(self, content: Any = PAID, **about: Any) -> None:
        """Say what the platform answers from now on, signed at this moment."""
        timestamp = int(self.clock.now().timestamp())
        http = answering(content, by="public_key", timestamp=timestamp, **about)
        object.__setattr__(self.services.channels.get("pay"), "http", http)

    @property
    def calls(self) -> int:
        channel = self.services.channels.get("pay")
        assert channel is not None
        assert isinstance(channel.http, ScriptedPay)
        return len(channel.http.calls)

    def notice(self, nonce: str = "first") -> int:
        now = self.clock.now()
        request = notification(sealed(), nonce=nonce, timestamp=str(int(now.timestamp())))
        return receive(self.services, "pay", request._replace(received_at=now), trace_id="").status

    def becomes_due(self, **later: float) -> None:
        """Let the time come, with a platform that answers at that time."""
        self.clock.advance(**later or {"minutes": 15})
        self.pays()

    def expect(self, by: Any = 900) -> dict[str, Any]:
        return expect_payment(self.services, "pay", ORDER, by)

    def run(self, **later: float) -> None:
        self.clock.advance(**later)
        while run_due(self.services):
            pass

    @property
    def state(self) -> str:
        return str(payment_status(self.services, "pay", ORDER)["state"])


def deliver_order(stage: Stage) -> None:
    """Deliver an event of the shop's own, on a channel beside the payments."""
    request = signed_callback(envelope("order_1"), received_at=stage.clock.now())
    assert receive(stage.services, "callback", request, trace_id="").status == 200


@pytest.fixture
def stage(services_with: Callable[..., Services]) -> Stage:
    shop, router, clock = Shop(), Router(), FrozenClock(NOW)
    router.on("pay", name="shop")(shop.handle)
    services = services_with(channels="", clock=clock, router=router)
    config = ChannelConfig(name="pay", platform="wechatpay", options=MERCHANT | PUBLIC_KEYS | DOWNLOADS)
    shop_channel = ChannelConfig(name="callback", platform="callback", options={"secret": CALLBACK_SECRET})
    opened, _ = open_channels([config, shop_channel], platforms.Platforms())
    exchange(services, channels=opened)
    exchange(services, payments=payment_route(services))
    made = Stage(services, shop, clock)
    made.pays()
    return made


def test_what_never_arrived_is_asked_for_and_becomes_its_event(stage: Stage) -> None:
    assert stage.expect()["state"] == "waiting"
    stage.run(minutes=14)
    assert (stage.calls, stage.shop.paid) == (0, [])
    stage.pays()
    stage.run(minutes=2)
    assert stage.shop.paid == [("TRANSACTION.SUCCESS", ORDER, True)]
    assert stage.state == "reconciled"
    items = list_events_page(stage.services, {"channel": "pay"}, cursor=None, limit=9)["items"]
    assert [item["id"] for item in items] == [payment_status(stage.services, "pay", ORDER)["event_id"]]


def test_a_notice_in_time_is_all_that_is_told_and_nobody_is_asked(stage: Stage) -> None:
    stage.expect()
    assert stage.notice() == 200
    stage.becomes_due()
    stage.run()
    assert stage.shop.paid == [("TRANSACTION.SUCCESS", ORDER, False)]
    assert (stage.state, stage.calls) == ("arrived", 0)


def test_a_notice_from_before_it_was_expected_counts(stage: Stage) -> None:
    stage.notice()
    assert stage.expect()["state"] == "arrived"
    stage.becomes_due()
    stage.run()
    assert stage.shop.paid == [("TRANSACTION.SUCCESS", ORDER, False)]


def test_a_notice_after_it_was_asked_for_is_a_copy_answered_well(stage: Stage) -> None:
    stage.expect()
    stage.becomes_due()
    stage.run()
    assert stage.state == "reconciled"
    assert [stage.notice(nonce) for nonce in ("first", "second")] == [200, 200]
    stage.run()
    assert len(stage.shop.paid) == 1


def test_of_a_notice_and_an_answer_at_the_same_time_one_is_told(stage: Stage) -> None:
    stage.expect()
    stage.becomes_due()
    both = [threading.Thread(target=stage.notice), threading.Thread(target=stage.run)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(20)
    stage.run()
    assert len(stage.shop.paid) == 1


@pytest.mark.backends("sqlite")
def test_what_is_not_paid_is_asked_for_again_and_given_up(stage: Stage) -> None:
    stage.expect()
    asked = 0
    for minutes in (15, 1, 4, 10, 15, 30, 60):
        stage.clock.advance(minutes=minutes)
        stage.pays(NOT_THERE, status=404)
        stage.run()
        asked += stage.calls
    assert (asked, stage.state, stage.shop.paid) == (7, "not_paid", [])
    stage.notice()
    stage.run()
    assert (stage.state, len(stage.shop.paid)) == ("arrived", 1)


@pytest.mark.parametrize("transactional", [False, True])
def test_a_handler_expects_an_order_together_with_its_own_work(stage: Stage, transactional: bool) -> None:
    stage.services.router.on("callback", name="shop-order", transactional=transactional)(
        lambda event, context: context.expect_payment("pay", ORDER, 900)
    )
    deliver_order(stage)
    stage.run()
    assert stage.state == "waiting"


@pytest.mark.backends("sqlite")
def test_what_cannot_be_asked_is_told_and_tried_again(stage: Stage) -> None:
    stage.expect()
    stage.pays({"code": "SYSTEM_ERROR", "message": "busy"}, status=500)
    stage.run(minutes=15)
    assert "asked again" in payment_status(stage.services, "pay", ORDER)["last_error"]
    stage.clock.advance(hours=1)
    stage.pays()
    stage.run()
    assert stage.state == "reconciled"


@pytest.mark.backends("sqlite")
def test_who_expects_anew_is_asked_for_at_the_new_time_only(stage: Stage) -> None:
    stage.expect(900)
    stage.expect(3600)
    stage.run(minutes=20)
    assert stage.calls == 0
    stage.clock.advance(hours=1)
    stage.pays()
    stage.run()
    assert (stage.calls, len(stage.shop.paid)) == (1, 1)


@pytest.mark.backends("sqlite")
def test_orders_and_times_that_cannot_be_are_refused_in_words(stage: Stage) -> None:
    for order in ("", "a b", "x" * 65, 7):
        with pytest.raises(RequestError, match="order must be"):
            expect_payment(stage.services, "pay", order, 900)  # type: ignore[arg-type]
    late = (stage.clock.now() + timedelta(days=8)).isoformat()
    soon = (stage.clock.now() + timedelta(minutes=15)).replace(tzinfo=None).isoformat()
    for by in (0, -1, True, None, "soon", soon, late, 10**9):
        with pytest.raises(RequestError, match="by must be"):
            stage.expect(by)
    with pytest.raises(RefusedError):
        expect_payment(stage.services, "nowhere", ORDER, 900)
    assert list_payments_page(stage.services, channel=None, state=None, after=None, limit=9) == []


@pytest.mark.backends("sqlite")
def test_an_answer_of_another_order_is_not_believed(stage: Stage) -> None:
    stage.expect()
    for wrong in (PAID | {"out_trade_no": "other"}, PAID | {"mchid": "1900000001"}):
        stage.clock.advance(minutes=15)
        stage.pays(wrong)
        stage.run()
        assert "another order" in payment_status(stage.services, "pay", ORDER)["last_error"]
        stage.clock.advance(hours=2)
    assert stage.shop.paid == []
