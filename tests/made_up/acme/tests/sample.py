"""The sample channel of Acme for the suite that every platform goes through."""

from __future__ import annotations

from app.core.values import InboundRequest
from sandbox.platforms.acme.signer import headers
from tests.platforms.deliveries import SECONDS, delivery
from tests.platforms.samples import Sample

SETTINGS = {"secret": "acme-signing-secret-1", "client_id": "c", "client_secret": "acme-client-secret-1"}
BODY = b'{"id":"e1","type":"order.paid","created":1780000000,"data":{"user_id":"u"}}'


def proven(body: bytes) -> InboundRequest:
    return delivery(body, headers(SETTINGS["secret"], str(SECONDS), body))


SAMPLES = (Sample("acme", "hmac", SETTINGS, proven, BODY),)
