"""Payments: what a platform offers that can be asked whether an order was paid; a port, apart from app.core.ports for its length alone."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from app.core.ports import HttpClient
from app.core.values import ParsedEvent


@runtime_checkable
class PaymentSource(Protocol):
    """Tells of payments by callback, and can be asked (WeChat Pay, Alipay)."""

    def paid_order(self, parsed: ParsedEvent) -> str | None:
        """Return the merchant's own number of the order that an event says is paid, None for every other event. Pure."""

    def ask_payment(self, order: str, http: HttpClient, now: datetime) -> ParsedEvent | None:
        """Ask whether an order is paid; return what its callback would have said, None while it is not.

        The type is the callback's; the data are the fields of the answer, whose names are the same. An order that the platform does not know is not paid:
        nobody has opened its page yet. Raises UpstreamUnavailable, and UpstreamError whose sentence says what to fix.
        """
