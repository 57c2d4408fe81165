"""What the simulated Douyin Pay sends. Names of events as in the official library (read 2026-11-28); fields inside are examples."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.platforms.douyin_pay_v3.signer import headers_of, seal
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

BEIJING = timezone(timedelta(hours=8))


def _notice(kind: str, summary: str, fields: dict[str, Any]) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        time = datetime.fromtimestamp(moment.now, BEIJING)
        resource = {
            "mchid": moment.settings["DOUYIN_PAY_MCH_ID"],
            "out_trade_no": f"ORDER-{secrets.token_hex(6)}",
            "transaction_id": f"DP{time:%Y%m%d}{secrets.randbelow(10**12):012}",
        }
        return {
            "id": f"EV-{time:%Y%m%d%H%M%S}{secrets.randbelow(10**9):09}",
            "create_time": time.isoformat(timespec="seconds"),
            "event_type": kind,
            "resource_type": "encrypt-resource",
            "summary": summary,
            "resource": resource | fields,
        }

    return build


def _sign(state: SandboxState, _order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    plain = json.dumps(fields["resource"], ensure_ascii=False, separators=(",", ":")).encode()
    original = str(fields["event_type"]).partition(".")[0].lower()
    sealed = seal(plain, state.settings["DOUYIN_PAY_ENCRYPT_KEY"], original)
    body = json.dumps(fields | {"resource": sealed}, ensure_ascii=False, separators=(",", ":")).encode()
    headers = headers_of(body, int(state.now()), secrets.token_hex(8))
    return Outgoing("POST", path, {"Content-Type": "application/json", **headers}, body, str(fields["id"]))


AMOUNT = {"total": 990}
CALLBACKS = Callbacks(
    samples=(
        Sample(
            "TRANSACTION.SUCCESS",
            Words("A payment", "支付成功"),
            _notice("TRANSACTION.SUCCESS", "支付成功", {"trade_state": "SUCCESS", "amount": AMOUNT}),
        ),
        Sample(
            "REFUND.SUCCESS",
            Words("A refund", "退款成功"),
            _notice("REFUND.SUCCESS", "退款成功", {"refund_status": "SUCCESS", "amount": AMOUNT}),
        ),
        Sample(
            "ASYNC_SPLIT.FINISH",
            Words("A split that is finished", "异步分账完成"),
            _notice("ASYNC_SPLIT.FINISH", "分账完成", {"state": "FINISHED"}),
        ),
        Sample(
            "SPLIT.SUCCESS",
            Words("A split", "分账成功"),
            _notice("SPLIT.SUCCESS", "分账成功", {"state": "SUCCESS"}),
        ),
        Sample(
            "TRANSFER.SUCCESS",
            Words("A transfer", "转账成功"),
            _notice("TRANSFER.SUCCESS", "转账成功", {"state": "SUCCESS"}),
        ),
    ),
    sign=_sign,
)
