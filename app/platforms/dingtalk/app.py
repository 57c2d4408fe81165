"""What one opened channel knows for as long as it lives: its settings and the keys made ready from them."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.config.platform_settings import plain, plain_text
from app.platforms.dingtalk.settings import DingtalkSettings
from app.wire.wechat_family.crypto import WechatKeyring, decode_aes_key


@dataclass(frozen=True, repr=False)
class DingtalkApp:
    """One application; each capability of the platform is a class derived from this one.

    `keyrings` open events, one for each id that they may be addressed to: documents disagree whether that is the AppKey or the
    CorpId. `robot_key` proves robots.
    """

    settings: DingtalkSettings
    keyrings: tuple[WechatKeyring, ...] = field(init=False)
    robot_key: bytes = field(init=False)

    def __post_init__(self) -> None:
        """Make the keys ready once, when the channel is opened."""
        keys = tuple(decode_aes_key(plain_text(each)) for each in self.settings.aes_key)
        owners = [owner for owner in (self.settings.app_key, self.settings.corp_id) if owner]
        tokens = plain(self.settings.token)
        rings = (
            tuple(WechatKeyring(tokens, keys, owner.encode()) for owner in owners) if tokens and keys else ()
        )
        object.__setattr__(self, "keyrings", rings)
        object.__setattr__(self, "robot_key", plain_text(self.settings.app_secret).encode())
