"""The request by which Graph asks whether an address is ours, before a subscription exists. Pure; nothing of it is proven.

Source: learn.microsoft.com/graph/change-notifications-delivery-webhooks, "notificationUrl validation" (read 2026-11-28): a POST with
`validationToken` in the address and no body, to be answered within 10 seconds with the decoded text as text/plain.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from app.core.errors import VerificationError
from app.core.values import InboundRequest, Reply, text_reply

PARAMETER: Final = "validationToken"
LONGEST: Final = 512


class ValidationRequest:
    """Answers with the caller's own text: short, printable, and never as something that a browser runs."""

    name = "validationToken"

    def answer(self, request: InboundRequest, now: datetime) -> Reply | None:
        """Return the answer; None for a request with a body, which is a notification. Raises VerificationError."""
        if request.body or PARAMETER not in request.query_string:
            return None
        token = request.query(PARAMETER)
        if token is None:
            return None
        if not 0 < len(token) <= LONGEST or not token.isascii() or not token.isprintable():
            raise VerificationError(
                "bad_validation_token",
                f"{PARAMETER} is empty, longer than {LONGEST} characters, or holds more than printable ASCII.",
            )
        return text_reply(200, token)
