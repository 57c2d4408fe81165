"""What the simulated bank sends, and what it thinks of the answer. Fields as in public receivers (read 2026-11-28)."""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

from sandbox.platforms.cmbpay import keys, sm2
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

BEIJING = timezone(timedelta(hours=8))
FIXED = {"version": "0.0.1", "encoding": "UTF-8", "signMethod": "02"}


def string_of(fields: Mapping[str, str]) -> bytes:
    """Joins the sorted fields, all but the signature."""
    return "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if name != "sign").encode()


def signed_form(business: str, private_key: str = keys.BANK_PRIVATE_KEY, **changes: str) -> bytes:
    """Returns a signed notice."""
    fields = FIXED | {"biz_content": business} | changes
    signature = sm2.sign(int(private_key, 16), string_of(fields))
    return urlencode(fields | {"sign": b64encode(signature).decode()}).encode()


def is_signed_answer(answer: Mapping[str, str], merchant_private_key: str) -> bool:
    """Says whether the merchant signed an answer."""
    try:
        numbers = sm2.numbers_of(b64decode(answer.get("sign", ""), validate=True))
    except ValueError:
        return False
    return sm2.verify(sm2.public_point(int(merchant_private_key, 16)), numbers, string_of(answer))


def _notice(state_name: str, state: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        time = datetime.fromtimestamp(moment.now, BEIJING)
        return {
            "merId": moment.settings["CMBPAY_MER_ID"],
            "orderId": f"ORDER{secrets.token_hex(6)}",
            "cmbOrderId": f"{time:%Y%m%d%H%M%S}{secrets.randbelow(10**10):010}",
            "userId": moment.person.key,
            "currencyCode": "156",
            "payType": "WX",
            "txnTime": f"{time:%Y%m%d%H%M%S}",
            "endDate": f"{time:%Y%m%d}",
            "endTime": f"{time:%H%M%S}",
            "txnAmt": "990",
            state_name: state,
        }

    return build


def _sign(_state: SandboxState, _order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    body = signed_form(json.dumps(fields, ensure_ascii=False, separators=(",", ":")))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Outgoing("POST", path, headers, body, str(fields["cmbOrderId"]))


def _read_answer(state: SandboxState, answer: bytes) -> dict[str, Any]:
    try:
        content = json.loads(answer)
    except ValueError:
        return {"answer_is_signed": False}
    own = state.settings["CMBPAY_MERCHANT_PRIVATE_KEY"]
    return {"answer_is_signed": isinstance(content, dict) and is_signed_answer(content, own)}


CALLBACKS = Callbacks(
    samples=(
        Sample("pay.S", Words("A payment", "支付成功"), _notice("tradeState", "S")),
        Sample("refund.S", Words("A refund", "退款成功"), _notice("refundState", "S")),
        Sample("refund.F", Words("A refund that failed", "退款失败"), _notice("refundState", "F")),
    ),
    sign=_sign,
    read_answer=_read_answer,
)
