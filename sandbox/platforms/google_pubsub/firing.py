"""What the simulated Pub/Sub pushes: plain messages, Cloud Storage's notifications, and what Google Play tells about purchases.

Shapes (read 2026-11-28): docs.cloud.google.com/pubsub/docs/push, /storage/docs/pubsub-notifications;
developer.android.com/google/play/billing/rtdn-reference. The option `unwrapped` pushes as with payload unwrapping.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.platforms.google_pubsub.signer import token
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

PURCHASE = {"version": "1.0", "purchaseToken": "sandbox-purchase-token"}
PLAY: tuple[tuple[str, dict[str, Any], Words], ...] = (
    (
        "subscriptionNotification",
        PURCHASE | {"notificationType": 4},
        Words("Google Play: a subscription", "Google Play：订阅变化"),
    ),
    (
        "oneTimeProductNotification",
        PURCHASE | {"notificationType": 1, "sku": "coins"},
        Words("Google Play: a single purchase", "Google Play：一次性购买"),
    ),
    (
        "voidedPurchaseNotification",
        {
            "purchaseToken": "sandbox-purchase-token",
            "orderId": "GS.0000-0000-0000",
            "productType": 1,
            "refundType": 1,
        },
        Words("Google Play: a purchase is void", "Google Play：购买作废"),
    ),
    ("testNotification", {"version": "1.0"}, Words("Google Play: a test", "Google Play：测试通知")),
)
STORAGE: tuple[tuple[str, Words], ...] = (
    ("OBJECT_FINALIZE", Words("Cloud Storage: a new object", "Cloud Storage：新增对象")),
    ("OBJECT_METADATA_UPDATE", Words("Cloud Storage: metadata changed", "Cloud Storage：元数据更新")),
    ("OBJECT_DELETE", Words("Cloud Storage: an object deleted", "Cloud Storage：删除对象")),
    ("OBJECT_ARCHIVE", Words("Cloud Storage: an old version", "Cloud Storage：对象转为历史版本")),
)


def _push(moment: Moment, content: bytes, attributes: dict[str, str]) -> dict[str, Any]:
    number = str(secrets.randbelow(9 * 10**15) + 10**15)
    published = (
        datetime.fromtimestamp(moment.now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
    message = {"attributes": attributes, "data": b64encode(content).decode(), "messageId": number}
    message |= {"message_id": number, "publishTime": published, "publish_time": published}
    return {"message": message, "subscription": moment.settings["GOOGLE_PUBSUB_SUBSCRIPTION"]}


def _text(moment: Moment) -> dict[str, Any]:
    return _push(moment, "你好, Pub/Sub".encode(), {"origin": "sandbox"})


def _object(kind: str) -> Callable[[Moment], dict[str, Any]]:
    attributes = {"eventType": kind, "bucketId": "acme", "objectId": "a.txt", "payloadFormat": "JSON_API_V1"}
    content = {"kind": "storage#object", "bucket": "acme", "name": "a.txt", "size": "1024"}
    return lambda moment: _push(moment, json.dumps(content).encode(), attributes)


def _play(kind: str, notification: dict[str, Any]) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        content = {"version": "1.0", "packageName": "com.callgate.sandbox", kind: notification}
        content["eventTimeMillis"] = str(int(moment.now * 1000))
        return _push(moment, json.dumps(content).encode(), {})

    return build


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    settings, message = state.settings, fields["message"]
    made = token(
        audience=settings["GOOGLE_PUBSUB_AUDIENCE"],
        email=settings["GOOGLE_PUBSUB_SERVICE_ACCOUNT"],
        now=state.now(),
    )
    headers = {"Authorization": f"Bearer {made}", "Content-Type": "application/json"}
    headers |= {"User-Agent": "CloudPubSub-Google"}
    body = json.dumps(fields, ensure_ascii=False).encode()
    if order.options.get("unwrapped"):
        headers |= {
            "x-goog-pubsub-subscription-name": str(fields["subscription"]),
            "x-goog-pubsub-message-id": str(message["messageId"]),
            "x-goog-pubsub-publish-time": str(message["publishTime"]),
            **{name: str(value) for name, value in message["attributes"].items()},
        }
        body = b64decode(message["data"])
    return Outgoing("POST", path, headers, body, str(message["messageId"]))


CALLBACKS = Callbacks(
    samples=(
        Sample("pubsub", Words("A text", "文本消息"), _text),
        *(Sample(kind, title, _object(kind)) for kind, title in STORAGE),
        *(Sample(kind, title, _play(kind, notification)) for kind, notification, title in PLAY),
    ),
    sign=_sign,
)
