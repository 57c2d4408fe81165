"""What the simulated Graph sends: each change, several at once, a change with its resource, each lifecycle event, and the handshake.

Shapes: learn.microsoft.com/graph/change-notifications-delivery-webhooks, -with-resource-data, -lifecycle-events (read 2026-11-28).
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sandbox.platforms.microsoft_graph.signer import sealed, token
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

SUBSCRIPTION = "76222963-cc7b-42d2-882d-8aaa69cb2ba3"
HANDSHAKE = "validationToken"


def _common(moment: Moment) -> dict[str, Any]:
    ends = datetime.fromtimestamp(moment.now, UTC) + timedelta(hours=1)
    return {
        "subscriptionId": SUBSCRIPTION,
        "subscriptionExpirationDateTime": ends.isoformat(timespec="seconds"),
        "clientState": moment.settings["MICROSOFT_GRAPH_CLIENT_STATE"],
        "tenantId": moment.settings["MICROSOFT_GRAPH_TENANT"],
    }


def _change(moment: Moment, kind: str) -> dict[str, Any]:
    message = "AAMk" + secrets.token_hex(8)
    resource = f"Users/{uuid.UUID(int=2)}/Messages/{message}"
    data = {
        "@odata.type": "#Microsoft.Graph.Message",
        "@odata.id": resource,
        "@odata.etag": f'W/"{secrets.token_hex(12)}"',
        "id": message,
    }
    return _common(moment) | {"changeType": kind, "resource": resource, "resourceData": data}


def _changes(*kinds: str) -> Callable[[Moment], dict[str, Any]]:
    return lambda moment: {"value": [_change(moment, kind) for kind in kinds]}


def _with_resource(moment: Moment) -> dict[str, Any]:
    entry = _change(moment, "created")
    resource = {"id": entry["resourceData"]["id"], "subject": "你好, Graph"}
    return {"value": [entry | {"encryptedContent": resource}]}


def _lifecycle(kind: str) -> Callable[[Moment], dict[str, Any]]:
    return lambda moment: {"value": [_common(moment) | {"lifecycleEvent": kind}]}


def _handshake(_moment: Moment) -> dict[str, Any]:
    return {
        HANDSHAKE: f"Validation: Testing client application reachability for subscription Request-Id: {uuid.uuid4()}"
    }


def _sign(state: SandboxState, _order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    if HANDSHAKE in fields:
        query = urlencode({HANDSHAKE: fields[HANDSHAKE]})
        return Outgoing("POST", f"{path}?{query}", {"Content-Type": "text/plain"}, b"", HANDSHAKE)
    entries = [_closed(entry) for entry in fields["value"]]
    content = {"value": entries} | (
        {"validationTokens": [_token(state)]} if entries != fields["value"] else {}
    )
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return Outgoing("POST", path, headers, body, str(entries[0]["subscriptionId"]))


def _closed(entry: dict[str, Any]) -> dict[str, Any]:
    """Seals the resource of an entry that brings one."""
    resource = entry.get("encryptedContent")
    return entry if resource is None else entry | {"encryptedContent": sealed(resource)}


def _token(state: SandboxState) -> str:
    settings = state.settings
    return token(
        app_id=settings["MICROSOFT_GRAPH_APP_ID"],
        tenant=settings["MICROSOFT_GRAPH_TENANT"],
        base=f"{settings.sandbox_url}/microsoft_graph",
        now=state.now(),
    )


CALLBACKS = Callbacks(
    samples=(
        Sample("created", Words("Something was created", "新增资源"), _changes("created")),
        Sample("updated", Words("Something was updated", "更新资源"), _changes("updated")),
        Sample("deleted", Words("Something was deleted", "删除资源"), _changes("deleted")),
        Sample(
            "batch", Words("Three changes at once", "一次三条变更"), _changes("created", "updated", "deleted")
        ),
        Sample(
            "created.resource",
            Words("A change with its resource, sealed", "带加密资源数据的变更"),
            _with_resource,
        ),
        Sample(
            "reauthorizationRequired",
            Words("A subscription must be authorised again", "订阅需要重新授权"),
            _lifecycle("reauthorizationRequired"),
        ),
        Sample(
            "subscriptionRemoved",
            Words("A subscription was removed", "订阅已被移除"),
            _lifecycle("subscriptionRemoved"),
        ),
        Sample("missed", Words("Notifications were missed", "通知有遗漏"), _lifecycle("missed")),
        Sample(HANDSHAKE, Words("The question whether the address is ours", "验证通知地址"), _handshake),
    ),
    sign=_sign,
)
