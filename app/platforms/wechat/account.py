"""What one opened channel knows for as long as it lives: its settings and the keys made ready from them."""

from __future__ import annotations

from dataclasses import dataclass

from app.platforms.wechat.settings import WechatSettings
from app.wire.wechat_family.callback_keys import keyring_of
from app.wire.wechat_family.crypto import WechatKeyring
from app.wire.wechat_family.message_push import PushAccount


@dataclass(frozen=True, repr=False)
class WechatAccount(PushAccount):
    """One Official Account; each capability of the platform is a class derived from this one."""

    settings: WechatSettings

    def api(self, path: str) -> str:
        """Return the address of an API call."""
        return f"{self.settings.api_base}/{path}"

    @property
    def secret(self) -> str:
        """The AppSecret as text."""
        return self.settings.app_secret.get_secret_value()


def keyring(settings: WechatSettings) -> WechatKeyring:
    """Decode the keys once, when the channel is opened."""
    return keyring_of(settings.token, settings.encoding_aes_key, settings.app_id)
