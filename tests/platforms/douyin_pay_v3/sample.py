"""The sample channel of Douyin Pay for the suite that every platform goes through."""

from __future__ import annotations

import json
from typing import Any

from app.core.values import InboundRequest
from sandbox.platforms.douyin_pay_v3 import keys
from sandbox.platforms.douyin_pay_v3.signer import headers_of, seal
from tests.platforms.code_records import records_beside
from tests.platforms.deliveries import SECONDS, delivery
from tests.platforms.samples import Sample

ENCRYPT_KEY = "d6KBCbBclz6JrRhLvVe3WdigBw1AljKL"
CHANNEL = {
    "mch_id": "7000001",
    "encrypt_key": ENCRYPT_KEY,
    "platform_certs": {keys.SERIAL: keys.CERTIFICATE},
}
PAID = {"mchid": "7000001", "out_trade_no": "o1", "trade_state": "SUCCESS", "amount": {"total": 100}}


def envelope(resource: Any = None, *, key: str = ENCRYPT_KEY, **changes: Any) -> bytes:
    sealed = seal(json.dumps(PAID if resource is None else resource).encode(), key, "transaction")
    content = {"id": "EV-1", "create_time": "2026-05-29T04:26:40+08:00", "event_type": "TRANSACTION.SUCCESS"}
    return json.dumps(content | {"resource": sealed | changes}).encode()


def notice(body: bytes, timestamp: int | str = SECONDS, **by: str) -> InboundRequest:
    headers = headers_of(body, timestamp, "r5TnQ2rhVEFhkQa0", **by)
    return delivery(body, {"Content-Type": "application/json", **headers})


SAMPLES = (Sample("douyin-pay-v3", "certificate", CHANNEL, notice, envelope()),)
RECORDED = records_beside(__file__)["douyinpay_v3"]["settings"]
OWN_VALUES = {
    "DOUYIN_PAY_ENCRYPT_KEY": "5f1c9d27b3e84a605f1c9d27b3e84a60",
    "DOUYIN_PAY_CERTIFICATE": next(iter(RECORDED["platform_certs"].values())),
}
