"""What the simulated Alipay sends: notifications of a trade, in UTF-8 or, with the option `charset`, in GBK.

Fields follow the platform's page on asynchronous notifications (copies read 2026-11-27).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.platforms.alipay import people, signer
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

BEIJING = timezone(timedelta(hours=8))
CHARSETS = ("utf-8", "gbk")


def _time(moment: Moment) -> str:
    return datetime.fromtimestamp(moment.now, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _digits(count: int) -> str:
    return "".join(str(secrets.randbelow(10)) for _ in range(count))


def _trade(moment: Moment, status: str, **more: str) -> dict[str, Any]:
    day, person = _time(moment)[:10].replace("-", ""), moment.person
    return {
        "notify_time": _time(moment),
        "notify_type": "trade_status_sync",
        "notify_id": f"{day}00222{_digits(20)}",
        "app_id": moment.settings["ALIPAY_APP_ID"],
        "auth_app_id": moment.settings["ALIPAY_APP_ID"],
        "charset": "utf-8",
        "version": "1.0",
        "trade_no": f"{day}2200{_digits(16)}",
        "out_trade_no": f"ORDER-{day}-{_digits(6)}",
        "seller_id": moment.settings["ALIPAY_SELLER_ID"],
        "buyer_open_id": people.open_id(person, moment.settings["ALIPAY_APP_ID"]),
        "subject": "月度会员 A+B 100%",
        "total_amount": "88.88",
        "trade_status": status,
        "gmt_create": _time(moment),
        **more,
    }


def _status(status: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        paid = {} if status in ("WAIT_BUYER_PAY", "TRADE_CLOSED") else {"gmt_payment": _time(moment)}
        return _trade(moment, status, **paid)

    return build


def _partial_refund(moment: Moment) -> dict[str, Any]:
    return _trade(
        moment, "TRADE_SUCCESS", refund_fee="8.88", gmt_refund=_time(moment), out_biz_no=_digits(12)
    )


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    charset = str(order.options.get("charset", "utf-8")).lower()
    if charset not in CHARSETS:
        raise ValueError(f"charset must be one of {', '.join(CHARSETS)}")
    texts = {name: str(value) for name, value in fields.items()} | {"charset": charset}
    body = signer.notification(texts, state.settings["ALIPAY_PRIVATE_KEY"], charset)
    headers = {"Content-Type": f"application/x-www-form-urlencoded; charset={charset}"}
    return Outgoing("POST", path, headers, body, texts.get("notify_id", ""))


CALLBACKS = Callbacks(
    samples=(
        Sample(
            "trade_status_sync.TRADE_SUCCESS",
            Words("A trade was paid", "交易支付成功"),
            _status("TRADE_SUCCESS"),
        ),
        Sample(
            "trade_status_sync.TRADE_FINISHED",
            Words("A trade is final", "交易结束，不可退款"),
            _status("TRADE_FINISHED"),
        ),
        Sample(
            "trade_status_sync.TRADE_CLOSED", Words("A trade was closed", "交易关闭"), _status("TRADE_CLOSED")
        ),
        Sample(
            "trade_status_sync.WAIT_BUYER_PAY",
            Words("A trade waits for payment", "等待买家付款"),
            _status("WAIT_BUYER_PAY"),
        ),
        Sample("refund", Words("A part was refunded", "部分退款"), _partial_refund),
    ),
    sign=_sign,
)
