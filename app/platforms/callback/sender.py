"""What one opened channel knows for as long as it lives: its settings and the keys made ready from them."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.config.platform_settings import plain
from app.platforms.callback.settings import CallbackSettings, webhook_key


@dataclass(frozen=True, repr=False)
class UnifiedSender:
    """One sender of the unified envelope; each capability of the platform is a class derived from this one."""

    settings: CallbackSettings
    secrets: tuple[bytes, ...] = field(init=False)
    webhook_keys: tuple[bytes, ...] = field(init=False)
    is_open: bool = field(init=False)
    """Whether the operator wrote that nothing is proven."""

    def __post_init__(self) -> None:
        """Decode the keys once, when the channel is opened."""
        secrets = plain(self.settings.secret)
        object.__setattr__(self, "secrets", secrets)
        object.__setattr__(self, "webhook_keys", tuple(webhook_key(secret) for secret in secrets))
        is_open = self.settings.allow_unsigned and self.settings.missing_signature_secret() is not None
        object.__setattr__(self, "is_open", is_open)
