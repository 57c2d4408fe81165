"""What the simulated UnionPay sends to backUrl. Fields as in the notices that public receivers show (read 2026-11-28)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.platforms.unionpay.signer import form_of, signed_by_certificate, signed_by_key
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

BEIJING = timezone(timedelta(hours=8))
METHODS = ("01", "11", "12")


def _notice(kind: str, response: str, words: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        time = datetime.fromtimestamp(moment.now, BEIJING)
        return {
            "accessType": "0",
            "bizType": "000201",
            "currencyCode": "156",
            "encoding": "UTF-8",
            "merId": moment.settings["UNIONPAY_MER_ID"],
            "orderId": f"{time:%Y%m%d%H%M%S}{secrets.randbelow(10**6):06}",
            "queryId": f"{time:%y%m%d%H%M%S}{secrets.randbelow(10**9):09}",
            "reqReserved": f"person={moment.person.key}",
            "respCode": response,
            "respMsg": words,
            "settleAmt": "990",
            "settleCurrencyCode": "156",
            "settleDate": f"{time:%m%d}",
            "traceNo": f"{secrets.randbelow(10**6):06}",
            "traceTime": f"{time:%m%d%H%M%S}",
            "txnAmt": "990",
            "txnSubType": "00" if kind == "04" else "01",
            "txnTime": f"{time:%Y%m%d%H%M%S}",
            "txnType": kind,
            "version": "5.1.0",
        }

    return build


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    method = str(order.options.get("sign_method", "01"))
    if method not in METHODS:
        raise ValueError(f"sign_method must be one of {', '.join(METHODS)}")
    texts = {name: str(value) for name, value in fields.items()}
    if method == "01":
        signed = signed_by_certificate(texts)
    else:
        signed = signed_by_key(texts, state.settings["UNIONPAY_SECURE_KEY"], method)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Outgoing("POST", path, headers, form_of(signed), f"{texts['queryId']}:{texts['respCode']}")


CALLBACKS = Callbacks(
    samples=(
        Sample("01.00", Words("A payment", "消费成功"), _notice("01", "00", "成功[0000000]")),
        Sample(
            "01.A6", Words("A payment with a flaw", "消费有缺陷的成功"), _notice("01", "A6", "有缺陷的成功")
        ),
        Sample("01.01", Words("A payment that failed", "消费失败"), _notice("01", "01", "交易失败")),
        Sample("04.00", Words("A refund", "退货成功"), _notice("04", "00", "成功[0000000]")),
        Sample("31.00", Words("A reversal", "消费撤销成功"), _notice("31", "00", "成功[0000000]")),
    ),
    sign=_sign,
)
