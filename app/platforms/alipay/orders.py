"""Asking Alipay whether an order is paid, for notifications that never came.

Source: alipay.trade.query as copied by open.alitrip.com (articleId 757) and zhifubao.apifox.cn (api-126426144), read 2026-11-28. An order
whose page nobody has opened is ACQ.TRADE_NOT_EXIST. The answer has the fields of a notification that belong to the trade, without those of the
notification itself (notify_id, notify_time, seller).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from app.core.errors import UpstreamError
from app.core.ports import HttpClient
from app.core.values import ParsedEvent
from app.platforms.alipay.account import AlipayAccount
from app.platforms.alipay.gateway import ask
from app.wire.beijing_time import beijing_moment_or_none

METHOD: Final = "alipay.trade.query"
PAID_STATES: Final = ("TRADE_SUCCESS", "TRADE_FINISHED")
PAID_TYPES: Final = tuple(f"trade_status_sync.{state}" for state in PAID_STATES)
UNKNOWN_ORDER: Final = "ACQ.TRADE_NOT_EXIST"


class AlipayOrders(AlipayAccount):
    """Is asked about orders; satisfies app.core.payments.PaymentSource."""

    def paid_order(self, parsed: ParsedEvent) -> str | None:
        """Return the order of a notification of success."""
        order = parsed.data.get("out_trade_no")
        return order if parsed.type in PAID_TYPES and isinstance(order, str) and order else None

    def ask_payment(self, order: str, http: HttpClient, now: datetime) -> ParsedEvent | None:
        """Ask for an order by the merchant's own number; the answer is proven by Alipay's signature."""
        parameters = {"biz_content": json.dumps({"out_trade_no": order}, separators=(",", ":"))}
        try:
            content = ask(self, http, METHOD, parameters, asked_at=now.timestamp())
        except UpstreamError as error:
            if error.platform_code == UNKNOWN_ORDER:
                return None
            raise
        if content.get("out_trade_no") != order:
            raise UpstreamError("upstream_bad_answer", "Alipay's answer tells of another order.")
        state = content.get("trade_status")
        if state not in PAID_STATES:
            return None
        return ParsedEvent(
            f"trade_status_sync.{state}",
            f"reconciled:{order}",
            dict(content),
            order,
            beijing_moment_or_none(content.get("send_pay_date")),
        )
