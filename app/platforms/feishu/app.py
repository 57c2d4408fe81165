"""What one opened channel knows for as long as it lives: its settings and the keys made ready from them."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.config.platform_settings import plain
from app.platforms.feishu.settings import FeishuSettings
from app.security.signatures import sha256_hex


@dataclass(frozen=True, slots=True, repr=False)
class EncryptKey:
    """An Encrypt Key in its two forms: as it is signed with, and as the AES key made from it."""

    text: bytes
    aes: bytes


@dataclass(frozen=True, repr=False)
class FeishuApp:
    """One self-built app; each capability of the platform is a class derived from this one."""

    settings: FeishuSettings
    tokens: tuple[bytes, ...] = field(init=False)
    encrypt_keys: tuple[EncryptKey, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Make the keys ready once, when the channel is opened."""
        keys = tuple(
            EncryptKey(key, bytes.fromhex(sha256_hex(key))) for key in plain(self.settings.encrypt_key)
        )
        object.__setattr__(self, "encrypt_keys", keys)
        object.__setattr__(self, "tokens", plain(self.settings.verification_token))
