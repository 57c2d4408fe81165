"""Notifications of WeChat Pay with the simulator's signature, and whatever a test changes about them."""

from __future__ import annotations

import json
from typing import Any

from app.core.values import InboundRequest
from sandbox.platforms.wechatpay import keys
from sandbox.platforms.wechatpay.credentials import CREDENTIALS
from sandbox.platforms.wechatpay.signer import SIGNERS, headers_of, pem_of, seal
from tests.platforms.deliveries import SECONDS, delivery

VALUES = {each.variable: each.value for each in CREDENTIALS}
API_V3_KEY = VALUES["WECHATPAY_API_V3_KEY"]
CERTIFICATE, NEXT_CERTIFICATE = (pem_of(each).decode() for each in (keys.CERTIFICATE, keys.NEXT_CERTIFICATE))
NONCE = "593BEC0C930BF1AFEB40B4A08C8FB242"
MERCHANT = {
    "mch_id": VALUES["WECHATPAY_MCH_ID"],
    "app_id": VALUES["WECHATPAY_APP_ID"],
    "api_v3_key": API_V3_KEY,
}
PUBLIC_KEYS = {"public_keys": {keys.PUBLIC_KEY_ID: keys.PUBLIC_KEY}}
DOWNLOADS = {
    "merchant_serial": keys.MERCHANT_SERIAL,
    "merchant_private_key": keys.MERCHANT_PRIVATE_KEY,
    "api_base": "https://pay.example",
}
PAYMENT = {
    "mchid": MERCHANT["mch_id"],
    "appid": MERCHANT["app_id"],
    "out_trade_no": "ORDER-1",
    "payer": {"openid": "oPayer1"},
    "amount": {"total": 990},
}


def sealed(content: Any = None, *, key: str = API_V3_KEY, **changes: Any) -> bytes:
    """Return the body of a notification around a resource; `changes` are laid over its outer part."""
    raw = (
        content
        if isinstance(content, bytes)
        else json.dumps(PAYMENT if content is None else content).encode()
    )
    envelope = {
        "id": "EV-1",
        "create_time": "2026-05-29T04:26:40+08:00",
        "event_type": "TRANSACTION.SUCCESS",
        "resource": seal(key, raw, "transaction", "transaction"),
    }
    return json.dumps(envelope | changes).encode()


def notification(
    body: bytes, *, by: str = "public_key", timestamp: str = str(SECONDS), nonce: str = NONCE, **headers: str
) -> InboundRequest:
    """Return a delivery; `headers` replace those of the same name with `_` for `-`, an empty one is left out."""
    made = headers_of(SIGNERS[by], timestamp, nonce, body)
    made |= {name.replace("_", "-"): value for name, value in headers.items()}
    return delivery(body, {name: value for name, value in made.items() if value})
