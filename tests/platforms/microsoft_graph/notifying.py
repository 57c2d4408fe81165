"""Notifications of Graph with the simulator's tokens and seals, and a channel that takes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.values import InboundRequest
from sandbox.platforms.microsoft_graph import keys
from sandbox.platforms.microsoft_graph.signer import jwks, sealed, token
from tests.platforms.deliveries import SECONDS, delivery
from tests.platforms.recorded import Remote, opened

STATE = "graph-client-state-of-the-tests"
APP = "8e460676-ae3f-4b1e-8790-ee0fb5d6148f"
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
BASE = "https://login.microsoftonline.com"
ADDRESS = f"{BASE}/common/discovery/v2.0/keys"
PLAIN = {"client_state": STATE}
SETTINGS = PLAIN | {
    "app_id": APP,
    "tenants": [TENANT],
    "encryption_keys": {keys.ENCRYPTION_CERTIFICATE_ID: keys.ENCRYPTION_PRIVATE_KEY_PEM},
}
RESOURCE = {"id": "AAMk1", "subject": "主题"}


def channel(**changes: Any) -> Any:
    return opened("microsoft-graph", SETTINGS | changes)


def remote(**changes: Any) -> Remote:
    return Remote({ADDRESS: json.dumps(jwks() | changes)})


def entry(**changes: Any) -> dict[str, Any]:
    """Return one entry; `changes` are laid over it, None leaves a field out."""
    own = {
        "subscriptionId": "sub-1",
        "clientState": STATE,
        "changeType": "created",
        "resource": "Users/u/Messages/AAMk1",
        "tenantId": TENANT,
        "resourceData": {"@odata.type": "#Microsoft.Graph.Message", "id": "AAMk1"},
    } | changes
    return {name: value for name, value in own.items() if value is not None}


def rich(resource: Mapping[str, Any] = RESOURCE, **changes: Any) -> dict[str, Any]:
    """Return an entry that brings its resource; `changes` are laid over what is sealed."""
    return entry(encryptedContent=sealed(dict(resource)) | changes)


def proof(**claims: Any) -> str:
    return token(app_id=APP, tenant=TENANT, base=BASE, now=SECONDS, **claims)


def notify(*entries: Any, tokens: Sequence[Any] | None = None, **more: Any) -> InboundRequest:
    content: dict[str, Any] = {"value": list(entries)} | more
    if tokens is not None:
        content["validationTokens"] = list(tokens)
    return delivery(json.dumps(content).encode(), {"Content-Type": "application/json"})
