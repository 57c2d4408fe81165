"""What the simulated WeChat Pay v2 sends. Elements as on pay.weixin.qq.com, payment and refund notice (read 2026-11-28)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.platforms.wechatpay_v2.signer import payment, refund
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

BEIJING = timezone(timedelta(hours=8))
SIGN_TYPES = ("MD5", "HMAC-SHA256")


def _digits(count: int) -> str:
    return f"{secrets.randbelow(10**count):0{count}}"


def _payment(result: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        time = datetime.fromtimestamp(moment.now, BEIJING)
        fields = {
            "return_code": "SUCCESS",
            "result_code": result,
            "appid": moment.settings["WECHATPAY_V2_APP_ID"],
            "mch_id": moment.settings["WECHATPAY_V2_MCH_ID"],
            "nonce_str": secrets.token_hex(16).upper(),
            "openid": f"oPay{moment.person.key:0<24}"[:28],
            "is_subscribe": "N",
            "trade_type": "JSAPI",
            "bank_type": "OTHERS",
            "total_fee": "990",
            "fee_type": "CNY",
            "cash_fee": "990",
            "transaction_id": f"42000{_digits(23)}",
            "out_trade_no": f"ORDER-{secrets.token_hex(6)}",
            "attach": "",
            "time_end": f"{time:%Y%m%d%H%M%S}",
        }
        failure = {"err_code": "SYSTEMERROR", "err_code_des": "系统错误"}
        return fields | (failure if result == "FAIL" else {})

    return build


def _refund(status: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        time = datetime.fromtimestamp(moment.now, BEIJING)
        return {
            "out_refund_no": f"REFUND-{secrets.token_hex(6)}",
            "out_trade_no": f"ORDER-{secrets.token_hex(6)}",
            "refund_account": "REFUND_SOURCE_RECHARGE_FUNDS",
            "refund_fee": "990",
            "refund_id": f"50000{_digits(24)}",
            "refund_recv_accout": "支付用户零钱",
            "refund_request_source": "API",
            "refund_status": status,
            "settlement_refund_fee": "990",
            "settlement_total_fee": "990",
            "success_time": f"{time:%Y-%m-%d %H:%M:%S}",
            "total_fee": "990",
            "transaction_id": f"42000{_digits(23)}",
        }

    return build


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    key = state.settings["WECHATPAY_V2_API_KEY"]
    texts = {name: str(value) for name, value in fields.items()}
    kind = str(order.options.get("sign_type", "MD5"))
    if kind not in SIGN_TYPES:
        raise ValueError(f"sign_type must be one of {', '.join(SIGN_TYPES)}")
    if "refund_status" in texts:
        body = refund(
            texts, key, app_id=state.settings["WECHATPAY_V2_APP_ID"], mch_id=state.settings["WECHATPAY_V2_MCH_ID"],
            nonce=secrets.token_hex(8),
        )  # fmt: skip
        identifier = f"{texts['refund_id']}:{texts['refund_status']}"
    else:
        body, identifier = payment(texts, key, kind), f"{texts['transaction_id']}:{texts['result_code']}"
    return Outgoing("POST", path, {"Content-Type": "text/xml"}, body, identifier)


CALLBACKS = Callbacks(
    samples=(
        Sample("pay.SUCCESS", Words("A payment", "支付成功"), _payment("SUCCESS")),
        Sample("pay.FAIL", Words("A payment that failed", "支付失败"), _payment("FAIL")),
        Sample("refund.SUCCESS", Words("A refund", "退款成功"), _refund("SUCCESS")),
        Sample("refund.CHANGE", Words("A refund that went wrong", "退款异常"), _refund("CHANGE")),
        Sample("refund.REFUNDCLOSE", Words("A refund that was closed", "退款关闭"), _refund("REFUNDCLOSE")),
    ),
    sign=_sign,
)
