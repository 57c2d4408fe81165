"""What the simulated eBay sends: notifications of some topics, and the challenge of an endpoint.

Shapes follow developer.ebay.com, Notification API and "Marketplace user account deletion" (read 2026-11-28). The data of topics other than
account deletion are made up.
"""

from __future__ import annotations

import json
import secrets
import uuid
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.cloud_keys import sign_ecdsa
from sandbox.platforms.ebay.api import KEY_ID
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

CHALLENGE = "challenge"
TOPICS: tuple[tuple[str, Words], ...] = (
    ("MARKETPLACE_ACCOUNT_DELETION", Words("A user closes the account", "用户注销账号")),
    ("AUTHORIZATION_REVOCATION", Words("A user withdraws consent", "用户撤销授权")),
    ("ITEM_AVAILABILITY", Words("An item's stock changed", "商品库存变化")),
    ("ITEM_PRICE_REVISION", Words("An item's price changed", "商品价格变化")),
    ("PRIORITY_LISTING_REVISION", Words("A listing changed", "刊登变更")),
)


def _notification(topic: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        at = datetime.fromtimestamp(moment.now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        about = {"topic": topic, "schemaVersion": "1.0", "deprecated": False}
        told = {
            "notificationId": f"{uuid.uuid4()}_{uuid.uuid4()}",
            "eventDate": at,
            "publishDate": at,
            "publishAttemptCount": 1,
            "data": {
                "username": moment.person.key,
                "userId": f"{moment.person.key}-ebay",
                "eiasToken": "nY+sHZ2PrBmdj6wVnY+sEZ2PrA2dj6wJnY+gAZGEpwmdj6x9nY+seQ==",
            },
        }
        return {"metadata": about, "notification": told}

    return build


def signature(body: bytes, kid: str = KEY_ID) -> str:
    """Writes the header: ECDSA with SHA-1 over the body."""
    signed = b64encode(sign_ecdsa(body, "sha1")).decode()
    said = {"alg": "ecdsa", "kid": kid, "signature": signed, "digest": "SHA1"}
    return b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()


def _sign(_state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    if order.type == CHALLENGE:
        return Outgoing(
            "GET", f"{path}?challenge_code={fields['challenge_code']}", {}, b"", str(fields["challenge_code"])
        )
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "X-EBAY-SIGNATURE": signature(body)}
    return Outgoing("POST", path, headers, body, fields["notification"]["notificationId"])


CALLBACKS = Callbacks(
    samples=(
        *(Sample(topic, title, _notification(topic)) for topic, title in TOPICS),
        Sample(
            CHALLENGE,
            Words("The challenge of an endpoint", "验证回调地址"),
            lambda _moment: {"challenge_code": secrets.token_hex(16)},
        ),
    ),
    sign=_sign,
)
