"""The sample channel of Aliyun MNS for the suite that every platform goes through."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from app.core.values import InboundRequest
from sandbox.cloud_keys import certificate_pem
from sandbox.platforms.aliyun_mns.firing import body_digest, signature
from tests.platforms.deliveries import delivery
from tests.platforms.samples import Sample

CERTIFICATE = "https://mns-cert.oss-cn-hangzhou.aliyuncs.com/x509_public_certificate.pem"
SETTINGS: dict[str, Any] = {
    "topic_owner": "1321669497458181",
    "topic_names": ["t1"],
    "public_keys": {CERTIFICATE: certificate_pem()},
}
BODY = "订单已支付".encode()
PATH = "/webhooks/open"
"""The address of the channel in the suites that every platform goes through: it is signed."""


def push(
    body: bytes = BODY,
    *,
    address: str = CERTIFICATE,
    spelling: str = "base64-hex",
    path: str = PATH,
    **headers: str,
) -> InboundRequest:
    """Return a push; `headers` replace those of the same name with `_` for `-` before it is signed, an empty one is left out."""
    made = {
        "Content-Type": "text/plain;charset=utf-8",
        "Content-MD5": body_digest(body, spelling),
        "Date": "Thu, 28 May 2026 20:26:35 GMT",
        "x-mns-request-id": "6423F9B7BF94313030AF5EA0",
        "x-mns-version": "2015-06-06",
        "x-mns-signing-cert-url": b64encode(address.encode()).decode(),
        "x-mns-topic-owner": "1321669497458181",
        "x-mns-topic-name": "t1",
        "x-mns-message-id": "M1",
    }
    made |= {name.replace("_", "-"): value for name, value in headers.items()}
    made = {name: value for name, value in made.items() if value}
    made["Authorization"] = signature("POST", path, {"Content-MD5": "", "Date": "", **made})
    place, _, query = path.partition("?")
    return delivery(body, made)._replace(path=place, query_string=query)


def push_at(body: bytes, query: str) -> InboundRequest:
    return push(body, path=f"{PATH}?{query}")


SAMPLES = (Sample("aliyun-mns", "rsa", SETTINGS, push, BODY, prove_at=push_at),)
