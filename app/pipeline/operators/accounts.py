"""Authorised accounts as operators see them, without any token."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.core.moments import as_text
from app.pipeline.services import Services
from app.pipeline.tokens.account_tokens import account_health


def accounts_view(services: Services, channel_name: str, *, after: str = "") -> list[dict[str, Any]]:
    """Return up to 200 accounts of a channel, in the order of their ids; `after` is the last one of the page before."""
    found = account_health(services, channel_name, after=after)
    return [{name: _shown(value) for name, value in account.items()} for account in found]


def _shown(value: Any) -> Any:
    return as_text(value) if isinstance(value, datetime) else value
