"""What one opened channel knows for as long as it lives: its settings and the keys made ready from them."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.config.platform_settings import plain
from app.platforms.callback.envelope import envelope_key
from app.platforms.callback.settings import CallbackSettings, webhook_key


@dataclass(frozen=True, repr=False)
class UnifiedSender:
    """One sender of the unified envelope; each capability of the platform is a class derived from this one."""

    settings: CallbackSettings
    secrets: tuple[bytes, ...] = field(init=False)
    webhook_keys: tuple[bytes, ...] = field(init=False)
    envelope_keys: tuple[bytes, ...] = field(init=False)
    """What opens sealed bodies; empty where bodies come in the clear."""

    is_open: bool = field(init=False)
    """Whether the operator wrote that nothing is proven."""

    def __post_init__(self) -> None:
        """Decode the keys once, when the channel is opened."""
        secrets = plain(self.settings.secret)
        object.__setattr__(self, "secrets", secrets)
        object.__setattr__(self, "webhook_keys", tuple(webhook_key(secret) for secret in secrets))
        sealed = secrets if self.settings.encrypted else ()
        object.__setattr__(self, "envelope_keys", tuple(envelope_key(secret) for secret in sealed))
        is_open = self.settings.allow_unsigned and self.settings.missing_signature_secret() is not None
        object.__setattr__(self, "is_open", is_open)
