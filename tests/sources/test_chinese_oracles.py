"""Independent packages of two Chinese senders judge what the simulator fires and what a described source takes."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode

import pytest
from allinpay.allin_utils import createSign
from doudian import DouDian

from app.core.values import InboundRequest
from sandbox.sources.files import source
from sandbox.sources.signing import Fired, fire
from tests.platforms.deliveries import NOW, SECONDS, delivery
from tests.sources.judging import Judged, judge, opened

SHOP = SimpleNamespace(
    _logger=None, _app_key="3409409348479354011", _app_secret="sandbox-source-secret-0123456789"
)
MD5_KEY = "ec3b611ce71da18246f850271622260f"


def doudian_fired() -> Fired:
    return fire(
        source("doudian"),
        now=SECONDS,
        identifier="690100:101:1",
        address="https://gateway.example/webhooks/x",
    )


def taken(request: InboundRequest) -> Judged:
    return judge(opened("doudian", {"app_key": SHOP._app_key, "app_secret": SHOP._app_secret}), request, NOW)


def test_doudians_package_reads_what_we_read() -> None:
    made = doudian_fired()
    read = DouDian.callback(SHOP, made.headers, made.body)
    (event,) = taken(delivery(made.body, made.headers)).events
    assert (event.key, event.type) == (read[0]["msg_id"], read[0]["tag"])


@pytest.mark.parametrize("change", ["body", "sign", "app"])
def test_doudians_package_refuses_what_we_refuse(change: str) -> None:
    made = doudian_fired()
    body = made.body.replace(b"101", b"102") if change == "body" else made.body
    headers = dict(made.headers)
    if change == "sign":
        headers.pop("event-sign")
    if change == "app":
        headers["app-id"] = "1"
    assert DouDian.callback(SHOP, headers, body) is None
    assert taken(delivery(body, headers)).outcome == "refuse"


def test_allinpays_package_signs_what_we_take() -> None:
    fields = {
        "cusid": "56045204816B7ZA",
        "trxid": "1",
        "trxstatus": "0000",
        "trxcode": "VSP501",
        "srctrxid": "",
    }
    signed = {**fields, "signtype": "MD5"}
    body = urlencode(signed | {"sign": createSign(dict(signed), MD5_KEY)}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    source_ = opened("allinpay", {"md5_key": MD5_KEY})
    assert judge(source_, delivery(body, form), NOW).outcome == "accept"
    changed = urlencode(dict(parse_qsl(body.decode())) | {"trxid": "2"}).encode()
    assert judge(source_, delivery(changed, form), NOW).outcome == "refuse"
