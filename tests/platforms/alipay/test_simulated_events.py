"""What the simulated Alipay sends is believed by the library and by the gateway, in both charsets."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from app.core.errors import VerificationError
from app.core.values import ParsedEvent
from app.platforms.alipay import AlipayConnector
from app.platforms.alipay.settings import AlipaySettings
from tests.platforms.alipay.channel import NOW, delivery
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = {
    "trade_status_sync.TRADE_SUCCESS": "trade_status_sync.TRADE_SUCCESS",
    "trade_status_sync.TRADE_FINISHED": "trade_status_sync.TRADE_FINISHED",
    "trade_status_sync.TRADE_CLOSED": "trade_status_sync.TRADE_CLOSED",
    "trade_status_sync.WAIT_BUYER_PAY": "trade_status_sync.WAIT_BUYER_PAY",
    "refund": "trade_status_sync.TRADE_SUCCESS",
}


def channel_of(server: SandboxServer) -> AlipayConnector:
    own = server.settings
    return AlipayConnector(
        AlipaySettings.model_validate(
            {
                "app_id": own["ALIPAY_APP_ID"],
                "seller_id": own["ALIPAY_SELLER_ID"],
                "app_private_key": own["ALIPAY_APP_PRIVATE_KEY"],
                "alipay_public_key": own["ALIPAY_PUBLIC_KEY"],
                "gateway_url": f"{server.url}/alipay/gateway.do",
                "openauth_base": f"{server.url}/alipay",
            }
        )
    )


def read(server: SandboxServer, body: bytes) -> ParsedEvent:
    source, request = channel_of(server), delivery(body)
    verified = source.verify(request, NOW)
    assert all(each.given in each.expected for each in verified.requirements)
    return source.parse(request, verified)


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
@pytest.mark.parametrize("kind", TYPES)
def test_every_sample_is_believed_in_both_charsets(
    firing: SandboxServer, gateway: StandIn, kind: str, charset: str
) -> None:
    fire(firing, channel="pay", platform="alipay", type=kind, charset=charset)
    (seen,) = gateway.received
    event = read(firing, seen.body)
    assert (seen.path, event.type, event.data["subject"]) == (
        "/webhooks/pay",
        TYPES[kind],
        "月度会员 A+B 100%",
    )
    assert charset in seen.headers["content-type"]


def test_a_duplicate_is_the_same_request_and_two_events_differ(
    firing: SandboxServer, gateway: StandIn
) -> None:
    fire(firing, channel="pay", platform="alipay", type="refund", count=2, duplicate=1)
    keys = [dict(parse_qsl(seen.body.decode()))["notify_id"] for seen in gateway.received]
    assert (len(keys), len(set(keys))) == (4, 2)


def test_an_altered_sample_is_not_believed(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="pay", platform="alipay", type="refund")
    with pytest.raises(VerificationError):
        read(firing, gateway.received[0].body.replace(b"88.88", b"88.89"))
