"""What the simulated callbacks say and how they are sent: the samples, and the signed request around each."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from sandbox.platforms.callback import signer
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample, usual_path
from sandbox.state import SandboxState
from sandbox.words import Words


def _unified(event_type: str, data: Callable[[Moment], dict[str, Any]]) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        return {
            "event_id": "evt_" + secrets.token_hex(12),
            "event_type": event_type,
            "timestamp": int(moment.now),
            "data": data(moment),
        }

    return build


def _authorized(moment: Moment) -> dict[str, Any]:
    return {"user_id": str(moment.person.number), "username": moment.person.key, "scope": "profile balance"}


def _payment(moment: Moment) -> dict[str, Any]:
    return {
        "order_id": "ord_" + secrets.token_hex(8),
        "user_id": str(moment.person.number),
        "amount": 1999,
        "currency": "CNY",
        "status": "paid",
    }


def _message(moment: Moment) -> dict[str, Any]:
    return {
        "message_id": "msg_" + secrets.token_hex(8),
        "from": moment.person.key,
        "content": "你好, gateway",
    }


def _path(order: Order) -> str:
    """Returns the older address of the usual channel, which is part of the contract too."""
    if order.channel != "callback":
        return usual_path(order)
    return f"/api/{order.options.get('version', 'v1')}/platform/callback"


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    secret = state.settings["CALLBACK_SECRET"]
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    if order.options.get("encrypted", state.settings["CALLBACK_ENCRYPTED"] == "true"):
        body = signer.sealed_body(secret, body, secrets.token_bytes(signer.BLOCK))
    now = int(state.now())
    scheme = str(order.options.get("scheme") or state.settings["CALLBACK_SCHEME"])
    signers = {
        "body": lambda: signer.body_headers(secret, body),
        "timestamp-nonce": lambda: signer.timestamp_nonce_headers(
            secret, body, str(now), secrets.token_hex(12)
        ),
        "token": lambda: signer.token_headers(secret),
        "jwt": lambda: signer.jwt_headers(secret, body, now),
    }
    if scheme not in signers:
        raise ValueError(f"scheme must be one of {', '.join(signers)}")
    headers = {"Content-Type": "application/json", "X-Event-Type": str(fields.get("event_type", ""))}
    return Outgoing("POST", path, headers | signers[scheme](), body, str(fields.get("event_id", "")))


CALLBACKS = Callbacks(
    samples=(
        Sample(
            "user_authorized",
            Words("A user gave authorization", "用户授权"),
            _unified("user_authorized", _authorized),
        ),
        Sample(
            "payment_notify", Words("A payment arrived", "支付通知"), _unified("payment_notify", _payment)
        ),
        Sample(
            "webhook_message",
            Words("A message from a webhook", "Webhook 消息"),
            _unified("webhook_message", _message),
        ),
    ),
    sign=_sign,
    path=_path,
)
