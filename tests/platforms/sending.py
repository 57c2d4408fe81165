"""Sending in tests: a message given to a platform's sender and through the gateway's own client to its simulator."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.errors import CallgateError, RequestError, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import AppTokenSource, HttpClient
from app.core.sending import Lent, Message, Part, QuotaReached, Recipient, Sender, SendRefused, SendResult
from app.security.mail_client import SmtpClient
from app.security.outbound import OutboundClient, configured_origins


@dataclass
class Sending:
    """A connector that sends, and what the pipeline would lend it."""

    connector: Any
    http: HttpClient
    app_token: str | None = None
    mail: Any = None

    @property
    def sender(self) -> Sender:
        assert isinstance(self.connector, Sender)
        return self.connector

    def send(self, message: Message, *to: Recipient, repeat_key: str = "") -> list[SendResult]:
        """Send every part in order, with a fresh app token where one is needed."""
        recipients = to or (Recipient("robot"),)
        return [
            self.send_part(part, recipients, repeat_key)
            for part in self.sender.parts(message, recipients[0].kind)
        ]

    def send_part(self, part: Part, to: Sequence[Recipient], repeat_key: str = "") -> SendResult:
        if self.sender.needs_app_token(to[0].kind) and self.app_token is None:
            assert isinstance(self.connector, AppTokenSource)
            self.app_token = self.connector.fetch_app_token(self.http, rejected=None).value
        lent = Lent(self.http, self.mail, repeat_key or uuid.uuid4().hex, datetime.now(UTC), self.app_token)
        return self.sender.send(part, to, lent)

    def refusal(self, message: Message, *to: Recipient) -> CallgateError:
        """Return what the platform's refusal became."""
        with pytest.raises(CallgateError) as caught:
            self.send(message, *to)
        return caught.value


def sending(connector: Any, http: HttpClient | None = None) -> Sending:
    """Return a connector ready to send to the addresses in its settings."""
    return Sending(
        connector, http or OutboundClient(configured_origins(connector.settings)), mail=SmtpClient()
    )


def refused_parts(sender: Any, message: Message, kind: str) -> RequestError:
    """Return why a message is not accepted."""
    with pytest.raises(RequestError) as caught:
        sender.parts(message, kind)
    return caught.value


def outcome_of(error: UpstreamError) -> str:
    """Return who is at fault, or `wait`, `busy`, `unclear`, `stale`, `unknown`."""
    if isinstance(error, SendRefused):
        return error.at_fault
    if isinstance(error, QuotaReached):
        return "wait"
    if isinstance(error, UpstreamUnavailable):
        return "unclear" if error.was_sent else "busy"
    return "stale" if isinstance(error, TokenRejected) else "unknown"
