"""What the simulated Adyen sends: the event codes of its documentation, alone or two in one notification.

Shapes follow docs.adyen.com, "Webhook structure and types" and "Verify HMAC signatures" (read 2026-11-28).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

CODES: tuple[tuple[str, Words], ...] = (
    ("AUTHORISATION", Words("A payment", "支付授权成功")),
    ("AUTHORISATION_ADJUSTMENT", Words("A changed authorisation", "授权金额调整")),
    ("AUTORESCUE", Words("A payment tried again", "自动挽救支付")),
    ("CANCELLATION", Words("A cancellation", "取消")),
    ("CANCEL_OR_REFUND", Words("A cancellation or refund", "取消或退款")),
    ("CAPTURE", Words("A capture", "请款")),
    ("CAPTURE_FAILED", Words("A capture that failed", "请款失败")),
    ("CHARGEBACK", Words("A chargeback", "拒付")),
    ("CHARGEBACK_REVERSED", Words("A chargeback that was reversed", "拒付撤销")),
    ("DONATION", Words("A donation", "捐款")),
    ("EXPIRE", Words("An authorisation that expired", "授权过期")),
    ("HANDLED_EXTERNALLY", Words("Handled outside of Adyen", "在 Adyen 之外处理")),
    ("MANUAL_REVIEW_ACCEPT", Words("A review: accepted", "人工审核通过")),
    ("MANUAL_REVIEW_REJECT", Words("A review: rejected", "人工审核拒绝")),
    ("NOTIFICATION_OF_CHARGEBACK", Words("A chargeback is announced", "拒付预告")),
    ("NOTIFICATION_OF_FRAUD", Words("A report of fraud", "欺诈通知")),
    ("OFFER_CLOSED", Words("An offer that was closed", "支付页关闭")),
    ("ORDER_CLOSED", Words("An order that was closed", "订单关闭")),
    ("ORDER_OPENED", Words("An order that was opened", "订单开启")),
    ("PREARBITRATION_LOST", Words("A dispute that was lost", "争议败诉")),
    ("PREARBITRATION_WON", Words("A dispute that was won", "争议胜诉")),
    ("RECURRING_CONTRACT", Words("A stored payment method", "签约周期扣款")),
    ("REFUND", Words("A refund", "退款")),
    ("REFUND_FAILED", Words("A refund that failed", "退款失败")),
    ("REFUNDED_REVERSED", Words("A refund that came back", "退款被退回")),
    ("REPORT_AVAILABLE", Words("A report is ready", "报表已生成")),
    ("REQUEST_FOR_INFORMATION", Words("A question about a payment", "调单请求")),
    ("SECOND_CHARGEBACK", Words("A second chargeback", "二次拒付")),
    ("TECHNICAL_CANCEL", Words("A technical cancellation", "技术性取消")),
)
FAILED, BATCH = "AUTHORISATION (failed)", "batch"


def _item(moment: Moment, code: str, success: str = "true") -> dict[str, Any]:
    reference = f"{secrets.randbelow(10**16):016}"
    item: dict[str, Any] = {
        "amount": {"currency": "EUR", "value": 1130},
        "eventCode": code,
        "eventDate": datetime.fromtimestamp(moment.now, UTC).isoformat(timespec="seconds"),
        "merchantAccountCode": moment.settings["ADYEN_MERCHANT_ACCOUNT"],
        "merchantReference": f"ORDER-{secrets.token_hex(4)}",
        "pspReference": reference,
        "reason": "",
        "success": success,
        "additionalData": {"shopperReference": moment.person.key},
    }
    if code.startswith(("AUTHORISATION", "OFFER", "REPORT")):
        return item | {"paymentMethod": "visa", "operations": ["CANCEL", "CAPTURE", "REFUND"]}
    return item | {"originalReference": f"{secrets.randbelow(10**16):016}"}


def _notification(*items: dict[str, Any]) -> dict[str, Any]:
    return {"live": "false", "notificationItems": [{"NotificationRequestItem": item} for item in items]}


def _one(code: str, success: str = "true") -> Callable[[Moment], dict[str, Any]]:
    return lambda moment: _notification(_item(moment, code, success))


def signature(key: str, item: dict[str, Any]) -> str:
    """Signs eight fields of an item, joined by colons."""
    money = item.get("amount", {})
    fields = [item.get(name, "") for name in ("pspReference", "originalReference", "merchantAccountCode")]
    fields += [item.get("merchantReference", ""), money.get("value", ""), money.get("currency", "")]
    fields += [item.get("eventCode", ""), item.get("success", "")]
    message = ":".join(str(field) for field in fields).encode()
    return b64encode(hmac.new(bytes.fromhex(key), message, hashlib.sha256).digest()).decode()


def _sign(state: SandboxState, _order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    items = [each["NotificationRequestItem"] for each in fields["notificationItems"]]
    for item in items:
        signed = signature(state.settings["ADYEN_HMAC_KEY"], item)
        item["additionalData"] = {**item.get("additionalData", {}), "hmacSignature": signed}
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "Adyen HttpClient 1.0"}
    return Outgoing("POST", path, headers, body, str(items[0]["pspReference"]))


CALLBACKS = Callbacks(
    samples=(
        *(Sample(code, title, _one(code)) for code, title in CODES),
        Sample(FAILED, Words("A payment that was refused", "支付被拒"), _one("AUTHORISATION", "false")),
        Sample(
            BATCH,
            Words("A payment and its capture at once", "一次通知两条"),
            lambda moment: _notification(_item(moment, "AUTHORISATION"), _item(moment, "CAPTURE")),
        ),
    ),
    sign=_sign,
)
