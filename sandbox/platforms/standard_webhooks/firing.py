"""What the simulated sender says and how it is sent: the sample, and the signed request around it."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from sandbox.platforms.standard_webhooks.signer import headers_of
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words


def _invoice(moment: Moment) -> dict[str, Any]:
    return {
        "type": "invoice.paid",
        "timestamp": datetime.fromtimestamp(moment.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "data": {"id": "inv_" + secrets.token_hex(6), "total": "9.90", "customer": moment.person.key},
    }


def _sign(state: SandboxState, _order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    message_id = "msg_" + secrets.token_hex(12)
    headers = headers_of(state.settings["STANDARD_WEBHOOKS_SECRET"], message_id, int(state.now()), body)
    return Outgoing("POST", path, {"Content-Type": "application/json", **headers}, body, message_id)


CALLBACKS = Callbacks(
    samples=(Sample("invoice.paid", Words("An invoice was paid", "发票已支付"), _invoice),), sign=_sign
)
