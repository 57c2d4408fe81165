"""The sample channel of Aliyun OSS for the suite that every platform goes through."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from app.core.values import InboundRequest
from sandbox.cloud_keys import RSA_KEY, public_pem
from sandbox.platforms.aliyun_oss.firing import signature
from tests.platforms.deliveries import delivery
from tests.platforms.samples import Sample

KEY_ADDRESS = "https://gosspublic.alicdn.com/callback_pub_key_v1.pem"
SETTINGS: dict[str, Any] = {"public_keys": {KEY_ADDRESS: public_pem(RSA_KEY)}}
BODY = b"bucket=b1&object=dir%2Fa%20b.png&etag=%22D8E8%22&size=5"


def callback(
    body: bytes = BODY,
    *,
    path: str = "/webhooks/open",
    query: str = "",
    address: str = KEY_ADDRESS,
    **headers: str,
) -> InboundRequest:
    """Return a callback; `headers` replace those of the same name with `_` for `-`, an empty one is left out."""
    made = {
        "Authorization": signature(path, query, body),
        "x-oss-pub-key-url": b64encode(address.encode()).decode(),
    }
    made |= {name.replace("_", "-"): value for name, value in headers.items()}
    request = delivery(body, {name: value for name, value in made.items() if value})
    return request._replace(path=path, query_string=query)


def callback_at(body: bytes, query: str) -> InboundRequest:
    return callback(body, query=query)


SAMPLES = (Sample("aliyun-oss", "rsa", SETTINGS, callback, BODY, has_window=False, prove_at=callback_at),)
