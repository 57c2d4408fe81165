"""The sample channel of Huawei Cloud SMN for the suite that every platform goes through."""

from __future__ import annotations

import json
from typing import Any

from app.core.values import InboundRequest
from sandbox.cloud_keys import certificate_pem
from sandbox.platforms.huawei_smn.firing import signature
from tests.platforms.deliveries import delivery
from tests.platforms.samples import Sample

TOPIC = "urn:smn:cn-north-4:0553db98c800d5192f9bc01232b89622:alarms"
CERTIFICATE = (
    "https://smn.cn-north-4.myhuaweicloud.com/smn/SMN_cn-north-4_b98100ca131b4116ab8ee7ccedbaae99.pem"
)
SETTINGS: dict[str, Any] = {"topic_urns": TOPIC, "public_keys": {CERTIFICATE: certificate_pem()}}
MESSAGE = {
    "type": "Notification",
    "message_id": "88c726942175432bac921eafd0036163",
    "topic_urn": TOPIC,
    "timestamp": "2026-05-28T20:26:40Z",
    "signature_version": "v1",
    "subject": "demo",
    "message": "CPU 90%\nplease look",
}


def message(changes: dict[str, Any] | None = None, **unsigned: Any) -> bytes:
    """Return a signed message: `changes` are made before it is signed, `unsigned` after."""
    fields = MESSAGE | (changes or {})
    made = fields | {"signing_cert_url": CERTIFICATE, "signature": signature(fields)} | unsigned
    return json.dumps({name: value for name, value in made.items() if value is not None}).encode()


def prove(body: bytes) -> InboundRequest:
    """Return the delivery of a body; where it is an object, it is signed."""
    try:
        said = json.loads(body)
        body = json.dumps(said | {"signing_cert_url": CERTIFICATE, "signature": signature(said)}).encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return delivery(body, {"Content-Type": "application/json"})


SAMPLES = (Sample("huawei-smn", "rsa", SETTINGS, prove, message(), has_window=False, proof_in_body=True),)
OWN_VALUES = {"HUAWEI_SMN_TOPIC_URN": TOPIC}
