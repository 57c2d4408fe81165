"""What one opened channel knows for as long as it lives: its settings and the keys made ready from them."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.platforms.wecom_aibot.settings import AibotSettings
from app.wire.wechat_family.callback_keys import keyring_of
from app.wire.wechat_family.crypto import WechatKeyring


@dataclass(frozen=True, repr=False)
class WecomAibot:
    """One bot; each capability of the platform is a class derived from this one."""

    settings: AibotSettings
    keyring: WechatKeyring = field(init=False)

    def __post_init__(self) -> None:
        """Decode the keys once."""
        own = self.settings
        object.__setattr__(self, "keyring", keyring_of(own.token, own.encoding_aes_key, own.receive_id))
