"""The sample channel of Plaid for the suite that every platform goes through."""

from __future__ import annotations

from app.core.values import InboundRequest
from sandbox.cloud_keys import EC_KEY, public_pem
from sandbox.platforms.plaid.api import KEY_ID
from sandbox.platforms.plaid.firing import token
from tests.platforms.deliveries import SECONDS, delivery
from tests.platforms.samples import Sample

BODY = b'{\n  "item_id": "item-1",\n  "webhook_code": "DEFAULT_UPDATE",\n  "webhook_type": "TRANSACTIONS"\n}'
SETTINGS = {
    "client_id": "client-id-1",
    "secret": "secret-of-the-tests",
    "public_keys": {KEY_ID: public_pem(EC_KEY)},
}


def webhook(
    body: bytes = BODY, *, at: int = SECONDS, about: bytes | None = None, kid: str = KEY_ID
) -> InboundRequest:
    """Return a delivery whose token is about a body."""
    made = token(body if about is None else about, at, kid)
    return delivery(body, {"Content-Type": "application/json", "Plaid-Verification": made})


SAMPLES = (Sample("plaid", "jwt", SETTINGS, webhook, BODY),)
