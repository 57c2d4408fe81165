"""Messages of Huawei Account with the simulator's token, and a channel that takes them."""

from __future__ import annotations

import json
from typing import Any

from app.core.values import InboundRequest
from sandbox.platforms.huawei_account.signer import ISSUER, jwks, token
from tests.platforms.deliveries import SECONDS, delivery
from tests.platforms.recorded import Remote, opened

CLIENT_ID = "104002000"
BASE = "https://risc.cloud.huawei.com"
CONFIGURATION = f"{BASE}/v1beta/public/risc/.well-known/risc-configuration"
KEYS = f"{BASE}/v1beta/public/risc/certs"
PURGED = "https://schemas.openid.net/secevent/risc/event-type/account-purged"
REVOKED = "https://schemas.openid.net/secevent/oauth/event-type/tokens-revoked"


def channel(**changes: Any) -> Any:
    return opened("huawei-account", {"client_id": CLIENT_ID} | changes)


def remote(said: dict[str, Any] | None = None, keys: dict[str, Any] | None = None) -> Remote:
    configuration = {"issuer": ISSUER, "jwks_uri": KEYS} | (said or {})
    return Remote({CONFIGURATION: json.dumps(configuration), KEYS: json.dumps(keys or jwks())})


def message(**changes: Any) -> dict[str, Any]:
    """Return a message as Huawei's page shows it."""
    subject = {"extra": "open-1", "iss": ISSUER, "sub": "union-1", "subject_type": "iss_sub"}
    said = {"iss": ISSUER, "aud": CLIENT_ID, "iat": SECONDS, "jti": "6672ed7d"}
    return said | {"events": {PURGED: {"subject": subject}}} | changes


def push(body: Any = None, made: str | None = None, **headers: str) -> InboundRequest:
    """Return a delivery; `made` replaces the token, an empty one is left out."""
    raw = body if isinstance(body, bytes) else json.dumps(message() if body is None else body).encode()
    given = token(client_id=CLIENT_ID, now=SECONDS) if made is None else made
    return delivery(raw, ({"Authorization": f"Bearer {given}"} if given else {}) | headers)
