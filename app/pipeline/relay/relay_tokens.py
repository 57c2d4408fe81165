"""Relay tokens: what an SDK holds in place of a platform's app token. They open nothing but this gateway's relay.

A relay token is sealed, and kept nowhere: it names its API token, so that it ends with that one on every process at once,
its end, which is that of the app token it was given for, and belongs to one channel. The app token behind it may be
renewed meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.pipeline.api_tokens import Caller
from app.pipeline.services import Services
from app.security.vault import VaultError

START = "cgr_"
LONGEST = 1024


@dataclass(frozen=True, slots=True)
class OpenedRelayToken:
    """What a relay token says."""

    caller_id: str
    ends_at: datetime


def seal_relay_token(services: Services, caller: Caller, channel: str, *, seconds: int) -> str:
    """Return a new relay token of a caller for a channel, good for so many seconds; letters of addresses only."""
    ends_at = services.clock.now() + timedelta(seconds=seconds)
    content = json.dumps([caller.id, int(ends_at.timestamp())]).encode()
    sealed = services.vault.seal(content, place=_place(channel))
    return START + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def open_relay_token(services: Services, channel: str, given: str) -> OpenedRelayToken | None:
    """Return what a text says as a relay token of a channel, None when it is none, whether its time is over or not."""
    if not given.startswith(START) or len(given) > LONGEST or not given.isascii():
        return None
    try:
        text = given[len(START) :]
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        caller_id, ends = json.loads(services.vault.open(sealed, place=_place(channel)))
    except (VaultError, binascii.Error, ValueError):
        return None
    return OpenedRelayToken(caller_id, datetime.fromtimestamp(ends, UTC))


def _place(channel: str) -> str:
    return f"relay_tokens/{channel}"
