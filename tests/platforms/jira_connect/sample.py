"""The sample channels of Jira Connect for the suite that every platform goes through."""

from __future__ import annotations

import json
from typing import Any

from app.core.values import InboundRequest
from sandbox.cloud_keys import RSA_KEY, public_pem
from sandbox.platforms.jira_connect.api import KEY_ID
from sandbox.platforms.jira_connect.firing import query_string_hash, token
from tests.platforms.deliveries import SECONDS, delivery
from tests.platforms.samples import Sample

BASE = "https://gw.example.com/webhooks/open"
TENANT, SECRET = "client-key-1", "shared-secret-of-the-tests-32-letters"
SETTINGS: dict[str, Any] = {
    "base_url": BASE,
    "app_key": "my-app",
    "tenants": {TENANT: SECRET},
    "public_keys": {KEY_ID: public_pem(RSA_KEY)},
}
WEBHOOK = json.dumps(
    {"timestamp": SECONDS * 1000, "webhookEvent": "jira:issue_created", "issue": {"id": "1"}}
).encode()
INSTALLED = json.dumps(
    {"key": "my-app", "clientKey": TENANT, "sharedSecret": "a-new-shared-secret", "eventType": "installed"}
).encode()


def signed(
    body: bytes,
    *,
    secret: str | None = SECRET,
    below: str = "/webhook",
    query: str = "",
    headers: dict[str, str] | None = None,
    **claims: Any,
) -> InboundRequest:
    """Return a delivery below the base address; without a secret Atlassian itself signs. `claims` replace those of the token."""
    own: dict[str, Any] = {"iss": TENANT, "iat": SECONDS, "exp": SECONDS + 180}
    own |= {"qsh": query_string_hash("POST", below, query), "aud": [BASE]}
    made = token({name: value for name, value in (own | claims).items() if value is not None}, secret)
    request = delivery(body, {"Authorization": f"JWT {made}", **(headers or {})})
    return request._replace(path=f"/webhooks/open{below}".rstrip("/"), query_string=query)


def webhook(body: bytes) -> InboundRequest:
    return signed(body)


def lifecycle(body: bytes) -> InboundRequest:
    return signed(body, secret=None, below="/installed")


def webhook_at(body: bytes, query: str) -> InboundRequest:
    return signed(body, below="/", query=query)


def lifecycle_at(body: bytes, query: str) -> InboundRequest:
    return signed(body, secret=None, below="/", query=query)


SAMPLES = (
    Sample("jira-connect", "tenant", SETTINGS, webhook, WEBHOOK, covers_body=False, prove_at=webhook_at),
    Sample(
        "jira-connect", "atlassian", SETTINGS, lifecycle, INSTALLED, covers_body=False, prove_at=lifecycle_at
    ),
)
OWN_VALUES = {"JIRA_CONNECT_BASE_URL": BASE}
