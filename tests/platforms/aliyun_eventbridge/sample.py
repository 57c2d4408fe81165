"""The sample channels of Aliyun EventBridge for the suite that every platform goes through."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from app.core.values import InboundRequest
from sandbox.cloud_keys import certificate_pem
from sandbox.platforms.aliyun_eventbridge.firing import headers_of
from tests.platforms.deliveries import SECONDS, delivery
from tests.platforms.samples import Sample

TARGET = "https://gw.example.com/webhooks/eb"
CERTIFICATE = "https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com/x509_public_certificate_1.pem"
TOKEN = "token-of-the-tests"
SETTINGS: dict[str, Any] = {
    "target_url": TARGET,
    "token": TOKEN,
    "public_keys": {CERTIFICATE: certificate_pem()},
}
CONTENT: dict[str, Any] = {
    "id": "e-1",
    "source": "acs.oss",
    "specversion": "1.0",
    "type": "oss:ObjectCreated:PutObject",
    "subject": "acs:oss:cn-hangzhou:1:b/k",
    "time": "2026-05-28T20:26:40Z",
    "data": {"k": "值"},
}
BODY = json.dumps(CONTENT).encode()


def push(
    body: bytes = BODY,
    *,
    version: int = 2,
    target: str = TARGET,
    token: str = TOKEN,
    address: str = CERTIFICATE,
    now: float = SECONDS,
    **headers: str,
) -> InboundRequest:
    """Return a push; `headers` replace those of the same name with `_` for `-`, an empty one is left out."""
    made = headers_of(target, token, body, version=version, now=now, address=address)
    made |= {name.replace("_", "-"): value for name, value in headers.items()}
    return delivery(body, {name: value for name, value in made.items() if value})


SAMPLES = (
    Sample("aliyun-eventbridge", "v2", SETTINGS, push, BODY),
    Sample("aliyun-eventbridge", "v1", SETTINGS, partial(push, version=1), BODY),
)
OWN_VALUES = {"ALIYUN_EVENTBRIDGE_TARGET_URL": TARGET}
