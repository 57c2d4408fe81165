"""What the simulated WeChat Pay sends: payments, refunds, pay score, and its probes with a wrong signature.

Shapes follow the platform's own samples: payment callback page and wechatpay-apiv3/wechatpay-skills (read 2026-11-20).
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.people import Person
from sandbox.platforms.wechatpay.signer import SIGNERS, Signer, headers_of, seal
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

BEIJING = timezone(timedelta(hours=8))
PROBE = "WECHATPAY/SIGNTEST"
ORIGINAL_TYPES = {"TRANSACTION": "transaction", "REFUND": "refund", "PAYSCORE": "payscore"}
SIGNER_NAMES = (*SIGNERS, "mixed")


def open_id(person: Person) -> str:
    """Returns what the fictional app knows a person by."""
    return f"oPay{person.key:0<24}"[:28]


def _time(now: float) -> str:
    return datetime.fromtimestamp(now, BEIJING).isoformat(timespec="seconds")


def _notification(moment: Moment, kind: str, summary: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"EV-{datetime.fromtimestamp(moment.now, BEIJING):%Y%m%d%H%M%S}{secrets.randbelow(10**9):09}",
        "create_time": _time(moment.now),
        "resource_type": "encrypt-resource",
        "event_type": kind,
        "summary": summary,
        "resource": resource,
    }


def _order(moment: Moment) -> dict[str, Any]:
    return {
        "mchid": moment.settings["WECHATPAY_MCH_ID"],
        "out_trade_no": "ORDER-" + secrets.token_hex(6),
        "transaction_id": "42000" + f"{secrets.randbelow(10**23):023}",
    }


def _payment(moment: Moment, kind: str, summary: str, state: str) -> dict[str, Any]:
    resource = _order(moment) | {
        "appid": moment.settings["WECHATPAY_APP_ID"],
        "trade_type": "JSAPI",
        "trade_state": state,
        "trade_state_desc": summary,
        "bank_type": "OTHERS",
        "attach": "",
        "success_time": _time(moment.now),
        "payer": {"openid": open_id(moment.person)},
        "amount": {"total": 990, "payer_total": 990, "currency": "CNY", "payer_currency": "CNY"},
    }
    return _notification(moment, kind, summary, resource)


def _paid(moment: Moment) -> dict[str, Any]:
    return _payment(moment, "TRANSACTION.SUCCESS", "支付成功", "SUCCESS")


def _not_paid(moment: Moment) -> dict[str, Any]:
    return _payment(moment, "TRANSACTION.FAIL", "支付失败", "PAYERROR")


def _refund(status: str, summary: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        resource = _order(moment) | {
            "out_refund_no": "REFUND-" + secrets.token_hex(6),
            "refund_id": "50000" + f"{secrets.randbelow(10**23):023}",
            "refund_status": status,
            "success_time": _time(moment.now),
            "user_received_account": "招商银行信用卡0403",
            "amount": {"total": 990, "refund": 990, "payer_total": 990, "payer_refund": 990},
        }
        return _notification(moment, f"REFUND.{status}", summary, resource)

    return build


def _score(action: str, summary: str, state: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        resource = {
            "appid": moment.settings["WECHATPAY_APP_ID"],
            "mchid": moment.settings["WECHATPAY_MCH_ID"],
            "out_order_no": "SCORE-" + secrets.token_hex(6),
            "service_id": "500001",
            "openid": open_id(moment.person),
            "state": state,
        }
        return _notification(moment, f"PAYSCORE.{action}", summary, resource)

    return build


def _signer(order: Order) -> Signer:
    """Chooses a key by the order's option `key`: `mixed` is what happens while a merchant goes over to a public key."""
    name = str(order.options.get("key", "public_key"))
    if name not in SIGNER_NAMES:
        raise ValueError(f"key must be one of {', '.join(SIGNER_NAMES)}")
    return SIGNERS[secrets.choice(list(SIGNERS)) if name == "mixed" else name]


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    plain = json.dumps(fields["resource"], ensure_ascii=False, separators=(",", ":")).encode()
    original = ORIGINAL_TYPES.get(str(fields["event_type"]).partition(".")[0], "other")
    sealed = seal(state.settings["WECHATPAY_API_V3_KEY"], plain, original, original)
    body = json.dumps(fields | {"resource": sealed}, ensure_ascii=False, separators=(",", ":")).encode()
    headers = headers_of(_signer(order), int(state.now()), secrets.token_hex(16).upper(), body)
    if order.type == PROBE:
        headers["Wechatpay-Signature"] = f"{PROBE}/{b64encode(secrets.token_bytes(200)).decode()}"
    headers |= {"Content-Type": "application/json", "User-Agent": "Mozilla/4.0"}
    headers |= {"Request-ID": secrets.token_hex(14).upper()}
    return Outgoing("POST", path, headers, body, str(fields["id"]))


CALLBACKS = Callbacks(
    samples=(
        Sample("TRANSACTION.SUCCESS", Words("A payment", "支付成功"), _paid),
        Sample("TRANSACTION.FAIL", Words("A deduction that failed", "扣款失败"), _not_paid),
        Sample("REFUND.SUCCESS", Words("A refund", "退款成功"), _refund("SUCCESS", "退款成功")),
        Sample(
            "REFUND.ABNORMAL", Words("A refund that went wrong", "退款异常"), _refund("ABNORMAL", "退款异常")
        ),
        Sample("REFUND.CLOSED", Words("A refund that was closed", "退款关闭"), _refund("CLOSED", "退款关闭")),
        Sample(
            "PAYSCORE.USER_OPEN_SERVICE",
            Words("Pay score: opened", "支付分：开启服务"),
            _score("USER_OPEN_SERVICE", "签约成功", "USER_OPEN_SERVICE"),
        ),
        Sample(
            "PAYSCORE.USER_CONFIRM",
            Words("Pay score: order confirmed", "支付分：确认订单"),
            _score("USER_CONFIRM", "用户确认", "DOING"),
        ),
        Sample(
            "PAYSCORE.USER_PAID",
            Words("Pay score: paid", "支付分：支付成功"),
            _score("USER_PAID", "支付成功", "DONE"),
        ),
        Sample(PROBE, Words("A probe with a wrong signature", "签名探测（错误签名）"), _paid),
    ),
    sign=_sign,
)
