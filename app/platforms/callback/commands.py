"""Commands of the unified envelope: always signed by scheme timestamp-nonce, whatever scheme callbacks use (CONTRACT §10)."""

from __future__ import annotations

from datetime import datetime

from app.core.values import InboundRequest, Verified
from app.platforms.callback.callbacks import UnifiedCallbacks


class UnifiedCommands(UnifiedCallbacks):
    """Proves commands; satisfies app.core.ports.CommandSource."""

    @property
    def result_key(self) -> bytes:
        """The key that signs results: the channel's first secret, as Standard Webhooks read it."""
        return self.webhook_keys[0] if self.webhook_keys else b""

    def verify_command(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender over body, timestamp and nonce; raises VerificationError."""
        return self.verify_timestamp_nonce(request, now)
