"""The sample channels of WeChat Pay for the suite that every platform goes through."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from tests.platforms.samples import Sample
from tests.platforms.wechatpay.signing import (
    CERTIFICATE,
    MERCHANT,
    NEXT_CERTIFICATE,
    PUBLIC_KEYS,
    notification,
    sealed,
)

BODY = sealed()
SAMPLES = (
    Sample("wechatpay", "public-key", MERCHANT | PUBLIC_KEYS, notification, BODY),
    Sample(
        "wechatpay",
        "certificate",
        MERCHANT | {"certificates": [CERTIFICATE, NEXT_CERTIFICATE]},
        partial(notification, by="next_certificate"),
        BODY,
    ),
)
RECORDED = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))["keys"]
OWN_VALUES = {
    "WECHATPAY_API_V3_KEY": "5f1c9d27b3e84a605f1c9d27b3e84a60",
    "WECHATPAY_PUBLIC_KEY": RECORDED["public_key_pem"],
    "WECHATPAY_MERCHANT_SERIAL": "5F1C9D27B3E84A60",
    "WECHATPAY_MERCHANT_PRIVATE_KEY": RECORDED["merchant_private_key_pem"],
}
"""What an operator might write instead of the simulator's credentials, where not every text will do."""
