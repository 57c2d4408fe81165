"""What the simulated Acme sends."""

from __future__ import annotations

import json
import secrets
from typing import Any

from sandbox.platforms.acme import people, signer
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words


def _event(moment: Moment, kind: str, **data: str) -> dict[str, Any]:
    user = {"user_id": people.acme_id(moment.person)}
    return {
        "id": "acme_evt_" + secrets.token_hex(8),
        "type": kind,
        "created": int(moment.now),
        "data": user | data,
    }


def _sign(state: SandboxState, _order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    body = json.dumps(fields, ensure_ascii=False).encode()
    headers = signer.headers(state.settings["ACME_SECRET"], str(int(state.now())), body)
    return Outgoing("POST", path, {"Content-Type": "application/json", **headers}, body, str(fields["id"]))


CALLBACKS = Callbacks(
    samples=(
        Sample(
            "order.paid",
            Words("An order was paid", "订单已支付"),
            lambda moment: _event(moment, "order.paid"),
        ),
        Sample(
            "chat.written",
            Words("Somebody writes to the shop", "有人给商店留言"),
            lambda moment: _event(moment, "chat.written", text="hello"),
        ),
    ),
    sign=_sign,
)
