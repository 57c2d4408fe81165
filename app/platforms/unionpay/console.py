"""The fields of UnionPay, where nothing is entered in a console. Source: docs/platforms/unionpay.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console("", (Entry("下单接口的 backUrl 参数", "backUrl of each order", "callback_url"),))
