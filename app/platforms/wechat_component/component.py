"""What one opened channel knows for as long as it lives: its settings and the keys made ready from them."""

from __future__ import annotations

from dataclasses import dataclass

from app.config.platform_settings import plain_text
from app.platforms.wechat_component.settings import ComponentSettings
from app.wire.wechat_family.callback_keys import keyring_of
from app.wire.wechat_family.crypto import WechatKeyring
from app.wire.wechat_family.message_push import PushAccount


@dataclass(frozen=True, repr=False)
class WechatComponent(PushAccount):
    """One third-party platform; each capability is a class derived from this one."""

    settings: ComponentSettings

    def api(self, call: str) -> str:
        """Return the address of one of the third-party platform's own calls."""
        return f"{self.settings.api_base}/cgi-bin/component/{call}"

    @property
    def app_id(self) -> str:
        """The third-party platform's AppID."""
        return self.settings.component_app_id

    @property
    def secret(self) -> str:
        """The AppSecret as text."""
        return plain_text(self.settings.component_app_secret)


def keyring(settings: ComponentSettings) -> WechatKeyring:
    """Decode the keys once; every callback is encrypted for the third-party platform, never for the account it is about."""
    return keyring_of(settings.token, settings.encoding_aes_key, settings.component_app_id)
